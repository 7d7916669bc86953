"""Writing the files of a data set into a folder, which may also hold the user's files.

Existing files are left alone, unless the record of the folder shows that this package
wrote them.  A replaced file is kept under another name.
"""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from mnistmlp.atomic import atomic_write, check_writable, writing
from mnistmlp.data.catalog import DataFile
from mnistmlp.data.folder import describe_content, file_digest, find_files, is_verified
from mnistmlp.data.record import add_to_record, read_record
from mnistmlp.errors import MixedDataError

Buffer = bytes | bytearray | memoryview


def files_to_write(
    folder: Path, files: Sequence[DataFile], *, force: bool = False
) -> list[DataFile]:
    """Return the files of a data set that are missing from a folder, or differ there.

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
        If a file not written by this package would be replaced.
    """
    if force:
        return list(files)
    needed, foreign = [], []
    for file in files:
        found = find_files(folder, file)
        others = [path for path in found if not is_verified(path, file)]
        foreign += [path for path in others if not _is_ours(path, file)]
        if (path := folder / file.name).is_symlink() and not path.exists():
            foreign.append(path)  # its target would be overwritten
        if others or not found:
            needed.append(file)
    if foreign:
        raise MixedDataError(
            f"{folder}: other files have the names of the data set's files",
            folder=folder,
            details=[f"{path.name}: {describe_content(file_digest(path))}" for path in foreign],
        )
    return needed


def _is_ours(path: Path, file: DataFile) -> bool:
    """Tell from the record whether a file was written here for this data set."""
    entry = read_record(path.parent).get(path.name)
    if entry is None or path.is_symlink():
        return False
    return entry.sha256 == file.sha256 if file.sha256 else entry.dataset == file.dataset


def check_place(path: Path) -> None:
    """Raise WriteError if a file cannot be written; its folder need not exist yet."""
    with writing(path):
        folder = next(each for each in path.absolute().parents if each.exists())
        check_writable(folder / path.name)


def place(folder: Path, file: DataFile, *content: Buffer) -> bool:
    """Write a file of a data set, and add it to the record of its folder.

    Files with its names and other content are kept as ``NAME.bak`` (or ``.bak1`` …).

    Parameters
    ----------
    folder : Path
        Created if it does not exist.
    file : DataFile
    *content : buffers
        Together, the bytes with the digest of `file`.

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
        with _without_link(path) as was_link, atomic_write(path) as target:
            target.writelines(content)
            target.flush()  # other data are set aside only once the write has succeeded
            status = os.fstat(target.fileno())
            others = [each for each in find_files(folder, file) if not is_verified(each, file)]
            for each in others:
                _set_aside(each)
    add_to_record(path, status, file.sha256, file.dataset if file.packed_sha256 else "")
    return was_link or bool(others)


@contextlib.contextmanager
def _without_link(path: Path) -> Iterator[bool]:
    """Set a link aside so that its target is not written; restore it if the block raises."""
    link = _set_aside(path) if path.is_symlink() else None
    try:
        yield link is not None
    except BaseException:
        if link:
            link.replace(path)
        raise


def _set_aside(path: Path) -> Path | None:
    """Rename a file or link to the first free backup name, and return it.

    Return None if another process was faster.
    """
    for number in itertools.count():
        backup = Path(f"{path}.bak{number or ''}")
        try:
            os.link(path, backup, follow_symlinks=False)  # fails if the name is taken
        except FileExistsError:
            continue
        except FileNotFoundError:
            return None
        except (OSError, NotImplementedError):  # no hard links on this file system or platform
            if os.path.lexists(backup):
                continue
            path.replace(backup)
        path.unlink(missing_ok=True)
        return backup
    raise AssertionError
