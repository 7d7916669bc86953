"""The misread images: listed, and the worst of them drawn."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from mnistmlp.arrays import SIDE
from mnistmlp.cli import console
from mnistmlp.cli.drawing import side_by_side, wrap

if TYPE_CHECKING:
    from rich.text import Text

    from mnistmlp.arrays import Bytes
    from mnistmlp.core.mistakes import Mistakes
    from mnistmlp.data.catalog import Split

ROWS = 2  # of images, at most


def list_mistakes(mistakes: Mistakes, split: Split, *, as_json: bool) -> None:
    """Print a line for each misread image, for `predict --index`; the index comes first."""
    if mistakes:
        print("\n".join(_documents(mistakes, split) if as_json else _lines(mistakes)))
    else:
        console.note("no mistakes")


def _lines(mistakes: Mistakes) -> Iterator[str]:
    for index, label, digit, confidence in _rows(mistakes):
        yield f"{index}\t{label}\t{digit}\t{confidence:.4f}"


def _documents(mistakes: Mistakes, split: Split) -> Iterator[str]:
    for row, probabilities in zip(_rows(mistakes), mistakes.probabilities, strict=True):
        index, label, digit, confidence = row
        yield json.dumps(
            {
                "index": index,
                "split": split,
                "label": label,
                "digit": digit,
                "confidence": confidence,
                "probabilities": probabilities.tolist(),
            }
        )


def _rows(mistakes: Mistakes) -> Iterator[tuple[int, int, int, float]]:
    """Yield index, label, digit and confidence of each image."""
    columns = mistakes.indices, mistakes.labels, mistakes.digits, mistakes.confidences
    return zip(*(column.tolist() for column in columns), strict=True)


def draw_worst(mistakes: Mistakes, images: Bytes) -> None:
    """Draw the most confident mistakes on stderr, as many as fit in a few rows."""
    if not mistakes:
        return
    screen = console.make_console(stderr=True)
    most = ROWS * screen.width // SIDE  # more than fit
    panels = [
        (f"{index}: {label} read as {digit}, {confidence:.2%}", images[index])
        for index, label, digit, confidence in islice(_rows(mistakes), most)
    ]
    rows = list(islice(wrap(panels, screen.width), ROWS))
    lines: list[str | Text] = [
        f"mistakes: {sum(map(len, rows))} of {len(mistakes):,}, most confident first"
    ]
    for row in rows:
        lines += ["", *side_by_side(screen, row)]
    console.note(console.render(screen, *lines))
