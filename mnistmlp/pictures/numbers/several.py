"""Telling whether a picture that is read as one digit plainly shows several."""

from __future__ import annotations

import numpy as np

from mnistmlp.arrays import Grey, Indices
from mnistmlp.pictures.components import Components
from mnistmlp.pictures.numbers.lines import BODY, find_lines, usual_height

WIDE = 1.25  # width of ink, relative to its height, that no single digit has
USUAL_WIDTH = 0.65  # of a digit, relative to its height


def count_digits(ink: Grey, box: tuple[int, int, int, int]) -> int:
    """Return about how many digits there are in ink (h, w), with no network; 1 if in doubt.

    Several digits stand side by side, and are wider than high together.  A single
    digit in pieces is not.
    """
    top, left, bottom, right = box
    inked = ink[top:bottom, left:right] > 0
    height, width = inked.shape
    if width < WIDE * height and inked.any(axis=1).all():
        return 1
    pieces = Components(inked)
    boxes = pieces.boxes()
    usual = usual_height(boxes, pieces.totals(inked))
    count, plain = 0, False
    for line in find_lines(boxes, usual):
        found = [boxes[piece] for piece in line.pieces]
        groups = _group([each for each in found if each[2] - each[0] >= BODY * line.height])
        whole = _union(groups)
        plain |= len(groups) > 1 and whole[3] - whole[1] >= WIDE * (whole[2] - whole[0])
        widths = [(group[3] - group[1]) / line.height for group in groups]
        count += sum(max(1, round(width / USUAL_WIDTH - 0.2)) for width in widths)
    return count if plain else 1


def _group(boxes: list[Indices]) -> list[Indices]:
    """Put together boxes, from left to right, that lie above one another for the most part."""
    groups: list[Indices] = []
    for box in boxes:
        last = groups[-1] if groups else None
        if last is not None and 2 * (last[3] - box[1]) > min(last[3] - last[1], box[3] - box[1]):
            groups[-1] = _union([last, box])
        else:
            groups.append(box)
    return groups


def _union(boxes: list[Indices]) -> Indices:
    together = np.stack(boxes)
    return np.concatenate([together[:, :2].min(axis=0), together[:, 2:].max(axis=0)])
