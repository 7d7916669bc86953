"""The training accuracy: a tally of the images that are recognised, at next to no cost."""

from __future__ import annotations

import math

import numpy as np

from mnistmlp.arrays import DIGITS, Array, Labels

CAPACITY = 1 << 16  # images counted at once, at most: 2.6 MB


class Tally:
    """Counts the images of an epoch whose own digit has the highest logit, alone.

    A batch is only copied, and the images of many are counted at once: in a batch
    of 32 the calls would take longer than the counting.

    Parameters
    ----------
    labels : (N,)
        Of an epoch, in the order of its batches; read when images are counted.
    batch_size : int
        Largest n.
    dtype : dtype
        That of the logits.
    """

    def __init__(self, labels: Labels, batch_size: int, dtype: np.dtype[np.floating]) -> None:
        size = math.ceil(min(CAPACITY, len(labels)) / batch_size) * batch_size
        self.labels, self.batch_size = labels, batch_size
        self.logits: Array = np.empty((DIGITS, size), dtype)
        self.places = [  # made beforehand, as slicing takes as long as copying
            self.logits[:, start : start + batch_size] for start in range(0, size, batch_size)
        ]
        self.columns = np.arange(size)
        self.filled = self.counted = self.recognised = 0

    def add(self, logits: Array) -> None:
        """Note the logits (10, n) of a batch; only the last one of an epoch is short."""
        n = logits.shape[1]
        if self.filled == len(self.columns):
            self._count()
        place = self.places[self.filled // self.batch_size]
        if n < self.batch_size:
            place = place[:, :n]
        place[...] = logits
        self.filled += n

    def finish(self) -> int:
        """Return how many images of the epoch were recognised."""
        self._count()
        recognised, self.counted, self.recognised = self.recognised, 0, 0
        return recognised

    def _count(self) -> None:
        """Count the images noted, and make room for others."""
        logits, columns = self.logits[:, : self.filled], self.columns[: self.filled]
        labels = self.labels[self.counted : self.counted + self.filled]
        as_high = (logits >= logits[labels, columns]).sum(axis=0, dtype=np.uint8)  # itself included
        self.recognised += int(np.count_nonzero(as_high == 1))
        self.counted += self.filled
        self.filled = 0
