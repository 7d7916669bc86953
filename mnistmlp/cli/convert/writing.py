"""Writing converted images as IDX files, where no file of the user's is replaced unasked."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mnistmlp.cli.options import back_up_replaced, check_target
from mnistmlp.data.catalog import SPLITS, Split
from mnistmlp.errors import DataError, SettingError

if TYPE_CHECKING:
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
        raise SettingError("TARGET", f"{error.filename}: {error.strerror}") from None
    if filled:
        message = f"{folder} is one that `mnistmlp download` has filled"
        raise SettingError("TARGET", message, hint="name another folder")


def check_folder(folder: Path, splits: Sequence[Split], *, force: bool) -> None:
    """Raise SettingError if the files of these splits cannot be written, or if they are there."""
    from mnistmlp.data.folder import possible_paths

    check_place(folder)
    for split in splits:
        for file in SPLITS[split]:
            for path in possible_paths(folder, file):
                if os.path.lexists(path):
                    check_target("TARGET", path, force=force)


def write_images(folder: Path, images: Images, *, quiet: bool) -> None:
    """Write the images and labels of a split; a file that is replaced is kept as NAME.bak."""
    from mnistmlp.atomic import writing
    from mnistmlp.data.folder import find_files
    from mnistmlp.data.idx import write_idx

    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    for file in SPLITS[images.split]:
        array = images.images if "images" in file.name else images.labels
        for path in find_files(folder, file):
            back_up_replaced(path, quiet=quiet)
            if array is None or path.name != file.name:  # it would be read in place of the new one
                path.unlink()
        if array is not None:
            write_idx(folder / file.name, array, overwrite=True)


def check_names(folder: Path, names: Sequence[str] | None, *, force: bool) -> None:
    """Raise SettingError if other names of classes are there, which these images do not have."""
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
