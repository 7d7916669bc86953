"""The forms in which images are written: IDX files, tables, an archive, or pictures by class."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from mnistmlp.cli import console
from mnistmlp.cli.convert.png import check_empty, write_pictures
from mnistmlp.cli.convert.report import converting
from mnistmlp.cli.convert.writing import check_folder, write_folder, write_names
from mnistmlp.cli.options import back_up_replaced, check_distinct, check_target
from mnistmlp.errors import SettingError

if TYPE_CHECKING:
    from mnistmlp.data.catalog import Split
    from mnistmlp.data.convert.parts import Images

Form = Literal["idx", "csv", "npz", "png"]
FILE = re.compile(r"(.+)(\.csv(?:\.gz)?|\.npz)", re.IGNORECASE | re.DOTALL)
OTHER_FILE = re.compile(r".+\.(tsv|txt|gz|zip|npy|h5|json|parquet|png)", re.IGNORECASE | re.DOTALL)


def find_form(target: Path, to: Literal["png"] | None) -> Form:
    """Return the form that the name of a target says, or an option.

    Raises
    ------
    SettingError
        If the name is that of a file in another form, or of one where a folder is wanted.
    """
    file = FILE.fullmatch(target.name)
    if to and (file or OTHER_FILE.fullmatch(target.name)):
        raise SettingError("to", f"png needs a folder; {target} is the name of a file")
    if file:
        return "npz" if file[2].lower() == ".npz" else "csv"
    is_folder = os.path.isdir(target)  # noqa: PTH112 - Path may raise
    if OTHER_FILE.fullmatch(target.name) and not is_folder:
        known = ".csv, .csv.gz or .npz"
        raise SettingError("TARGET", f"{target} has a suffix other than {known}")
    if os.path.exists(target) and not is_folder:  # noqa: PTH110
        raise SettingError("TARGET", f"{target} is not a folder")
    return to or "idx"


def check_form(
    form: Form, target: Path, splits: Sequence[Split], source: Path, *, force: bool
) -> None:
    """Raise SettingError if a target cannot be written, or would replace a file without --force."""
    if form == "idx":
        check_folder(target, splits, force=force)
    elif form == "png":
        check_empty(target)
    else:
        for path in _files_of(form, target, splits).values():
            check_distinct("TARGET", path, {"SOURCE": source})
            check_target("TARGET", path, force=force)


def _files_of(form: Form, target: Path, splits: Sequence[Split]) -> dict[Split, Path]:
    """Return the file of each split: tables of two are told apart by their names.

    Raises
    ------
    SettingError
        If `convert` would read a table as that of the other split.
    """
    from mnistmlp.data.convert.sources import split_of

    file = FILE.fullmatch(target.name)
    if form == "npz" or len(splits) == 1 or not file:
        return dict.fromkeys(splits, target)
    files = {split: target.with_name(f"{file[1]}-{split}{file[2]}") for split in splits}
    for split, path in files.items():
        if split_of(path.name) != split:
            message = (
                f"{path.name} would be read as the {split_of(path.name)} set because of its name"
            )
            raise SettingError("TARGET", message, hint="use a name without test or val in it")
    return files


def write_sets(form: Form, target: Path, sets: Sequence[Images], *, quiet: bool) -> list[Path]:
    """Write sets of images, and return the folder or the files; replaced files are kept as .bak."""
    names = sets[0].names
    if form == "idx":
        write_folder(target, sets, quiet=quiet)
        write_names(target, names, quiet=quiet)
        return [target]
    if form == "png":
        with converting(str(target), quiet=quiet) as on_block:
            write_pictures(target, sets, on_block)
        if names:
            write_names(target, names, quiet=quiet)
        return [target]
    if names and not quiet:
        console.note("the class names are not written: only folders have labels.txt")
    files = _files_of(form, target, [images.split for images in sets])
    paths = list(dict.fromkeys(files.values()))
    for path in paths:
        back_up_replaced(path, quiet=quiet)
        _write_file(path, [images for images in sets if files[images.split] == path], quiet=quiet)
    if form == "csv" and len(sets) == 1 and not quiet:
        _note_split(paths[0], sets[0].split)
    return paths


def _write_file(path: Path, sets: Sequence[Images], *, quiet: bool) -> None:
    """Write an archive of some sets, or a table of one."""
    from mnistmlp.atomic import atomic_write
    from mnistmlp.data.convert.writers import write_arrays, write_table

    suffix = path.suffix.lower()
    with converting(str(path), quiet=quiet) as on_block, atomic_write(path) as file:
        if suffix == ".npz":
            write_arrays(file, sets)
        else:
            (images,) = sets
            write_table(file, images, packed=suffix == ".gz", on_block=on_block)


def _note_split(path: Path, split: Split) -> None:
    """Say if `convert` would read a table as that of the other split."""
    from mnistmlp.data.convert.sources import split_of

    if (other := split_of(path.name)) != split:
        name = console.escape(str(path))
        console.note(
            f"{name}: a {split} set, which convert will read as a {other} set because of its name"
        )
