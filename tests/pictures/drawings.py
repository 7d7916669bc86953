"""Digits drawn with a pen, and what may surround them on a page."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw

SIDE = 280
PEN, PRINT = 30, 110  # grey levels

Points = list[tuple[int, int]]

DIGITS: dict[str, list[Points]] = {  # strokes with long straight parts, in a box of 100 x 120
    "zero": [[(15, 0), (85, 0), (85, 120), (15, 120), (15, 0)]],
    "one": [[(50, 0), (50, 120)]],
    "two": [[(10, 25), (30, 4), (70, 4), (88, 30), (75, 60), (5, 120), (95, 120)]],
    "four": [[(60, 0), (5, 75), (98, 75)], [(70, 30), (70, 120)]],
    "five": [[(90, 0), (20, 0), (15, 50), (60, 45), (88, 80), (60, 118), (10, 110)]],
    "seven": [[(5, 0), (95, 0), (45, 120)]],
}


def draw_digit(picture: Image.Image, digit: str, width: int = 10) -> None:
    """Draw a digit in the middle."""
    draw = ImageDraw.Draw(picture)
    for stroke in DIGITS[digit]:
        points = [(x + 90, y + 80) for x, y in stroke]
        draw.line(points, PEN, width, "curve")
        for x, y in (points[0], points[-1]):
            draw.ellipse((x - width // 2, y - width // 2, x + width // 2, y + width // 2), PEN)


def _box(draw: ImageDraw.ImageDraw) -> None:
    draw.rectangle((12, 12, SIDE - 13, SIDE - 13), outline=PRINT, width=3)


def _skewed(draw: ImageDraw.ImageDraw) -> None:
    corners = [(40, 30), (250, 44), (240, 246), (28, 236)]
    for i in range(4):  # open at one corner
        (x, y), end = corners[i], corners[(i + 1) % 4]
        draw.line([(x + 8, y + 1) if i == 0 else (x, y), end], PRINT, 4)


def _underline(draw: ImageDraw.ImageDraw) -> None:
    draw.line([(60, 224), (222, 220)], PEN, 5)


def _comb(draw: ImageDraw.ImageDraw) -> None:
    draw.line([(0, 220), (SIDE, 220)], PRINT, 2)
    for column in range(72, SIDE, 136):
        draw.line([(column, 220), (column, 180)], PRINT, 2)


def _squares(draw: ImageDraw.ImageDraw) -> None:
    for place in range(7, SIDE, 41):
        draw.line([(0, place), (SIDE, place)], 190, 2)
        draw.line([(place, 0), (place, SIDE)], 190, 2)


def _ruled(draw: ImageDraw.ImageDraw) -> None:
    for row in range(16, SIDE, 50):
        draw.line([(0, row), (SIDE, row + 6)], 180, 2)


def _circle(draw: ImageDraw.ImageDraw) -> None:
    draw.ellipse((30, 30, SIDE - 30, SIDE - 30), outline=PEN, width=5)


def _thumb(draw: ImageDraw.ImageDraw) -> None:
    draw.ellipse((-60, SIDE - 60, 60, SIDE + 60), 70)


DRAWINGS: dict[str, Callable[[ImageDraw.ImageDraw], None]] = {
    "box": _box,
    "skewed": _skewed,
    "underline": _underline,
    "comb": _comb,
    "squares": _squares,
    "ruled": _ruled,
    "circle": _circle,
    "thumb": _thumb,
}


def draw_page(digit: str, kind: str | None = None) -> Image.Image:
    """Draw a digit on a page, with what surrounds it."""
    picture = Image.new("L", (SIDE, SIDE), 250)
    if kind:
        DRAWINGS[kind](ImageDraw.Draw(picture))
    ink = Image.new("L", (SIDE, SIDE), 255)
    draw_digit(ink, digit)
    return Image.fromarray(np.minimum(np.asarray(picture), np.asarray(ink)))
