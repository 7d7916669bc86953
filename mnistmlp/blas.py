"""The linear-algebra library behind NumPy: how many threads it may use."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from mnistmlp.errors import SettingError


@contextlib.contextmanager
def limited_threads(threads: int | None) -> Iterator[None]:
    """Let BLAS use at most so many threads within the block; None leaves it as it is.

    Raises
    ------
    SettingError
        If `threads` is below 1.
    """
    if threads is not None and threads < 1:
        raise SettingError("threads", f"{threads} is not a number of 1 or more")
    if threads is None:
        yield
        return
    from threadpoolctl import threadpool_limits

    with threadpool_limits(threads, user_api="blas"):
        yield
