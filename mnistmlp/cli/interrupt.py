"""Ctrl-C and SIGTERM: the first ends a run cleanly, the second at once."""

from __future__ import annotations

import atexit
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

SIGNALS = (signal.SIGINT, signal.SIGTERM)
ECHO = 0.3  # seconds in which a signal repeats the first, passed on by make or a shell


class Terminated(KeyboardInterrupt):
    """Raised by SIGTERM: handled like Ctrl-C, but with another exit code."""


def terminate(number: int, frame: object) -> None:
    """Raise an exception at SIGTERM, so that temporary files are removed."""
    raise Terminated


class Interrupts:
    """The signals received within `one_interrupt`."""

    def __init__(self) -> None:
        self.first: int | None = None  # its number
        self.first_time = 0.0  # monotonic seconds
        self.saving = False  # if so, the first is only recorded

    @property
    def exit_code(self) -> int:
        """128 plus the number of the first signal, as in a shell; 0 if there was none."""
        return 128 + self.first if self.first else 0

    def handle(self, number: int, frame: object) -> None:
        """Raise KeyboardInterrupt at the first signal, and end the program at the second."""
        if self.first is None:
            self.first, self.first_time = number, time.monotonic()
            if not self.saving:
                raise KeyboardInterrupt
        elif time.monotonic() - self.first_time > ECHO:
            for each in SIGNALS:
                signal.signal(each, signal.SIG_DFL)  # a third does not even clean up
            raise SystemExit(128 + number)


@contextmanager
def one_interrupt() -> Iterator[Interrupts]:
    """Raise KeyboardInterrupt at the first Ctrl-C or SIGTERM within the block.

    While `saving` is set, even the first is only recorded.  The next one ends
    the program at once.  After the first, the program is about to end, so the
    old handlers are not restored when the block ends.
    """
    interrupts = Interrupts()
    before = {each: signal.getsignal(each) for each in SIGNALS}
    for each, handler in before.items():
        if handler != signal.SIG_IGN:  # ignored in a background job
            signal.signal(each, interrupts.handle)
    try:
        yield interrupts
    finally:
        if interrupts.first is None:
            for each, handler in before.items():
                signal.signal(each, handler)
        else:
            atexit.register(_ignore_all)


def _ignore_all() -> None:
    """Ignore signals while Python exits, where they would change the exit code."""
    for each in SIGNALS:
        signal.signal(each, signal.SIG_IGN)
