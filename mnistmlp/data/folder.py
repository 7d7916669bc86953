"""What lies in a data folder: its files, and the record of those that were downloaded into it.

The record, ``digests.json``, holds the digest of each file for the size and the
modification time that the file had when it was verified.  While these are the
same, the file need not be read again: damage is noticed, and starts stay fast.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import platformdirs
from numpy.typing import NDArray

from mnistmlp.atomic import atomic_write, check_writable, writing
from mnistmlp.data.catalog import MNIST, SPLITS, DataFile, Split
from mnistmlp.data.idx import encode_idx, read_idx
from mnistmlp.errors import IdxError, WriteError

RECORD = "digests.json"
MAX_RECORD = 1 << 16  # bytes; four files need 700


def default_folder() -> Path:
    """Return the folder in the user's cache where MNIST is kept."""
    return platformdirs.user_cache_path("mnistmlp") / "mnist"


# --- Its files ---------------------------------------------------------------


def find_file(folder: Path, file: DataFile) -> Path | None:
    """Return where a file is: plain or ``.gz``, with ``-idx`` or ``.idx`` in its name, or None."""
    for name in (file.name, file.name.replace("-idx", ".idx")):
        for path in (folder / name, folder / f"{name}.gz"):
            if path.is_file():
                return path
    return None


def missing_files(folder: Path, files: Sequence[DataFile] = MNIST) -> list[DataFile]:
    """Return which of the files are not in a folder."""
    return [file for file in files if find_file(folder, file) is None]


def files_to_fetch(folder: Path, split: Split) -> list[DataFile]:
    """Return the files of MNIST that a folder lacks, if the split needs any of them.

    Return none where the folder holds other data: two data sets must not be mixed.
    """
    if not missing_files(folder, SPLITS[split]):
        return []
    present = [(path, file) for file in MNIST if (path := find_file(folder, file))]
    mixed = not all(is_verified(path, file) for path, file in present)
    return [] if mixed else missing_files(folder)


def digest(array: NDArray[Any]) -> str:
    """Return the SHA-256 of an array as an uncompressed IDX file."""
    head, items = encode_idx(array)
    found = hashlib.sha256(head)
    found.update(items)
    return found.hexdigest()


def digest_of_file(path: Path) -> str | None:
    """Return the SHA-256 of a file's uncompressed bytes; None if it is no whole IDX file."""
    try:
        return digest(read_idx(path))
    except IdxError:
        return None


def is_verified(path: Path, file: DataFile) -> bool:
    """Tell whether a file holds exactly the published bytes."""
    return digest_of_file(path) == file.sha256


def is_other_data(path: Path, file: DataFile) -> bool:
    """Tell whether a whole IDX file is there that is not the published one."""
    return digest_of_file(path) not in (None, file.sha256)


# --- The record of downloads -------------------------------------------------


@dataclass(frozen=True)
class Entry:
    """A file as it was when it was verified."""

    size: int  # bytes, compressed if the file is
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
            record = json.loads(file.read(MAX_RECORD))
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
    with contextlib.suppress(WriteError), atomic_write(place) as file:
        file.write(f"{text}\n".encode())


# --- Putting a file into its place -------------------------------------------


def check_place(path: Path) -> None:
    """Raise WriteError if a file could not be written, in a folder that may have to be made."""
    with writing(path):
        folder = next(each for each in path.absolute().parents if each.exists())
        check_writable(folder / path.name)


def place(path: Path, file: DataFile, content: bytes | bytearray) -> bool:
    """Write a verified file and enter it into the record of its folder.

    Returns
    -------
    bool
        Whether other data were in its place, and have been kept.

    Raises
    ------
    WriteError
        If the file cannot be written; what was there then still is.
    """
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(path) as target:
            target.write(content)
            target.flush()  # what cannot be written must not set other data aside
            status = os.fstat(target.fileno())
            kept = _set_aside(path, file)
    remember(path, status, file.sha256)
    return kept


def _set_aside(path: Path, file: DataFile) -> bool:
    """Rename a whole IDX file of other data outside our own folder, and tell whether it was one."""
    kept = path.parent != default_folder() and is_other_data(path, file)
    if kept:
        path = Path(os.path.realpath(path))  # a link stays: the file is what will be replaced
        names = (Path(f"{path}.bak{number or ''}") for number in itertools.count())
        with contextlib.suppress(FileNotFoundError):  # another process has done it just now
            path.replace(next(name for name in names if not name.exists()))
    return kept
