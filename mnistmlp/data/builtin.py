"""The built-in data set: synthetic digits in the same four IDX files as MNIST."""

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

SIZES: dict[Split, tuple[int, int]] = {"train": (60_000, 1), "test": (10_000, 2)}  # images, seed


def builtin_folder() -> Path:
    """Return the cache folder of this version of the digits."""
    return platformdirs.user_cache_path("mnistmlp") / f"synthetic-{VERSION}"


def files_to_make(folder: Path) -> list[DataFile]:
    """Return the files of the data set that a folder lacks.

    In the cache folder only the names are checked, elsewhere the contents too.

    Raises
    ------
    MixedDataError
        If the folder holds other data; two data sets must not be mixed.
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
    """Write files of the data set into a folder, creating it if necessary.

    Raises
    ------
    WriteError
        If a file cannot be written.
    """
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    wanted = {file.name for file in files}
    for split, names in SPLITS.items():
        if wanted & {file.name for file in names}:
            for file, array in zip(names, make_digits(*SIZES[split]), strict=True):
                if file.name in wanted:
                    write_idx(folder / file.name, array)
