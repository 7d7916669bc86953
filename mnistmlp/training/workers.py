"""Threads that share work on large arrays.

NumPy releases the interpreter's lock while it loops over an array, so threads
of Python can work on different parts of large arrays at the same time.  For
small parts it is not worth it: the lock then changes hands all the time.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from types import TracebackType
from typing import Any

Items = Sequence[tuple[Any, ...]]


class Workers:
    """A pool of threads, one of which is the caller's own.  Idle threads sleep.

    Parameters
    ----------
    count : int
        Number of threads, the caller's included.
    """

    def __init__(self, count: int = 1) -> None:
        self.count = count
        self._start()

    def __enter__(self) -> Workers:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.pool.shutdown()

    def _start(self) -> None:
        self.process = os.getpid()
        self.pool = ThreadPoolExecutor(max(1, self.count - 1), "mnistmlp")  # starts none yet

    def run(self, work: Callable[..., object], items: Items) -> None:
        """Call ``work(*item)`` for each item, on all threads, and wait for all of them.

        The items are taken one after another, so that a thread whose core is
        busy with another program takes fewer of them.  The work must not
        depend on their order.
        """
        helpers = min(self.count, len(items)) - 1
        if helpers <= 0:
            for item in items:
                work(*item)
            return
        if self.process != os.getpid():  # threads do not survive a fork
            self._start()
        left = deque(items)
        futures = [
            self.pool.submit(copy_context().run, _work_off, work, left) for _ in range(helpers)
        ]
        try:
            _work_off(work, left)
        finally:  # after Ctrl-C too: nobody may still be writing to the arrays
            left.clear()
            for future in futures:
                future.result()


def _work_off(work: Callable[..., object], left: deque[tuple[Any, ...]]) -> None:
    """Take items and call ``work(*item)`` until none is left."""
    while left:
        try:
            item = left.popleft()
        except IndexError:  # another thread was faster
            return
        work(*item)
