"""Writing to the terminal: results to stdout, everything else to stderr."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

from mnistmlp.cli.hints import hint_for

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from mnistmlp.errors import MnistMlpError


def note(message: str) -> None:
    """Write a line to stderr; where that fails, the work matters more."""
    with contextlib.suppress(OSError):
        print(message, file=sys.stderr, flush=True)


def report(error: MnistMlpError) -> None:
    """Write an error to stderr: a line, a line for each cause if there are several, a hint."""
    fail(str(error), hint=hint_for(error), details=error.details)


def fail(message: str, *, hint: str | None = None, details: Iterable[str] = ()) -> None:
    """Write an error line, its details and a hint to stderr."""
    note(f"error: {one_line(message)}")
    for detail in details:
        note(f"  {one_line(detail)}")
    if hint:
        note(f"hint: {one_line(hint)}")


def one_line(text: str) -> str:
    """Escape what would break a line or a column, or move the cursor.

    Bytes of a file's name that are no UTF-8 stay as they are.
    """
    return "".join(
        c if c.isprintable() or "\udc80" <= c <= "\udcff" else ascii(c)[1:-1] for c in text
    )


def is_terminal() -> bool:
    """Tell whether stderr is a terminal that can redraw a line."""
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


def make_console(*, stderr: bool = False) -> Console:
    """Return a Rich console of 80 columns at least, without markup or highlighting of its own."""
    from rich.console import Console

    console = Console(stderr=stderr, highlight=False, markup=False, emoji=False)
    console.width = max(console.width, 80)
    return console


def render(console: Console, *objects: RenderableType) -> str:
    """Return what a console would write: Rich itself hides a closed pipe."""
    with console.capture() as captured:
        for each in objects:
            console.print(each, soft_wrap=isinstance(each, str))
    return captured.get().removesuffix("\n")
