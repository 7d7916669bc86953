"""Connected components of a mask: the pieces of a digit and of anything else."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnistmlp.arrays import Indices, Mask


class Components:
    """Labels the 8-connected components of a mask.

    Runs of pixels are joined row by row with union-find: Rosenfeld and Pfaltz,
    "Sequential operations in digital picture processing", Journal of the ACM 13
    (1966), section 4, on runs instead of pixels.

    Parameters
    ----------
    mask : (h, w) bool

    Attributes
    ----------
    count : int
        k, the number of components.
    """

    def __init__(self, mask: Mask) -> None:
        self.shape = mask.shape
        edges = np.diff(np.pad(mask, ((0, 0), (1, 1))).astype(np.int8), axis=1)
        self.rows, self.starts = np.nonzero(edges == 1)  # of each run
        self.ends = np.nonzero(edges == -1)[1]  # one past its last column
        roots = _join_runs(mask.shape[0], self.rows, self.starts, self.ends)
        self.of_run: Indices
        found, self.of_run = np.unique(roots, return_inverse=True)
        self.count = len(found)

    def sizes(self) -> NDArray[np.float64]:
        """Return the number of pixels in each component: (k,)."""
        return self._sum_runs(self.ends - self.starts)

    def totals(self, weights: NDArray[Any]) -> NDArray[np.float64]:
        """Return the sum of weights (h, w) over each component: (k,)."""
        sums = np.pad(np.cumsum(weights, axis=1, dtype=np.float64), ((0, 0), (1, 0)))
        return self._sum_runs(sums[self.rows, self.ends] - sums[self.rows, self.starts])

    def _sum_runs(self, of_runs: NDArray[Any]) -> NDArray[np.float64]:
        return np.bincount(self.of_run, of_runs, self.count).astype(np.float64, copy=False)

    def labels(self) -> Indices:
        """Return the number of the component of each pixel (h, w), -1 for none."""
        labels = np.full(self.shape, -1, np.intp)
        for row, start, end, of in zip(self.rows, self.starts, self.ends, self.of_run, strict=True):
            labels[row, start:end] = of
        return labels

    def boxes(self) -> Indices:
        """Return the bounding boxes, (k, 4): first row and column, and one past the last."""
        boxes = np.empty((self.count, 4), np.intp)
        boxes[:, :2], boxes[:, 2:] = max(self.shape), 0
        for column, values, pick in (
            (0, self.rows, np.minimum),
            (1, self.starts, np.minimum),
            (2, self.rows + 1, np.maximum),
            (3, self.ends, np.maximum),
        ):
            pick.at(boxes[:, column], self.of_run, values)
        return boxes

    def at_border(self) -> Mask:
        """Tell which components reach the border, (k,)."""
        boxes = self.boxes()
        reaching: Mask = (boxes[:, :2] == 0).any(axis=1) | (boxes[:, 2:] == self.shape).any(axis=1)
        return reaching

    def mask(self, kept: Mask) -> Mask:
        """Return the mask (h, w) of the components to keep, (k,)."""
        edges = np.zeros((self.shape[0], self.shape[1] + 1), np.int8)
        chosen = kept[self.of_run]
        edges[self.rows[chosen], self.starts[chosen]] = 1
        edges[self.rows[chosen], self.ends[chosen]] = -1
        return np.cumsum(edges, axis=1, dtype=np.int8)[:, :-1].astype(bool)


def union(boxes: Indices) -> Indices:
    """Return the box, (4,), around boxes (n, 4)."""
    return np.concatenate([boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)])


def _join_runs(height: int, rows: Indices, starts: Indices, ends: Indices) -> list[int]:
    """Return for each run the first run of its component."""
    parents = list(range(len(rows)))

    def root(run: int) -> int:
        while parents[run] != run:
            parents[run] = parents[parents[run]]
            run = parents[run]
        return run

    firsts = np.searchsorted(rows, np.arange(height + 1)).tolist()  # of each row
    first, last = starts.tolist(), ends.tolist()
    for row in range(1, height):
        above, below = firsts[row - 1], firsts[row]
        while above < firsts[row] and below < firsts[row + 1]:
            if first[above] <= last[below] and first[below] <= last[above]:  # corners touch
                one, other = sorted((root(above), root(below)))
                parents[other] = one
            if last[above] < last[below]:
                above += 1
            else:
                below += 1
    return [root(run) for run in range(len(rows))]
