"""Archives of named arrays (.npz): written atomically, and read with distrust.

Nothing is ever unpickled, and nothing is believed before it is checked: no
array is made until the bytes for it are known to be in the file, and no more
memory is taken than is in proportion to the file.
"""

from __future__ import annotations

import io
import json
import math
import os
import stat
import warnings
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from reprlib import repr as short
from textwrap import shorten
from typing import Any, BinaryIO

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from mnistmlp.atomic import atomic_write

MAX_META = 16_000_000  # bytes; a run of 30 epochs takes some 15,000
MAX_DEPTH = 20  # of what is nested in `meta`
MAX_RATIO = 100  # of what is unpacked to the file; of a brain 99 % pruned it is 50
SMALL = 1_000_000  # bytes: unpacked, these are nothing, whatever the ratio
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
HEADERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}  # by version
HEADER = 128  # bytes, of an array of one or two dimensions

CheckNames = Callable[[set[str], dict[str, Any] | None], None]


class ArchiveError(Exception):
    """An archive that cannot be read, or is not what it should be."""


def write_archive(
    path: Path, arrays: Mapping[str, NDArray[Any]], meta: Mapping[str, Any], *, packed: bool = False
) -> None:
    """Write arrays and a description; an old file at `path` stays whole until the new one is.

    Raises
    ------
    WriteError
        If it cannot be written.
    """
    content = {"meta": np.array(json.dumps(meta)), **arrays}
    with atomic_write(path) as file:
        if packed:
            _write(file, content, zipfile.ZIP_DEFLATED)
            if _is_too_much(sum(HEADER + each.nbytes for each in content.values()), file.tell()):
                packed = False  # nobody would believe it
                file.seek(0)
                file.truncate()
        if not packed:
            _write(file, content, zipfile.ZIP_STORED)


def _write(file: BinaryIO, content: Mapping[str, NDArray[Any]], method: int) -> None:
    """Write arrays as np.savez does; that of NumPy 2.0 leaves an archive open on a full disk."""
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, array in content.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                npy.write_array(member, array, allow_pickle=False)


def read_archive(
    path: Path, kind: str, check_names: CheckNames, largest: int
) -> tuple[dict[str, NDArray[Any]], dict[str, Any] | None]:
    """Read all arrays of an archive, each checked against the bytes that it claims.

    Parameters
    ----------
    path : Path
    kind : str
        What it should be, for messages: ``"brain file"``.
    check_names : callable
        Is given the names of the arrays, without ``meta``, and what that holds;
        raises ValueError if they are not right.
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
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise ArchiveError(f"{path}: not a regular file")
        file = path.open("rb")
    except FileNotFoundError:
        raise ArchiveError(f"{path}: no such file") from None
    except OSError as error:
        raise ArchiveError(f"{path}: {error.strerror}") from None
    try:
        with file, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # NumPy's and Python's, of odd headers
            return _read(file, check_names, largest)
    except zipfile.BadZipFile:
        raise ArchiveError(f"{path}: not a {kind}, or a damaged one") from None
    except MemoryError:
        raise
    except Exception as error:  # the parsers behind raise of many kinds on hostile bytes
        what = shorten(str(error), 150, placeholder=" ...") or type(error).__name__
        raise ArchiveError(f"{path}: not a {kind}: {what}") from None


def _read(
    file: BinaryIO, check_names: CheckNames, largest: int
) -> tuple[dict[str, NDArray[Any]], dict[str, Any] | None]:
    """Return arrays and `meta`; exceptions of many kinds if the file is not right."""
    with zipfile.ZipFile(file) as archive:
        members = _list_members(archive, os.fstat(file.fileno()).st_size, largest)
        described = members.pop("meta", None)
        meta = None
        if described:
            meta = parse_meta(_read_text(_read_array(archive, "meta", described)))
        check_names(set(members), meta)
        return {name: _read_array(archive, name, info) for name, info in members.items()}, meta


def _list_members(
    archive: zipfile.ZipFile, present: int, largest: int
) -> dict[str, zipfile.ZipInfo]:
    """Return the members by the arrays' names; ValueError if they claim too much."""
    members = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
    if len(members) < len(archive.infolist()):
        raise ValueError("two arrays of one name")
    if any(info.compress_type not in METHODS for info in members.values()):
        raise ValueError("compressed by another method than deflate")
    if "meta" in members and members["meta"].file_size > MAX_META:
        raise ValueError(f"meta of more than {MAX_META:,} bytes")
    size = sum(info.file_size for info in members.values())
    if size > largest + MAX_META:
        raise ValueError(f"{size:,} bytes of arrays, more than {largest:,}")
    if _is_too_much(size, present):
        raise ValueError(f"{present:,} bytes that unpack to {size:,}, more than {MAX_RATIO} times")
    return members


def _is_too_much(unpacked: int, present: int) -> bool:
    """Tell whether a file claims to unpack to more bytes than is believed of one of its size."""
    return unpacked > max(SMALL, MAX_RATIO * present)


def _read_array(archive: zipfile.ZipFile, name: str, info: zipfile.ZipInfo) -> NDArray[Any]:
    """Read one array; ValueError if its header does not match the bytes that are there."""
    with archive.open(info) as file:
        content = file.read(info.file_size)  # no more, should it unpack to more than it claims
    stream = io.BytesIO(content)
    version = npy.read_magic(stream)
    if version not in HEADERS:
        raise ValueError(f"{name} is an array of version {version}")
    try:
        shape, fortran, dtype = HEADERS[version](stream)
    except MemoryError:  # the parser's stack
        raise ValueError(f"{name} has a header that is nested too deep") from None
    wanted = "U" if name == "meta" else "f"
    if dtype.kind != wanted or (wanted == "f" and dtype.itemsize > 8):
        raise ValueError(f"{name} has type {dtype.name}")
    if wanted == "U" and shape:
        raise ValueError("meta is not one string")
    start = stream.tell()
    needed, present = math.prod(shape) * dtype.itemsize, len(content) - start
    if needed != present:
        raise ValueError(f"{name} needs {short(needed)} bytes, {present} are there")
    items = np.frombuffer(content, dtype, offset=start)
    return items.reshape(shape, order="F" if fortran else "C")


def _read_text(array: NDArray[Any]) -> str:
    """Return the text that ``meta`` holds; ValueError if it is none."""
    try:
        # NumPy would make a str of numbers that are no characters, which Python fails on later
        text = array.astype(array.dtype.newbyteorder("<")).tobytes().decode("utf-32-le")
    except ValueError as error:
        raise ValueError(f"meta is not JSON: {error}") from None
    return text.rstrip("\0")


def parse_meta(text: str) -> dict[str, Any]:
    """Return the object that the JSON of a `meta` holds; ValueError if it could not be written."""
    try:
        meta = json.loads(text)
        json.dumps(meta, ensure_ascii=False, allow_nan=False).encode()  # no NaN, no half characters
        too_deep = _depth(meta) > MAX_DEPTH
    except RecursionError:
        too_deep = True
    except ValueError as error:
        raise ValueError(f"meta is not JSON: {error}") from None
    if too_deep:
        raise ValueError(f"meta is nested more than {MAX_DEPTH} deep")
    if not isinstance(meta, dict):
        raise ValueError("meta is not a JSON object")
    return meta


def _depth(value: Any) -> int:
    """Return how many objects and lists of JSON are inside each other at most."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max(map(_depth, inner), default=0) if isinstance(value, dict | list) else 0
