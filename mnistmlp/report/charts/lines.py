"""Lines in a chart: their looks, their legend, and the scales beside them.

Lines that differ in colour also differ in style or marker, so that charts can be read in
black and white.  The colours come from the style (`figures.styled`): C0 to C7 for brains, and
those of the text, the frame and the grid for the rest.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.lines import Line2D

MOST = 8  # brains in one chart: more lines could not be told apart
MARKERS = "os^DvPX*"  # of the first brain, the second …
STYLES: list[Any] = [  # of lines
    *("-", "--", ":", "-."),
    *((0, (7, 1.5)), (0, (3, 1, 1, 1, 1, 1)), (0, (1, 3)), (0, (9, 3, 2, 3))),
]
POINTS, FEWEST = 480, 32  # points on all lines in a chart, and on each: more would not be visible
LABEL_WIDTH = 6  # em, of the labels beside the axes


def thin(x: NDArray[Any], y: NDArray[Any], points: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return a line (n,), (n,) reduced to ends, peaks and valleys, which looks the same."""
    points = max(points, FEWEST)
    if len(x) <= points:
        return x, y
    cuts = np.linspace(0, len(x), points // 2).astype(int).tolist()
    kept = {0, len(x) - 1}
    for a, b in pairwise(cuts):
        kept |= {a + int(y[a:b].argmin()), a + int(y[a:b].argmax())}
    places = sorted(kept)
    return x[places], y[places]


def scale_logarithmically(
    axes: Axes, values: Sequence[float], direction: Literal["x", "y"] = "y"
) -> None:
    """Scale the axis of a direction by logarithms, with tick labels that need no mathematics."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axis: Axis = getattr(axes, f"{direction}axis")
    getattr(axes, f"set_{direction}scale")("log", nonpositive="mask")
    few = max(values) < 1e3 * min(values)
    axis.set_major_locator(LogLocator(subs=(1, 2, 5) if few else (1,), numticks=6))

    def spell(value: float, _: int | None) -> str:
        return f"{value:,.0f}" if 1e4 <= value < 1e7 else f"{value:g}"

    axis.set_major_formatter(FuncFormatter(spell))
    axis.set_minor_formatter(NullFormatter())


def keep_within(axes: Axes, most: float = math.inf) -> None:
    """Let the vertical axis end near 0 and `most`, because nothing lies beyond."""
    low, high = axes.get_ylim()
    margin = 0.02 * (min(high, most) - max(low, 0))
    axes.set_ylim(max(low, -margin), min(high, most + margin))


def scale_to_percent(axis: Axis) -> None:
    """Label a few ticks in per cent, with as many decimal places as their distance needs."""
    _scale_linearly(axis, lambda value, step: f"{100 * value:.{_count_places(100 * step)}f}%")


def scale_linearly(axis: Axis) -> None:
    """Label a few ticks in full: matplotlib would move a common offset above the axis."""

    def spell(value: float, step: float) -> str:
        if 1e-4 <= step < 1e6:
            return f"{value:.{_count_places(step)}f}"
        return f"{value:.3g}"

    _scale_linearly(axis, spell)


def scale_to_whole(axis: Axis) -> None:
    """Label a few ticks, at whole numbers only."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axis.set_major_locator(MaxNLocator(6, integer=True, min_n_ticks=1))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))


def _scale_linearly(axis: Axis, spell: Callable[[float, float], str]) -> None:
    """Label a few ticks by their value and their distance."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    def label(value: float, _: int | None) -> str:
        return spell(value, float(np.diff(axis.get_majorticklocs()[:2]).sum()))

    axis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    axis.set_major_formatter(FuncFormatter(label))


def _count_places(step: float) -> int:
    """Return how many decimal places a number has."""
    return next((n for n in range(6) if math.isclose(step, round(step, n), rel_tol=1e-5)), 6)


def sample(place: int | None, **style: Any) -> Line2D:
    """Return a line for a legend: of the brain in this place, or of no brain."""
    from matplotlib import rcParams
    from matplotlib.lines import Line2D

    colour = rcParams["axes.edgecolor"] if place is None else f"C{place}"
    return Line2D([], [], **{"color": colour, **style})


def labelled(axes: Axes) -> list[tuple[Line2D, str]]:
    """Return the lines on the axes that have labels, which this module gave them."""
    return [(each, str(each.get_label())) for each in axes.lines if str(each.get_label())[0] != "_"]


def place_legend(axes: Axes, entries: Iterable[tuple[Line2D, str]], left_out: int) -> None:
    """Write a legend above the axes, in as many columns as fit.

    It tells how many brains are left out.
    """
    from matplotlib import rcParams

    lines = list(entries)
    if left_out:
        lines.append((sample(None, linestyle=""), f"and {left_out:,} more, not drawn"))
    if not lines:
        return
    handles, labels = zip(*lines, strict=True)
    figure, grid = axes.figure, axes.get_gridspec()
    beside = LABEL_WIDTH * rcParams["legend.fontsize"] * figure.dpi / 72
    room = figure.bbox.width / (grid.ncols if grid else 1) - beside
    above: dict[str, Any] = {"loc": "lower left", "bbox_to_anchor": (0, 1.02)}
    for columns in range(min(len(labels), 4), 0, -1):
        legend = axes.legend(handles, ["x"] * len(labels), ncols=columns, **above)
        for text, label in zip(legend.get_texts(), labels, strict=True):
            text.set_text(label)  # matplotlib would drop one that starts with an underscore
        if legend.get_window_extent().width <= room:
            return
