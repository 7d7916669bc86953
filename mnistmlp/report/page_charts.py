"""The charts of a report, each with its caption and description."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial
from typing import NamedTuple

from mnistmlp.report.charts.figures import Draw
from mnistmlp.report.charts.learning import draw_accuracies, draw_learning_rates, draw_losses
from mnistmlp.report.charts.results import Results, draw_reliability, draw_selection
from mnistmlp.report.charts.svg import draw_inline
from mnistmlp.report.curves import Curves


class Chart(NamedTuple):
    """A chart on the page."""

    svg: str
    caption: str


def chart_learning(curves: Sequence[Curves], losses: Collection[str]) -> list[Chart]:
    """Return the learning curves for which there is something to draw.

    `losses` are the names of the losses that the brains were trained with.
    """
    charts = []
    caption = "Loss by epoch."
    if len(losses) > 1:
        caption += (
            f" With different losses ({', '.join(sorted(losses))}), only the shapes are comparable."
        )
    if any(each.has_losses for each in curves):
        charts.append(_chart("loss", partial(draw_losses, curves=curves), caption))
    if any(each.has_accuracies for each in curves):
        draw: Draw = partial(draw_accuracies, curves=curves)
        charts.append(_chart("accuracy", draw, "Accuracy by epoch."))
    if any(each.learning_rate for each in curves):
        draw = partial(draw_learning_rates, curves=curves)
        charts.append(_chart("rate", draw, "Learning rate at the start of each epoch."))
    return charts


def chart_confidence(results: Results) -> list[Chart]:
    """Return the charts that show how far confidence can be trusted."""
    return [
        _chart(
            "reliability",
            partial(draw_reliability, results=results),
            "Reliability: of the digits read with 90% confidence, nine in ten should be right.",
        ),
        _chart(
            "selection",
            partial(draw_selection, results=results),
            "Rejection: rejecting doubtful digits makes the rest more accurate.",
        ),
    ]


def _chart(prefix: str, draw: Draw, caption: str) -> Chart:
    return Chart(draw_inline(draw, caption, prefix), caption)
