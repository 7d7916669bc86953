"""Charts of brains' results on a data set, drawn on matplotlib axes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mnistmlp.arrays import DIGITS
from mnistmlp.core.calibration import (
    BINS,
    Reliability,
    Selection,
    measure_reliability,
    measure_selection,
)
from mnistmlp.core.metrics import Evaluation
from mnistmlp.core.notebook import FAINTEST, STRONGEST, shade
from mnistmlp.report.charts.figures import draw_names
from mnistmlp.report.charts.lines import (
    MARKERS,
    MOST,
    POINTS,
    STYLES,
    keep_within,
    labelled,
    place_legend,
    sample,
    scale_to_percent,
    thin,
)
from mnistmlp.report.names import show_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

THRESHOLDS = {0.5: "o", 0.9: "s", 0.99: "^"}  # confidences, and their markers
MAX_NAME = 16  # characters of a class name
BARS = 0.22  # height of the longest bar, as a fraction of the chart

Results = Sequence[tuple[str, Evaluation]]  # with the name of each


def draw_confusion(
    axes: Axes, confusion: NDArray[np.int64], class_names: Sequence[str] | None = None
) -> None:
    """Draw a confusion matrix (10, 10), [actual][predicted], with the count in each cell.

    The larger a cell's share of its row, the darker it is (see `notebook.shade`).
    """
    from matplotlib import rcParams

    _add_cell(axes, -0.48, -0.48, DIGITS - 0.04, color=rcParams["grid.color"], alpha=0.3)
    size = rcParams["xtick.labelsize"] * min(1, 3.4 / len(str(confusion.max())))
    for actual, predicted in np.argwhere(confusion).tolist():
        count, right = int(confusion[actual, predicted]), actual == predicted
        strength = shade(count / confusion[actual].sum(), right)
        alpha = FAINTEST + (STRONGEST - FAINTEST) * strength
        colour = "C0" if right else "C1"
        _add_cell(axes, predicted - 0.48, actual - 0.48, 0.96, color=colour, alpha=alpha)
        centred: dict[str, Any] = {"ha": "center", "va": "center_baseline"}
        axes.text(predicted, actual, str(count), fontsize=size, in_layout=False, **centred)
    ends = (-0.5, DIGITS - 0.5)
    digits = range(DIGITS)
    axes.set(xlim=ends, ylim=ends[::-1], xticks=digits, yticks=digits, aspect="equal")
    axes.set(xlabel="read as", ylabel="actual class" if class_names else "actual digit")
    if names := draw_names(class_names, MAX_NAME):
        axes.set_xticks(digits, names, rotation=90)
        axes.set_yticks(digits, names)
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)


def _add_cell(axes: Axes, x: float, y: float, side: float, **style: Any) -> None:
    from matplotlib.patches import Rectangle

    axes.add_artist(Rectangle((x, y), side, side, linewidth=0, in_layout=False, **style))


def draw_reliability(axes: Axes, results: Results) -> None:
    """Draw how often predictions of each confidence are right, in bins.

    For one brain, before and after calibration, with bars for the images in each
    bin; for several, after calibration, with larger markers for more images.
    """
    from matplotlib import rcParams

    muted: str = rcParams["axes.edgecolor"]
    axes.plot([0, 1], [0, 1], color=muted, linestyle=":", label="perfect calibration")
    legend = labelled(axes)
    note = "larger marker: more images"
    if len(results) == 1:
        note = _draw_one_reliability(axes, results[0][1])
        legend = labelled(axes)
    else:
        for n, (name, result) in enumerate(results[:MOST]):
            _draw_sized_bins(axes, n, result)
            legend.append((sample(n, linestyle=STYLES[n], marker=MARKERS[n]), show_name(name)))
    place_legend(axes, legend, len(results[MOST:]))
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), ylabel="accuracy")
    scale_to_percent(axes.xaxis)
    scale_to_percent(axes.yaxis)
    axes.set_xlabel(f"confidence ({note})")


def _draw_one_reliability(axes: Axes, result: Evaluation) -> str:
    """Draw bins before and after calibration, and bars; return a note on the bars."""
    from matplotlib import rcParams

    if result.calibrated:
        before = measure_reliability(result.uncalibrated, result.labels)
        style: dict[str, Any] = {"color": "C1", "marker": "s", "fillstyle": "none"}
        _draw_bins(axes, before, linestyle="--", label="uncalibrated", **style)
    after = measure_reliability(result.probabilities, result.labels)
    label = "calibrated" if result.calibrated else "uncalibrated"
    _draw_bins(axes, after, color="C0", marker="o", label=label)
    heights = BARS * np.log1p(after.counts) / np.log1p(after.counts.max())
    middles = (np.arange(BINS) + 0.5) / BINS
    muted = rcParams["axes.edgecolor"]
    axes.bar(middles, heights, 0.6 / BINS, -0.02, color=muted, alpha=0.45, zorder=0.5)
    return f"bars: images, up to {after.counts.max():,}, log scale"


def _draw_bins(axes: Axes, bins: Reliability, **style: Any) -> None:
    filled = bins.counts > 0
    axes.plot(bins.confidences[filled], bins.accuracies[filled], clip_on=False, **style)


def _draw_sized_bins(axes: Axes, place: int, result: Evaluation) -> None:
    """Draw bins with markers whose area grows with the logarithm of the number of images."""
    bins = measure_reliability(result.probabilities, result.labels)
    filled = bins.counts > 0
    x, y = bins.confidences[filled], bins.accuracies[filled]
    sizes = 6 + 44 * np.log(bins.counts[filled]) / np.log(max(bins.counts.max(), 2))
    axes.plot(x, y, color=f"C{place}", linestyle=STYLES[place])
    unclipped: dict[str, Any] = {"clip_on": False, "zorder": 2, "linewidths": 0}
    axes.scatter(x, y, sizes, color=f"C{place}", marker=MARKERS[place], **unclipped)


def draw_selection(axes: Axes, results: Results) -> None:
    """Draw accuracy against coverage, most confident digits first.

    Confidence thresholds are marked.  What lies beyond the highest is hardly of interest,
    and mostly not shown.
    """
    shown = results[:MOST]
    selections = [measure_selection(each.confidences, each.right) for _, each in shown]
    least = min(each.at(max(THRESHOLDS))[0] for each in selections)
    left = max(min(1.2 * least - 0.2, 0.98), 0)
    for n, each in enumerate(selections):
        _draw_selection(axes, n, each, left, 2 * POINTS // len(shown))
    place_legend(axes, _explain_selections([name for name, _ in shown]), len(results[MOST:]))
    axes.set_xlim(left, 1)
    keep_within(axes, 1)
    scale_to_percent(axes.xaxis)
    scale_to_percent(axes.yaxis)
    axes.set(xlabel="digits read, the rest rejected", ylabel="accuracy of those read")


def _draw_selection(axes: Axes, place: int, selection: Selection, left: float, points: int) -> None:
    """Draw a line with a limited number of points from this coverage on, and the thresholds."""
    seen = selection.coverage >= left
    x, y = thin(selection.coverage[seen], selection.accuracy[seen], points)
    axes.plot(x, y, color=f"C{place}", linestyle=STYLES[place])
    for threshold, marker in THRESHOLDS.items():
        coverage, accuracy = selection.at(threshold)
        if accuracy is not None:
            axes.plot(coverage, accuracy, marker, color=f"C{place}", clip_on=False)


def _explain_selections(names: Sequence[str]) -> Iterator[tuple[Line2D, str]]:
    from matplotlib import rcParams

    if len(names) > 1:
        for n, name in enumerate(names):
            yield sample(n, linestyle=STYLES[n]), show_name(name)
    for threshold, marker in THRESHOLDS.items():
        words = "confidence " if threshold == min(THRESHOLDS) else ""
        line = sample(None, marker=marker, color=rcParams["text.color"], linestyle="")
        yield line, f"{words}≥ {threshold:.0%}"
