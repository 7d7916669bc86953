"""Ctrl-C during training."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def one_interrupt() -> Iterator[Callable[[], None]]:
    """Let one Ctrl-C through within the block: a second must not hit the saving after the first.

    Yields what closes the door to that one as well.  After a Ctrl-C the
    program is on its way out, and the door stays closed.
    """
    interrupted = False

    def close() -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def interrupt(number: int, frame: object) -> None:
        nonlocal interrupted
        interrupted = True
        close()
        raise KeyboardInterrupt

    before = signal.getsignal(signal.SIGINT)
    if before != signal.SIG_IGN:  # as a job in the background has it
        signal.signal(signal.SIGINT, interrupt)
    try:
        yield close
    finally:
        if not interrupted:
            signal.signal(signal.SIGINT, before)
