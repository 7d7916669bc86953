"""The record of the files that were downloaded or made in a data folder.

The record, ``digests.json``, holds the digest of each file, with its size and
modification time when it was verified.  As long as these stay the same, the file need
not be read again: changes are noticed, and loading stays fast.  The record also tells
which files may be replaced: all others are the user's.  And if only a digest of the
compressed file is published, it tells which data set a verified file belongs to.
"""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from mnistmlp.atomic import atomic_write
from mnistmlp.errors import WriteError

RECORD = "digests.json"
MAX_RECORD = 1 << 16  # bytes; four files need 700


@dataclass(frozen=True)
class Entry:
    """The state of a file when it was verified."""

    size: int  # bytes on disk
    mtime_ns: int  # nanoseconds, as in os.stat
    sha256: str  # of the uncompressed bytes
    dataset: str = ""  # its name, unless the digest is a published one

    def __post_init__(self) -> None:
        if not (isinstance(self.sha256, str) and isinstance(self.dataset, str)):
            raise TypeError("not a record")

    def matches(self, status: os.stat_result) -> bool:
        """Tell whether the file is unchanged since, going by its size and time."""
        return (status.st_size, status.st_mtime_ns) == (self.size, self.mtime_ns)


def status_of(path: Path) -> os.stat_result | None:
    """Return the size and times of a file, or None if another process has removed it."""
    try:
        return path.stat()
    except OSError:
        return None


def has_record(folder: Path) -> bool:
    """Tell whether files were downloaded or made in a folder."""
    path = folder / RECORD
    return path.is_file() and not path.is_symlink()


def read_record(folder: Path) -> dict[str, Entry]:
    """Return the entries by file name; empty if there is no record or it is damaged."""
    return _parse_record(folder) or {}


def _parse_record(folder: Path) -> dict[str, Entry] | None:
    try:
        if not has_record(folder):
            return None
        with (folder / RECORD).open("rb") as file:
            record = json.loads(file.read(MAX_RECORD))
        return {name: Entry(**entry) for name, entry in record.items()}
    except (OSError, ValueError, TypeError, AttributeError, RecursionError):
        return None


def add_to_record(path: Path, status: os.stat_result, sha256: str, dataset: str = "") -> None:
    """Add a verified file to the record of its folder, if the record can be written.

    A file with its name that is not a record is left alone.

    Parameters
    ----------
    path : Path
    status : os.stat_result
        Taken before the file was read, or after it was written.
    sha256 : str
        Digest of the uncompressed bytes.
    dataset : str
        The name of the data set, unless that is a published digest.
    """
    record, record_path = _parse_record(path.parent), path.parent / RECORD
    entry = Entry(status.st_size, status.st_mtime_ns, sha256, dataset)
    if record is None and os.path.lexists(record_path):
        return
    record = record or {}
    if record.get(path.name) == entry:
        return
    record[path.name] = entry
    known = {
        name: {key: value for key, value in asdict(each).items() if key != "dataset" or value}
        for name, each in record.items()
    }
    text = json.dumps(known, indent=1)
    with contextlib.suppress(WriteError), atomic_write(record_path) as file:
        file.write(f"{text}\n".encode())
