from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mnistmlp.report.charts.figures import styled
from mnistmlp.report.charts.learning import draw_accuracies, draw_learning_rates, draw_losses
from mnistmlp.report.charts.lines import MOST, POINTS, thin
from mnistmlp.report.charts.svg import STYLE
from mnistmlp.report.curves import Curves

Chart = Callable[[Axes, Sequence[Curves]], None]


@pytest.fixture(autouse=True)
def _styled() -> Iterator[None]:
    with styled(STYLE):
        yield


def drawn(chart: Chart, *curves: Curves) -> Axes:
    """Return the axes of a chart, which has been drawn without a warning."""
    figure = Figure((3.6, 2.7), layout="constrained")
    axes = figure.subplots()
    chart(axes, curves)
    figure.draw_without_rendering()
    return axes


def legend(axes: Axes) -> list[str]:
    found = axes.get_legend()
    return [each.get_text() for each in found.get_texts()] if found else []


def ticks(axes: Axes) -> list[str]:
    low, high = axes.get_ylim()
    labels = zip(axes.yaxis.get_majorticklocs(), axes.get_yticklabels(), strict=True)
    return [label.get_text() for place, label in labels if low <= place <= high]


def test_one_brain(curves: Curves) -> None:
    axes = drawn(draw_losses, curves)
    training, validation, kept = axes.lines
    assert (training.get_linestyle(), validation.get_linestyle()) == ("--", "-")
    assert training.get_color() != validation.get_color()
    np.testing.assert_array_equal(np.asarray(training.get_ydata()), list(curves.loss.values()))
    assert list(np.asarray(kept.get_xdata())) == [9, 9]
    assert legend(axes) == ["training", "validation", "epoch 9 kept"]
    assert (axes.get_xlabel(), axes.get_ylabel(), axes.get_yscale()) == ("epoch", "loss", "log")
    assert "0.1" in ticks(axes)


def test_several_brains_differ_in_more_than_colour(curves: Curves) -> None:
    many = [replace(curves, name=str(n), kept=n or None) for n in range(MOST)]
    axes = drawn(draw_losses, *many)
    lines = [each for each in axes.lines if len(np.asarray(each.get_xdata())) > 1]
    assert len(lines) == 2 * MOST
    assert len({(each.get_marker(), each.get_linestyle()) for each in lines}) == 2 * MOST
    rings = [each for each in axes.lines if len(np.asarray(each.get_xdata())) == 1]
    places = [(float(np.asarray(x.get_xdata())[0]), np.asarray(x.get_ydata())[0]) for x in rings]
    assert places == [(n, curves.validation_loss[n]) for n in range(1, MOST)]
    names = ["0", *(f"{n}, epoch {n}" for n in range(1, MOST))]
    assert legend(axes) == [*names, "training", "validation", "epoch kept"]


def test_brains_without_a_curve_are_counted(curves: Curves) -> None:
    axes = drawn(draw_losses, curves, Curves("nothing"))
    assert legend(axes)[0] == "a.npz, epoch 9"
    assert legend(axes)[-1] == "and 1 more, not drawn"
    axes = drawn(draw_learning_rates, curves, replace(curves, learning_rate={}))
    assert legend(axes) == ["a.npz", "and 1 more, not drawn"]
    assert legend(drawn(draw_losses, *[curves] * 11))[-1] == "and 3 more, not drawn"


@pytest.mark.parametrize(
    ("losses", "scale"),
    [
        ([2, 1, 0.3], "linear"),
        ([2, 1, 0.1], "log"),
        ([2, 1e40, 1e100], "log"),
        ([1, 5e-324], "log"),
        ([1e100], "linear"),
        ([0, 0], "linear"),
        ([0, 1e-3, 1], "log"),
        ([2.302585] * 5, "linear"),
    ],
    ids=str,
)
def test_the_scale_of_losses(losses: list[float], scale: str) -> None:
    axes = drawn(draw_losses, Curves("a", loss=dict(enumerate(losses, 1))))
    assert axes.get_yscale() == scale
    shown = ticks(axes)
    assert 2 <= len(shown) == len(set(shown)) < 12
    assert not [each for each in shown if "$" in each or len(each) > 12]


def test_accuracies_are_in_per_cent(curves: Curves) -> None:
    axes = drawn(draw_accuracies, curves)
    assert ticks(axes) == ["50%", "60%", "70%", "80%", "90%"]
    low, high = axes.get_ylim()
    assert 0 < low < high < 1.01
    perfect = drawn(draw_accuracies, Curves("a", accuracy={1: 1.0}))
    assert ticks(perfect)[-1] == "100%"
    fine = drawn(draw_accuracies, Curves("a", accuracy={1: 0.99991, 2: 0.99993}))
    assert ticks(fine)[0] == "99.9910%"


def test_one_epoch() -> None:
    axes = drawn(draw_losses, Curves("a", loss={1: 2.0}, kept=1))
    assert axes.lines[0].get_marker() == "o"
    low, high = axes.get_xlim()
    assert low < 1 < high
    places = [place for place in axes.get_xticks() if low <= place <= high]
    assert places == [1]


def test_learning_rates_of_different_size(curves: Curves) -> None:
    other = replace(curves, name="b", learning_rate={1: 2e-3, 2: 1e-3, 3: 0.0})
    assert drawn(draw_learning_rates, other).get_ylim()[0] == 0
    axes = drawn(draw_learning_rates, curves, other)
    assert axes.get_yscale() == "log"
    assert axes.get_ylim()[0] == pytest.approx(2e-5)
    assert legend(axes) == ["a.npz", "b"]
    assert legend(drawn(draw_learning_rates, curves)) == ["epoch 9 kept"]


def test_a_thin_line_keeps_ends_peaks_and_valleys() -> None:
    y = np.zeros(100_000)
    y[[0, 4321, 77_777, -1]] = 1, 9, -9, 2
    x, thinned = thin(np.arange(len(y)), y, POINTS)
    assert len(x) <= POINTS
    assert (np.diff(x) > 0).all()
    np.testing.assert_array_equal(thinned, y[x])
    assert {0, 4321, 77_777, 99_999} <= set(x.tolist())
    assert len(thin(np.arange(5), np.arange(5), 1)[0]) == 5
