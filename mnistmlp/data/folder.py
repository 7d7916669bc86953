"""A data folder: where it is, and which of its files hold what."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import platformdirs
from numpy.typing import NDArray

from mnistmlp.data.catalog import MNIST, SYNTHETIC_VERSION, DataFile
from mnistmlp.data.idx import encode_idx, read_idx
from mnistmlp.errors import DataError, IdxError

VARIABLE = "MNISTMLP_DATA_DIR"
MNIST_CACHE, SYNTHETIC_CACHE = CACHES = ("mnist", f"synthetic-{SYNTHETIC_VERSION}")


def default_folder() -> Path:
    """Return the folder that ``MNISTMLP_DATA_DIR`` names, or else the cache folder of MNIST.

    Raises
    ------
    DataError
        If the user has no home folder, where the cache would be.
    """
    named = os.environ.get(VARIABLE)
    return Path(named).expanduser() if named else cache_folder()


def cache_folder(name: str = MNIST_CACHE) -> Path:
    """Return the cache folder of a data set, which belongs to this package.

    Raises
    ------
    DataError
        If the user has no home folder, where it would be.
    """
    try:
        folder = platformdirs.user_cache_path("mnistmlp").expanduser()
    except RuntimeError:  # some versions of platformdirs find out by themselves
        raise DataError(
            "no folder to keep data in: HOME is not set, and this user has no home folder",
            hint=f"{VARIABLE}=DIR names a folder with the data, XDG_CACHE_HOME=DIR one for caches",
        ) from None
    return folder / name


def builtin_folder() -> Path:
    """Return the cache folder of this version of the synthetic digits."""
    return cache_folder(SYNTHETIC_CACHE)


def is_cache(folder: Path) -> bool:
    """Tell whether a folder is the cache folder of a data set, whatever it is called by."""
    try:
        caches = [os.path.realpath(cache_folder(name)) for name in CACHES]
        return os.path.realpath(folder) in caches
    except DataError:
        return False


def possible_paths(folder: Path, file: DataFile) -> list[Path]:
    """Return where a file may be: plain or ``.gz``, named ``-idx`` or ``.idx``."""
    names = (file.name, file.name.replace("-idx", ".idx"))
    return [folder / f"{name}{suffix}" for name in names for suffix in ("", ".gz")]


def find_files(folder: Path, file: DataFile) -> list[Path]:
    """Return the paths at which a file is."""
    paths = possible_paths(folder, file)
    return [path for path in paths if os.path.isfile(path)]  # noqa: PTH113 - Path may raise


def find_file(folder: Path, file: DataFile) -> Path | None:
    """Return the path of a file, or None.

    Raises
    ------
    DataError
        If it is there twice, with different contents.
    """
    found = find_files(folder, file)
    if len(found) > 1 and len(set(map(file_digest, found))) > 1:
        names = " and ".join(path.name for path in found)
        raise DataError(
            f"{folder}: {names} have different contents",
            hint=f"only one of them is read: move the other out of {folder}",
        )
    return found[0] if found else None


def missing_files(folder: Path, files: Sequence[DataFile] = MNIST) -> list[DataFile]:
    """Return the files that a folder lacks."""
    return [file for file in files if not find_files(folder, file)]


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


def describe_content(digest: str | None) -> str:
    """Describe a file of another digest than the one expected, or of none."""
    return f"SHA-256 {digest[:12]}…" if digest else "not a complete IDX file"


def is_verified(path: Path, file: DataFile) -> bool:
    """Tell whether a file holds exactly the published bytes."""
    return file_digest(path) == file.sha256
