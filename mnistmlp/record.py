"""The record of what was downloaded into a folder, so that damage is noticed and starts stay fast.

It holds the digest of each file for the size and the modification time that the
file had when it was verified: while these are the same, it need not be read.
"""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from mnistmlp.atomic import atomic_write

RECORD = "digests.json"
LIMIT = 1 << 16  # bytes of a record; four files need 700


@dataclass(frozen=True)
class Entry:
    """A file as it was when it was verified."""

    size: int  # bytes, packed if the file is
    mtime_ns: int  # nanoseconds, as of os.stat
    sha256: str  # of the uncompressed bytes

    def fits(self, status: os.stat_result) -> bool:
        """Tell whether a file has not been written to since."""
        return (status.st_size, status.st_mtime_ns) == (self.size, self.mtime_ns)


def status_of(path: Path) -> os.stat_result | None:
    """Return size and times of a file, or None if it has gone: two processes may be at work."""
    try:
        return path.stat()
    except OSError:
        return None


def has_record(folder: Path) -> bool:
    """Tell whether files were downloaded into a folder."""
    path = folder / RECORD
    return path.is_file() and not path.is_symlink()


def read_record(folder: Path) -> dict[str, Entry]:
    """Return the entries by the files' names; none if there is no record, or a damaged one."""
    try:
        if not has_record(folder):
            return {}
        with (folder / RECORD).open("rb") as file:
            record = json.loads(file.read(LIMIT))
        return {name: Entry(**entry) for name, entry in record.items()}
    except (OSError, ValueError, TypeError, AttributeError, RecursionError):
        return {}


def remember(path: Path, status: os.stat_result, sha256: str) -> None:
    """Enter a verified file into the record of its folder, if that can be written.

    Parameters
    ----------
    path : Path
    status : os.stat_result
        Of the file before it was read, or when it had been written.
    sha256 : str
        Of its uncompressed bytes.
    """
    record = read_record(path.parent)
    entry = Entry(status.st_size, status.st_mtime_ns, sha256)
    place = path.parent / RECORD
    if record.get(path.name) == entry or place.is_symlink():
        return
    record[path.name] = entry
    text = json.dumps({name: asdict(each) for name, each in record.items()}, indent=1)
    with contextlib.suppress(OSError), atomic_write(place) as file:
        file.write(f"{text}\n".encode())
