"""A growing training log: the epochs written so far."""

from __future__ import annotations

import json
import stat
from itertools import takewhile
from pathlib import Path

from mnistmlp.atomic import cause_of
from mnistmlp.errors import MnistMlpError
from mnistmlp.training.state import EpochReport, parse_report

MAX_BYTES = 1 << 24  # several times the longest run's log


class Log:
    """The epochs in a log with one line of JSON each, as `train` writes it.

    A resumed run empties the file and writes it again from the first epoch.  So
    the whole file is read whenever it has changed, and lines that have gone are
    remembered until others take their place.

    Parameters
    ----------
    path : Path
        The file need not exist yet.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.exists = False
        self.lines: list[bytes] = []
        self.reports: list[EpochReport] = []  # of these lines
        self._version: tuple[int, ...] = ()  # of the file last read

    def read(self) -> list[EpochReport]:
        """Read the file if it exists and has changed; return the new reports.

        Raises
        ------
        MnistMlpError
            If it is not a log or cannot be read.
        """
        try:
            lines = self._read_lines()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise MnistMlpError(f"{self.path}: {cause_of(error)}") from None
        pairs = zip(lines, self.lines, strict=False)
        same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
        new = [self._parse(line, number) for number, line in enumerate(lines[same:], same + 1)]
        if new:
            self.lines, self.reports = lines, self.reports[:same] + new
        return new

    def _read_lines(self) -> list[bytes]:
        """Return the complete lines; the known ones if the file is unchanged."""
        found = self.path.stat()
        self.exists = True
        if not stat.S_ISREG(found.st_mode):  # nor wait for the other end of a pipe
            raise MnistMlpError(f"{self.path}: not a regular file")
        if found.st_size > MAX_BYTES:
            raise MnistMlpError(f"{self.path}: too large for a training log")
        version = found.st_ino, found.st_size, found.st_mtime_ns
        if version == self._version:
            return self.lines
        *lines, rest = self.path.read_bytes().split(b"\n")
        self._version = version
        unfinished = rest[:1] in (b"", b"{")  # a line being written, or empty
        return lines if unfinished else [*lines, rest]

    def _parse(self, line: bytes, number: int) -> EpochReport:
        """Return the report in a line, which must be of the epoch with the line's number."""
        try:
            return parse_report(json.loads(line), number)
        except (ValueError, RecursionError):
            message = f"{self.path}: line {number} is not a record of epoch {number}"
            raise MnistMlpError(message) from None
