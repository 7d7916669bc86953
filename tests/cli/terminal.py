"""A pseudo-terminal as the stderr of a command, or its stdout too, and what it would show."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
from typing import Any

from tests.cli.conftest import Start

TOKEN = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|.", re.DOTALL)


class Terminal:
    """A terminal, and a command that has it as its stderr, or if interactive as stdout too."""

    def __init__(
        self,
        start: Start,
        *args: object,
        width: int = 80,
        interactive: bool = False,
        **environment: str,
    ) -> None:
        self.ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
        env = os.environ | {"TERM": "xterm"} | environment
        self.width, self.shown = width, ""
        self.process: subprocess.Popen[bytes] = start(
            *args, stderr=theirs, env=env, **({"stdout": theirs} if interactive else {})
        )
        os.close(theirs)

    def read_until(self, text: str) -> None:
        """Read until a text appears."""
        while text not in self.shown:
            self.shown += os.read(self.ours, 65536).decode(errors="replace")

    def read(self) -> list[str]:
        """Read until the command closes it; return the lines that are on it then."""
        with contextlib.suppress(OSError):  # Linux says so when the other side has closed
            while data := os.read(self.ours, 65536):
                self.shown += data.decode(errors="replace")
        self.close()
        return visible_lines(self.shown, self.width)

    def close(self) -> None:
        """Take the terminal away."""
        os.close(self.ours)

    def end(self) -> tuple[int, bytes]:
        """Return the command's exit code and its stdout."""
        stdout, _ = self.process.communicate(timeout=60)
        return self.process.returncode, stdout


def visible_lines(shown: str, width: int) -> list[str]:
    """Return the lines that a terminal shows; fail if its state would be left changed."""
    rows: list[list[str]] = [[]]
    row, column = 0, 0
    for token in TOKEN.findall(shown):
        if token == "\r":
            column = 0
        elif token == "\n":
            row += 1
        elif token == "\x1b[J":
            del rows[row][column:], rows[row + 1 :]
        elif up := re.fullmatch(r"\x1b\[(\d+)A", token):
            row -= int(up[1])
        elif token[0] == "\x1b":
            assert re.fullmatch(r"\x1b\[[0-9;]*m", token), token  # a colour, no hidden cursor
        else:
            if column == width:
                row, column = row + 1, 0
            rows.extend([] for _ in range(row + 1 - len(rows)))
            rows[row][column:] = [*" " * (column - len(rows[row])), token, *rows[row][column + 1 :]]
            column += 1
        rows.extend([] for _ in range(row + 1 - len(rows)))
    return ["".join(each).rstrip() for each in rows]


def read_terminal(start: Start, *args: Any, **options: Any) -> list[str]:
    """Run a command that must succeed; return the lines on its terminal."""
    terminal = Terminal(start, *args, **options)
    lines = terminal.read()
    assert terminal.end()[0] == 0
    return lines
