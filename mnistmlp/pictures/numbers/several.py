"""Telling whether a picture read as one digit plainly shows several."""

from __future__ import annotations

import numpy as np

from mnistmlp.arrays import Grey, Indices, Mask
from mnistmlp.pictures.components import Components, union
from mnistmlp.pictures.numbers.lines import BODY, find_lines, usual_height

WIDE = 1.25  # width of ink, relative to its height, that no single digit has
USUAL_WIDTH = 0.65  # of a digit, relative to its height


def count_digits(grey: Grey, ink: Grey) -> int:
    """Return about how many digits a picture shows, without the network; 1 if in doubt.

    Several digits stand side by side, and together are wider than high.  A single digit
    in pieces is not.  Anything beside the ink (h, w), from 0 to 1, counts if it is as dark
    or light in the grey levels (h, w): the ink lacks a 1 beside a heavy 0.
    """
    inked = ink > 0
    rows, columns = np.flatnonzero(inked.any(axis=1)), np.flatnonzero(inked.any(axis=0))
    top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    inked, strip = inked[top:bottom], ink[top:bottom]
    beside = _find_beside(grey[top:bottom], strip)
    if beside[:, :left].any() or beside[:, right:].any():
        inked |= beside
    elif right - left < WIDE * (bottom - top) and inked.any(axis=1).all():
        return 1
    pieces = Components(inked)
    boxes = pieces.boxes()
    whole = (boxes[:, 1] > 0) & (boxes[:, 3] < grey.shape[1])
    kept = whole | (pieces.totals(strip) > 0)  # the edge of a desk is cut off by the border
    boxes, mass = boxes[kept], pieces.sizes()[kept]
    usual = usual_height(boxes, mass)
    count, plain = 0, False
    for line in find_lines(boxes, usual):
        found = [boxes[piece] for piece in line.pieces]
        groups = _group([each for each in found if each[2] - each[0] >= BODY * line.height])
        around = union(np.stack(groups))
        plain |= len(groups) > 1 and around[3] - around[1] >= WIDE * (around[2] - around[0])
        widths = [(group[3] - group[1]) / line.height for group in groups]
        count += sum(max(1, round(width / USUAL_WIDTH - 0.2)) for width in widths)
    return count if plain else 1


def _find_beside(grey: Grey, ink: Grey) -> Mask:
    """Tell which grey levels (h, w) are closer to those of ink (h, w) than to the rest."""
    rest = grey[ink == 0]
    if not rest.size:
        return np.zeros(grey.shape, bool)
    level, ground = np.median(grey[ink >= 1]), np.median(rest)
    beside: Mask = (grey - ground) * np.sign(level - ground) > 0.6 * abs(level - ground)
    return beside


def _group(boxes: list[Indices]) -> list[Indices]:
    """Merge boxes, from left to right, that mostly lie above one another."""
    groups: list[Indices] = []
    for box in boxes:
        last = groups[-1] if groups else None
        if last is not None and 2 * (last[3] - box[1]) > min(last[3] - last[1], box[3] - box[1]):
            groups[-1] = union(np.stack([last, box]))
        else:
            groups.append(box)
    return groups
