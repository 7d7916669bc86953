"""A data folder: its files, and the record of those that were downloaded into it.

The record, ``digests.json``, holds the digest of each file, with the size and
modification time that the file had when it was verified.  While these stay the
same, the file need not be read again: changes are noticed, and loading stays fast.
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
    """Return the cache folder of MNIST."""
    return platformdirs.user_cache_path("mnistmlp") / "mnist"


# --- Files -------------------------------------------------------------------


def find_file(folder: Path, file: DataFile) -> Path | None:
    """Return the path of a file, plain or ``.gz``, named ``-idx`` or ``.idx``, or None."""
    for name in (file.name, file.name.replace("-idx", ".idx")):
        for path in (folder / name, folder / f"{name}.gz"):
            if path.is_file():
                return path
    return None


def missing_files(folder: Path, files: Sequence[DataFile] = MNIST) -> list[DataFile]:
    """Return the files that a folder lacks."""
    return [file for file in files if find_file(folder, file) is None]


def files_to_fetch(folder: Path, split: Split) -> list[DataFile]:
    """Return the files of MNIST that a folder lacks, if the split needs any of them.

    Return an empty list if the folder holds other data; two data sets must not be mixed.
    """
    if not missing_files(folder, SPLITS[split]):
        return []
    present = [(path, file) for file in MNIST if (path := find_file(folder, file))]
    mixed = not all(is_verified(path, file) for path, file in present)
    return [] if mixed else missing_files(folder)


def idx_digest(array: NDArray[Any]) -> str:
    """Return the SHA-256 of the uncompressed IDX file that holds an array."""
    head, items = encode_idx(array)
    found = hashlib.sha256(head)
    found.update(items)
    return found.hexdigest()


def file_digest(path: Path) -> str | None:
    """Return the SHA-256 of a file's uncompressed bytes, or None if it is not a whole IDX file."""
    try:
        return idx_digest(read_idx(path))
    except IdxError:
        return None


def is_verified(path: Path, file: DataFile) -> bool:
    """Tell whether a file holds exactly the published bytes."""
    return file_digest(path) == file.sha256


def is_other_data(path: Path, file: DataFile) -> bool:
    """Tell whether a file is a whole IDX file other than the published one."""
    return file_digest(path) not in (None, file.sha256)


# --- The record of downloads -------------------------------------------------


@dataclass(frozen=True)
class Entry:
    """The state of a file when it was verified."""

    size: int  # bytes on disk
    mtime_ns: int  # nanoseconds, as in os.stat
    sha256: str  # of the uncompressed bytes

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
    """Tell whether files were downloaded into a folder."""
    path = folder / RECORD
    return path.is_file() and not path.is_symlink()


def read_record(folder: Path) -> dict[str, Entry]:
    """Return the entries by file name; empty if there is no record or it is damaged."""
    try:
        if not has_record(folder):
            return {}
        with (folder / RECORD).open("rb") as file:
            record = json.loads(file.read(MAX_RECORD))
        return {name: Entry(**entry) for name, entry in record.items()}
    except (OSError, ValueError, TypeError, AttributeError, RecursionError):
        return {}


def add_to_record(path: Path, status: os.stat_result, sha256: str) -> None:
    """Add a verified file to the record of its folder, if the record can be written.

    Parameters
    ----------
    path : Path
    status : os.stat_result
        Taken before the file was read, or after it was written.
    sha256 : str
        Digest of the uncompressed bytes.
    """
    record = read_record(path.parent)
    entry = Entry(status.st_size, status.st_mtime_ns, sha256)
    record_path = path.parent / RECORD
    if record.get(path.name) == entry or record_path.is_symlink():
        return
    record[path.name] = entry
    text = json.dumps({name: asdict(each) for name, each in record.items()}, indent=1)
    with contextlib.suppress(WriteError), atomic_write(record_path) as file:
        file.write(f"{text}\n".encode())


# --- Placing a downloaded file -----------------------------------------------


def check_place(path: Path) -> None:
    """Raise WriteError if a file cannot be written; its folder need not exist yet."""
    with writing(path):
        folder = next(each for each in path.absolute().parents if each.exists())
        check_writable(folder / path.name)


def place(path: Path, file: DataFile, content: bytes | bytearray) -> bool:
    """Write a verified file and add it to the record of its folder.

    Returns
    -------
    bool
        Whether an existing file of other data was kept under another name.

    Raises
    ------
    WriteError
        If the file cannot be written; an existing file then stays as it is.
    """
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(path) as target:
            target.write(content)
            target.flush()  # other data are set aside only once the write has succeeded
            status = os.fstat(target.fileno())
            kept = _set_aside(path, file)
    add_to_record(path, status, file.sha256)
    return kept


def _set_aside(path: Path, file: DataFile) -> bool:
    """Rename a whole IDX file of other data; return whether there was one.

    In the cache folder nothing is kept.
    """
    kept = path.parent != default_folder() and is_other_data(path, file)
    if kept:
        path = Path(os.path.realpath(path))  # the file behind a link is what gets replaced
        names = (Path(f"{path}.bak{number or ''}") for number in itertools.count())
        with contextlib.suppress(FileNotFoundError):  # another process got there first
            path.replace(next(name for name in names if not name.exists()))
    return kept
