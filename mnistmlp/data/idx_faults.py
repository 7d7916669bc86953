"""How a faulty IDX file was probably made, and how to correct its array."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, NamedTuple

from numpy.typing import NDArray

from mnistmlp.data.repairs import read, read_items
from mnistmlp.errors import IdxError

MAX_SIZE = 1 << 40  # bytes; no data set is larger
OTHER_STARTS = {  # of other file formats
    b"\x93NUM": "a NumPy .npy file",
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

    cause: str = ""  # empty if unknown
    repair: str | None = None  # a Python expression for the corrected array


def fault_error(path: Path, found: str, fault: Fault) -> IdxError:
    """Return the error for a finding in a file, with its likely cause."""
    text = f"{found}: {fault.cause}" if fault.cause else found
    return IdxError(f"{path}: {text}", repair=fault.repair)


def explain_start(path: Path, start: bytes) -> Fault:
    """Explain a file that does not start like IDX, given up to 4 of its first bytes."""
    if len(start) == 4 and start[2:] == b"\0\0" and start[1] == 0x08:
        return Fault("its header is little-endian, not big-endian", _skip(path, start[0]))
    kinds = (what for kind, what in OTHER_STARTS.items() if start.startswith(kind))
    return Fault(next(kinds, ""))


def explain_sizes(path: Path, shape: tuple[int, ...]) -> Fault:
    """Explain a header whose sizes are too large."""
    if math.prod(_swap(shape)) > MAX_SIZE:
        return Fault()
    return Fault("the sizes are little-endian, not big-endian", _skip(path, len(shape)))


def explain_size(path: Path, shape: tuple[int, ...], itemsize: int, present: int) -> Fault:
    """Explain why a file's length does not match its header.

    Parameters
    ----------
    path : Path
    shape : tuple of int
        The sizes in the header.
    itemsize : int
        Bytes per item.
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
        cause = f"the count may be that of another set: found {present // one}"
        return Fault(cause, _skip(path, len(shape)) if itemsize == 1 else None)
    return Fault()


def explain_items(path: Path, array: NDArray[Any], wanted: tuple[int, ...]) -> Fault:
    """Explain items with another type or shape than images or labels.

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
    """Return sizes with their bytes in reverse order."""
    return [int.from_bytes(size.to_bytes(4, "big"), "little") for size in shape]


def _skip(path: Path, dimensions: int) -> str | None:
    """Return an expression for the bytes after a header as images or labels."""
    item = ", 28, 28" if "images" in path.name else ""
    return f"{read_items(path, 4 + 4 * dimensions)}.reshape(-1{item})"
