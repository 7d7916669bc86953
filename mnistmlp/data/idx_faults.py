"""How an IDX file that is not right was probably made, and what would be the right array."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, NamedTuple

from numpy.typing import NDArray

from mnistmlp.data.repairs import read, read_items
from mnistmlp.errors import IdxError

MAX_SIZE = 1 << 40  # bytes; no data set is larger
OTHER_STARTS = {  # of files of other kinds
    b"\x93NUM": "a .npy file of NumPy",
    b"PK": "a zip archive or .npz file",
    b"\x1f\x8b": "compressed twice",
    b"\x89HDF": "an HDF5 file",
    b"PAR1": "a Parquet file",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"\x80": "a pickle, which is never opened",
    b"<": "a web page",
    b"labe": "a table",
}


class Fault(NamedTuple):
    """A guess at how a file was made."""

    cause: str = ""  # none, if nothing suggests itself
    repair: str | None = None  # a Python expression for the right array


def fault_error(path: Path, found: str, fault: Fault) -> IdxError:
    """Return the error for what was found in a file, with its likely cause."""
    text = f"{found}: {fault.cause}" if fault.cause else found
    return IdxError(f"{path}: {text}", repair=fault.repair)


def explain_start(path: Path, start: bytes) -> Fault:
    """Explain a file that does not start as IDX with its first bytes, 4 at most."""
    if len(start) == 4 and start[2:] == b"\0\0" and start[1] == 0x08:
        return Fault("its header is little-endian, not big-endian", _skip(path, start[0]))
    kinds = (what for kind, what in OTHER_STARTS.items() if start.startswith(kind))
    return Fault(next(kinds, ""))


def explain_sizes(path: Path, shape: tuple[int, ...]) -> Fault:
    """Explain the sizes of a header that are too large."""
    if math.prod(_swap(shape)) > MAX_SIZE:
        return Fault()
    return Fault("the sizes are little-endian, not big-endian", _skip(path, len(shape)))


def explain_size(path: Path, shape: tuple[int, ...], itemsize: int, present: int) -> Fault:
    """Explain why a file holds other than the bytes that its header asks for.

    Parameters
    ----------
    path : Path
    shape : tuple of int
        The sizes in the header.
    itemsize : int
        Bytes an item.
    present : int
        Bytes of items in the file.
    """
    if math.prod(_swap(shape)) * itemsize == present:
        return explain_sizes(path, shape)
    needed = math.prod(shape) * itemsize
    for factor in (2, 4, 8):
        if needed and present == factor * needed:
            width = factor * itemsize
            return Fault(
                f"the items seem to have {width} bytes each, not {itemsize}: "
                f"array.astype(np.uint8).tobytes() has one each"
            )
    one = math.prod(shape[1:]) * itemsize
    if shape and one and present and present % one == 0:
        cause = f"the count is perhaps that of another set: {present // one} are there"
        return Fault(cause, _skip(path, len(shape)) if itemsize == 1 else None)
    return Fault()


def explain_items(path: Path, array: NDArray[Any], wanted: tuple[int, ...]) -> Fault:
    """Explain items of another type or shape than 28 x 28 pixels, or labels.

    Parameters
    ----------
    path : Path
    array : NDArray
        The content of the file, or its first items.
    wanted : tuple of int
        The shape of an item.
    """
    repair, shape = read(path), array.shape
    if len(shape) in (1, 3) and len(shape) != 1 + len(wanted):
        what = "images" if len(shape) == 3 else "labels"
        return Fault(f"it holds {what}: are the names of two files swapped?")
    if not array.size:
        return Fault()
    if array.dtype.kind == "f" and wanted and 0 <= array.min() <= array.max() <= 1:
        repair = f"np.rint({repair} * 255.0)"
    elif not 0 <= array.min() <= array.max() <= 255:
        return Fault(f"with values from {array.min():g} to {array.max():g}, not 0 to 255")
    if not wanted and len(shape) == 2 and shape[1] == 10:
        repair += ".argmax(axis=1)"
    elif math.prod(shape[1:]) != math.prod(wanted):
        return Fault()
    elif shape[1:] != wanted:
        repair += f".reshape{(-1, *wanted)}"
    return Fault("", f"{repair}.astype(np.uint8)")


def _swap(shape: tuple[int, ...]) -> list[int]:
    """Return sizes with their bytes in the other order."""
    return [int.from_bytes(size.to_bytes(4, "big"), "little") for size in shape]


def _skip(path: Path, dimensions: int) -> str | None:
    """Return an expression for the bytes after a header, as images or labels."""
    item = ", 28, 28" if "images" in path.name else ""
    return f"{read_items(path, 4 + 4 * dimensions)}.reshape(-1{item})"
