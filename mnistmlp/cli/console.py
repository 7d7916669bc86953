"""Writing to the terminal: results to stdout, everything else to stderr."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

    from mnistmlp.errors import MnistMlpError


def note(message: str) -> None:
    """Write a line to stderr."""
    print(message, file=sys.stderr, flush=True)


def report(error: MnistMlpError, message: str | None = None) -> None:
    """Write an error to stderr: a line, a line for each cause if there are several, a hint."""
    fail(message or str(error), hint=error.hint, details=error.details)


def fail(message: str, *, hint: str | None = None, details: Iterable[str] = ()) -> None:
    """Write an error line, its details and a hint to stderr."""
    note(f"error: {_one_line(message)}")
    for detail in details:
        note(f"  {_one_line(detail)}")
    if hint:
        note(f"hint: {_one_line(hint)}")


def _one_line(text: str) -> str:
    """Escape what would break a line or move the cursor, such as in a file's name."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def is_terminal() -> bool:
    """Tell whether stderr is a terminal that can redraw a line."""
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


def make_console(*, stderr: bool = False) -> Console:
    """Return a Rich console without markup or highlighting of its own."""
    from rich.console import Console

    return Console(stderr=stderr, highlight=False, markup=False, emoji=False)
