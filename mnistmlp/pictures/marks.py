"""Telling a digit from stray marks, bands, frames and dark corners."""

from __future__ import annotations

import numpy as np

from mnistmlp.arrays import Grey, Indices, Mask
from mnistmlp.pictures.background import inner_mask
from mnistmlp.pictures.components import Components, union

MIN_ENCLOSED = 1 / 3  # of a frame's size: anything smaller is a speck in the loop of a digit


def pick_digit(components: Components, contrast: Grey, sure: Mask) -> Mask:
    """Return the mask (h, w) of the components that make up the digit.

    A component counts only if it has a pixel that is certainly ink.  A band or a
    frame along the border does not belong to the digit, nor does a blob that
    reaches in from there, nor a paler patch that touches it.  The heaviest
    component is kept, with those of at least a third of its mass, and lighter
    ones nearby: a broken stroke has pieces, whereas stray marks lie elsewhere.
    """
    boxes = components.boxes()
    touches = components.at_border()
    mass = components.totals(contrast) * (components.totals(sure) > 0)
    mean = mass / components.sizes()
    extent = boxes[:, 2:] - boxes[:, :2]
    clear = ~touches & (extent.max(axis=1) >= min(components.shape) / 8) & (mass > mass.max() / 20)
    digit = mass * ~(touches & _is_marginal(components))
    if clear.any():  # not a picture cropped to the digit
        digit[touches & (_is_blob(components) | (mean < 0.7 * mean[clear].max()))] = 0
    if not digit.any():
        digit = mass
    heaviest = int(digit.argmax())
    digit[touches & (mean < 0.7 * mean[heaviest])] = 0
    kept = np.arange(components.count) == heaviest
    box = boxes[heaviest]
    joined = True
    while joined:
        reach = 0.2 * (box[2:] - box[:2]).max()
        gaps = np.maximum(boxes[:, :2] - box[2:], box[:2] - boxes[:, 2:]).max(axis=1)
        near = (digit > digit[heaviest] / 3) | ((digit > digit[heaviest] / 50) & (gaps <= reach))
        joined = bool((near & ~kept).any())
        kept |= near
        box = union(boxes[kept])
    return components.mask(kept)


def _is_marginal(components: Components) -> Mask:
    """Tell which components lie almost entirely in the outer tenth of the picture, (k,)."""
    inner = components.totals(inner_mask(components.shape, 10))
    marginal: Mask = inner < 0.02 * components.sizes()
    return marginal


def _is_blob(components: Components) -> Mask:
    """Tell which components are solid and broad at the border: a thumb, a dark corner, (k,)."""
    boxes = components.boxes()
    extent = boxes[:, 2:] - boxes[:, :2]
    border = np.ones(components.shape, bool)
    border[1:-1, 1:-1] = False
    broad = components.totals(border) > 0.6 * extent.max(axis=1)
    blob: Mask = broad & (components.sizes() > 0.5 * extent.prod(axis=1))
    return blob


def find_frames(components: Components, sure: Mask) -> Mask:
    """Tell which components enclose another one of some size, (k,): frames and circles.

    The loop of a digit encloses only specks.  A frame has ink on at least three sides of
    what it encloses: it may be open at a corner.
    """
    frames = np.zeros(components.count, bool)
    if components.count == 1:
        return frames
    boxes = components.boxes()
    sides = boxes[:, 2:] - boxes[:, :2]
    extent = sides.max(axis=1)
    hollow = components.sizes() < 0.5 * sides.prod(axis=1)  # not a sheet of paper
    written = components.totals(sure) > 0
    for outer in np.flatnonzero(hollow & (extent > 8)):
        inside = (boxes[:, :2] > boxes[outer, :2]).all(1) & (boxes[:, 2:] < boxes[outer, 2:]).all(1)
        large = np.flatnonzero(inside & written & (extent >= MIN_ENCLOSED * extent[outer]))
        if large.size:
            frame = components.mask(np.arange(components.count) == outer)
            frames[outer] = any(_sides(frame, boxes[inner]) >= 3 for inner in large)
    return frames


def _sides(frame: Mask, box: Indices) -> int:
    """Return along how many sides of a box a frame (h, w) covers most of the side."""
    top, left, bottom, right = box
    beside = (
        frame[:top, left:right].any(axis=0),
        frame[bottom:, left:right].any(axis=0),
        frame[top:bottom, :left].any(axis=1),
        frame[top:bottom, right:].any(axis=1),
    )
    return sum(bool(side.mean() > 0.8) for side in beside)
