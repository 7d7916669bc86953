"""An image and its probabilities, drawn with characters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mnistmlp.cli import console

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from mnistmlp.arrays import Array, Bytes
    from mnistmlp.cli.predict.recognise import Recognised

BAR_WIDTH = 30  # characters, for a probability of 1
STEP_WIDTH = 24  # characters of a step of `explain`; the image after them has 28
UPPER_HALF, FULL_BLOCK = "▀", "█"


def show(result: Recognised) -> None:
    """Draw an image beside ten bars, on stderr: stdout is for the result."""
    screen = console.make_console(stderr=True)
    bars = dict(enumerate(_bars(result.probabilities), start=2))
    lines = [
        _half_blocks(screen, result.image[row], result.image[row + 1]).append(
            f"   {bars[row // 2]}" if row // 2 in bars else ""
        )
        for row in range(0, len(result.image), 2)
    ]
    console.note(console.render(screen, console.escape(result.source), *lines))


def explain(result: Recognised) -> None:
    """Draw the steps from a picture to its image, and ten bars below, on stderr."""
    from rich.text import Text

    from mnistmlp.pictures.explain import describe_reading, panels

    if not result.reading:  # an image of the data set has no steps
        show(result)
        return
    screen = console.make_console(stderr=True)
    steps = panels(result.reading, STEP_WIDTH)
    lines = [Text("  ".join(title.ljust(len(image)) for title, image in steps))]
    for row in range(0, max(len(image) for _, image in steps), 2):
        parts = [
            _half_blocks(screen, image[row], image[row + 1])
            if row < len(image)
            else Text(" " * len(image))
            for _, image in steps
        ]
        lines.append(Text("  ").join(parts))
    source, bars = console.escape(result.source), _bars(result.probabilities)
    console.note(console.render(screen, source, *lines, describe_reading(result.reading), *bars))


def _half_blocks(screen: Console, upper: Bytes, lower: Bytes) -> Text:
    """Return two rows of pixels as a line of half blocks, black and white if there is no colour."""
    from rich.text import Text

    line = Text()
    for top, bottom in zip(upper.tolist(), lower.tolist(), strict=True):
        if screen.color_system and not screen.no_color:
            line.append(UPPER_HALF, f"rgb({top},{top},{top}) on rgb({bottom},{bottom},{bottom})")
        else:
            line.append(" ▄▀█"[2 * (top > 127) + (bottom > 127)])
    return line


def _bars(probabilities: Array) -> list[str]:
    """Return ten lines of digit, bar and percentage."""
    best = probabilities.argmax()
    return [
        f"{digit} {FULL_BLOCK * round(BAR_WIDTH * float(share)):{BAR_WIDTH}} {share:7.2%}"
        + (" <" if digit == best else "")
        for digit, share in enumerate(probabilities)
    ]
