"""NumPy files, .npy and .npz, mapped rather than read; nothing is ever unpickled."""

from __future__ import annotations

import io
import math
import os
import tempfile
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from reprlib import repr as short
from textwrap import shorten
from typing import Any, BinaryIO, Literal

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from mnistmlp.atomic import cause_of
from mnistmlp.data.convert.arrays import Named
from mnistmlp.data.convert.files import write_temporary
from mnistmlp.data.convert.zips import (
    COMPRESSION_METHODS,
    HEADER_READERS,
    MAX_RATIO,
    BoundedReader,
    exceeds_ratio,
)
from mnistmlp.data.idx import CHUNK
from mnistmlp.errors import DataError, MnistMlpError

MAX_HEADER = 1 << 16  # bytes of a .npy header


def list_arrays(path: Path) -> list[Named]:
    """Return the arrays of an .npz file, none of them read yet.

    Raises
    ------
    DataError
        If it is not such a file, or claims too much.
    """
    found = []
    with _open_archive(path) as archive:
        for info in archive.infolist():
            name = info.filename.removesuffix(".npy")
            if name != info.filename:
                source = f"{path}: {short(name)}"
                found.append(Named(name, source, partial(_read_member, path, info, source)))
    return found


def _read_member(path: Path, info: zipfile.ZipInfo, source: str, notes: list[str]) -> NDArray[Any]:
    """Unpack an array of an .npz file into a temporary file, and map it."""
    with _open_archive(path) as archive, tempfile.TemporaryFile() as file:
        with archive.open(info) as member:
            while chunk := member.read(CHUNK):  # no more than it claims, which has been checked
                write_temporary(file, chunk)
        return _map(source, file)


def read_npy(path: Path, notes: list[str]) -> NDArray[Any]:
    """Map the array of an .npy file; `notes` is not used.

    Raises
    ------
    DataError
        If it is not such a file, or its header does not match its bytes.
    """
    try:
        with path.open("rb") as file:
            return _map(str(path), file)
    except OSError as error:
        raise DataError(f"{path}: {cause_of(error)}") from None


@contextmanager
def _open_archive(path: Path) -> Iterator[zipfile.ZipFile]:
    """Open a zip file whose members claim no more than its size allows."""
    try:
        with BoundedReader(io.FileIO(path)) as file, zipfile.ZipFile(file) as archive:
            file.lift_limit()
            _check_members(archive, os.fstat(file.fileno()).st_size)
            yield archive
    except (MnistMlpError, MemoryError):
        raise
    except (zipfile.BadZipFile, zlib.error, EOFError):
        raise DataError(f"{path}: not an .npz file, or damaged") from None
    except Exception as error:  # on hostile bytes the parsers raise exceptions of many kinds
        what = shorten(str(error), 150, placeholder=" ...") or type(error).__name__
        raise DataError(f"{path}: not an .npz file: {what}") from None


def _check_members(archive: zipfile.ZipFile, present: int) -> None:
    """Raise ValueError if members claim too much."""
    names = archive.namelist()
    if len(set(names)) < len(names):
        raise ValueError("two arrays with the same name")
    if any(info.compress_type not in COMPRESSION_METHODS for info in archive.infolist()):
        raise ValueError("compressed by a method other than deflate")
    size = sum(info.file_size for info in archive.infolist())
    if exceeds_ratio(size, present):
        raise ValueError(f"{present:,} bytes that unpack to {size:,}, more than {MAX_RATIO} times")


def _map(source: str, file: BinaryIO) -> NDArray[Any]:
    """Map the array of an open .npy file; DataError if its header does not match its bytes."""
    present = os.fstat(file.fileno()).st_size
    file.seek(0)
    head = io.BytesIO(file.read(MAX_HEADER))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about odd headers
            version = npy.read_magic(head)
            shape, fortran, dtype = HEADER_READERS[version](head)
    except Exception as error:  # MemoryError too, from the parser's stack
        what = shorten(str(error), 100, placeholder=" ...") or type(error).__name__
        raise DataError(f"{source}: not a NumPy array: {what}") from None
    if dtype.hasobject:
        raise DataError(f"{source}: pickled Python objects, which are never opened")
    size, rest = math.prod(shape) * dtype.itemsize, present - head.tell()
    if size != rest:
        raise DataError(f"{source}: needs {short(size)} bytes, found {rest}")
    if not size:  # zero bytes cannot be mapped
        return np.empty(0, dtype)
    order: Literal["F", "C"] = "F" if fortran else "C"
    return np.memmap(file, dtype, "r", head.tell(), shape, order).view(np.ndarray)
