"""Output: results go to stdout, everything else to stderr."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from mnistmlp.cli.hints import hint_for

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from mnistmlp.errors import MnistMlpError


class _Terminal(io.FileIO):
    """A terminal: once it has gone, what is written to it is lost, as if nobody looked at it."""

    def write(self, data: Any) -> int:
        try:
            return super().write(data)
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            return memoryview(data).nbytes


def outlive_terminal(stream: io.TextIOWrapper) -> io.TextIOWrapper:
    """Return a stream to the same terminal that goes on when the terminal goes away."""
    return io.TextIOWrapper(
        io.BufferedWriter(_Terminal(stream.fileno(), "wb", closefd=False)),
        encoding=stream.encoding,
        errors=stream.errors,
        line_buffering=True,
        write_through=stream.write_through,
    )


def note(message: str) -> None:
    """Write a line to stderr, and carry on if that fails."""
    with contextlib.suppress(OSError):
        print(message, file=sys.stderr, flush=True)


def report(error: MnistMlpError) -> None:
    """Write an error to stderr, with its details, one a line, and a hint."""
    fail(str(error), hint=hint_for(error), details=error.details)


def fail(message: str, *, hint: str | None = None, details: Iterable[str] = ()) -> None:
    """Write an error line, its details and a hint to stderr."""
    note(f"error: {escape(message)}")
    for detail in details:
        note(f"  {escape(detail)}")
    if hint:
        note(f"hint: {escape(hint)}")


def escape(text: str) -> str:
    """Escape characters that would break a line or a column, or move the cursor.

    Bytes of a file name that are not UTF-8 are left as they are.
    """
    return "".join(
        c if c.isprintable() or "\udc80" <= c <= "\udcff" else ascii(c)[1:-1] for c in text
    )


def is_terminal() -> bool:
    """Tell whether stderr is a terminal that can redraw a line."""
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


def make_console(*, stderr: bool = False) -> Console:
    """Return a Rich console of at least 80 columns, without markup or highlighting."""
    from rich.console import Console

    console = Console(stderr=stderr, highlight=False, markup=False, emoji=False)
    console.width = max(console.width, 80)
    return console


def render(console: Console, *objects: RenderableType) -> str:
    """Return what a console would print; Rich's own printing hides a closed pipe."""
    with console.capture() as captured:
        for each in objects:
            console.print(each, soft_wrap=isinstance(each, str))
    return captured.get().removesuffix("\n")
