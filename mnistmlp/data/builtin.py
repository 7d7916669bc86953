"""The built-in data set: synthetic digits as the four IDX files that MNIST has."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import platformdirs

from mnistmlp.atomic import writing
from mnistmlp.data.catalog import SPLITS, SYNTHETIC, DataFile, Split
from mnistmlp.data.folder import find_file, is_other_data, is_verified, missing_files
from mnistmlp.data.idx import write_idx
from mnistmlp.data.synthetic import VERSION, make_digits
from mnistmlp.errors import MixedDataError

SIZES: dict[Split, tuple[int, int]] = {"train": (60_000, 1), "test": (10_000, 2)}  # and seeds


def builtin_folder() -> Path:
    """Return the folder in the user's cache for the digits of this version."""
    return platformdirs.user_cache_path("mnistmlp") / f"synthetic-{VERSION}"


def files_to_make(folder: Path) -> list[DataFile]:
    """Return which files of the data set are not in a folder.

    In the cache folder the names are enough, elsewhere the bytes are looked at.

    Raises
    ------
    MixedDataError
        If the folder holds other data: two data sets must not be mixed.
    """
    if folder == builtin_folder():
        return missing_files(folder, SYNTHETIC)
    needed = []
    for file in SYNTHETIC:
        path = find_file(folder, file)
        if path and is_verified(path, file):
            continue
        if path and is_other_data(path, file):
            raise MixedDataError(f"{path}: holds other data than the built-in synthetic digits")
        needed.append(file)
    return needed


def make_dataset(folder: Path, files: Sequence[DataFile] = SYNTHETIC) -> None:
    """Write files of the data set into a folder, which is made if it is not there.

    Raises
    ------
    WriteError
        If they cannot be written.
    """
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    wanted = {file.name for file in files}
    for split, names in SPLITS.items():
        if wanted & {file.name for file in names}:
            for file, array in zip(names, make_digits(*SIZES[split]), strict=True):
                if file.name in wanted:
                    write_idx(folder / file.name, array)
