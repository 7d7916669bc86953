"""Signals that end a run: the first cleanly, the second at once.

SIGHUP says that the terminal has closed or the connection is lost; under nohup
it is ignored, and stays so.  SIGXCPU says that the CPU time is used up.  Batch
systems send that one too, or SIGUSR1 or SIGUSR2, some time before they kill a
job (Grid Engine's s_rt and -notify, LSF's -W, Slurm's --signal): each of them
would end the program anyway, so that it can as well save what it has.
"""

from __future__ import annotations

import atexit
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

NAMES = {"SIGINT", "SIGTERM", "SIGHUP", "SIGXCPU", "SIGUSR1", "SIGUSR2"}
SIGNALS = tuple(each for each in signal.Signals if each.name in NAMES)
# the others are repeated by the system: SIGHUP by the shell, SIGXCPU every second
AT_ONCE = (signal.SIGINT, signal.SIGTERM)
ECHO = 0.3  # seconds in which a signal repeats the first, passed on by make or a shell


class Terminated(KeyboardInterrupt):
    """Raised by any signal but Ctrl-C: handled like Ctrl-C, with another exit code."""

    def __init__(self, number: int) -> None:
        name = signal.Signals(number).name
        super().__init__("terminated" if name == "SIGTERM" else f"ended by {name}")
        self.number = number


class Interrupts:
    """The signals received within `one_interrupt`, or else by the program."""

    def __init__(self) -> None:
        self.first: int | None = None  # its number
        self.first_time = 0.0  # monotonic seconds
        self.saving = False  # if so, the first is only recorded

    @property
    def exit_code(self) -> int:
        """128 plus the number of the first signal, as in a shell; 0 if there was none."""
        return 128 + self.first if self.first else 0

    def hold(self) -> None:
        """From now on, only record the first signal."""
        self.saving = True

    def handle(self, number: int, frame: object) -> None:
        """Raise KeyboardInterrupt at the first signal, and end the program at the second."""
        if self.first is None:
            self.first, self.first_time = number, time.monotonic()
            atexit.register(_ignore_all)
            if not self.saving:
                raise KeyboardInterrupt if number == signal.SIGINT else Terminated(number)
        elif number in AT_ONCE and time.monotonic() - self.first_time > ECHO:
            for each in AT_ONCE:
                signal.signal(each, signal.SIG_DFL)  # a third does not even clean up
            raise SystemExit(128 + number)


def handle_signals() -> None:
    """Let a signal end the program by an exception, so that temporary files are removed."""
    _set_handler(Interrupts().handle)


@contextmanager
def one_interrupt() -> Iterator[Interrupts]:
    """Raise KeyboardInterrupt at the first signal within the block.

    While `saving` is set, even the first is only recorded.  The next one ends
    the program at once.  After the first, the program is about to end, so the
    old handlers are not restored when the block ends.
    """
    interrupts = Interrupts()
    before = _set_handler(interrupts.handle)
    try:
        yield interrupts
    finally:
        if interrupts.first is None:
            for each, handler in before.items():
                signal.signal(each, handler)


def _set_handler(handler: Callable[[int, object], None]) -> dict[signal.Signals, Any]:
    """Handle all signals but those that are ignored, by nohup or in a background job."""
    before = {each: signal.getsignal(each) for each in SIGNALS}
    for each, old in before.items():
        if old != signal.SIG_IGN:
            signal.signal(each, handler)
    return before


def _ignore_all() -> None:
    """Ignore signals while Python exits, where they would change the exit code."""
    for each in SIGNALS:
        signal.signal(each, signal.SIG_IGN)
