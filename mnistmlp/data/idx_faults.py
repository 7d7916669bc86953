"""How an IDX file that is not right was probably made, and how to write it right."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from mnistmlp.data.repairs import python_command, read, read_items, write

MAX_SIZE = 1 << 40  # bytes; no data set is larger
OTHER_STARTS = {  # of files of other kinds
    b"\x93NUM": "a .npy file of NumPy",
    b"PK": "a zip archive or .npz file",
    b"\x1f\x8b": "compressed twice",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"\x80": "a pickle, which is never opened",
    b"<": "a web page",
    b"labe": "a table",
}


def explain_start(path: Path, start: bytes) -> tuple[str, str | None]:
    """Return what a file is that does not start as IDX, and a hint.

    Parameters
    ----------
    path : Path
    start : bytes
        At most 4.
    """
    if len(start) == 4 and start[2:] == b"\0\0" and start[1] == 0x08:
        dimensions = start[0]
        return "its header is little-endian, not big-endian", _rewrite(path, 4 + 4 * dimensions)
    return next((what for kind, what in OTHER_STARTS.items() if start.startswith(kind)), ""), None


def explain_sizes(path: Path, shape: tuple[int, ...]) -> tuple[str, str | None]:
    """Return why the sizes of a header are too large, and a hint."""
    if math.prod(_swap(shape)) > MAX_SIZE:
        return "", None
    return "the sizes are little-endian, not big-endian", _rewrite(path, 4 + 4 * len(shape))


def _swap(shape: tuple[int, ...]) -> list[int]:
    """Return sizes with their bytes in the other order."""
    return [int.from_bytes(size.to_bytes(4, "big"), "little") for size in shape]


def explain_size(
    path: Path, shape: tuple[int, ...], itemsize: int, present: int
) -> tuple[str, str | None]:
    """Return why a file holds other than the bytes that its header asks for, and a hint.

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
            kind = f"the items seem to have {factor} bytes each, as int{8 * factor} has"
            return f"{kind}, but the header says {itemsize}", _in_python(path, ".astype(np.uint8)")
    one = math.prod(shape[1:]) * itemsize
    if shape and one and present and present % one == 0:
        count = present // one
        what = f"the count is perhaps that of another set: {count} are there"
        return what, _rewrite(path, 4 + 4 * len(shape))
    return "", None


def explain_items(
    path: Path, shape: tuple[int, ...], dtype: np.dtype[np.generic], wanted: tuple[int, ...]
) -> str | None:
    """Return a hint for items of another type or shape than 28 x 28 pixels, or labels.

    Parameters
    ----------
    path : Path
    shape : tuple of int
        Of the whole array.
    dtype : np.dtype
    wanted : tuple of int
        The shape of an item.
    """
    array = read(path)
    if len(shape) in (1, 3) and len(shape) != 1 + len(wanted):
        return f"it holds {'images' if len(shape) == 3 else 'labels'}: are two names exchanged?"
    if not wanted and len(shape) == 2 and shape[1] == 10:
        array += ".argmax(axis=1)"
    elif shape[1:] != wanted:
        if math.prod(shape[1:]) != math.prod(wanted):
            return None
        array += f".reshape{(-1, *wanted)}"
    if dtype.kind == "f":
        array = f"np.rint({array} * 255)"  # from 0 to 1
    if dtype != np.uint8 or "argmax" in array:
        array += ".astype(np.uint8)"
    return python_command(write(path.name, array))


def _rewrite(path: Path, offset: int) -> str:
    """Return a command that gives the items after a header the right one."""
    return python_command(write(path.name, read_items(path, offset) + _shaping(path)))


def _shaping(path: Path) -> str:
    return ".reshape(-1, 28, 28)" if "images" in path.name else ""


def _in_python(path: Path, change: str) -> str:
    name = "images" if "images" in path.name else "labels"
    return f"in Python, into another folder: {write(path.name, name + change)}"
