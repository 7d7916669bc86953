"""Writing the files of a data set into a folder, in which other files may be the user's.

Only names are written that are free, or that the record of the folder shows to
have been written before.  A file that is replaced is kept under another name.
"""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Sequence
from pathlib import Path

from mnistmlp.atomic import atomic_write, check_writable, writing
from mnistmlp.data.catalog import DataFile
from mnistmlp.data.folder import file_digest, find_files, is_verified
from mnistmlp.data.record import add_to_record, read_record
from mnistmlp.errors import MixedDataError

Buffer = bytes | bytearray | memoryview


def files_to_write(
    folder: Path, files: Sequence[DataFile], *, force: bool = False
) -> list[DataFile]:
    """Return those files of a data set that are not in a folder, or not only as they should be.

    Parameters
    ----------
    folder : Path
        Need not exist.
    files : sequence of DataFile
    force : bool
        Return all files, whatever the folder holds.

    Raises
    ------
    MixedDataError
        If a file would be replaced that was not written by this package.
    """
    if force:
        return list(files)
    record = read_record(folder)
    needed, foreign = [], []
    for file in files:
        found = find_files(folder, file)
        others = [path for path in found if not is_verified(path, file)]
        foreign += [path for path in others if path.name not in record]
        if others or not found:
            needed.append(file)
    if foreign:
        raise MixedDataError(
            f"{folder}: files of other data are in the way",
            folder=folder,
            details=[f"{path.name}: {_describe(path)}" for path in foreign],
        )
    return needed


def _describe(path: Path) -> str:
    digest = file_digest(path)
    return f"SHA-256 {digest[:12]}…, not the published file's" if digest else "no whole IDX file"


def check_place(path: Path) -> None:
    """Raise WriteError if a file cannot be written; its folder need not exist yet."""
    with writing(path):
        folder = next(each for each in path.absolute().parents if each.exists())
        check_writable(folder / path.name)


def place(folder: Path, file: DataFile, *content: Buffer) -> bool:
    """Write a file of a data set, and add it to the record of its folder.

    Files of its names with other content are kept as ``NAME.bak`` (or ``.bak1`` …).

    Parameters
    ----------
    folder : Path
        Created if it does not exist.
    file : DataFile
    *content : buffers
        Together the bytes whose digest `file` has.

    Returns
    -------
    bool
        Whether there was a file with other content.

    Raises
    ------
    WriteError
        If the file cannot be written; an existing file then stays as it is.
    """
    path = folder / file.name
    with writing(path):
        folder.mkdir(parents=True, exist_ok=True)
        with atomic_write(path) as target:
            target.writelines(content)
            target.flush()  # other data are set aside only once the write has succeeded
            status = os.fstat(target.fileno())
            others = [each for each in find_files(folder, file) if not is_verified(each, file)]
            for each in others:  # the file behind a link is what gets replaced
                _set_aside(Path(os.path.realpath(each)) if each == path else each)
    add_to_record(path, status, file.sha256)
    return bool(others)


def _set_aside(path: Path) -> None:
    """Rename a file so that another can take its place."""
    names = (Path(f"{path}.bak{number or ''}") for number in itertools.count())
    with contextlib.suppress(FileNotFoundError):  # another process got there first
        path.replace(next(name for name in names if not os.path.lexists(name)))
