"""Batches: images shuffled, gathered and converted to floating point, a block at a time."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mnistmlp.arrays import DIGITS, PIXELS, Array, Bytes, Indices
from mnistmlp.core.inputs import check_pair
from mnistmlp.errors import check_whole

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

GATHER_SIZE = 256  # images gathered at once: with batches of 32, call overhead would dominate
WINDOW_SIZE = 1 << 16  # images shuffled together: 512 kB of indices
RUN_SIZE = 64  # neighbours kept in one window: 50 kB, one read from disk
ALL_DIGITS = np.arange(DIGITS, dtype=np.uint8)[:, None]  # (10, 1)


class Batch(NamedTuple):
    """The arguments of `backpropagate`, as views valid until the next batch."""

    inputs: Array  # (785, n): one image per column, pixels in [0, 1]; the last row is 1
    targets: Array  # (10, n): one-hot, or smoothed


class Batches:
    """The batches of a set of images, which may be larger than memory.

    Parameters
    ----------
    images : (N, 28, 28) or (N, 784)
        Grey levels from 0 to 255, memory-mapped or in memory; copied only if not
        contiguous bytes.
    labels : (N,)
        Integers from 0 to 9.
    size : int
        Batch size n, at most N.
    dtype : {'float32', 'float64'}
    change : callable, optional
        Called with the images (m, 784) of each block; changes them in place.
    smoothing : float
        Fraction of each target that is spread evenly over the ten digits:
        label smoothing, Szegedy, Vanhoucke, Ioffe, Shlens and Wojna,
        "Rethinking the Inception architecture for computer vision", CVPR
        2016, section 7.

    Raises
    ------
    InputError
        If images or labels are invalid.
    SettingError
        If the batch size is below 1.
    """

    def __init__(
        self,
        images: ArrayLike,
        labels: ArrayLike,
        size: int,
        dtype: str = "float32",
        change: Callable[[Bytes], object] | None = None,
        smoothing: float = 0.0,
    ) -> None:
        check_whole("size", size, "a number of images, 1 or more", 1)
        pixels, digits = check_pair(images, labels)
        self.images, self.labels = np.ascontiguousarray(pixels), digits.astype(np.uint8, copy=False)
        self.size, self.change, self.smoothing = size, change, smoothing
        count = max(1, GATHER_SIZE // size)  # batches in a block
        self.pixels = np.empty((count * size, PIXELS), np.uint8)
        self.inputs: Array = np.empty((count * size, PIXELS + 1), dtype)
        self.order = np.zeros(len(self.labels), np.uint8)  # labels of an epoch's batches so far
        self.digits = np.empty((count, 1, size), np.uint8)
        self.targets: Array = np.empty((count, DIGITS, size), dtype)
        columns = [block.T for block in self.inputs.reshape(count, size, PIXELS + 1)]
        self.batches = [Batch(*views) for views in zip(columns, self.targets, strict=True)]

    def epoch(self, rng: np.random.Generator | None) -> Iterator[Batch]:
        """Yield batches that cover every image once, in a new order if `rng` is given.

        The last batch may be short.  Up to 65,536 images are shuffled at once.
        Larger sets are shuffled in two steps, to bound memory and to read
        longer pieces from disk: runs of 64 neighbours are assigned at random
        to windows of 65,536 images, and each window is shuffled.
        """
        loaded = 0
        for rows in self._blocks(rng):
            self._load(rows)
            self.order[loaded : loaded + len(rows)] = self.digits.reshape(-1)[: len(rows)]
            loaded += len(rows)
            whole, rest = divmod(len(rows), self.size)
            yield from self.batches[:whole]
            if rest:
                inputs, targets = self.batches[whole]
                yield Batch(inputs[:, :rest], targets[:, :rest])

    def _blocks(self, rng: np.random.Generator | None) -> Iterator[Indices]:
        """Yield the indices of the images, a block at a time; only the last may be short."""
        block, leftover = len(self.pixels), np.empty(0, np.intp)
        for window in _windows(len(self.images), rng):
            rows = np.concatenate([leftover, window])
            whole = len(rows) // block * block
            yield from rows[:whole].reshape(-1, block)
            leftover = rows[whole:]
        if len(leftover):
            yield leftover

    def _load(self, rows: Indices) -> None:
        """Gather the images and labels at `rows` into the start of the buffers."""
        pixels, inputs = self.pixels[: len(rows)], self.inputs[: len(rows)]
        # mode="clip" because the default mode buffers `out`
        np.take(self.images, rows, axis=0, out=pixels, mode="clip")
        if self.change:
            self.change(pixels)
        np.copyto(inputs[:, :-1], pixels)
        inputs[:, -1] = 255  # the next line makes it 1; scaling whole rows is faster
        inputs *= 1 / 255
        np.take(self.labels, rows, out=self.digits.reshape(-1)[: len(rows)], mode="clip")
        np.equal(self.digits, ALL_DIGITS, out=self.targets)
        if self.smoothing:
            self.targets *= 1 - self.smoothing
            self.targets += self.smoothing / DIGITS


def _windows(size: int, rng: np.random.Generator | None) -> Iterator[Indices]:
    """Yield all indices below `size`, at most `WINDOW_SIZE` at a time."""
    if rng is None:
        for start in range(0, size, WINDOW_SIZE):
            yield np.arange(start, min(start + WINDOW_SIZE, size))
    elif size <= WINDOW_SIZE:
        yield rng.permutation(size)
    else:
        runs = rng.permutation(math.ceil(size / RUN_SIZE))
        for first in range(0, len(runs), WINDOW_SIZE // RUN_SIZE):
            starts = RUN_SIZE * runs[first : first + WINDOW_SIZE // RUN_SIZE, None]
            rows = (starts + np.arange(RUN_SIZE)).reshape(-1)
            yield rng.permutation(rows[rows < size])
