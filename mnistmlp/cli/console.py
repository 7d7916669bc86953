"""Output: results go to stdout, everything else to stderr."""

from __future__ import annotations

import codecs
import contextlib
import errno
import io
import os
import sys
import textwrap
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TextIO

from mnistmlp.cli.hints import hint_for

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from mnistmlp.errors import MnistMlpError

# Blanks the first cell of the line, then all to the end of the screen, and goes back to the start.
# One step, from the start of the screen, would clear it, which tmux keeps as lines scrolled away.
ERASE = "\r \x1b[J\r"
PLAIN = {"±": "+-", "√": "sqrt", "−": "-", "×": "x", "≥": ">=", "…": "..."}  # what ASCII has for it
PLAIN |= dict(zip("▁▂▃▄▅▆▇█", ".:-=+*#@", strict=True))  # of a curve: shades, not heights
PLAIN |= dict(
    zip(
        "おきすつなはまやれを",
        ["o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"],
        strict=True,
    )
)
STYLES = {"error": "1;31", "warning": "1;33", "hint": "1;34", "note": "1", "heading": "1"}
BUFFER = 1 << 16  # bytes that are written at once, at most


class Footer:
    """One or more lines below the notes on a terminal, redrawn in place.

    The cursor stays visible, at the start of the first line: a program that is killed
    leaves nothing to restore, and a terminal that wraps its lines anew in another
    width keeps the cursor there, so that the next drawing erases all of the last.
    """

    def __init__(self) -> None:
        self.text = ""

    def draw(self, text: str) -> None:
        """Draw lines in place of the last; all must be narrower, and fewer, than the terminal's."""
        self.text = text
        self.write("")

    def erase(self) -> None:
        """Erase the lines."""
        if self.text and not _is_in_background():
            _write(ERASE)
        self.text = ""

    def write(self, lines: str) -> None:
        """Write lines above them."""
        if self.text and not _is_in_background():
            below = self.text.count("\n")
            back = f"\r\x1b[{below}A" if below else "\r"
            lines = f"{ERASE}{lines}{self.text}{back}"
        _write(lines)


footer = Footer()


class _Terminal(io.FileIO):
    """A terminal: once it has gone, what is written to it is lost, as if nobody looked at it."""

    def write(self, data: Any) -> int:
        try:
            return super().write(data)
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            return memoryview(data).nbytes


class _Lines(io.TextIOWrapper):
    """Text that is written at once when a line ends: all that one `print` prints.

    So the lines of processes that share a terminal or a file do not run into
    one another.  Python's own streams may write a text and the newline after it
    apart: those of a terminal if the text has several lines, and all of them
    under PYTHONUNBUFFERED.
    """

    def write(self, text: str) -> int:
        count = super().write(text)
        if text.endswith("\n"):
            self.flush()
        return count


def prepare(stream: io.TextIOWrapper, errors: str, *, buffered: bool) -> io.TextIOWrapper:
    """Return a stream to the same file that writes whole lines, and outlives a terminal.

    Parameters
    ----------
    stream : TextIOWrapper
    errors : str
        How file names that are not UTF-8 are written, if the stream is UTF-8.
        Characters that other encodings lack become plain ones, or escapes.
    buffered : bool
        Whether what cannot be written is kept, so that the loss is noticed.
    """
    if not isinstance(getattr(stream.buffer, "raw", stream.buffer), io.FileIO):
        stream.reconfigure(errors="backslashreplace")  # Windows' console, which takes characters
        return stream
    raw = (_Terminal if stream.isatty() else io.FileIO)(stream.fileno(), "wb", closefd=False)
    utf8 = codecs.lookup(stream.encoding).name == "utf-8"  # also if it is spelt UTF8
    return _Lines(
        io.BufferedWriter(raw, BUFFER) if buffered else raw,
        encoding=stream.encoding,
        errors=errors if utf8 else "mnistmlp.plain",
    )


def make_plain(text: str, encoding: str) -> str:
    """Return a text as it looks in an encoding that may lack some of its characters."""
    return text.encode(encoding, "mnistmlp.plain").decode(encoding)


def _replace_by_plain(error: UnicodeError) -> tuple[str, int]:
    """Return plain characters for those that an encoding lacks, and where to continue."""
    assert isinstance(error, UnicodeEncodeError)
    lacking = error.object[error.start : error.end]
    plain = (PLAIN.get(c) or c.encode("ascii", "backslashreplace").decode() for c in lacking)
    return "".join(plain), error.end


codecs.register_error("mnistmlp.plain", _replace_by_plain)


def note(message: str) -> None:
    """Write a line to stderr, and carry on if that fails.

    On a terminal, what begins with a label is wrapped by words, and the label is coloured.
    A hint is not wrapped: it may be a command to copy.
    """
    if is_terminal():
        message = "\n".join(map(_fit, message.split("\n")))
    footer.write(f"{message}\n")


def _fit(line: str) -> str:
    """Return a line as the terminal on stderr is to show it."""
    label, colon, text = line.partition(": ")
    if label not in STYLES or not colon:
        return line
    if label != "hint":
        lines = wrap(f"{label}:_{text}", terminal_width(), "  ")  # no line ends after the label
        text = "\n".join(lines)[len(label) + 2 :]
    return f"{paint(label, label, sys.stderr)}: {text}"


def _write(text: str) -> None:
    with contextlib.suppress(OSError):
        print(text, end="", file=sys.stderr, flush=True)


def _is_in_background() -> bool:
    """Tell whether the terminal is the shell's, where its user may be typing."""
    try:
        return os.tcgetpgrp(sys.stderr.fileno()) != os.getpgrp()
    except (AttributeError, OSError):  # Windows, or not the terminal that controls this process
        return False


def report(error: MnistMlpError) -> None:
    """Write an error to stderr, with its details, one per line, and a hint."""
    fail(str(error), hint=hint_for(error), details=error.details)


def fail(message: str, *, hint: str | None = None, details: Iterable[str] = ()) -> None:
    """Write an error line, its details and a hint to stderr."""
    lines = [f"error: {escape(message)}", *(f"  {escape(detail)}" for detail in details)]
    note("\n".join([*lines, f"hint: {escape(hint)}"] if hint else lines))


def paint(text: str, style: str, stream: TextIO) -> str:
    """Return a text with the colour of a style, if the stream shows colours."""
    return f"\x1b[{STYLES[style]}m{text}\x1b[m" if shows_colours(stream) else text


def wrap(text: str, width: int, indent: str = "") -> list[str]:
    """Return a text as lines of so many columns, all but the first indented; words are kept."""
    from mnistmlp.cli.drawing import cell_width

    spread = "".join(c + "\0" * (cell_width(c) - 1) for c in text)  # wide ones as two characters
    wrapper = textwrap.TextWrapper(
        width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )
    return [line.replace("\0", "") for line in wrapper.wrap(spread)]


def escape(text: str) -> str:
    """Escape characters that would break a line or a column, or move the cursor.

    Bytes of a file name that are not UTF-8 are left as they are.
    """
    if text.isprintable():
        return text
    return "".join(
        c if c.isprintable() or "\udc80" <= c <= "\udcff" else ascii(c)[1:-1] for c in text
    )


def is_terminal(stream: TextIO | None = None) -> bool:
    """Tell whether a stream, or stderr, is a terminal that can redraw a line."""
    able = os.environ.get("TERM", "dumb") not in {"", "dumb", "unknown"}
    return able and os.environ.get("TTY_COMPATIBLE") != "0" and (stream or sys.stderr).isatty()


def shows_colours(stream: TextIO) -> bool:
    """Tell whether a stream is a terminal that shows colours, and its user wants them."""
    return is_terminal(stream) and not os.environ.get("NO_COLOR")


def terminal_width() -> int:
    """Return the columns of the terminal on stderr; 80 if it does not say."""
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns or 80
    except OSError:
        return 80


def terminal_height() -> int:
    """Return the lines of the terminal on stderr; 24 if it does not say."""
    try:
        return os.get_terminal_size(sys.stderr.fileno()).lines or 24
    except OSError:
        return 24


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
