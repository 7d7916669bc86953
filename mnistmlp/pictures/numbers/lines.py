"""Finding the writing on a page: the pieces of digits, and their lines."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnistmlp.arrays import Grey, Indices, Mask
from mnistmlp.pictures.background import is_ink_dark, stand_out
from mnistmlp.pictures.components import Components
from mnistmlp.pictures.evidence import MIN_CONTRAST, MIN_SEPARABILITY, Contrast
from mnistmlp.pictures.filters import (
    dilate,
    otsu_threshold,
    running_extreme,
    separability,
    shrink,
    smooth,
    stretch,
)
from mnistmlp.pictures.ink import Invert, find_contrast, find_sheet, ink_strength
from mnistmlp.pictures.rulings import erase_long_lines
from mnistmlp.pictures.strokes import stroke_width

OVERVIEW = 384  # pixels of the longer side when examining a page as a whole
SMALL = 32.0  # pixels at twice that size: the height of digits that would be lost otherwise
MIN_HEIGHT = 56.0  # pixels of digits: pages with smaller ones are enlarged
MAX_ENLARGED = 1 << 22  # pixels of a page that is enlarged
DETAIL = 12  # pixels: the height of a digit when estimating its background
SLOPES = np.arange(-45, 46) / 100  # of lines: up to 24 degrees
LONG = 1.3  # length of a straight line of ink, relative to the height
STRAIGHT = 0.35  # least share of a ruling's ink in such lines
ENCLOSED = 0.45  # height of a digit relative to its box; a fifth of that for several
MAX_ENCLOSING = 100  # largest pieces, which may be boxes
NARROW = 0.4  # greatest width of a box's side, relative to its height
FILLED = 0.7  # of its box by a band along the border
CORNER = 1.4  # border along ink in a corner, relative to its longer side
MAX_EDGE = 0.12  # width of soft edges, relative to the height: shadows' are wider
SPECK, BODY, TALLEST = 0.25, 0.45, 2.5  # heights relative to the usual one


class Writing(NamedTuple):
    """The pieces of writing on a page: connected components of its ink."""

    strength: Grey  # (h, w), ink from 0 for the background to 1
    labels: Indices  # (h, w): the piece, from 1 to k, or 0 for none
    boxes: Indices  # (k, 4): top, left, bottom, right
    height: float  # of most digits, in pixels
    stroke: float  # width of strokes, in pixels
    dark: bool  # darker than the background
    enlarged: int  # factor by which the page is enlarged


class Line(NamedTuple):
    """A line of writing."""

    pieces: Indices  # (n,) from left to right
    height: float  # of its digits, in pixels


def find_writing(grey: Grey, invert: Invert) -> Writing | None:
    """Find the pieces of writing on a page (h, w), or None if there is no ink.

    The page as a whole shows how high its digits are and whether they are dark.  Then
    each is separated from the background near it, so that neither shadows nor the size
    of the page matter.
    """
    found = _survey(grey, invert)
    if not found:
        return None
    sheet = find_sheet(found.levels, ink_strength(found, found.soft))
    if sheet:
        return _find_on_sheet(grey, invert, sheet, max(grey.shape) / max(found.levels.shape))
    pieces = Components(found.soft)
    mass = pieces.totals(found.levels * found.sure) * ~find_rulings(pieces, 0)
    if not mass.any():
        return None
    height = usual_height(pieces.boxes(), mass)
    height *= max(grey.shape) / max(found.levels.shape)
    grey = erase_lines_through_digits(grey, found.dark, height)
    times = _find_enlargement(grey, height)
    grey = stretch(grey, tuple(times * side for side in grey.shape))
    height *= times
    levels = smooth(local_contrast(grey, found.dark, height), height / 100)
    near = stretch(dilate(found.soft).astype(np.float32), grey.shape) > 0.5
    found = _find_pieces(levels, near, height, found.dark)
    if not found.soft.any():
        return None
    pieces = Components(found.soft)
    boxes = pieces.boxes()
    height = usual_height(boxes, pieces.totals(levels))
    strength = ink_strength(found, found.soft)
    stroke = stroke_width(strength)
    if edge_width(strength) > MAX_EDGE * height:
        return None
    return Writing(strength, pieces.labels() + 1, boxes, height, stroke, found.dark, times)


def erase_lines_through_digits(grey: Grey, dark: bool, height: float) -> Grey:
    """Return a page (h, w) without its rulings if digits touch them.

    The sides of boxes that touch lines are narrow, unlike most digits: such lines stay,
    to be left out together with the boxes.
    """
    painted = erase_long_lines(grey, dark, height)
    if painted is grey:
        return grey
    found = find_contrast(shrink(painted, OVERVIEW), "yes" if dark else "no")
    if not found:
        return grey
    erased = shrink(np.abs(painted - grey), OVERVIEW) >= MIN_CONTRAST
    pieces = Components(found.soft)
    sizes = pieces.boxes()[:, 2:] - pieces.boxes()[:, :2]
    touching = pieces.totals(dilate(erased)) > 0
    touching &= sizes[:, 0] >= BODY * height * max(found.soft.shape) / max(grey.shape)
    wide = sizes[touching, 1] > NARROW * sizes[touching, 0]
    return painted if wide.size and wide.mean() > 0.5 else grey


def _find_on_sheet(
    grey: Grey, invert: Invert, sheet: tuple[slice, slice], scale: float
) -> Writing | None:
    """Find writing on a sheet of paper on a darker surface."""
    rows, columns = (slice(int(s.start * scale), int(s.stop * scale)) for s in sheet)
    found = find_writing(grey[rows, columns], invert)
    if not found:
        return None
    corner = np.multiply(found.enlarged, (rows.start, columns.start))
    full = np.multiply(found.enlarged, grey.shape)
    below = full - corner - found.labels.shape
    around = [(int(corner[axis]), int(below[axis])) for axis in (0, 1)]
    return found._replace(
        strength=np.pad(found.strength, around),
        labels=np.pad(found.labels, around),
        boxes=found.boxes + np.concatenate([corner, corner]),
    )


def edge_width(strength: Grey) -> float:
    """Return the width of the soft edges of ink (h, w), in pixels.

    Half of an edge lies between a quarter and three quarters of the full strength, and
    edges are as long as the total variation: `strokes.stroke_width`.
    """
    soft = np.count_nonzero((strength > 0.25) & (strength < 0.75))
    width = stroke_width(strength)
    return 2 * soft * width / (2 * float(strength.sum())) if width else 0.0


def _survey(grey: Grey, invert: Invert) -> Contrast | None:
    """Find what stands out from a reduced page, as in a picture of one digit.

    If nothing does, small digits may stand out from the background near them.
    """
    found = find_contrast(shrink(grey, OVERVIEW), invert)
    if found:
        return found
    small = shrink(grey, 2 * OVERVIEW)
    dark = is_ink_dark(small, even=False) if invert == "auto" else invert == "yes"
    levels = smooth(local_contrast(small, dark, SMALL), 1)
    threshold = otsu_threshold(levels)
    if levels.max() < MIN_CONTRAST or separability(levels, levels >= threshold) < MIN_SEPARABILITY:
        return None
    return Contrast(levels, levels >= threshold, dilate(levels >= threshold / 2), dark)


def _find_enlargement(grey: Grey, height: float) -> int:
    """Return how many times to enlarge a page with small digits."""
    most = int((MAX_ENLARGED / grey.size) ** 0.5)
    return max(1, min(math.ceil(MIN_HEIGHT / height), most))


def _find_pieces(levels: Grey, near: Mask, height: float, dark: bool) -> Contrast:
    """Return the contrast of a page (h, w) with only possible parts of digits."""
    threshold = otsu_threshold(levels[near])
    sure, soft = levels >= threshold, dilate(levels >= threshold / 2)
    pieces = Components(soft)
    return Contrast(levels, sure, pieces.mask(_is_writing(pieces, levels, sure, height)), dark)


def local_contrast(grey: Grey, dark: bool, height: float) -> Grey:
    """Return how much each pixel differs from the background near it, from 0 to 255.

    The background is a closing (an opening if ink is light) by a square as wide as a
    digit is high, which no stroke fills: see `background.estimate_background`.
    """
    factor = max(1, int(height / DETAIL))
    small = shrink(grey, max(grey.shape) // factor)
    window = int(height / factor) | 1
    first, second = (np.maximum, np.minimum) if dark else (np.minimum, np.maximum)
    closed = running_extreme(running_extreme(small, window, first), window, second)
    return stand_out(grey, stretch(closed, grey.shape), dark)


def usual_height(boxes: Indices, mass: NDArray[np.float64]) -> float:
    """Return the height of most pieces: the median, weighted by their mass."""
    heights = boxes[:, 2] - boxes[:, 0]
    order = heights.argsort(kind="stable")
    below = np.cumsum(mass[order])
    return float(heights[order][np.searchsorted(below, below[-1] / 2)])


def _is_writing(pieces: Components, levels: Grey, sure: Mask, height: float) -> Mask:
    """Tell which components may be parts of digits, (k,): neither specks nor far too large."""
    boxes = pieces.boxes()
    heights, widths = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    surely = pieces.totals(sure)
    mean = pieces.totals(levels * sure) / np.maximum(surely, 1)
    kept = (surely > 0) & (heights < TALLEST * height) & ~find_rulings(pieces, height)
    kept &= np.maximum(heights, widths) >= SPECK * height
    typical = np.median(mean[kept]) if kept.any() else 0
    kept &= mean > max(typical / 2, MIN_CONTRAST)
    border = np.ones(pieces.shape, bool)
    border[1:-1, 1:-1] = False
    longer = np.maximum(heights, widths)
    filled = pieces.sizes() > FILLED * heights * widths
    shade = pieces.totals(border) > np.where(filled & (longer > height), 0, CORNER * longer)
    written: Mask = kept & ~shade
    return written


def find_rulings(pieces: Components, height: float) -> Mask:
    """Tell which components are lines, boxes or combs of a form, as no digit is, (k,).

    They consist of straight lines longer than their own height and that of digits,
    or enclose other pieces.
    """
    boxes = pieces.boxes()
    sizes = boxes[:, 2:] - boxes[:, :2]
    lengths = pieces.ends - pieces.starts
    long = lengths > LONG * np.maximum(sizes[pieces.of_run, 0], height)
    straight = np.bincount(pieces.of_run, lengths * long, pieces.count)
    ruled: Mask = straight > STRAIGHT * pieces.sizes()
    largest = (-sizes.prod(axis=1)).argsort(kind="stable")[:MAX_ENCLOSING]
    for piece in largest.tolist():
        inside = (boxes[:, :2] > boxes[piece, :2]) & (boxes[:, 2:] < boxes[piece, 2:])
        heights = sizes[inside.all(axis=1), 0] / sizes[piece, 0]
        ruled[piece] |= (heights > ENCLOSED).any() or (heights > ENCLOSED / 5).sum() >= 3
    return ruled


def find_slope(boxes: Indices, height: float) -> float:
    """Return how far lines fall for each pixel to the right.

    The slope is the one along which most pieces are level with each other, in a tie the
    smallest.
    """
    x, y = (boxes[:, 1] + boxes[:, 3]) / 2, (boxes[:, 0] + boxes[:, 2]) / 2
    best, slope = 0.0, 0.0
    for each in SLOPES[np.abs(SLOPES).argsort(kind="stable")]:
        level = y - each * x
        apart = (level[:, None] - level) / (0.15 * height)
        score = float(np.exp(-(apart**2) / 2).sum() - len(level)) * (1 - abs(each) / 2)
        if score > best * 1.0001:
            best, slope = score, float(each)
    return slope


def find_lines(boxes: Indices, height: float) -> list[Line]:
    """Return the lines of level pieces, from top to bottom.

    Pieces high enough to be digits form the lines; a smaller one belongs to the line at
    its height.
    """
    heights = boxes[:, 2] - boxes[:, 0]
    y = (boxes[:, 0] + boxes[:, 2]) / 2
    bodies = np.flatnonzero(heights >= BODY * height)
    bodies = bodies[y[bodies].argsort(kind="stable")]
    rows: list[list[int]] = []
    for piece in bodies.tolist():
        if rows and y[piece] - np.mean(y[rows[-1]]) < 0.6 * height:
            rows[-1].append(piece)
        else:
            rows.append([piece])
    small = np.flatnonzero(heights < BODY * height)
    middles = np.array([np.mean(y[row]) for row in rows])
    for piece in small.tolist():
        nearest = int(np.abs(middles - y[piece]).argmin())
        if abs(middles[nearest] - y[piece]) < 0.7 * height:
            rows[nearest].append(piece)
    lines = []
    for row in rows:
        pieces = np.array(row)
        tall = heights[pieces[heights[pieces] >= BODY * height]]
        order = (boxes[pieces, 1] + boxes[pieces, 3]).argsort(kind="stable")
        lines.append(Line(pieces[order], float(np.median(tall))))
    return lines


def level_lines(writing: Writing) -> tuple[Writing, Indices]:
    """Return writing with its lines level, and how far each column moved down, (w,)."""
    slope = find_slope(writing.boxes, writing.height)
    height, width = writing.strength.shape
    shifts = -np.rint(slope * np.arange(width)).astype(np.intp)
    shifts -= shifts.min()
    room = int(shifts.max())
    if not room:
        return writing, shifts
    rows = np.arange(height + room)[:, None] - shifts  # negative ones index the end of the padding
    padding = ((0, room), (0, 0))
    strength = np.take_along_axis(np.pad(writing.strength, padding), rows, axis=0)
    labels = np.take_along_axis(np.pad(writing.labels, padding), rows, axis=0)
    boxes = _bound_labels(labels, len(writing.boxes))
    return writing._replace(strength=strength, labels=labels, boxes=boxes), shifts


def _bound_labels(labels: Indices, count: int) -> Indices:
    """Return the bounding boxes of the pixels labelled 1 to `count`, (count, 4)."""
    rows, columns = np.nonzero(labels)
    which = labels[rows, columns] - 1
    boxes = np.empty((count, 4), np.intp)
    boxes[:, :2], boxes[:, 2:] = max(labels.shape), 0
    np.minimum.at(boxes[:, 0], which, rows)
    np.minimum.at(boxes[:, 1], which, columns)
    np.maximum.at(boxes[:, 2], which, rows + 1)
    np.maximum.at(boxes[:, 3], which, columns + 1)
    return boxes
