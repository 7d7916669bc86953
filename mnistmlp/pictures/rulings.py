"""Finding and erasing rulings: lines of ruled and squared paper, boxes, combs, and underlines.

A ruling is straight, thin and long.  So are strokes of digits: the bar of a 7,
the base of a 2, all of a boxy 0.  What tells them apart is what remains without
the lines: rulings reach past a digit on both sides, or meet at the corners of a
box around it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnistmlp.arrays import Grey, Indices, Mask
from mnistmlp.pictures.background import COARSE
from mnistmlp.pictures.components import Components
from mnistmlp.pictures.filters import (
    dilate,
    otsu_threshold,
    running_extreme,
    shrink,
    slide,
)
from mnistmlp.pictures.marks import pick_digit

MIN_SIDE = 48  # pixels: in smaller pictures, lines and strokes look the same
THICKEST = 14  # of which a side is the thickest line
STRIP, ROWS = 20, 90  # of which a side is the width and the height of a cell
MIN_LINE = 8.0  # grey levels between a line and its background
STEEPEST = 0.2  # slope of a line: 11 degrees
MIN_LENGTH = 0.25  # of the picture's side along it
MIN_DIGIT = 0.08  # of the picture's longer side
MIN_BACKGROUND = 2 / 3  # of a picture with rulings


class Line(NamedTuple):
    """A straight thin line, that lies along one axis of the picture."""

    upright: bool  # lies along the columns
    start: float  # pixels along its axis
    end: float
    level: float  # pixels across, where it starts
    slope: float
    height: float  # pixels
    reach: float  # how far its pixels lie off, at most
    contrast: float  # grey levels

    def across(self, along: Any) -> Any:
        """Return how far down it is at a column, or how far right at a row."""
        return self.level + self.slope * (along - self.start)


class Lying:
    """What is thin in one direction, in a picture with dark ink, and the lines there.

    A picture is cut into cells, wide and low, and thin ink that fills most of the
    width of one is part of a flat stroke; connected cells are a fragment of a line.

    Parameters
    ----------
    grey : (h, w)
        With its columns and rows exchanged, upright lines lie.
    upright : bool
        Whether they are exchanged.
    """

    def __init__(self, grey: Grey, upright: bool) -> None:
        side = max(grey.shape)
        self.upright = upright
        self.thickest = max(3, side // THICKEST)
        self.cell = max(2, side // ROWS), max(6, side // STRIP)
        self.thin, self.closed = find_thin(grey, self.thickest)
        self.fragments = self._label_cells()
        self.lines = self._find_lines(grey)

    def _label_cells(self) -> Indices:
        """Return the number of the fragment of each cell (rows, strips), or -1."""
        rows, strip = self.cell
        height, width = self.thin.shape
        high = np.logical_or.reduceat(self.thin, np.arange(0, height, rows), axis=0)
        firsts = np.arange(0, width, strip)
        filled = np.add.reduceat(high, firsts, axis=1, dtype=np.intp)
        cells = filled >= 0.6 * np.diff(firsts, append=width)
        return Components(cells & ~find_thickenings(cells)).labels()

    def _find_lines(self, grey: Grey) -> list[Line]:
        """Join the fragments that lie on one line."""
        rows, strip = self.cell
        y, x = np.nonzero(self.thin)
        label = self.fragments[y // rows, x // strip]
        y, x, label = y[label >= 0], x[label >= 0], label[label >= 0]
        if not label.size:
            return []
        contrast = self.closed[y, x] - grey[y, x]
        terms = (np.ones(len(x)), x, y, x * x, x * y, y * y, contrast)
        moments = np.stack([np.bincount(label, term) for term in terms], axis=1)
        spans = np.stack([np.full(len(moments), np.inf), np.full(len(moments), -np.inf)], axis=1)
        np.minimum.at(spans[:, 0], label, x)
        np.maximum.at(spans[:, 1], label, x + 1)
        found: list[_Fit] = []
        order = np.argsort(spans[:, 0] - spans[:, 1], kind="stable")
        for i in order:
            fit = _Fit(moments[i], *spans[i], spans[i][1] - spans[i][0])
            if spans[i][1] - spans[i][0] < 1.5 * strip or not fit.is_straight(rows):
                continue
            on = next((j for j, other in enumerate(found) if other.continues(fit, rows)), None)
            if on is None:
                found.append(fit)
            else:
                found[on] = found[on].joined(fit)
        least = MIN_LENGTH * self.thin.shape[1]
        return [
            self._extend(fit.line(self.upright))
            for fit in found
            if fit.end - fit.start >= least and fit.covered > 0.5 * (fit.end - fit.start)
        ]

    def _extend(self, line: Line) -> Line:
        """Return a line with what continues it at its ends, in pieces too short to be found."""
        height, width = self.thin.shape
        x = np.arange(width)
        y = np.clip(np.rint(line.across(x)).astype(np.intp), 0, height - 1)
        on = np.flatnonzero(self.thin[y, x])
        gap = 2 * self.cell[1]
        start, end = line.start, line.end
        for place in on[::-1]:
            if start - gap <= place < start:
                start = place
        for place in on:
            if end <= place < end + gap:
                end = place + 1
        return line._replace(start=start, end=end, level=line.across(start))

    def pixels(self, thin: Mask, contrast: Grey, lines: list[Line]) -> Mask:
        """Return the pixels (h, w) of lines, with their soft edges; darker ink stays."""
        pixels = np.zeros_like(thin)
        for line in lines:
            if line.upright != self.upright:
                continue
            x = np.arange(max(0, int(line.start) - 2), min(thin.shape[1], int(line.end) + 2))
            middle = line.across(x)
            reach = np.arange(-int(line.reach) - 1, int(line.reach) + 2)
            y = np.rint(middle).astype(np.intp) + reach[:, None]
            ok = (np.abs(y - middle) <= line.reach) & (y >= 0) & (y < thin.shape[0])
            y = np.clip(y, 0, thin.shape[0] - 1)
            ok &= thin[y, x] & (contrast[y, x] <= 2 * line.contrast + MIN_LINE)
            pixels[y[ok], np.broadcast_to(x, y.shape)[ok]] = True
        return slide(pixels, 3, np.logical_or, 0)


class _Fit(NamedTuple):
    """A straight line through pixels, by least squares."""

    moments: NDArray[np.float64]  # sums over pixels of 1, x, y, xx, xy, yy, contrast
    start: float
    end: float
    covered: float  # pixels of its length

    def solve(self) -> tuple[float, float, float]:
        """Return its height at column 0, its slope, and how far pixels lie off."""
        n, x, y, xx, xy, yy, _ = self.moments
        varies = xx - x * x / n
        slope = (xy - x * y / n) / varies
        off = max((yy - y * y / n) - slope * slope * varies, 0) / n
        return (y - slope * x) / n, slope, float(np.sqrt(off))

    def is_straight(self, rows: int) -> bool:
        """Tell whether pixels lie close to it, and it lies flat."""
        _, slope, off = self.solve()
        return abs(slope) <= STEEPEST and off <= rows + 0.01 * (self.end - self.start)

    def continues(self, other: _Fit, rows: int) -> bool:
        """Tell whether a shorter piece lies on this line."""
        height, slope, _ = self.solve()
        _, x, y, *_ = other.moments / other.moments[0]
        return bool(abs(height + slope * x - y) <= 1.5 * rows + 0.01 * abs(x - self.end))

    def joined(self, other: _Fit) -> _Fit:
        """Return the line through the pixels of both."""
        return _Fit(
            self.moments + other.moments,
            min(self.start, other.start),
            max(self.end, other.end),
            self.covered + other.covered,
        )

    def line(self, upright: bool) -> Line:
        height, slope, off = self.solve()
        contrast = self.moments[6] / self.moments[0]
        level = height + slope * self.start
        thick = self.moments[0] / self.covered
        return Line(upright, self.start, self.end, level, slope, thick, 2 * off + 1, contrast)


def find_thickenings(cells: Mask) -> Mask:
    """Return the cells (rows, strips) where a fragment is higher than it mostly is.

    Other ink touches a line there, and would bend it.
    """
    labels = Components(cells).labels()
    rows, strips = np.nonzero(cells)
    of = labels[rows, strips]
    heights = np.zeros((of.max(initial=-1) + 1, cells.shape[1]))
    np.add.at(heights, (of, strips), 1)
    usual = np.array([np.median(each[each > 0]) for each in heights])
    thick = np.zeros_like(cells)
    thick[rows, strips] = heights[of, strips] > usual[of] + 1 if of.size else False
    return thick


def erase_rulings(grey: Grey) -> Grey:
    """Return a picture (h, w) with its rulings painted out; without any, the same array."""
    if min(grey.shape) < MIN_SIDE:
        return grey
    low, high = grey.min(), grey.max()
    light, dim = ((part > 0.4 * (high - low)).mean() for part in (grey - low, high - grey))
    if max(light, dim) < MIN_BACKGROUND:
        return grey
    dark = light >= dim
    level = grey if dark else 255 - grey
    flat, upright = Lying(level, False), Lying(np.ascontiguousarray(level.T), True)
    lines = [*flat.lines, *upright.lines]
    while lines:
        painted = paint_lines(level, flat, upright, lines)
        box = find_digit(painted, max(line.contrast for line in lines))
        if not box:
            if inside := inside_box(lines, level):
                return grey[inside]
            lines = without_innermost(lines, grey.shape)
            continue
        kept = [line for line in lines if is_ruling(line, lines, box, grey.shape)]
        if len(kept) == len(lines):
            painted = paint_hanging(painted, flat, upright, lines, box)
            return painted if dark else 255 - painted
        lines = kept
    return grey


def find_thin(grey: Grey, thickest: int) -> tuple[Mask, Grey]:
    """Return the pixels (h, w) of ink that is no higher than so many pixels, and its background.

    By a closing along the columns: Serra (1982), chapter XII, as for the background.
    """
    window = (thickest + 1) | 1
    closed = slide(slide(grey, window, np.maximum, 0), window, np.minimum, 0)
    contrast = closed - grey
    return contrast >= max(MIN_LINE, 3 * np.median(contrast[::3, ::3])), closed


def paint_lines(level: Grey, flat: Lying, upright: Lying, lines: list[Line]) -> Grey:
    """Return a picture with lines painted out; where ink crosses them, it stays."""
    across = upright.pixels(upright.thin, upright.closed - level.T, lines)
    painted = np.where(across, upright.closed, level.T).T
    thin, closed = find_thin(painted, flat.thickest)  # now without crossings
    return np.where(flat.pixels(thin, closed - painted, lines), closed, painted)


def find_digit(grey: Grey, contrast: float) -> tuple[float, float, float, float] | None:
    """Return top, left, bottom and right of dark ink that could be a digit."""
    small = shrink(grey, COARSE)
    window = max(small.shape) // 3 | 1
    levels = running_extreme(running_extreme(small, window, np.maximum), window, np.minimum) - small
    threshold = otsu_threshold(levels)
    if levels.max() < contrast / 4 or threshold < 2 * np.median(levels):  # noise
        return None
    sure = levels >= threshold
    kept = sure & pick_digit(Components(dilate(levels >= threshold / 2)), levels, sure)
    factor = max(1, max(grey.shape) // COARSE)
    rows, columns = np.flatnonzero(kept.any(axis=1)), np.flatnonzero(kept.any(axis=0))
    box = rows[0], columns[0], rows[-1] + 1, columns[-1] + 1
    top, left, bottom, right = (float(place * factor) for place in box)
    if max(bottom - top, right - left) < MIN_DIGIT * max(grey.shape):
        return None
    return top, left, bottom, right


def without_innermost(lines: list[Line], shape: tuple[int, ...]) -> list[Line]:
    """Return lines without the upright one in the middle: where nothing else is, that is a 1."""
    upright = [line for line in lines if line.upright]
    if not upright or len(upright) == len(lines) == 1:
        return []
    centre = (min(line.level for line in upright) + max(line.level for line in upright)) / 2
    innermost = min(upright, key=lambda line: abs(line.level - centre))
    return [line for line in lines if line is not innermost]


def inside_box(lines: list[Line], level: Grey) -> tuple[slice, slice] | None:
    """Return where the inside of a box is, if lines are its sides and a digit is in it."""
    flat = sorted((line for line in lines if not line.upright), key=lambda line: line.level)
    upright = sorted((line for line in lines if line.upright), key=lambda line: line.level)
    if len(flat) < 2 or len(upright) < 2:
        return None
    sides = [flat[0], flat[-1], upright[0], upright[-1]]
    joined = sum(
        meets(side, end, sides, level.shape) for side in sides for end in (side.start, side.end)
    )
    if joined < 6:
        return None
    top, bottom, left, right = (
        (max if first else min)(side.across(side.start), side.across(side.end))
        + (1 if first else -1) * (side.reach + 1)
        for side, first in zip(sides, (True, False, True, False), strict=True)
    )
    inside = slice(max(0, int(top)), int(bottom) + 1), slice(max(0, int(left)), int(right) + 1)
    part = level[inside]
    if min(part.shape, default=0) < MIN_SIDE / 2:
        return None
    box = find_digit(part, min(side.contrast for side in sides))
    return inside if box and box[2] - box[0] > 0.4 * part.shape[0] else None


def is_ruling(
    line: Line, lines: list[Line], box: tuple[float, float, float, float], shape: tuple[int, ...]
) -> bool:
    """Tell whether a line is no part of the digit in a box, without all of these lines."""
    top, left, bottom, right = box
    size = max(bottom - top, right - left)
    first, last = (top, bottom) if line.upright else (left, right)
    past = line.start <= first - 0.12 * size, line.end >= last + 0.12 * size
    meeting = meets(line, line.start, lines, shape), meets(line, line.end, lines, shape)
    if line.upright:
        parallel = sum(
            other.upright and other.start <= top - 0.12 * size and other.end >= bottom + 0.12 * size
            for other in lines
        )
        if parallel < 3:
            past = False, False
    if all(over or met for over, met in zip(past, meeting, strict=True)):
        return True
    return not line.upright and (
        min(line.across(left), line.across(right)) > bottom + 0.03 * size
        and line.end - line.start > 0.5 * (right - left)
    )


def meets(line: Line, along: float, lines: list[Line], shape: tuple[int, ...]) -> bool:
    """Tell whether a line meets one across it at an end."""
    near = 0.1 * max(shape)
    across = line.across(along)
    return any(
        abs(other.across(across) - along) <= near
        and other.start - near <= across <= other.end + near
        for other in lines
        if other.upright != line.upright
        and max(line.height, other.height) <= 2 * min(line.height, other.height) + 1
    )


def at_border(line: Line, along: float, shape: tuple[int, ...]) -> bool:
    """Tell whether the end of a line is at the border."""
    length = shape[0] if line.upright else shape[1]
    return not 0.03 * length < along < 0.97 * length


def paint_hanging(
    painted: Grey,
    flat: Lying,
    upright: Lying,
    lines: list[Line],
    box: tuple[float, float, float, float],
) -> Grey:
    """Return a picture with the ticks on flat lines painted out, too, but for the digit's columns."""
    base = flat.pixels(flat.thin, flat.closed * 0, lines)
    if not base.any():
        return painted
    thin, closed = find_thin(np.ascontiguousarray(painted.T), flat.thickest)
    thin = thin.T.copy()
    thin[:, max(0, int(box[1]) - 2) : int(box[3]) + 2] = False
    pieces = Components(thin)
    hanging = pieces.totals(slide(base, 7, np.logical_or, 0)) > 0
    return np.where(slide(pieces.mask(hanging), 3, np.logical_or, 1), closed.T, painted)
