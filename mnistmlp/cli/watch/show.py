"""Learning curves as text: a few lines for each log, or one where there are many."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from mnistmlp.brains.sparkline import draw_sparkline
from mnistmlp.cli import console

if TYPE_CHECKING:
    from mnistmlp.brains.log import Log

CURVES = {  # fields of a report, by what their rows are called
    "training loss": "loss",
    "validation loss": "validation_loss",
    "training accuracy": "accuracy",
    "validation accuracy": "validation_accuracy",
}
LABEL = max(map(len, CURVES))  # columns of the rows' names


def draw_curves(logs: Sequence[Log], width: int) -> str:
    """Return the curves and the last figures of each log, in lines of at most `width` columns."""
    return "\n\n".join("\n".join(_cut(_describe(log, width), width)) for log in logs)


def fit_curves(logs: Sequence[Log], width: int, height: int) -> str:
    """Return the same in at most `height` lines: a line for each log where it does not fit."""
    whole = draw_curves(logs, width)
    if whole.count("\n") < height:
        return whole
    lines = _cut((_summarise(log, width) for log in logs), width)
    return "\n".join(lines[: max(height, 1)])


def name_log(log: Log) -> str:
    """Return the name of a log, which may be a stranger's, as the terminal can show it."""
    return console.escape(str(log.path))


def _describe(log: Log, width: int) -> Iterator[str]:
    """Yield the lines of a log."""
    yield name_log(log)
    if not log.reports:
        yield "  no epoch yet" if log.exists else "  waiting for this file"
        return
    last = log.reports[-1]
    rows: dict[str, str | None] = {
        "epoch": f"{last.epoch}, {last.seconds:.2f} s, {last.images_per_second:,.0f} images/s"
    }
    rows |= {name: _draw(log, field, width - LABEL - 4) for name, field in CURVES.items()}
    validated = [report for report in log.reports if report.validation_accuracy is not None]
    if best := max(validated, key=lambda report: report.validation_accuracy or 0, default=None):
        rows["best"] = f"{best.validation_accuracy:.2%} in epoch {best.epoch}"
    yield from (f"  {name:{LABEL}}  {text}" for name, text in rows.items() if text)


def _summarise(log: Log, width: int) -> str:
    """Return a log as one line: its name, its epochs, and the curve of its accuracy."""
    if not log.reports:
        return f"{name_log(log)}  {'no epoch yet' if log.exists else 'waiting for this file'}"
    start = f"{name_log(log)}  epoch {len(log.reports)}  "
    space = width - len(start)
    return start + (_draw(log, "validation_accuracy", space) or _draw(log, "loss", space) or "")


def _draw(log: Log, field: str, width: int) -> str | None:
    """Return the curve of a figure; None if there is none, or none that makes sense."""
    figures = [each for report in log.reports if (each := getattr(report, field)) is not None]
    if field.endswith("loss"):
        losses = [each for each in figures if each > 0]
        return draw_sparkline(losses, "{:.4g}".format, logarithmic=True, width=width)
    return draw_sparkline(figures, "{:.2%}".format, width=width)


def _cut(lines: Iterable[str], width: int) -> list[str]:
    """Return lines as the terminal shows them, cut to its width."""
    from rich.cells import cell_len, set_cell_size

    plain = [console.make_plain(line, sys.stderr.encoding) for line in lines]
    return [line if cell_len(line) <= width else set_cell_size(line, width) for line in plain]
