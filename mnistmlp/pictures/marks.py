"""Telling a digit from stray marks, bands and frames."""

from __future__ import annotations

import numpy as np

from mnistmlp.arrays import Grey, Indices, Mask
from mnistmlp.pictures.background import inner_mask
from mnistmlp.pictures.components import Components


def pick_digit(components: Components, contrast: Grey, sure: Mask) -> Mask:
    """Return the mask (h, w) of the components that make up the digit.

    A component counts only if it has a pixel that is surely ink.  A band or a
    frame along the border does not belong to the digit, nor does a paler patch
    that touches the border.  The heaviest component is kept, with those of at
    least a third of its mass, and lighter ones nearby: a broken stroke has
    pieces, whereas stray marks lie elsewhere.
    """
    boxes = components.boxes()
    touches = (boxes[:, :2] == 0).any(axis=1) | (boxes[:, 2:] == components.shape).any(axis=1)
    mass = components.totals(contrast) * (components.totals(sure) > 0)
    digit = mass * ~(touches & _is_marginal(components))
    if not digit.any():
        digit = mass
    heaviest = int(digit.argmax())
    mean = mass / components.sizes()
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
        box = _union(boxes[kept])
    return components.mask(kept)


def _is_marginal(components: Components) -> Mask:
    """Tell which components lie almost entirely in the outer tenth of the picture, (k,)."""
    inner = components.totals(inner_mask(components.shape, 10))
    marginal: Mask = inner < 0.02 * components.sizes()
    return marginal


def _union(boxes: Indices) -> Indices:
    return np.concatenate([boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)])
