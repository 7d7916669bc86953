from collections.abc import Iterator

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import same_color
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from mnistmlp.core.calibration import measure_reliability, measure_selection
from mnistmlp.core.metrics import Evaluation
from mnistmlp.report.charts.figures import styled
from mnistmlp.report.charts.results import draw_confusion, draw_reliability, draw_selection
from mnistmlp.report.charts.svg import COLOURS, STYLE
from tests.report.charts.test_learning import legend
from tests.report.conftest import make_result


@pytest.fixture(autouse=True)
def _styled() -> Iterator[None]:
    with styled(STYLE):
        yield


def make_axes() -> Axes:
    return Figure((3.6, 2.7), layout="constrained").subplots()


def certain(right: bool, size: int = 1) -> Evaluation:
    """Return an evaluation of images that are read with certainty, right or wrong."""
    probabilities, digits = np.eye(10)[[3] * size], np.full(size, 3)
    labels = np.full(size, 3 if right else 4, np.uint8)
    return Evaluation(0.0, labels, digits, probabilities, probabilities)


def test_each_count_is_in_its_cell() -> None:
    confusion = np.zeros((10, 10), np.int64)
    confusion[3, [3, 5]], confusion[9, 0] = (990, 10), 12345
    axes = make_axes()
    draw_confusion(axes, confusion)
    found = {each.get_position(): each.get_text() for each in axes.texts}
    assert found == {(3, 3): "990", (5, 3): "10", (0, 9): "12345"}
    assert axes.yaxis_inverted()
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("read as", "actual digit")
    cells = [each for each in axes.get_children() if isinstance(each, Rectangle)]
    shades = {each.get_xy(): each for each in cells if each.get_width() < 1}
    for (x, y), colour in {(3, 3): 0, (5, 3): 1, (0, 9): 1}.items():
        assert same_color(shades[x - 0.48, y - 0.48].get_facecolor()[:3], COLOURS[colour])
    right, rare, all_wrong = (shades[x - 0.48, y - 0.48] for x, y in ((3, 3), (5, 3), (0, 9)))
    assert right.get_alpha() == pytest.approx(0.15 + 0.55 * 0.99)
    assert rare.get_alpha() == pytest.approx(0.15 + 0.55 * 0.1**0.5)
    assert all_wrong.get_alpha() == pytest.approx(0.7)
    sizes = {each.get_text(): float(each.get_fontsize()) for each in axes.texts}
    assert list(sizes.values()) == pytest.approx([8 * 3.4 / 5] * 3)


def test_reliability_before_and_after() -> None:
    result, axes = make_result(), make_axes()
    draw_reliability(axes, [("a", result)])
    assert legend(axes) == ["perfect calibration", "uncalibrated", "calibrated"]
    for line, probabilities in zip(
        axes.lines[1:], (result.uncalibrated, result.probabilities), strict=True
    ):
        expected = measure_reliability(probabilities, result.labels)
        filled = expected.counts > 0
        np.testing.assert_array_equal(np.asarray(line.get_xdata()), expected.confidences[filled])
        np.testing.assert_array_equal(np.asarray(line.get_ydata()), expected.accuracies[filled])
    before, after = axes.lines[1:]
    assert before.get_linestyle() != after.get_linestyle()
    assert before.get_marker() != after.get_marker()
    counts = measure_reliability(result.probabilities, result.labels).counts
    assert f"up to {counts.max():,}" in axes.get_xlabel()
    heights = [each.get_height() for each in axes.patches if isinstance(each, Rectangle)]
    assert np.argsort(heights, kind="stable").tolist() == np.argsort(counts, kind="stable").tolist()


def test_reliability_without_calibration() -> None:
    axes = make_axes()
    draw_reliability(axes, [("a", certain(right=True))])
    assert legend(axes) == ["perfect calibration", "uncalibrated"]


def test_reliability_of_several() -> None:
    axes, results = make_axes(), [("a", make_result()), ("b", certain(right=False))]
    draw_reliability(axes, results)
    assert legend(axes) == ["perfect calibration", "a", "b"]
    sizes = np.asarray(axes.collections[0].get_sizes())  # type: ignore[attr-defined]
    counts = measure_reliability(results[0][1].probabilities, results[0][1].labels).counts
    assert np.argsort(sizes).tolist() == np.argsort(counts[counts > 0]).tolist()


def test_selection_and_its_thresholds() -> None:
    result, axes = make_result(), make_axes()
    draw_selection(axes, [("a", result)])
    assert legend(axes) == ["confidence ≥ 50%", "≥ 90%", "≥ 99%"]
    right = result.digits == result.labels
    selection = measure_selection(result.probabilities.max(axis=1), right)
    curve, *marks = axes.lines
    for mark, threshold in zip(marks, (0.5, 0.9, 0.99), strict=True):
        found = float(np.asarray(mark.get_xdata())[0]), float(np.asarray(mark.get_ydata())[0])
        assert found == selection.at(threshold)
    assert len({each.get_marker() for each in marks}) == 3
    x = np.asarray(curve.get_xdata())
    assert x[-1] == 1
    assert axes.get_xlim()[0] <= x[0] <= selection.at(0.99)[0]


@pytest.mark.parametrize(
    "result",
    [certain(right=True), certain(right=False), certain(right=True, size=9), make_result(1)],
)
def test_few_images(result: Evaluation) -> None:
    for results in ([("a", result)], [("a", result), ("b", make_result())]):
        for draw in (draw_selection, draw_reliability):
            axes = make_axes()
            draw(axes, results)
            axes.figure.draw_without_rendering()  # type: ignore[union-attr]
            (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
            assert left < right
            assert -0.1 < low < high < 1.1
