"""The result of an evaluation, as text and tables, and as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mnistmlp.cli import console
from mnistmlp.cli.drawing import cut

if TYPE_CHECKING:
    from rich.table import Table

    from mnistmlp.core.metrics import DigitScore, Evaluation

MAX_HEAD, MAX_NAME = 19, 34  # columns of a row's heading, of a confusion matrix and of scores


def make_document(result: Evaluation, paths: list[Path], dataset: str, split: str) -> str:
    """Return the result as JSON."""
    named = {"class_names": result.class_names} if result.class_names else {}
    return json.dumps(
        {
            "brains": [str(path) for path in paths],
            "dataset": dataset,
            "split": split,
            **named,
            "images": result.images,
            "accuracy": result.accuracy,
            "interval": result.interval,
            "loss": result.loss,
            "confusion": result.confusion.tolist(),
            "per_digit": [_describe_score(result, score) for score in result.per_digit],
            "calibration_error_before": result.calibration_error_before,
            "calibration_error": result.calibration_error,
            "most_confused": [asdict(pair) for pair in result.most_confused()],
        }
    )


def _describe_score(result: Evaluation, score: DigitScore) -> dict[str, Any]:
    named = {"name": result.name(score.digit)} if result.class_names else {}
    return {"digit": score.digit, **named, **asdict(score)}


def make_tables(result: Evaluation, paths: list[Path], dataset: str, split: str) -> str:
    """Return the result as text and tables."""
    names = ", ".join(map(str, paths))
    return console.render(
        console.make_console(),
        f"{console.escape(names)} on {dataset} {split}",
        _describe_accuracy(result),
        f"{_describe_confidence(result)}\n",
        _confusion_table(result),
        "",
        _score_table(result),
        "",
        result.describe_confusion(),
    )


def _describe_accuracy(result: Evaluation) -> str:
    low, high = result.interval
    return (
        f"accuracy {result.accuracy:.2%} ({result.correct:,} of {result.images:,}), "
        f"95% interval {low:.2%} to {high:.2%}, loss {result.loss:.4f}"
    )


def _describe_confidence(result: Evaluation) -> str:
    """Say how far confidence is from accuracy, before and after calibration."""
    line = f"confidence is off by {result.calibration_error:.2%} on average"
    if not result.calibrated:
        return f"{line}, uncalibrated"
    return f"{line}, {result.calibration_error_before:.2%} before calibration"


def _confusion_table(result: Evaluation) -> Table:
    """Return counts by actual digit (row) and predicted digit (column).

    Each cell is shaded by its share of the row; the diagonal stands in
    brackets and an empty cell is a dot, so that it also reads without colour.  Rows
    have the names of classes, and columns their numbers.
    """
    from rich.table import Table
    from rich.text import Text

    kind, width = ("class", 6) if result.class_names else ("digit", 7)
    title = f"confusion matrix: actual {kind} by row, predicted by column"
    table = Table(box=None, padding=(0, 0), title=title, title_justify="left")
    table.add_column("actual", justify="left" if result.class_names else "right")
    for digit in range(10):
        table.add_column(f"{digit} ", justify="right", min_width=width)
    for actual, row in enumerate(result.confusion):
        cells = [Text(_head(result, actual), "bold")]
        for predicted, count in enumerate(row):
            correct = actual == predicted
            text = f"[{count}]" if correct else f"{count or '.'} "
            share = count / max(row.sum(), 1)
            cells.append(Text(text, _shade(share, correct)))
        table.add_row(*cells)
    return table


def _head(result: Evaluation, digit: int) -> str:
    """Return the heading of a row: a digit, or the number and the name of a class."""
    return cut(f"{digit} {result.name(digit)}", MAX_HEAD) if result.class_names else str(digit)


def _shade(share: float, correct: bool) -> str:
    """Return a cell's style: green if correct, else red, brighter with its share of the row."""
    if not share:
        return "dim"
    if correct:
        return f"white on rgb(0,{30 + 110 * share:.0f},0)"
    return f"white on rgb({60 + 180 * min(10 * share, 1) ** 0.5:.0f},0,0)"  # even 1 % must show


def _score_table(result: Evaluation) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, title="scores", title_justify="left")
    names = bool(result.class_names)
    table.add_column("class" if names else "digit", justify="left" if names else "right")
    for heading in ("precision", "recall", "F1", "images"):
        table.add_column(heading, justify="right")
    for score in result.per_digit:
        table.add_row(
            cut(result.name(score.digit), MAX_NAME),
            f"{score.precision:.2%}",
            f"{score.recall:.2%}",
            f"{score.f1:.2%}",
            f"{score.support:,}",
        )
    return table
