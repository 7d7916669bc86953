"""Matrix products, shared by threads without changing a bit of the result.

BLAS has its own threads, but its result then depends on their number, and they
can take ten times as long if another program keeps a core busy.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from mnistmlp.arrays import Array
from mnistmlp.workers import Workers

Product = Callable[[Array, Array, Array], Any]  # np.dot or np.matmul: the third array is `out`

# multiplications in a product: below this, waking a thread costs more than it saves
MIN_SHARED_PRODUCT = 30_000_000


class Products:
    """Matrix products whose rows several threads share.

    Each thread computes some rows, with one thread of BLAS.  Whether that gives
    exactly the bits of the whole product depends on BLAS and the shapes, so it is
    checked once for each shape; if not, the product is not shared.

    Parameters
    ----------
    workers : Workers, optional
        The threads; the caller's own by default.
    """

    def __init__(self, workers: Workers | None = None) -> None:
        self.workers = workers or Workers()
        self.parts: dict[Any, list[slice]] = {}  # rows for each thread, by kind of product

    def compute(self, product: Product, a: Array, b: Array, out: Array) -> None:
        """Write a (m, k) times b (k, n) to out (m, n).

        Parameters
        ----------
        product : np.dot or np.matmul
            np.dot starts faster, np.matmul does not copy transposed weights.
        a, b, out : arrays
        """
        if self.workers.count == 1 or a.size * b.shape[1] < MIN_SHARED_PRODUCT:
            product(a, b, out)
            return
        kind = product, a.shape, a.strides, b.shape, b.strides
        if kind not in self.parts:
            self.parts[kind] = self._split(product, a, b, out)
        rows = [(a[part], b, out[part]) for part in self.parts[kind]]
        self.workers.run(product, rows, kind=kind, alone=partial(product, a, b, out))

    def _split(self, product: Product, a: Array, b: Array, out: Array) -> list[slice]:
        """Return the rows for each thread, or all rows if the parts differ from the whole."""
        bounds = np.linspace(0, len(out), self.workers.count + 1).astype(int)
        parts = [slice(*pair) for pair in itertools.pairwise(bounds)]
        product(a, b, out)
        whole = out.tobytes()
        for part in parts:
            product(a[part], b, out[part])
        return parts if out.tobytes() == whole else [slice(None)]
