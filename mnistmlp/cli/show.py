"""An image and its probabilities, drawn with characters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mnistmlp.cli import console

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from mnistmlp.core import Array, Bytes

BAR = 30  # characters of a probability of 1
UPPER, FULL = "▀", "█"


def show(source: str, image: Bytes, probabilities: Array) -> None:
    """Draw an image (28, 28) beside ten bars, on stderr: stdout is for the result."""
    screen = console.make_console(stderr=True)
    bars = _bars(probabilities)
    lines = [
        _half_blocks(screen, image[row], image[row + 1]).append(bars.get(row // 2, ""))
        for row in range(0, len(image), 2)
    ]
    console.note(console.render(screen, console.one_line(source), *lines))


def _half_blocks(screen: Console, upper: Bytes, lower: Bytes) -> Text:
    """Return two rows of pixels as one line of half-blocks; of two levels where no colour is."""
    from rich.text import Text

    line = Text()
    for top, bottom in zip(upper.tolist(), lower.tolist(), strict=True):
        if screen.color_system and not screen.no_color:
            line.append(UPPER, f"rgb({top},{top},{top}) on rgb({bottom},{bottom},{bottom})")
        else:
            line.append(" ▄▀█"[2 * (top > 127) + (bottom > 127)])
    return line


def _bars(probabilities: Array) -> dict[int, str]:
    """Return ten lines of digit, bar and percentage, by the line that they go on."""
    best = probabilities.argmax()
    return {
        2 + digit: f"   {digit} {FULL * round(BAR * float(share)):{BAR}} {share:7.2%}"
        + (" <" if digit == best else "")
        for digit, share in enumerate(probabilities)
    }
