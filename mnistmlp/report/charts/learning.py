"""Learning curves, drawn on matplotlib axes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from mnistmlp.report.charts.lines import (
    MARKERS,
    MOST,
    POINTS,
    STYLES,
    keep_within,
    labelled,
    place_legend,
    sample,
    scale_linearly,
    scale_logarithmically,
    scale_to_percent,
    scale_to_whole,
    thin,
)
from mnistmlp.report.curves import Curves
from mnistmlp.report.names import show_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

RING: dict[str, Any] = {"linestyle": "", "marker": "o", "fillstyle": "none", "markersize": 9}


def draw_losses(axes: Axes, curves: Sequence[Curves]) -> None:
    """Draw the losses by epoch, dashed for training images and solid for validation images.

    The scale is logarithmic if they span more than a factor of ten.
    """
    pairs = [(each.loss, each.validation_loss) for each in curves[:MOST]]
    _draw_pairs(axes, curves, pairs)
    values = [x for pair in pairs for line in pair for x in line.values() if x > 0]
    if values and max(values) > 10 * min(values):
        scale_logarithmically(axes, values)
    else:
        scale_linearly(axes.yaxis)
        keep_within(axes)
    axes.set_ylabel("loss")


def draw_accuracies(axes: Axes, curves: Sequence[Curves]) -> None:
    """Draw the accuracies by epoch, dashed for training and solid for validation images."""
    _draw_pairs(axes, curves, [(x.accuracy, x.validation_accuracy) for x in curves[:MOST]])
    keep_within(axes, 1)
    scale_to_percent(axes.yaxis)
    axes.set_ylabel("accuracy")


def draw_learning_rates(axes: Axes, curves: Sequence[Curves]) -> None:
    """Draw the learning rate at the start of each epoch.

    The scale is logarithmic if those of several brains differ by more than a factor of ten.
    """
    shown = [(n, each) for n, each in enumerate(curves[:MOST]) if each.learning_rate]
    for n, each in shown:
        _draw_line(axes, each.learning_rate, len(shown), color=f"C{n}", linestyle=STYLES[n])
    if len(curves) == 1 and curves[0].kept:
        _mark_kept(axes, curves[0].kept)
    names = [(sample(n, linestyle=STYLES[n]), show_name(each.name)) for n, each in shown]
    legend = names if len(curves) > 1 else labelled(axes)
    place_legend(axes, legend, len(curves) - max(len(shown), 1))
    _scale_epochs(axes)
    peaks = [max(each.learning_rate.values()) for _, each in shown]
    if peaks and max(peaks) > 10 * min(peaks):  # a schedule may end at 0
        scale_logarithmically(axes, [min(peaks) / 100, max(peaks)])
        axes.set_ylim(bottom=min(peaks) / 100)
    else:
        scale_linearly(axes.yaxis)
        axes.set_ylim(bottom=0)
    axes.set_ylabel("learning rate")


def _draw_pairs(
    axes: Axes, curves: Sequence[Curves], pairs: Sequence[tuple[dict[int, float], ...]]
) -> None:
    """Draw the training and validation curves of one or several brains."""
    styles = {"training": "--", "validation": "-"}
    if len(curves) == 1:
        for n, (label, style) in enumerate(styles.items()):
            _draw_line(axes, pairs[0][n], 2, color=f"C{n}", linestyle=style, label=label)
        if curves[0].kept:
            _mark_kept(axes, curves[0].kept)
        place_legend(axes, labelled(axes), 0)
    else:
        legend = []
        for n, (each, pair) in enumerate(zip(curves, pairs, strict=False)):
            for style, line in zip(styles.values(), pair, strict=True):
                _draw_line(axes, line, 2 * len(pairs), n, color=f"C{n}", linestyle=style)
            if any(pair):
                kept = f", epoch {each.kept:,}" if each.kept else ""
                legend.append((sample(n, marker=MARKERS[n]), f"{show_name(each.name)}{kept}"))
                _ring_kept(axes, pair, each.kept)
        left_out = len(curves) - len(legend)
        place_legend(axes, [*legend, *_explain(curves, pairs, styles)], left_out)
    _scale_epochs(axes)


def _explain(
    curves: Sequence[Curves], pairs: Sequence[Sequence[dict[int, float]]], styles: dict[str, str]
) -> Iterator[tuple[Line2D, str]]:
    """Yield the legend entries shared by all of several brains."""
    for n, (label, style) in enumerate(styles.items()):
        if any(pair[n] for pair in pairs):
            yield sample(None, linestyle=style), label
    if any(each.kept for each in curves[:MOST]):
        yield sample(None, **RING), "epoch kept"


def _draw_line(
    axes: Axes, line: dict[int, float], lines: int, place: int | None = None, **style: Any
) -> None:
    """Draw a curve, one of `lines`, with the markers of the brain in this place, if any."""
    if not line:
        return
    x, y = thin(np.array(list(line)), np.array(list(line.values())), POINTS // lines)
    if len(x) == 1:
        style |= {"marker": "o"}
    if place is not None:  # so that the markers of several brains do not overlap
        apart = max(len(x) // 5, 1)
        style |= {"marker": MARKERS[place], "markevery": (place * apart // MOST, apart)}
    axes.plot(x, y, **style)


def _mark_kept(axes: Axes, epoch: int) -> None:
    from matplotlib import rcParams

    style: dict[str, Any] = {"color": rcParams["axes.edgecolor"], "linestyle": ":"}
    axes.axvline(epoch, label=f"epoch {epoch:,} kept", **style)


def _ring_kept(axes: Axes, pair: Sequence[dict[int, float]], epoch: int | None) -> None:
    """Draw a ring around the kept epoch on the validation curve, if there is one."""
    from matplotlib import rcParams

    curve = next((line for line in reversed(pair) if epoch in line), None)
    if epoch and curve:
        axes.plot(epoch, curve[epoch], color=rcParams["text.color"], zorder=3, **RING)


def _scale_epochs(axes: Axes) -> None:
    low, high = axes.get_xlim()
    if high - low < 1:
        axes.set_xlim(low - 0.5, high + 0.5)
    scale_to_whole(axes.xaxis)
    axes.set_xlabel("epoch")
