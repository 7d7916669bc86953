"""Ctrl-C and SIGTERM: the first ends a run in good order, the second at once."""

from __future__ import annotations

import atexit
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

SIGNALS = (signal.SIGINT, signal.SIGTERM)
ECHO = 0.3  # seconds within which a signal is the first once more, passed on by make or a shell


class Terminated(KeyboardInterrupt):
    """SIGTERM came: the end is as with Ctrl-C, but for the exit code."""


def terminate(number: int, frame: object) -> None:
    """Handle SIGTERM in good order: temporary files go."""
    raise Terminated


class Interrupts:
    """The signals that came within `one_interrupt`."""

    def __init__(self) -> None:
        self.first: int | None = None  # its number
        self.came = 0.0  # when, in seconds
        self.saving = False  # then the first is only noted

    @property
    def exit_code(self) -> int:
        """128 and the number of the first signal, as a shell has it; 0 if none came."""
        return 128 + self.first if self.first else 0

    def handle(self, number: int, frame: object) -> None:
        """Let the first signal through as KeyboardInterrupt, and end the program by the second."""
        if self.first is None:
            self.first, self.came = number, time.monotonic()
            if not self.saving:
                raise KeyboardInterrupt
        elif time.monotonic() - self.came > ECHO:
            for each in SIGNALS:
                signal.signal(each, signal.SIG_DFL)  # a third does not even clean up
            raise SystemExit(128 + number)


@contextmanager
def one_interrupt() -> Iterator[Interrupts]:
    """Let one Ctrl-C or SIGTERM through within the block, as KeyboardInterrupt.

    While `saving` is set even that one waits for the end of the block.  The
    next one ends the program at once.  After the first the program is on its
    way out, and this stays so when the block has ended.
    """
    interrupts = Interrupts()
    before = {each: signal.getsignal(each) for each in SIGNALS}
    for each, handler in before.items():
        if handler != signal.SIG_IGN:  # as a job in the background has it
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
    """Ignore what comes when all is done: Python's own end would let it decide the exit code."""
    for each in SIGNALS:
        signal.signal(each, signal.SIG_IGN)
