"""Painting out rulings: lines of ruled and squared paper, boxes, combs of forms, underlines.

Rulings are straight, thin and long.  So are strokes of digits: the bar of a 7,
the base of a 2, all of a boxy 0.  The ink that remains without the lines tells
them apart: rulings reach past it on both sides, or meet around it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from mnistmlp.arrays import Grey, Mask
from mnistmlp.pictures.background import COARSE
from mnistmlp.pictures.components import Components
from mnistmlp.pictures.filters import dilate, otsu_threshold, running_extreme, shrink, slide
from mnistmlp.pictures.lines import MIN_LINE, Line, Lines, find_thin
from mnistmlp.pictures.marks import pick_digit

MIN_SIDE = 48  # pixels: in smaller pictures, lines are as wide as strokes
MIN_BACKGROUND = 2 / 3  # of a picture with rulings
MIN_DIGIT = 0.08  # of the longer side
PAST = 0.12  # of a digit's size: rulings reach past it by at least this
MIN_RULED = 0.8  # of a ruling is visible on a page of digits
NEAR = 0.1  # of the longer side: the largest gap between the ends of a box's sides


class Box(NamedTuple):
    """A box around ink, in pixels; the last two are exclusive."""

    top: float
    left: float
    bottom: float
    right: float

    @property
    def size(self) -> float:
        """The longer side, in pixels."""
        return max(self.bottom - self.top, self.right - self.left)


def erase_rulings(grey: Grey) -> Grey:
    """Return a picture (h, w) with its rulings painted out.

    Lines are taken for rulings as long as ink remains that could be a digit, and each is
    a ruling beside it; otherwise they are strokes.  A picture without rulings is returned
    unchanged; if the digit is joined to a box, only the inside is returned.
    """
    low, high = grey.min(), grey.max()
    light, dim = ((part > 0.4 * (high - low)).mean() for part in (grey - low, high - grey))
    if min(grey.shape) < MIN_SIDE or max(light, dim) < MIN_BACKGROUND:
        return grey
    level = grey if light >= dim else 255 - grey  # dark ink
    flat = Lines(level, upright=False)
    upright = Lines(np.ascontiguousarray(level.T), upright=True)
    lines = [*flat.found, *upright.found]
    while lines:
        painted = paint_lines(level, flat, upright, lines)
        box = find_digit(painted, max(line.contrast for line in lines))
        if box is None:
            inside = inside_box(level, lines)
            if inside is not None:
                return inside if level is grey else 255 - inside
            lines = without_innermost(lines)
            continue
        kept = [line for line in lines if is_ruling(line, lines, box, grey.shape)]
        if len(kept) == len(lines):
            painted = paint_ticks(painted, flat, lines, box)
            return painted if level is grey else 255 - painted
        lines = kept
    return grey


def erase_long_lines(grey: Grey, dark: bool, height: float) -> Grey:
    """Return a page (h, w) without flat lines longer than strokes of digits of a height.

    The bars of several 7s lie on a line too, but cover little of it.
    """
    level = grey if dark else 255 - grey
    flat = Lines(level, upright=False, thickest=int(height / 6))
    lines = [
        line
        for line in flat.found
        if line.end - line.start > 3 * height and line.covered > MIN_RULED
    ]
    if not lines:
        return grey
    contrast = flat.background - level
    painted = np.where(line_pixels(flat.thin, contrast, lines), flat.background, level)
    return painted if dark else 255 - painted


def paint_lines(level: Grey, flat: Lines, upright: Lines, lines: list[Line]) -> Grey:
    """Return a picture with lines painted out; where ink crosses them, it stays."""
    contrast = upright.background - level.T
    of_lines = line_pixels(upright.thin, contrast, [line for line in lines if line.upright])
    painted = np.where(of_lines, upright.background, level.T).T
    thin, background = find_thin(painted, flat.thickest)  # now without crossings
    of_lines = line_pixels(thin, background - painted, [line for line in lines if not line.upright])
    return np.where(of_lines, background, painted)


def line_pixels(thin: Mask, contrast: Grey, lines: list[Line]) -> Mask:
    """Return the thin pixels (h, w) of lines and their soft edges, but no darker ink."""
    pixels = np.zeros_like(thin)
    height, width = thin.shape
    for line in lines:
        x = np.arange(max(0, int(line.start) - 2), min(width, int(line.end) + 2))
        middle = line.across(x)
        reach = int(line.reach) + 1
        y = np.rint(middle).astype(np.intp) + np.arange(-reach, reach + 1)[:, None]
        of_line = (np.abs(y - middle) <= line.reach) & (y >= 0) & (y < height)
        y = np.clip(y, 0, height - 1)
        of_line &= thin[y, x] & (contrast[y, x] <= 2 * line.contrast + MIN_LINE)
        pixels[y[of_line], np.broadcast_to(x, y.shape)[of_line]] = True
    return np.asarray(slide(pixels, 3, np.logical_or, 0))


def paint_ticks(painted: Grey, flat: Lines, lines: list[Line], box: Box) -> Grey:
    """Return a picture without the ticks of a comb: short and as thin as the line they stand on."""
    base = [line for line in lines if not line.upright]
    if not base:
        return painted
    thin, background = find_thin(np.ascontiguousarray(painted.T), flat.thickest)
    pieces = Components(thin.T)
    boxes = pieces.boxes()
    high, wide = (boxes[:, 2:] - boxes[:, :2]).T
    pixels = line_pixels(np.ones(painted.shape, bool), np.zeros_like(painted), base)
    ticks = pieces.totals(slide(pixels, 7, np.logical_or, 0)) > 0
    ticks &= wide <= 2 * max(line.height for line in base) + 2
    ticks &= high <= 0.5 * box.size
    return np.where(slide(pieces.mask(ticks), 3, np.logical_or, 1), background.T, painted)


def find_digit(level: Grey, contrast: float) -> Box | None:
    """Return where dark ink could be a digit, beside lines of some contrast."""
    small = shrink(level, COARSE)
    window = max(small.shape) // 3 | 1
    closed = running_extreme(running_extreme(small, window, np.maximum), window, np.minimum)
    levels = closed - small
    threshold = otsu_threshold(levels)
    if levels.max() < contrast / 4 or threshold < 2 * np.median(levels):  # noise
        return None
    sure = levels >= threshold
    kept = sure & pick_digit(Components(dilate(levels >= threshold / 2)), levels, sure)
    rows, columns = np.flatnonzero(kept.any(axis=1)), np.flatnonzero(kept.any(axis=0))
    factor = max(1, max(level.shape) // COARSE)
    places = rows[0], columns[0], rows[-1] + 1, columns[-1] + 1
    box = Box(*(float(place * factor) for place in places))
    boxes = Components(kept).boxes()
    largest = float((boxes[:, 2:] - boxes[:, :2]).max()) * factor  # not remnants of lines
    return box if largest >= max(MIN_DIGIT * max(level.shape), box.size / 3) else None


def is_ruling(line: Line, lines: list[Line], box: Box, shape: tuple[int, ...]) -> bool:
    """Tell whether a line is a ruling, if these lines are and the digit is in a box.

    At each end it meets another ruling or reaches past the digit.  A lone upright
    line that reaches past other ink is a 1; a flat one below it is an underline.
    """
    past = reaches_past(line, box)
    if line.upright:
        alike = (other for other in lines if other.upright and other.resembles(line))
        if sum(all(reaches_past(other, box)) for other in alike) < 3:
            past = False, False
    meeting = tuple(meets(line, along, lines, shape) for along in (line.start, line.end))
    if all(over or met for over, met in zip(past, meeting, strict=True)):
        return True
    if any(meeting) and not line.upright and has_twin(line, lines, box, shape):
        return True
    top = min(line.across(box.left), line.across(box.right)) - line.reach
    return (
        top > box.bottom + 0.03 * box.size
        and not line.upright
        and line.end - line.start > 0.5 * (box.right - box.left)
    )


def reaches_past(line: Line, box: Box) -> tuple[bool, bool]:
    """Tell whether a line starts well before a box, and whether it ends well after it."""
    first, last = (box.top, box.bottom) if line.upright else (box.left, box.right)
    return line.start <= first - PAST * box.size, line.end >= last + PAST * box.size


def meets(line: Line, along: float, lines: list[Line], shape: tuple[int, ...]) -> bool:
    """Tell whether a line meets a crossing one at an end."""
    near, across = NEAR * max(shape), line.across(along)
    return any(
        abs(other.across(across) - along) <= near
        and other.start - near <= across <= other.end + near
        for other in lines
        if other.upright != line.upright and line.resembles(other)
    )


def has_twin(line: Line, lines: list[Line], box: Box, shape: tuple[int, ...]) -> bool:
    """Tell whether a flat line is a side of a box, with the opposite side beyond the digit.

    The digit hides a third side, which it touches.
    """
    near = NEAR * max(shape)
    for other in lines:
        if other.upright or not other.resembles(line):
            continue
        top, bottom = sorted((line.level, other.level))
        gap = 0.03 * box.size
        if (
            abs(line.start - other.start) <= near
            and abs(line.end - other.end) <= near
            and top + gap <= box.top
            and box.bottom <= bottom - gap
            and box.bottom - box.top > 0.4 * (bottom - top)
        ):
            return True
    return False


def without_innermost(lines: list[Line]) -> list[Line]:
    """Return lines without the upright one in the middle: with nothing else there, it is a 1."""
    places = [line.level for line in lines if line.upright]
    if not places:
        return []
    centre = (min(places) + max(places)) / 2
    innermost = min(
        (line for line in lines if line.upright), key=lambda line: abs(line.level - centre)
    )
    return [line for line in lines if line is not innermost]


def inside_box(level: Grey, lines: list[Line]) -> Grey | None:
    """Return the inside of a box if lines are its sides and a digit fills it."""
    flat, upright = (
        sorted((line for line in lines if line.upright == up), key=lambda line: line.level)
        for up in (False, True)
    )
    if len(flat) < 2 or len(upright) < 2:
        return None
    sides = flat[0], flat[-1], upright[0], upright[-1]
    ends = [(side, along) for side in sides for along in (side.start, side.end)]
    if sum(meets(side, along, list(sides), level.shape) for side, along in ends) < 6:
        return None
    turned = level.shape[1], level.shape[0]
    inside = _between(*sides[:2], level.shape) & _between(*sides[2:], turned).T
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    if min(rows.size, columns.size) < MIN_SIDE / 2:
        return None
    area = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    part = np.where(inside, level, np.median(level[inside]))[area]
    box = find_digit(part, min(side.contrast for side in sides))
    return part if box and box.bottom - box.top > 0.4 * rows.size else None


def _between(one: Line, other: Line, shape: tuple[int, ...]) -> Mask:
    """Return the pixels between two lines, away from both, (h, w), or (w, h) if upright."""
    place, along = np.arange(shape[0])[:, None], np.arange(shape[1])
    first, last = one.across(along) + one.height / 2 + 1, other.across(along) - other.height / 2
    between: Mask = (place >= first) & (place < last)
    return between
