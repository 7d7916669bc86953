"""Results as HTML for notebooks: a confusion matrix as a picture, and tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

import numpy as np
from numpy.typing import NDArray

CELL, MARGIN = 40, 36  # pixels
RIGHT, WRONG = (
    (0, 114, 178),
    (213, 94, 0),
)  # blue and vermilion: distinguishable with any colour vision
FAINTEST, STRONGEST = 0.15, 0.7  # opacity of a cell: keeps its count legible on white and on black
FONT = 13  # pixels


def draw_confusion(confusion: NDArray[np.int64], class_names: Sequence[str] | None = None) -> str:
    """Return a confusion matrix (10, 10), [actual][predicted], as SVG.

    The larger a cell's share of its row, the darker it is (see `shade`).  Hovering shows
    the names of the classes.
    """
    side = MARGIN + CELL * len(confusion) + 1
    kind, names = ("class", class_names) if class_names else ("digit", [""] * len(confusion))
    marks = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{side}" height="{side}" role="img" '
        f'aria-label="confusion matrix: actual {kind} by row, predicted by column" '
        'font-family="sans-serif" text-anchor="middle">'
    ]
    middle = MARGIN + CELL * len(confusion) / 2
    marks.append(_text(middle, 12, "predicted"))
    marks.append(f'<g transform="translate(12 {middle:g}) rotate(-90)">{_text(0, 0, "actual")}</g>')
    for actual, row in enumerate(confusion):
        place = MARGIN + CELL * actual
        marks.append(_text(place + CELL / 2, MARGIN - 6, str(actual), names[actual]))
        marks.append(_text(MARGIN - 9, place + CELL / 2 + 5, str(actual), names[actual]))
        for predicted, count in enumerate(row):
            share = count / max(row.sum(), 1)
            marks.append(_cell(MARGIN + CELL * predicted, place, count, share, actual == predicted))
    return "".join([*marks, "</svg>"])


def shade(share: float, right: bool) -> float:
    """Return how dark a cell is, in [0, 1], by its share of the row: even 1 % is visible."""
    return share if right else min(10 * share, 1) ** 0.5


def _cell(x: int, y: int, count: int, share: float, right: bool) -> str:
    """Return a cell with its count, which is omitted if it is 0."""
    strength = shade(share, right)
    opacity = FAINTEST + (STRONGEST - FAINTEST) * strength if count else 0.04
    colour = "rgb({}, {}, {})".format(*(RIGHT if right else WRONG)) if count else "gray"
    cell = f'<rect x="{x}" y="{y}" width="{CELL - 1}" height="{CELL - 1}" '
    cell += f'fill="{colour}" fill-opacity="{opacity:.2f}"/>'
    return cell + (_text(x + CELL / 2, y + CELL / 2 + 5, str(count)) if count else "")


def _text(x: float, y: float, text: str, title: str = "") -> str:
    size = min(FONT, 1.4 * CELL / len(text)) if text.isdigit() else FONT  # fits in a cell
    shown = f"<title>{escape(title)}</title>{text}" if title else text
    return f'<text x="{x:g}" y="{y:g}" font-size="{size:.3g}" fill="currentColor">{shown}</text>'


def make_table(
    rows: Iterable[Sequence[object]], headings: Sequence[str] = (), *, align: str = "left"
) -> str:
    """Return rows as an HTML table; the first cell of each row is its heading."""
    style = f' style="text-align: {align}"'
    head = "".join(f"<th{style}>{escape(each)}</th>" for each in headings)
    body = "".join(
        f"<tr><th{style}>{escape(str(first))}</th>"
        + "".join(f"<td{style}>{escape(str(cell))}</td>" for cell in others)
        + "</tr>"
        for first, *others in rows
    )
    return f"<table>{head and f'<thead><tr>{head}</tr></thead>'}<tbody>{body}</tbody></table>"


def put_side_by_side(*parts: str) -> str:
    """Return pieces of HTML side by side, or stacked where space is short."""
    style = "display: flex; flex-wrap: wrap; gap: 1em 2em; align-items: flex-start"
    return f'<div style="{style}">{"".join(f"<div>{each}</div>" for each in parts)}</div>'
