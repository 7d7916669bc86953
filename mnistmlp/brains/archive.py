"""Archives of named arrays (.npz), written atomically and read without trusting the file.

Nothing is ever unpickled, and every claim is checked: no array is made before
its bytes are known to be in the file, and memory stays in proportion to the
size of the file.
"""

from __future__ import annotations

import io
import json
import math
import os
import stat
import threading
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

from mnistmlp.atomic import atomic_write, cause_of
from mnistmlp.data.convert.zips import (
    COMPRESSION_METHODS,
    HEADER_READERS,
    MAX_RATIO,
    BoundedReader,
    exceeds_ratio,
)

MAX_META = 16_000_000  # bytes; a run of 30 epochs needs about 15,000
MAX_DEPTH = 20  # of the nesting in `meta`
HEADER_SIZE = 128  # bytes, for an array with one or two dimensions

_quiet = threading.Lock()  # silencing warnings affects all threads, so it must not overlap

CheckNames = Callable[[set[str], dict[str, Any] | None], None]


class ArchiveError(Exception):
    """An archive that cannot be read or is not valid."""


class MissingArchiveError(ArchiveError):
    """An archive that does not exist."""


class InvalidArchiveError(ArchiveError):
    """A file that is not a valid archive."""


def write_archive(
    path: Path, arrays: Mapping[str, NDArray[Any]], meta: Mapping[str, Any], *, packed: bool = False
) -> None:
    """Write arrays and a description; an existing file stays until the new one is complete.

    Parameters
    ----------
    path : Path
    arrays : mapping of arrays, by name
    meta : mapping
        Anything that JSON can hold.
    packed : bool
        Compress, unless the ratio is so high that `read_archive` would
        refuse the file.

    Raises
    ------
    WriteError
        If the file cannot be written.
    """
    content = {"meta": np.array(json.dumps(meta)), **arrays}
    with atomic_write(path) as file:
        if packed:
            _write(file, content, zipfile.ZIP_DEFLATED)
            unpacked = sum(HEADER_SIZE + each.nbytes for each in content.values())
            if exceeds_ratio(unpacked, file.tell()):
                packed = False
                file.seek(0)
                file.truncate()
        if not packed:
            _write(file, content, zipfile.ZIP_STORED)


def _write(file: BinaryIO, content: Mapping[str, NDArray[Any]], method: int) -> None:
    """Write arrays like np.savez, which in NumPy 2.0 leaves the archive open on a full disk."""
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, array in content.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                npy.write_array(member, array, allow_pickle=False)


def read_archive(
    path: Path, kind: str, check_names: CheckNames, max_size: int
) -> tuple[dict[str, NDArray[Any]], dict[str, Any] | None]:
    """Read all arrays of an archive, checking the size of each against the file.

    Parameters
    ----------
    path : Path
    kind : str
        What the file should be, for messages: ``"brain file"``.
    check_names : callable
        Called with the names of the arrays except ``meta``, and the parsed
        ``meta``; raises ValueError if they are invalid.
    max_size : int
        Maximum size of all arrays together, in bytes.

    Returns
    -------
    arrays : dict of float arrays, by name
    meta : dict, or None if there is no ``meta``

    Raises
    ------
    ArchiveError
        With the name of the file and the check that failed.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise ArchiveError(f"{path}: not a regular file")
        file = BoundedReader(io.FileIO(path))
    except FileNotFoundError:
        raise MissingArchiveError(f"{path}: no such file") from None
    except OSError as error:
        raise ArchiveError(f"{path}: {cause_of(error)}") from None
    try:
        with file, _quiet, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # NumPy and Python warn about odd headers
            return _read(file, check_names, max_size)
    except zipfile.BadZipFile:
        raise InvalidArchiveError(f"{path}: not a {kind}, or damaged") from None
    except MemoryError:
        raise
    except Exception as error:  # on hostile bytes the parsers raise exceptions of many kinds
        what = shorten(str(error), 150, placeholder=" ...") or type(error).__name__
        raise InvalidArchiveError(f"{path}: not a {kind}: {what}") from None


def _read(
    file: BoundedReader, check_names: CheckNames, max_size: int
) -> tuple[dict[str, NDArray[Any]], dict[str, Any] | None]:
    """Return the arrays and `meta`; raises exceptions of many kinds if the file is invalid."""
    with zipfile.ZipFile(file) as archive:
        file.lift_limit()
        members = _list_members(archive, os.fstat(file.fileno()).st_size, max_size)
        meta_info = members.pop("meta", None)
        meta = None
        if meta_info:
            meta = parse_meta(_read_text(_read_array(archive, "meta", meta_info)))
        check_names(set(members), meta)
        return {name: _read_array(archive, name, info) for name, info in members.items()}, meta


def _list_members(
    archive: zipfile.ZipFile, present: int, max_size: int
) -> dict[str, zipfile.ZipInfo]:
    """Return the members by array name; raise ValueError if they claim too much."""
    members = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
    if len(members) < len(archive.infolist()):
        raise ValueError("two arrays with the same name")
    if any(info.compress_type not in COMPRESSION_METHODS for info in members.values()):
        raise ValueError("compressed by a method other than deflate")
    if "meta" in members and members["meta"].file_size > MAX_META:
        raise ValueError(f"meta is larger than {MAX_META:,} bytes")
    size = sum(info.file_size for info in members.values())
    if size > max_size + MAX_META:
        raise ValueError(f"{size:,} bytes of arrays, more than {max_size:,}")
    if exceeds_ratio(size, present):
        raise ValueError(f"{present:,} bytes that unpack to {size:,}, more than {MAX_RATIO} times")
    return members


def _read_array(archive: zipfile.ZipFile, name: str, info: zipfile.ZipInfo) -> NDArray[Any]:
    """Read one array; raise ValueError if its header does not match its bytes."""
    with archive.open(info) as file:
        content = file.read(info.file_size)  # even if it unpacks to more than that
    stream = io.BytesIO(content)
    version = npy.read_magic(stream)
    if version not in HEADER_READERS:
        raise ValueError(f"{name} is an array of version {version}")
    try:
        shape, fortran, dtype = HEADER_READERS[version](stream)
    except MemoryError:  # from the parser's stack
        raise ValueError(f"the header of {name} is nested too deeply") from None
    wanted = "U" if name == "meta" else "f"
    if dtype.kind != wanted or (wanted == "f" and dtype.itemsize > 8):
        raise ValueError(f"{name} has type {dtype.name}")
    if wanted == "U" and shape:
        raise ValueError("meta is not one string")
    start = stream.tell()
    needed, present = math.prod(shape) * dtype.itemsize, len(content) - start
    if needed != present:
        raise ValueError(f"{name} needs {short(needed)} bytes, found {present}")
    items = np.frombuffer(content, dtype, offset=start)
    return items.reshape(shape, order="F" if fortran else "C")


def _read_text(array: NDArray[Any]) -> str:
    """Return the text of ``meta``; raise ValueError if it is not valid Unicode."""
    try:
        # NumPy makes a str even of invalid code points, on which Python fails later
        text = array.astype(array.dtype.newbyteorder("<")).tobytes().decode("utf-32-le")
    except ValueError as error:
        raise ValueError(f"meta is not JSON: {error}") from None
    return text.rstrip("\0")


def parse_meta(text: str) -> dict[str, Any]:
    """Parse the JSON of a `meta`; raise ValueError if it could not be written again."""
    try:
        meta = json.loads(text)
        json.dumps(meta, ensure_ascii=False, allow_nan=False).encode()  # no NaN, no lone surrogates
        too_deep = _depth(meta) > MAX_DEPTH
    except RecursionError:
        too_deep = True
    except ValueError as error:
        raise ValueError(f"meta is not JSON: {error}") from None
    if too_deep:
        raise ValueError(f"meta is nested more than {MAX_DEPTH} levels deep")
    if not isinstance(meta, dict):
        raise ValueError("meta is not a JSON object")
    return meta


def _depth(value: Any) -> int:
    """Return how deeply objects and lists of JSON are nested."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max(map(_depth, inner), default=0) if isinstance(value, dict | list) else 0
