"""Cutting the pieces of a line of writing wherever that crosses little ink.

That is too often on purpose: `segments` rejoins the parts of a digit.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnistmlp.arrays import Grey, Indices
from mnistmlp.pictures.numbers.lines import Line, Writing

Values = NDArray[np.float64]

# lengths are relative to the height of the line's digits
MIN_CUT_WIDTH = 0.35  # narrower pieces are not cut
CUT_SPACING = 0.08  # least distance between cuts
MIN_LENGTH = 0.2  # least length of the stroke that a cut separates
MAX_CROSSED = 6.0  # most ink that a cut crosses, relative to the width of strokes
ANCHORS = np.array([3, 5])  # rows in which to look for cuts, in eighths of the height
TURN = 0.35  # ink in pixels that costs as much as moving aside by a pixel


class Parts(NamedTuple):
    """A line of writing, cut into parts from left to right."""

    number: int  # of the first part, on the page
    boxes: Indices  # (n, 4): top, left, bottom, right
    crossed: Values  # (n + 1,) ink crossed by the cut before each part, and after the last
    cut: NDArray[np.bool_]  # (n + 1,) whether there is a cut, or only a gap


def cheapest_cuts(ink: Grey, height: float, stroke: float) -> tuple[list[Indices], list[float]]:
    """Return cuts through ink (h, w) from top to bottom, from left to right.

    Each is the path that crosses the least ink through a pixel of the middle row, moving
    aside by at most one pixel per row (Avidan and Shamir, "Seam carving for
    content-aware image resizing", SIGGRAPH 2007, equation 5).  Those that cross less than
    others nearby are kept.

    Returns
    -------
    cuts : list of (h,)
        The first column right of the cut in each row.
    crossed : list of float
        The ink that each crosses, relative to the width of strokes.
    """
    down, down_moves = _least_ink(ink)
    up, up_moves = _least_ink(ink[::-1])
    reach = max(1, int(CUT_SPACING * height / 2))
    found: dict[bytes, tuple[float, Indices, float]] = {}
    for row in ANCHORS * len(ink) // 8:
        cost = down[row] + up[len(ink) - 1 - row] - ink[row]
        for place in _valleys(cost, reach):
            upper = _follow(down_moves[:row], place)
            lower = _follow(up_moves[: len(ink) - 1 - row], place)
            way = np.concatenate([upper[::-1], lower[1:]])
            found[way.tobytes()] = float(way.mean()), way, float(cost[place]) / stroke
    ordered = sorted(found.values(), key=lambda each: each[0])
    return [way for _, way, _ in ordered], [cost for _, _, cost in ordered]


def _valleys(cost: Values, reach: int) -> list[int]:
    """Return where a cost is lowest within a reach, in the middle of ties."""
    padded = np.pad(cost, reach, constant_values=np.inf)
    least = np.min([padded[i : i + len(cost)] for i in range(2 * reach + 1)], axis=0)
    places = np.flatnonzero(cost <= least)
    places = places[(places >= reach) & (places < len(cost) - reach)]
    if not places.size:
        return []
    runs = np.split(places, np.flatnonzero(np.diff(places) > 1) + 1)
    return [int(run[len(run) // 2]) for run in runs]


def _least_ink(ink: Grey) -> tuple[list[Values], list[Indices]]:
    """Return the least ink on a path from the first row to each pixel, and the moves."""
    totals, moves = [ink[0].astype(np.float64)], []
    for row in ink[1:]:
        last = totals[-1]
        ways = np.stack(
            [
                last,
                np.concatenate([[np.inf], last[:-1]]) + TURN,
                np.concatenate([last[1:], [np.inf]]) + TURN,
            ]
        )
        moves.append(np.array([0, -1, 1])[ways.argmin(axis=0)])
        totals.append(ways.min(axis=0) + row)
    return totals, moves


def _follow(moves: list[Indices], column: int) -> Indices:
    """Return the columns of a path from the last row to the first."""
    columns = [column]
    for move in reversed(moves):
        columns.append(columns[-1] + int(move[columns[-1]]))
    return np.array(columns)


def cut_lines(writing: Writing, lines: list[Line]) -> tuple[Indices, list[Parts]]:
    """Cut the pieces of lines into parts.

    Returns
    -------
    labels : (h, w)
        The part that each pixel of the page belongs to, from 1, or 0 for none.
    parts : list of Parts
        One for each line.
    """
    labels, number, found = np.zeros_like(writing.labels), 1, []
    for line in lines:
        found.append(_cut_line(writing, line, labels, number))
        number += len(found[-1].boxes)
    return labels, found


def _cut_line(writing: Writing, line: Line, labels: Indices, number: int) -> Parts:
    """Cut the pieces of a line into parts, and write their numbers to labels."""
    boxes: list[tuple[int, ...]] = []
    crossed, cut = [0.0], [False]
    for piece in line.pieces.tolist():
        top, left, bottom, right = writing.boxes[piece].tolist()
        area = slice(top, bottom), slice(left, right)
        inked = writing.labels[area] == piece + 1
        ink = np.where(inked, writing.strength[area], 0)
        for within, cost in _divide(ink, line.height, writing.stroke):
            part = inked & within
            labels[area][part] = number + len(boxes)
            rows, columns = np.flatnonzero(part.any(axis=1)), np.flatnonzero(part.any(axis=0))
            bottom, right = top + int(rows[-1]) + 1, left + int(columns[-1]) + 1
            boxes.append((top + int(rows[0]), left + int(columns[0]), bottom, right))
            crossed.append(cost)
            cut.append(cost > 0)
    return Parts(number, np.array(boxes), np.array(crossed), np.array(cut))


def _divide(ink: Grey, height: float, stroke: float) -> list[tuple[NDArray[np.bool_], float]]:
    """Return the masks of the parts of a piece (h, w), and what the cut after each crosses."""
    columns = ink.shape[1]
    everything = np.ones((1, 1), bool)
    if columns < MIN_CUT_WIDTH * height:
        return [(everything, 0.0)]
    cuts, crossed = cheapest_cuts(ink, height, stroke)
    places = np.arange(columns)
    least = MIN_LENGTH * height * stroke
    parts: list[tuple[NDArray[np.bool_], float]] = []
    rest = np.ones(ink.shape, bool)
    for way, cost in zip(cuts, crossed, strict=True):
        left = places < way[:, None]
        if (
            cost < MAX_CROSSED
            and ink[rest & left].sum() >= least
            and ink[rest & ~left].sum() >= least
        ):
            parts.append((rest & left, max(cost, 1e-6)))
            rest = rest & ~left
    return [*parts, (rest, 0.0)]
