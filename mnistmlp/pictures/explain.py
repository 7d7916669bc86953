"""How a picture became an image and a digit, drawn as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from mnistmlp.arrays import SIDE, Array, Bytes, Grey
from mnistmlp.atomic import atomic_write
from mnistmlp.errors import NoInkError
from mnistmlp.pictures.images import Reading

Panel = tuple[str, Bytes]  # a title and an image
Box = tuple[int, int, int, int]  # top, left, bottom, right

PANEL, GAP, TITLE, FONT = 8 * SIDE, 16, 28, 14  # pixels
LAST_CHARACTER = 0x17F  # in the font: the end of Latin Extended-A
BLACK, GREY, BLUE = "#1a1a1a", "#808080", "#2060c0"


def fit_into_square(levels: Grey, side: int) -> Bytes:
    """Return levels (h, w) from 0 to 255, scaled to fit a grey square (side, side)."""
    height, width = (max(1, round(size * side / max(levels.shape))) for size in levels.shape)
    picture = Image.fromarray(levels).resize((width, height), Image.Resampling.BOX)
    field = np.full((side, side), 64, np.uint8)
    top, left = (side - height) // 2, (side - width) // 2
    field[top : top + height, left : left + width] = np.rint(np.asarray(picture).clip(0, 255))
    return field


def panels(reading: Reading, side: int) -> list[Panel]:
    """Return the steps with titles: squares of `side` pixels, except the last, 28 x 28."""
    steps = [("picture", fit_into_square(reading.grey, side))]
    if reading.ink is not None:
        steps.append(("ink", fit_into_square(255 * reading.ink, side)))
    return [*steps, ("28 x 28", reading.image)]


def refused_panels(error: NoInkError, side: int) -> list[Panel]:
    """Return the steps up to a refusal with titles: squares of `side` pixels."""
    steps = (("picture", error.grey), ("what stands out", error.contrast))
    return [(title, fit_into_square(levels, side)) for title, levels in steps if levels is not None]


def describe_reading(reading: Reading) -> str:
    """Return a line about what was found."""
    if reading.ink is None or reading.box is None:
        return f"already 28 x 28, {'inverted' if reading.dark else 'unchanged'}"
    top, left, bottom, right = reading.box
    ink, background = ("dark", "light") if reading.dark else ("light", "dark")
    return (
        f"{ink} ink on a {background} background, {right - left} x {bottom - top} of "
        f"{reading.ink.shape[1]} x {reading.ink.shape[0]}, strokes of {reading.width:.1f} pixels"
    )


def write_explanation(
    path: Path,
    reading: Reading,
    probabilities: Array,
    further: Sequence[Panel] = (),
    class_names: Sequence[str] | None = None,
) -> None:
    """Write the steps, further ones after them, and the probabilities (10,) as a PNG.

    The bars are labelled with digits or class names.

    Raises
    ------
    WriteError
        If the file cannot be written.
    """
    steps = [*panels(reading, PANEL), *further]
    page = _draw_steps(steps, len(steps) + 1, describe_reading(reading))
    names = class_names or list(map(str, range(len(probabilities))))
    _draw_bars(page, GAP + len(steps) * (PANEL + GAP), probabilities, names)
    with atomic_write(path) as file:
        page.save(file, "PNG")


def write_refusal(path: Path, error: NoInkError) -> None:
    """Write the steps up to a refusal, and its reason, as a PNG.

    Raises
    ------
    WriteError
        If the file cannot be written.
    """
    page = _draw_steps(refused_panels(error, PANEL), 3, f"no ink found: {error.reason}")
    with atomic_write(path) as file:
        page.save(file, "PNG")


def _draw_steps(steps: Sequence[Panel], columns: int, words: str) -> Image.Image:
    """Draw steps with titles, and text below, with room for more columns."""
    page = Image.new("RGB", (GAP + columns * (PANEL + GAP), 2 * TITLE + PANEL + GAP), "white")
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(FONT)
    for number, (title, levels) in enumerate(steps):
        left = GAP + number * (PANEL + GAP)
        draw.text((left, 6), title, BLACK, font)
        panel = Image.fromarray(levels).resize((PANEL, PANEL), Image.Resampling.NEAREST)
        page.paste(panel, (left, TITLE))
    draw.text((GAP, TITLE + PANEL + 8), words, GREY, font)
    return page


def draw_boxes(
    path: Path, grey: Grey, scale: float, boxes: Sequence[Box], labels: Sequence[str]
) -> None:
    """Write a picture as a PNG, with boxes around its digits, and what each was read as.

    Parameters
    ----------
    path : Path
    grey : (h, w)
    scale : float
        Pixels of the boxes per pixel of `grey`.
    boxes : sequence of (top, left, bottom, right)
    labels : sequence of str

    Raises
    ------
    WriteError
        If the file cannot be written.
    """
    height, width = grey.shape
    page = Image.new("RGB", (width + 2 * GAP, height + TITLE + GAP), "white")
    page.paste(Image.fromarray(np.rint(grey.clip(0, 255)).astype(np.uint8)), (GAP, TITLE))
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(18)
    for box, label in zip(boxes, labels, strict=True):
        top, left, bottom, right = (each / scale for each in box)
        edges = (GAP + left - 1, TITLE + top - 1, GAP + right, TITLE + bottom)
        draw.rectangle(edges, outline=BLUE)
        middle = (GAP + (left + right) / 2, TITLE + top - 3)
        draw.text(middle, label, BLUE, font, anchor="ms", stroke_width=2, stroke_fill="white")
    with atomic_write(path) as file:
        page.save(file, "PNG")


def make_drawable(name: str, digit: int) -> str:
    """Return a name without characters missing from the font, or else the digit."""
    return "".join(c for c in name if ord(c) <= LAST_CHARACTER).strip() or str(digit)


def _draw_bars(
    page: Image.Image, left: int, probabilities: Array, class_names: Sequence[str]
) -> None:
    """Draw a bar for each class, the most likely one in colour."""
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(FONT)
    names = [make_drawable(name, digit) for digit, name in enumerate(class_names)]
    while max(map(font.getlength, names)) > PANEL / 3:
        names = [name[: max(map(len, names)) - 1] for name in names]
    row, room = PANEL / 10, int(max(map(font.getlength, names)))
    start = left + room + 8
    for digit, share in enumerate(probabilities):
        best = digit == probabilities.argmax()
        top = TITLE + digit * row
        draw.text((left, top + 2), names[digit], BLACK, font)
        end = start + float(share) * (PANEL - 68 - room)
        draw.rectangle((start, top + 3, end, top + row - 4), BLUE if best else GREY)
        draw.text((left + PANEL - 52, top + 2), f"{share:7.2%}", BLACK, font)
