"""The IDX file format of the MNIST data set, plain or gzip-compressed.

A file consists of the magic number ``00 00 TT DD`` (TT is the type of the items,
DD the number of dimensions), DD sizes as big-endian 32-bit integers, and the
items in C order, big-endian.  See LeCun, Cortes and Burges, "The MNIST
database", section "File formats".
"""

from __future__ import annotations

import gzip
import math
import os
import stat
import sys
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from mnistmlp.arrays import StrPath
from mnistmlp.atomic import atomic_write, cause_of, check_free
from mnistmlp.data.idx_faults import explain_size, explain_sizes, explain_start, fault_error
from mnistmlp.errors import IdxError

DTYPES: dict[int, np.dtype[Any]] = {
    0x08: np.dtype(">u1"),
    0x09: np.dtype(">i1"),
    0x0B: np.dtype(">i2"),
    0x0C: np.dtype(">i4"),
    0x0D: np.dtype(">f4"),
    0x0E: np.dtype(">f8"),
}
CODES = {dtype: code for code, dtype in DTYPES.items()}

MAX_DIMENSIONS = 32
CHUNK = 1 << 20  # bytes
MAX_RATIO = 100  # unpacked to compressed size, after the first chunk; MNIST's ratio is 5
GZIP_MAGIC = b"\x1f\x8b"


@dataclass(frozen=True)
class Header:
    """The header of an IDX file: type and shape of the items."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        """Size of the header itself, in bytes."""
        return 4 + 4 * len(self.shape)

    @property
    def items_size(self) -> int:
        """Size of the items, in bytes."""
        return math.prod(self.shape) * self.dtype.itemsize


def read_header(path: Path) -> Header:
    """Read only the type and shape.

    Raises
    ------
    IdxError
        If the file cannot be read or does not start with an IDX header.
    """
    with _open(path) as file:
        return _parse_header(path, file)


def read_idx(path: StrPath, *, limit: int | None = None) -> NDArray[Any]:
    """Read an IDX file.

    A plain file is memory-mapped, read-only.  For a compressed one, memory grows
    with the bytes unpacked, whatever the header says, up to `MAX_RATIO` times the
    size of the file.

    Parameters
    ----------
    path : str or path
    limit : int, optional
        Read only this many items along the first dimension.  The rest of a
        compressed file is then neither unpacked nor checked.

    Returns
    -------
    array of any IDX type, big-endian if the items have several bytes

    Raises
    ------
    IdxError
        If the file cannot be read, its magic number or type is invalid, or its
        sizes do not match its length.
    """
    path = Path(path)
    with _open(path) as file:
        header = _parse_header(path, file)
        if isinstance(file, gzip.GzipFile):
            return _unpack(path, file, header, limit)
        items = _map(path, file, header)
    return items[:limit] if limit is not None and header.shape else items


def write_idx(path: StrPath, array: NDArray[Any], *, overwrite: bool = False) -> None:
    """Write an array as IDX, compressed if the name ends in ``.gz``.

    Parameters
    ----------
    path : str or path
    array : array of an IDX type
    overwrite : bool
        Replace an existing file, which stays until the new one is complete.

    Raises
    ------
    IdxError
        If IDX has no such type or cannot hold the shape.
    WriteError
        If the file exists or cannot be written.
    """
    path = Path(path)
    check_free(path, overwrite=overwrite)
    try:
        head, items = encode_idx(array)
    except ValueError as error:
        raise IdxError(f"{path}: {error}") from None
    with atomic_write(path) as file:
        if path.suffix == ".gz":
            with gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as packed:
                packed.write(head)
                packed.write(items)
        else:
            file.write(head)
            file.write(items)


def encode_idx(array: NDArray[Any]) -> tuple[bytes, memoryview]:
    """Return the header and the items of an array in IDX format.

    Raises
    ------
    ValueError
        If IDX has no such type or cannot hold the shape.
    """
    code = CODES.get(array.dtype.newbyteorder(">"))
    if code is None:
        raise ValueError(f"IDX has no type for {array.dtype}")
    if array.ndim > MAX_DIMENSIONS or max(array.shape, default=0) >= 1 << 32:
        raise ValueError(f"IDX cannot hold the shape {array.shape}")
    head = bytes([0, 0, code, array.ndim]) + np.array(array.shape, ">u4").tobytes()
    items = np.ascontiguousarray(array, DTYPES[code])
    return head, items.reshape(-1).view(np.uint8).data


def _open(path: Path) -> BinaryIO | gzip.GzipFile:
    """Open a plain or gzip-compressed file, told apart by the first bytes."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise IdxError(f"{path}: not a regular file")
        with path.open("rb") as file:
            packed = file.read(2) == GZIP_MAGIC
        return gzip.open(path) if packed else path.open("rb")
    except OSError as error:
        raise IdxError(f"{path}: {cause_of(error)}") from None


def _read(path: Path, file: BinaryIO | gzip.GzipFile, size: int) -> bytes:
    """Read up to `size` bytes."""
    try:
        return file.read(size)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise IdxError(f"{path}: damaged gzip stream: {error}") from None
    except OSError as error:
        raise IdxError(f"{path}: {cause_of(error)}") from None


def _parse_header(path: Path, file: BinaryIO | gzip.GzipFile) -> Header:
    magic = _read(path, file, 4)
    if len(magic) < 4 or magic[:2] != b"\0\0":
        found = f"not an IDX file: magic number {magic.hex(' ') or 'missing'}"
        raise fault_error(path, found, explain_start(path, magic))
    code, dimensions = magic[2:]
    if code not in DTYPES:
        raise IdxError(f"{path}: not an IDX file: unknown type 0x{code:02x}")
    if dimensions > MAX_DIMENSIONS:
        raise IdxError(f"{path}: {dimensions} dimensions, more than {MAX_DIMENSIONS}")
    sizes = _read(path, file, 4 * dimensions)
    if len(sizes) < 4 * dimensions:
        raise IdxError(f"{path}: header of {4 + len(sizes)} bytes, expected {4 + 4 * dimensions}")
    shape = tuple(np.frombuffer(sizes, ">u4").tolist())
    if math.prod(max(size, 1) for size in shape) > sys.maxsize // 8:
        found = f"sizes {shape} are more than this machine can address"
        raise fault_error(path, found, explain_sizes(path, shape))
    return Header(DTYPES[code], shape)


def _size_error(path: Path, header: Header, present: int, more: str = "") -> IdxError:
    """Return the error for a file of the wrong length; `more` is empty or "at least"."""
    sizes = " x ".join(map(str, header.shape))
    found = f"{sizes} items need {header.items_size} bytes, found {more}{present}"
    return fault_error(
        path, found, explain_size(path, header.shape, header.dtype.itemsize, present)
    )


def _map(path: Path, file: BinaryIO, header: Header) -> NDArray[Any]:
    """Map the items of a plain file into memory."""
    present = os.fstat(file.fileno()).st_size - header.size
    if present != header.items_size:
        raise _size_error(path, header, present)
    if header.items_size == 0:  # zero bytes cannot be mapped
        return np.empty(header.shape, header.dtype)
    return np.memmap(file, header.dtype, "r", header.size, header.shape).view(np.ndarray)


def _unpack(path: Path, file: gzip.GzipFile, header: Header, limit: int | None) -> NDArray[Any]:
    """Read the items of a compressed file; memory grows with the bytes unpacked."""
    shape = header.shape
    if limit is not None and shape:
        shape = (min(limit, shape[0]), *shape[1:])
    wanted = Header(header.dtype, shape).items_size
    present = os.fstat(file.fileno()).st_size
    data = bytearray()
    while len(data) < wanted and (chunk := _read(path, file, min(CHUNK, wanted - len(data)))):
        data += chunk
        if len(data) > max(CHUNK, MAX_RATIO * present):
            raise IdxError(f"{path}: {present} bytes that unpack to more than {MAX_RATIO} times")
    if len(data) < wanted:
        raise _size_error(path, header, len(data))
    if wanted == header.items_size and (rest := _read(path, file, CHUNK)):
        more = "at least " if len(rest) == CHUNK else ""
        raise _size_error(path, header, len(data) + len(rest), more)
    items = np.frombuffer(data, header.dtype).reshape(shape)
    items.flags.writeable = False  # like a mapped file
    return items
