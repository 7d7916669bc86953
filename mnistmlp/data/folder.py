"""A data folder: where it is, and what its files hold."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import platformdirs
from numpy.typing import NDArray

from mnistmlp.atomic import cause_of
from mnistmlp.data.catalog import (
    DIGIT_NAMES,
    FILES,
    MNIST,
    SYNTHETIC_VERSION,
    DataFile,
    DatasetName,
    find_name_fault,
)
from mnistmlp.data.idx import encode_idx, read_idx
from mnistmlp.data.record import read_record
from mnistmlp.errors import DataError, IdxError

VARIABLE = "MNISTMLP_DATA_DIR"
NAMES_FILE = "labels.txt"  # ten lines: the first names class 0
MAX_NAMES_FILE = 1 << 16  # bytes
CACHES: dict[DatasetName, str] = {  # the names of the cache folders
    **{name: name for name in FILES},
    "synthetic": f"synthetic-{SYNTHETIC_VERSION}",
}


def default_folder() -> Path:
    """Return the folder named by ``MNISTMLP_DATA_DIR``, or else the cache folder of MNIST.

    Raises
    ------
    DataError
        If the user has no home folder for the cache.
    """
    named = os.environ.get(VARIABLE)
    return Path(named).expanduser() if named else cache_folder()


def cache_folder(name: str = CACHES["mnist"]) -> Path:
    """Return the cache folder with this name, which belongs to this package.

    Raises
    ------
    DataError
        If the user has no home folder for it.
    """
    try:
        folder = platformdirs.user_cache_path("mnistmlp").expanduser()
    except RuntimeError:  # some versions of platformdirs check this themselves
        raise DataError(
            "no folder for the data: HOME is not set, and this user has no home folder",
            hint=f"set {VARIABLE} to a folder with the data, or XDG_CACHE_HOME to one for caches",
        ) from None
    return folder / name


def cache_folder_of(dataset: DatasetName) -> Path:
    """Return the cache folder of a data set; for the synthetic digits, of their version."""
    return cache_folder(CACHES[dataset])


def dataset_of_cache(folder: Path) -> DatasetName | None:
    """Return the data set whose cache folder this is, under any path, or None."""
    try:
        real = Path(os.path.realpath(folder))
        caches = {name: Path(os.path.realpath(cache_folder_of(name))) for name in CACHES}
        return next((name for name, cache in caches.items() if cache == real), None)
    except DataError:
        return None


def is_cache(folder: Path) -> bool:
    """Tell whether a folder is the cache folder of a data set."""
    return dataset_of_cache(folder) is not None


def possible_paths(folder: Path, file: DataFile) -> list[Path]:
    """Return the possible paths of a file: plain or ``.gz``, named ``-idx`` or ``.idx``."""
    names = (file.name, file.name.replace("-idx", ".idx"))
    return [folder / f"{name}{suffix}" for name in names for suffix in ("", ".gz")]


def find_files(folder: Path, file: DataFile) -> list[Path]:
    """Return the paths at which a file exists."""
    paths = possible_paths(folder, file)
    return [path for path in paths if os.path.isfile(path)]  # noqa: PTH113 - Path may raise


def find_file(folder: Path, file: DataFile) -> Path | None:
    """Return the path of a file, or None.

    Raises
    ------
    DataError
        If it exists twice, with different contents.
    """
    found = find_files(folder, file)
    if len(found) > 1 and len(set(map(file_digest, found))) > 1:
        names = " and ".join(path.name for path in found)
        raise DataError(
            f"{folder}: {names} have different contents",
            hint=f"only one can be used: move the other out of {folder}",
        )
    return found[0] if found else None


def missing_files(folder: Path, files: Sequence[DataFile] = MNIST) -> list[DataFile]:
    """Return the files that a folder lacks."""
    return [file for file in files if not find_files(folder, file)]


def read_names(folder: Path) -> tuple[str, ...] | None:
    """Return the names of the classes in ``labels.txt`` of a data folder, or None.

    The digits in order count as no names.

    Raises
    ------
    DataError
        If the file is not ten different names, one per line, in UTF-8.
    """
    path = folder / NAMES_FILE
    if not os.path.lexists(path):
        return None
    hint = "expected ten lines, the first naming class 0; rename the file if it is something else"
    try:
        if not path.is_file():
            raise DataError(f"{path}: not a regular file", hint=hint)
        with path.open("rb") as file:
            text = file.read(MAX_NAMES_FILE).decode("utf-8-sig")
    except OSError as error:
        raise DataError(f"{path}: {cause_of(error)}") from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise DataError(f"{path}:{line}: not UTF-8 text", hint=hint) from None
    names = tuple(line.removesuffix("\r") for line in text.rstrip("\r\n").split("\n"))
    if fault := find_name_fault(names):
        place, what = fault
        where = f"{path}:{place + 1}" if place is not None else str(path)
        raise DataError(f"{where}: {what}", hint=hint)
    return None if names == DIGIT_NAMES else names


def idx_digest(array: NDArray[Any]) -> str:
    """Return the SHA-256 of the uncompressed IDX file that holds an array."""
    head, items = encode_idx(array)
    found = hashlib.sha256(head)
    found.update(items)
    return found.hexdigest()


def file_digest(path: Path) -> str | None:
    """Return the SHA-256 of a file's uncompressed bytes, or None if not a complete IDX file."""
    try:
        return idx_digest(read_idx(path))
    except IdxError:
        return None


def describe_content(digest: str | None) -> str:
    """Describe a file with an unexpected digest, or none."""
    return f"SHA-256 {digest[:12]}…" if digest else "not a complete IDX file"


def is_verified(path: Path, file: DataFile) -> bool:
    """Tell whether a file holds exactly the published bytes."""
    if file.sha256:
        return file_digest(path) == file.sha256
    entry = read_record(path.parent).get(path.name)
    recorded = entry and entry.dataset == file.dataset and entry.sha256 == file_digest(path)
    return bool(recorded) or is_packed_original(path, file)


def is_packed_original(path: Path, file: DataFile) -> bool:
    """Tell whether a file is exactly the published ``.gz`` file, if only that digest is known."""
    try:
        if path.suffix != ".gz" or path.stat().st_size != file.packed_size:
            return False
        with path.open("rb") as packed:
            return hashlib.file_digest(packed, "sha256").hexdigest() == file.packed_sha256
    except OSError:
        return False
