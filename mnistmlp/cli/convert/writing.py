"""Writing converted images as IDX files, without replacing a user's file unless told to."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from mnistmlp.atomic import cause_of
from mnistmlp.cli.options import back_up_replaced, check_target
from mnistmlp.data.catalog import SPLITS, DataFile, Split
from mnistmlp.errors import DataError, SettingError

if TYPE_CHECKING:
    from mnistmlp.arrays import Bytes
    from mnistmlp.data.convert.parts import Images


def check_place(folder: Path) -> None:
    """Raise SettingError if a folder is not the user's, or cannot be made."""
    from mnistmlp.atomic import check_writable
    from mnistmlp.data.folder import is_cache
    from mnistmlp.data.record import has_record

    try:
        filled = is_cache(folder) or has_record(folder)
        above = next(each for each in (folder / "x").absolute().parents if each.exists())
        check_writable(above / "x")
    except OSError as error:
        raise SettingError("TARGET", f"{error.filename}: {cause_of(error)}") from None
    if filled:
        message = f"{folder} belongs to `mnistmlp download`"
        raise SettingError("TARGET", message, hint="name another folder")


def check_folder(folder: Path, splits: Sequence[Split], *, force: bool) -> None:
    """Raise SettingError if the files of these splits cannot be written, or exist."""
    from mnistmlp.data.folder import possible_paths

    check_place(folder)
    for split in splits:
        for file in SPLITS[split]:
            for path in possible_paths(folder, file):
                if os.path.lexists(path):
                    check_target("TARGET", path, force=force, other="folder")


def write_folder(folder: Path, sets: Sequence[Images], *, quiet: bool) -> None:
    """Write the images and labels of some sets, all or none of them.

    A file that is replaced is kept as NAME.bak.  No file takes its place before all are
    on the disk: new images with the old labels would be read without an error.

    Raises
    ------
    WriteError
        If they cannot be written.
    """
    from mnistmlp.atomic import atomic_write
    from mnistmlp.data.idx import encode_idx

    with making(folder), ExitStack() as written:
        for images in sets:
            for file, array in _arrays(images):
                if array is not None:
                    target = written.enter_context(atomic_write(folder / file.name))
                    target.writelines(encode_idx(array))
                    target.flush()
                    os.fsync(target.fileno())
        for images in sets:
            for file, array in _arrays(images):
                _set_aside(folder, file, replaced=array is not None, quiet=quiet)


def _arrays(images: Images) -> list[tuple[DataFile, Bytes | None]]:
    """Return the files of a split and what they are to hold."""
    return list(zip(SPLITS[images.split], (images.images, images.labels), strict=True))


def _set_aside(folder: Path, file: DataFile, *, replaced: bool, quiet: bool) -> None:
    """Keep the files that would be read as this one as NAME.bak."""
    from mnistmlp.data.folder import find_files

    for path in find_files(folder, file):
        back_up_replaced(path, quiet=quiet)
        if not replaced or path.name != file.name:  # it would be read in place of the new one
            path.unlink()


@contextmanager
def making(folder: Path) -> Iterator[None]:
    """Make a folder if there is none, and remove it again if the block raises.

    Raises
    ------
    WriteError
        If it cannot be made, and in place of an OSError in the block.
    """
    from mnistmlp.atomic import writing

    there = folder.exists()
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        try:
            yield
        except BaseException:
            if not there:
                with suppress(OSError):
                    folder.rmdir()
            raise


def check_names(folder: Path, names: Sequence[str] | None, *, force: bool) -> None:
    """Raise SettingError if there is a file with other class names than those of these images."""
    from mnistmlp.data.folder import NAMES_FILE, read_names

    path = folder / NAMES_FILE
    if not os.path.lexists(path):
        return
    try:
        there = read_names(folder)
    except DataError:  # something else
        there = ()
    if there != names:
        check_target("TARGET", path, force=force)


def write_names(folder: Path, names: Sequence[str] | None, *, quiet: bool) -> None:
    """Write the names of the classes; a file with others is kept as NAME.bak, even for none."""
    from mnistmlp.atomic import atomic_write
    from mnistmlp.data.folder import NAMES_FILE

    path, content = folder / NAMES_FILE, "".join(f"{name}\n" for name in names or ()).encode()
    if path.is_file() and path.read_bytes() == content:
        return
    back_up_replaced(path, quiet=quiet)
    if names is None:
        path.unlink(missing_ok=True)
        return
    with atomic_write(path) as file:
        file.write(content)
