"""The misread images: listed, and the worst of them drawn."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from mnistmlp.arrays import SIDE
from mnistmlp.cli import console
from mnistmlp.cli.drawing import cut, side_by_side, wrap

if TYPE_CHECKING:
    from rich.text import Text

    from mnistmlp.arrays import Bytes
    from mnistmlp.core.metrics import Evaluation
    from mnistmlp.core.mistakes import Mistakes
    from mnistmlp.data.catalog import Split

ROWS = 2  # of images, at most


def list_mistakes(result: Evaluation, split: Split, *, as_json: bool) -> None:
    """Print a line for each misread image, for `predict --index`; the index comes first."""
    if result.mistakes:
        print("\n".join(_documents(result, split) if as_json else _lines(result)))
    else:
        console.note("no mistakes")


def _lines(result: Evaluation) -> Iterator[str]:
    for index, label, digit, confidence in _rows(result.mistakes):
        yield f"{index}\t{result.name(label)}\t{result.name(digit)}\t{confidence:.4f}"


def _documents(result: Evaluation, split: Split) -> Iterator[str]:
    mistakes = result.mistakes
    for row, probabilities in zip(_rows(mistakes), mistakes.probabilities, strict=True):
        index, label, digit, confidence = row
        named = {"name": result.name(digit)} if result.class_names else {}
        yield json.dumps(
            {
                "index": index,
                "split": split,
                "label": label,
                "digit": digit,
                **named,
                "confidence": confidence,
                "probabilities": probabilities.tolist(),
            }
        )


def _rows(mistakes: Mistakes) -> Iterator[tuple[int, int, int, float]]:
    """Yield index, label, digit and confidence of each image."""
    columns = mistakes.indices, mistakes.labels, mistakes.digits, mistakes.confidences
    return zip(*(column.tolist() for column in columns), strict=True)


def draw_worst(result: Evaluation, images: Bytes) -> None:
    """Draw the most confident mistakes on stderr, as many as fit in a few rows."""
    mistakes = result.mistakes
    if not mistakes:
        return
    screen = console.make_console(stderr=True)
    most = ROWS * screen.width // SIDE  # more than fit
    panels = [
        (_title(result, index, label, digit, confidence), images[index])
        for index, label, digit, confidence in islice(_rows(mistakes), most)
    ]
    rows = list(islice(wrap(panels, screen.width), ROWS))
    lines: list[str | Text] = [
        f"mistakes: {sum(map(len, rows))} of {len(mistakes):,}, most confident first"
    ]
    for row in rows:
        lines += ["", *side_by_side(screen, row)]
    console.note(console.render(screen, *lines))


def _title(result: Evaluation, index: int, label: int, digit: int, confidence: float) -> str:
    """Return what is said above an image, in its width; of names, as much as fits."""
    if not result.class_names:
        return f"{index}: {label} read as {digit}, {confidence:.2%}"
    room = (SIDE - len(f"{index}:  as ")) // 2
    return f"{index}: {cut(result.name(label), room)} as {cut(result.name(digit), room)}"
