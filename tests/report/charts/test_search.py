from collections.abc import Callable, Iterator

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from mnistmlp.report.charts.figures import styled
from mnistmlp.report.charts.search import MAX_BARS, draw_front, draw_history, draw_importances
from mnistmlp.report.plots import STYLE


@pytest.fixture(autouse=True)
def _styled() -> Iterator[None]:
    with styled(STYLE):
        yield


def drawn(chart: Callable[..., None], *facts: object) -> Axes:
    """Return the axes of a chart, which has been drawn without a warning and fills its figure."""
    figure = Figure((6.4, 4.8), layout="constrained")
    axes = figure.subplots()
    chart(axes, *facts)
    figure.draw_without_rendering()
    assert axes.get_position().x0 < 0.25
    return axes


def points(line: Line2D) -> list[tuple[float, float]]:
    x, y = np.asarray(line.get_xdata()), np.asarray(line.get_ydata())
    return [(float(a), float(b)) for a, b in zip(x, y, strict=True)]


def legend(axes: Axes) -> list[str]:
    found = axes.get_legend()
    return [each.get_text() for each in found.get_texts()] if found else []


def test_history() -> None:
    trained = {1: 0.9, 2: 0.94, 4: 0.92, 5: 0.95}
    axes = drawn(draw_history, trained, {3: 0.93, 6: 0.9})
    best, full, early = axes.lines
    assert points(best) == [(1, 0.9), (2, 0.94), (4, 0.94), (5, 0.95), (6, 0.95)]
    assert points(full) == list(trained.items())
    assert points(early) == [(3, 0.93), (6, 0.9)]
    assert full.get_marker() != early.get_marker()
    assert legend(axes) == ["best so far", "trained to the end", "ended early"]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("trial", "validation accuracy")
    assert [each.get_text() for each in axes.get_xticklabels()][1:3] == ["1", "2"]


def test_poor_trials_do_not_hide_how_others_differ() -> None:
    axes = drawn(draw_history, {1: 0.9, 2: 0.94, 4: 0.92, 5: 0.95, 7: 0.1}, {3: 0.2})
    low, _ = axes.get_ylim()
    assert low == pytest.approx(0.95 - 3 * 0.03)
    below = [line for line in axes.lines if line.get_marker() == "v"]
    assert [points(line) for line in below] == [[(7, low)], [(3, low)]]
    assert len({line.get_color() for line in below}) == 2
    assert legend(axes)[-1] == "further below"


@pytest.mark.parametrize("trained", [{1: 0.9}, {1: 0.5, 2: 0.5}, {2: 1.0, 7: 0.0}], ids=str)
def test_few_trials(trained: dict[int, float]) -> None:
    axes = drawn(draw_history, trained, {})
    assert legend(axes) == ["best so far", "trained to the end"]
    assert points(axes.lines[1]) == list(trained.items())


def test_importances() -> None:
    names = [f"a_setting_{n}" for n in range(MAX_BARS + 1)]
    axes = drawn(draw_importances, dict.fromkeys(names, 0.0) | {names[0]: 0.754})
    labels = [each.get_text() for each in axes.get_yticklabels()]
    assert labels == [name.replace("_", " ") for name in names[:MAX_BARS]]
    assert axes.yaxis_inverted()  # the first is on top
    assert [each.get_text() for each in axes.texts][:2] == ["75%", "0%"]


def test_front() -> None:
    front = [(20.0, 0.9), (50.0, 0.95), (200.0, 0.96)]
    axes = drawn(draw_front, [*front, (100.0, 0.94), (400.0, 0.95), (1e6, 0.1)], front, "seconds")
    others, line, marks = axes.lines
    assert points(others) == [(100, 0.94), (400, 0.95)]
    assert points(line) == [*front, (400, 0.96)]
    assert points(marks) == front
    assert legend(axes) == ["other trials", "Pareto front"]
    assert (axes.get_xlabel(), axes.get_xscale()) == ("seconds", "log")
    assert drawn(draw_front, [(2.0, 0.9)], [(2.0, 0.9)], "seconds").get_xscale() == "linear"
