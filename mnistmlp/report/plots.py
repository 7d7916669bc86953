"""The pictures of a report as separate files, for papers and slides."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from mnistmlp.arrays import DIGITS
from mnistmlp.core.metrics import Evaluation
from mnistmlp.data.datasets import Dataset
from mnistmlp.report.charts.figures import Draw, Style, draw_figure, draw_names, styled
from mnistmlp.report.charts.learning import draw_accuracies, draw_losses
from mnistmlp.report.charts.mosaic import COLUMNS, ROWS, colour_ink, colour_weights, draw_mosaic
from mnistmlp.report.charts.results import draw_confusion, draw_reliability
from mnistmlp.report.curves import Curves, trace_curves
from mnistmlp.report.names import show_name
from mnistmlp.report.neurons import rank_neurons
from mnistmlp.report.subject import Subject

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMATS = ("svg", "png")
DOTS = 200  # per inch
FONT = 14  # points; a chart is 461 wide
COLOURS = [  # distinguishable with any colour vision
    *("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#8a7d00"),
]
STYLE: Style = {
    "font.size": FONT,
    "axes.labelsize": FONT,
    "xtick.labelsize": FONT - 2,
    "ytick.labelsize": FONT - 2,
    "legend.fontsize": FONT - 2,
    "lines.linewidth": 2,
    "lines.markersize": 7,
    "figure.constrained_layout.w_pad": 0.1,  # inches
    "figure.constrained_layout.h_pad": 0.1,
    "axes.edgecolor": "#555555",
    "grid.color": "#dddddd",
    "axes.prop_cycle": f"cycler('color', {COLOURS})",
}
WIDTH, HEIGHT = 6.4, 4.8  # inches per chart
SHOWN = COLUMNS * ROWS  # images in a mosaic
MAX_NAME = 8  # characters of a class name in a caption


class NothingToDrawError(Exception):
    """A picture without anything to draw; the message says why."""


def draw_plot(name: str, subject: Subject, data: Dataset) -> dict[str, bytes]:
    """Return a picture, one of `PLOTS`, as the bytes of a file in each of `FORMATS`.

    Raises
    ------
    NothingToDrawError
        If there is nothing to draw.
    MissingExtraError
        If matplotlib is not installed.
    """
    return draw_files(partial(PLOTS[name], subject, data))


def draw_files(draw: Callable[[], Figure]) -> dict[str, bytes]:
    """Return a figure as the bytes of a file in each of `FORMATS`.

    The same pictures give the same bytes.

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    """
    with styled(STYLE):
        figure, files = draw(), {}
        for each in FORMATS:
            file = io.BytesIO()
            unsaid = ("Creator", "Date", "Format", "Type") if each == "svg" else ("Software",)
            figure.savefig(file, format=each, dpi=DOTS, metadata=dict.fromkeys(unsaid))
            files[each] = file.getvalue()
    return files


def _draw_learning_curve(subject: Subject, data: Dataset) -> Figure:
    pairs = zip(subject.names, subject.brains, strict=True)
    curves = [trace_curves(*pair) or Curves(pair[0]) for pair in pairs]
    charts: list[Draw] = []
    if any(each.has_losses for each in curves):
        charts.append(partial(draw_losses, curves=curves))
    if any(each.has_accuracies for each in curves):
        charts.append(partial(draw_accuracies, curves=curves))
    if not charts:
        raise NothingToDrawError("there is no training history")
    return draw_figure(charts, WIDTH, HEIGHT)


def _draw_confusion(subject: Subject, data: Dataset) -> Figure:
    result = subject.result
    chart = partial(draw_confusion, confusion=result.confusion, class_names=result.class_names)
    return draw_figure([chart], WIDTH, WIDTH)


def _draw_reliability(subject: Subject, data: Dataset) -> Figure:
    chart = partial(draw_reliability, results=[(subject.title, subject.result)])
    return draw_figure([chart], WIDTH, HEIGHT)


def _draw_misread(subject: Subject, data: Dataset) -> Figure:
    mistakes, images = subject.result.mistakes, subject.result.images
    if not len(mistakes):
        raise NothingToDrawError("there are no misread images")
    rows = zip(mistakes.indices, mistakes.labels, mistakes.digits, strict=True)
    words = [(_misread(subject.result, *pair), f"{index}") for index, *pair in rows][:SHOWN]
    part = "all" if len(mistakes) <= SHOWN else f"{SHOWN} of"
    below = "what it was read as, and its index" if subject.result.class_names else "its index"
    heading = (
        f"{part} {len(mistakes):,} misread images of {images:,}, "
        f"the most confident mistake first; below each, {below}"
    )
    if len(mistakes) == 1:
        heading = f"the only misread image of {images:,}, and {below}"
    return draw_mosaic(colour_ink(data.images[mistakes.indices[:SHOWN]]), words, heading)


def _misread(result: Evaluation, label: int, digit: int) -> str:
    """Return the caption of a misread image."""
    if names := draw_names(result.class_names, MAX_NAME):
        return f"as {names[digit]}"  # no space for both
    return f"{label} read as {digit}"


def _draw_weights(subject: Subject, data: Dataset) -> Figure:
    network = subject.brains[0].network
    neurons = rank_neurons(network, data.images, SHOWN, 1)
    shown, hidden = len(neurons.indices), len(network.layers) > 1
    part = "all" if shown == neurons.count else f"the {shown} most used of"
    where = "of the first layer" if hidden else "of the only layer, the outputs"
    whose = (
        "" if len(subject.brains) == 1 else f" of {show_name(subject.names[0])}, the first brain"
    )
    heading = (
        f"{part} {neurons.count:,} neurons {where}{whose}, with their share of its use; "
        "ink on blue raises a neuron's input, ink on orange lowers it"
    )
    names = draw_names(subject.result.class_names, MAX_NAME)
    outputs = names or [f"digit {digit}" for digit in range(DIGITS)]
    words = [
        (f"#{index}" if hidden else outputs[index], f"{use:.1%}")
        for index, use in zip(neurons.indices, neurons.use, strict=True)
    ]
    return draw_mosaic(colour_weights(neurons.weights), words, heading)


PLOTS: dict[str, Callable[[Subject, Dataset], Figure]] = {
    "learning_curve": _draw_learning_curve,
    "confusion_matrix": _draw_confusion,
    "misread": _draw_misread,
    "weights": _draw_weights,
    "reliability": _draw_reliability,
}
