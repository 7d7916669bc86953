"""Threads that share work on large arrays.

NumPy releases the interpreter's lock while it loops over an array, so Python
threads can work on different parts of large arrays at the same time.  It is not
worth it for small parts: the lock then changes hands all the time.
"""

from __future__ import annotations

import math
import os
from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from time import perf_counter
from types import TracebackType
from typing import Any

Items = Sequence[tuple[Any, ...]]


PERIOD = 100  # calls of a kind after which sharing is tried again
TRIALS = 2  # of each way


class Trial:
    """Finds out whether one kind of work is faster shared or alone."""

    def __init__(self) -> None:
        self.calls = 0
        self.fastest = {True: math.inf, False: math.inf}  # seconds of a call, shared and alone

    def is_sharing_next(self) -> bool:
        """Tell whether to share the next call: alternately during trials, then if it was faster."""
        turn = self.calls % PERIOD
        if turn == 0:
            self.fastest = {True: math.inf, False: math.inf}
        return turn % 2 == 0 if turn < 2 * TRIALS else self.fastest[True] < self.fastest[False]

    def record(self, shared: bool, seconds: float) -> None:
        """Record how long a call took; ignored after the trials."""
        if self.calls % PERIOD < 2 * TRIALS:
            self.fastest[shared] = min(self.fastest[shared], seconds)
        self.calls += 1


class Workers:
    """A pool of threads, one of which is the caller's own.  Idle threads sleep.

    Where sharing takes longer than the caller's thread alone, because the work is
    too small or another program keeps a core busy, the caller works alone.

    Parameters
    ----------
    count : int
        Number of threads, the caller's included.
    """

    def __init__(self, count: int = 1) -> None:
        self.count = count
        self.trials: defaultdict[Hashable, Trial] = defaultdict(Trial)  # by kind of work
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

    def run(
        self,
        work: Callable[..., object],
        items: Items,
        *,
        kind: Hashable = None,
        alone: Callable[[], object] | None = None,
    ) -> None:
        """Call ``work(*item)`` for each item, and wait for all of them.

        The result must not depend on the order of the items, nor on the thread.

        Parameters
        ----------
        work : callable
        items : sequence of tuple
        kind : hashable
            Calls of one kind take about equally long: the first ones show whether
            sharing the others pays.
        alone : callable, optional
            Does all the work in one go, if that is faster than item by item.
        """
        helpers = min(self.count, len(items)) - 1
        if helpers < 1:  # no need for trials
            _work_alone(work, items, alone)
            return
        trial = self.trials[kind]
        shared = trial.is_sharing_next()
        started = perf_counter()
        if shared:
            self._share(work, items, helpers)
        else:
            _work_alone(work, items, alone)
        trial.record(shared, perf_counter() - started)

    def _share(self, work: Callable[..., object], items: Items, helpers: int) -> None:
        """Let the caller and helpers take one item after another.

        A thread whose core is busy with another program thus takes fewer of them.
        """
        if self.process != os.getpid():  # threads do not survive a fork
            self._start()
        left, futures = deque(items), list[Future[None]]()
        try:
            try:
                for _ in range(helpers):
                    futures.append(self.pool.submit(copy_context().run, _work_off, work, left))
            except RuntimeError:  # the system cannot start another thread
                self.pool.shutdown()  # a running thread may have taken what was not submitted
                self.count = 1
            _work_off(work, left)
        finally:  # even after Ctrl-C: no thread may still be writing to the arrays
            left.clear()
            try:
                wait(futures)
            finally:  # again if interrupted here
                wait(futures)
        for future in futures:
            future.result()


def _work_alone(
    work: Callable[..., object], items: Items, alone: Callable[[], object] | None
) -> None:
    if alone:
        alone()
    else:
        for item in items:
            work(*item)


def _work_off(work: Callable[..., object], left: deque[tuple[Any, ...]]) -> None:
    """Take items and call ``work(*item)`` until none is left."""
    while left:
        try:
            item = left.popleft()
        except IndexError:  # another thread was faster
            return
        work(*item)
