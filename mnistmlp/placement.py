"""Putting a verified file into its place in a data folder."""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Iterator
from pathlib import Path

from mnistmlp.atomic import atomic_write, check_writable
from mnistmlp.datasets import DataFile, default_folder, is_other_data
from mnistmlp.errors import DownloadError
from mnistmlp.record import remember


def check_place(path: Path) -> None:
    """Raise DownloadError if a file could not be written, in a folder that may be made yet."""
    with _writing(path):
        folder = next(each for each in path.absolute().parents if each.exists())
        check_writable(folder / path.name)


def place(path: Path, file: DataFile, content: bytes | bytearray) -> bool:
    """Write a verified file and enter it into the record of its folder.

    Returns
    -------
    bool
        Whether other data were in its place, and are kept.

    Raises
    ------
    DownloadError
        If the file cannot be written; what was there is then there still.
    """
    with _writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(path) as target:
            target.write(content)
            target.flush()  # what cannot be written must not set other data aside
            status = os.fstat(target.fileno())
            kept = _set_aside(path, file)
    remember(path, status, file.sha256)
    return kept


@contextlib.contextmanager
def _writing(path: Path) -> Iterator[None]:
    """Raise DownloadError where the block raises OSError."""
    try:
        yield
    except OSError as error:
        raise DownloadError(
            f"{path}: cannot be written: {error.strerror}",
            hint="another folder: mnistmlp download --data-dir DIR",
        ) from None


def _set_aside(path: Path, file: DataFile) -> bool:
    """Rename a whole IDX file of other content that is not in our own folder; tell if so."""
    kept = path.parent != default_folder() and is_other_data(path, file)
    if kept:
        path = Path(os.path.realpath(path))  # a link stays: the file is what will be replaced
        names = (Path(f"{path}.bak{number or ''}") for number in itertools.count())
        with contextlib.suppress(FileNotFoundError):  # another process has done it just now
            path.replace(next(name for name in names if not name.exists()))
    return kept
