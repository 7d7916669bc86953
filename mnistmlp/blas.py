"""The linear-algebra library behind NumPy: how many threads it may use."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator


@contextlib.contextmanager
def limited_threads(threads: int | None) -> Iterator[None]:
    """Let BLAS use at most so many threads within the block; None leaves it as it is."""
    if threads is None:
        yield
        return
    from threadpoolctl import threadpool_limits

    with threadpool_limits(threads, user_api="blas"):
        yield
