"""Ctrl-C during training."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def one_interrupt() -> Iterator[Callable[[], None]]:
    """Let one Ctrl-C through within the block: a second must not hit the saving after the first.

    Yields what closes the door to that one as well.
    """

    def close() -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def interrupt(number: int, frame: object) -> None:
        close()
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, interrupt)
    try:
        yield close
    finally:
        signal.signal(signal.SIGINT, before)
