"""Images drawn with characters, side by side, and texts in columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING
from unicodedata import combining, east_asian_width

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from mnistmlp.arrays import Bytes
    from mnistmlp.pictures.explain import Panel

GAP = "  "
UPPER_HALF = "▀"
SHADES = " .:+#"  # where blocks cannot be shown, from black to white


def cell_width(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    return sum(0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in text)


def cut(text: str, width: int) -> str:
    """Return a text in no more than this many columns, with an ellipsis if it is cut."""
    if cell_width(text) <= width:
        return text
    while cell_width(text) >= width:
        text = text[:-1]
    return f"{text}…"


def fit(texts: Sequence[str], most: int) -> list[str]:
    """Return texts that are all as wide as the widest, and no wider than so many columns."""
    shown = [cut(text, most) for text in texts]
    width = max(map(cell_width, shown))
    return [text + " " * (width - cell_width(text)) for text in shown]


def wrap(steps: list[Panel], width: int) -> Iterator[list[Panel]]:
    """Yield rows of panels that fit in this width."""
    row: list[Panel] = []
    for step in steps:
        if row and sum(len(image) + len(GAP) for _, image in row) + len(step[1]) > width:
            yield row
            row = []
        row.append(step)
    yield row


def side_by_side(screen: Console, steps: list[Panel]) -> Iterator[Text]:
    """Yield the lines of panels: their titles, then their images."""
    from rich.text import Text

    yield Text(GAP.join(title + " " * (len(image) - cell_width(title)) for title, image in steps))
    for row in range(0, max(len(image) for _, image in steps), 2):
        parts = [
            half_blocks(screen, image[row], image[row + 1])
            if row < len(image)
            else Text(" " * len(image))
            for _, image in steps
        ]
        yield Text(GAP).join(parts)


def half_blocks(screen: Console, upper: Bytes, lower: Bytes) -> Text:
    """Return two rows of pixels as a line of half blocks, black and white if there is no colour.

    In ASCII, which has none, it is a line of shades.
    """
    from rich.text import Text

    line = Text()
    for top, bottom in zip(upper.tolist(), lower.tolist(), strict=True):
        if screen.options.ascii_only:
            line.append(SHADES[(top + bottom) * len(SHADES) // 512])
        elif screen.color_system and not screen.no_color:
            line.append(UPPER_HALF, f"rgb({top},{top},{top}) on rgb({bottom},{bottom},{bottom})")
        else:
            line.append(" ▄▀█"[2 * (top > 127) + (bottom > 127)])
    return line
