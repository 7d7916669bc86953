"""Archives of named arrays (.npz): written atomically, and read with distrust.

Nothing is ever unpickled, and nothing is believed before it is checked: no
array is made until the bytes for it are known to be in the file, and no more
memory is taken than is in proportion to the file.
"""

from __future__ import annotations

import json
import math
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from mnistmlp.atomic import atomic_write

MAX_META = 16_000_000  # bytes; a run of 30 epochs takes some 15,000
MAX_RATIO = 100  # of what is unpacked to the file; of a brain 99 % pruned it is 40
SMALL = 1_000_000  # bytes: unpacked, these are nothing, whatever the ratio
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


class ArchiveError(Exception):
    """An archive that cannot be read, or is not what it should be."""


def write_archive(
    path: Path, arrays: Mapping[str, NDArray[Any]], meta: Mapping[str, Any], *, packed: bool = False
) -> None:
    """Write arrays and a description; an old file at `path` stays whole until the new one is.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    method = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
    described = {"meta": np.array(json.dumps(meta)), **arrays}
    # not np.savez: when the disk is full, that of NumPy 2.0 leaves an archive open
    with atomic_write(path) as file, zipfile.ZipFile(file, "w", method) as archive:
        for name, array in described.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                npy.write_array(member, array, allow_pickle=False)


def read_archive(
    path: Path, kind: str, check_names: Callable[[set[str]], None], largest: int
) -> tuple[dict[str, NDArray[Any]], dict[str, Any] | None]:
    """Read all arrays of an archive, each checked against the bytes that it claims.

    Parameters
    ----------
    path : Path
    kind : str
        What it should be, for messages: ``"brain file"``.
    check_names : callable
        Raises ValueError if the names of the arrays, without ``meta``, are not right.
    largest : int
        Bytes of all arrays together, at most.

    Returns
    -------
    arrays : dict of arrays of floats, by name
    meta : dict, or None where there is no ``meta``

    Raises
    ------
    ArchiveError
        With the file's name, and which check failed.
    """
    if not path.exists():
        raise ArchiveError(f"{path}: no such file")
    if not path.is_file():
        raise ArchiveError(f"{path}: not a regular file")
    try:
        with zipfile.ZipFile(path) as archive:
            members = _check_members(archive, path.stat().st_size, largest + MAX_META)
            check_names(members.keys() - {"meta"})
            arrays = {name: _read_array(archive, info) for name, info in members.items()}
    except zipfile.BadZipFile:
        raise ArchiveError(f"{path}: not a {kind}, or a damaged one") from None
    except MemoryError:
        raise
    except PermissionError as error:
        raise ArchiveError(f"{path}: {error.strerror}") from None
    except Exception as error:  # the parsers behind raise of many kinds on hostile bytes
        what = str(error) or type(error).__name__
        raise ArchiveError(f"{path}: not a {kind}: {what}") from None
    return arrays, _parse(path, arrays.pop("meta")) if "meta" in arrays else None


def _check_members(
    archive: zipfile.ZipFile, present: int, largest: int
) -> dict[str, zipfile.ZipInfo]:
    """Return the members by the arrays' names; ValueError if they claim too much."""
    members = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
    if len(members) < len(archive.infolist()):
        raise ValueError("two arrays of one name")
    if any(info.compress_type not in METHODS for info in members.values()):
        raise ValueError("compressed by another method than deflate")
    size = sum(info.file_size for info in members.values())
    if size > largest:
        raise ValueError(f"{size:,} bytes of arrays, more than {largest:,}")
    if size > max(SMALL, MAX_RATIO * present):
        raise ValueError(f"{present:,} bytes that unpack to {size:,}, more than {MAX_RATIO} times")
    return members


def _read_array(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> NDArray[Any]:
    """Read one array; ValueError if its header does not match the bytes that are there."""
    with archive.open(info) as file:
        if npy.read_magic(file) == (1, 0):
            shape, fortran, dtype = npy.read_array_header_1_0(file)
        else:
            shape, fortran, dtype = npy.read_array_header_2_0(file)
        wanted = "U" if info.filename == "meta.npy" else "f"
        if dtype.kind != wanted or (wanted == "f" and dtype.itemsize > 8):
            raise ValueError(f"{info.filename} has type {dtype}")
        needed, present = math.prod(shape) * dtype.itemsize, info.file_size - file.tell()
        if needed != present:
            raise ValueError(f"{info.filename} needs {needed} bytes, {present} are there")
        if dtype.kind == "U" and (shape or needed > MAX_META):
            raise ValueError(f"{info.filename} is not one string of at most {MAX_META} bytes")
        items = np.frombuffer(file.read(), dtype)
    return items.reshape(shape, order="F" if fortran else "C")


def _parse(path: Path, array: NDArray[Any]) -> dict[str, Any]:
    """Return the object that the JSON of ``meta`` holds."""
    try:
        meta = json.loads(array.item())
    except (ValueError, RecursionError) as error:
        raise ArchiveError(f"{path}: meta is not JSON: {error}") from None
    if not isinstance(meta, dict):
        raise ArchiveError(f"{path}: meta is not a JSON object")
    return meta
