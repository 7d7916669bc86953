"""Threads that share work on large arrays.

NumPy releases the interpreter's lock while it loops over an array, so threads
of Python can work on different parts of large arrays at the same time.  For
small parts it is not worth it: the lock then changes hands all the time.
"""

from __future__ import annotations

import math
import os
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from time import perf_counter
from types import TracebackType
from typing import Any

Items = Sequence[tuple[Any, ...]]


PERIOD = 100  # calls of `run` after which it is tried anew whether sharing pays
TRIALS = 2  # of each way


class Workers:
    """A pool of threads, one of which is the caller's own.  Idle threads sleep.

    Where sharing takes longer than the caller's thread alone, because another
    program keeps a core busy, the caller works alone.

    Parameters
    ----------
    count : int
        Number of threads, the caller's included.
    """

    def __init__(self, count: int = 1) -> None:
        self.count, self.calls = count, 0
        self.fastest = {True: math.inf, False: math.inf}  # seconds of a call, shared and alone
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
        """Call ``work(*item)`` for each item, and wait for all of them.

        The result must not depend on the order of the items, nor on the thread.
        """
        helpers = min(self.count, len(items)) - 1
        started = perf_counter()
        shared = helpers > 0 and self._is_sharing_next()
        if shared:
            self._share(work, items, helpers)
        else:
            for item in items:
                work(*item)
        if helpers > 0:
            self._record(shared, perf_counter() - started)

    def _is_sharing_next(self) -> bool:
        """Tell whether to share the next call: in turn when trying, else if that was faster."""
        trial = self.calls % PERIOD
        if trial == 0:
            self.fastest = {True: math.inf, False: math.inf}
        return trial % 2 == 0 if trial < 2 * TRIALS else self.fastest[True] < self.fastest[False]

    def _record(self, shared: bool, seconds: float) -> None:
        """Record how long a call took; after the trials there is nothing to learn from it."""
        if self.calls % PERIOD < 2 * TRIALS:
            self.fastest[shared] = min(self.fastest[shared], seconds)
        self.calls += 1

    def _share(self, work: Callable[..., object], items: Items, helpers: int) -> None:
        """Let the caller and helpers take one item after another.

        So a thread whose core is busy with another program takes fewer of them.
        """
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
