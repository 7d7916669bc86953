"""IDX files with an incorrect header, or items of another type or byte order.

They are read in whatever way fits the bytes: the sizes in the byte order that matches the
length of the file, the count that follows from the length, and items of several bytes in
the byte order in which they are grey levels or digits.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnistmlp.arrays import DIGITS, PIXELS
from mnistmlp.data.convert.files import open_mappable
from mnistmlp.data.convert.parts import BLOCK
from mnistmlp.data.idx import DTYPES, MAX_DIMENSIONS, read_idx
from mnistmlp.errors import DataError

ITEM_SIZES = (1, DIGITS, PIXELS)  # of a label, a one-hot label, an image


class _Layout(NamedTuple):
    """A way to read a file: where its items begin, their type and number."""

    offset: int
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    note: str  # on what is corrected


def read_any_idx(path: Path, notes: list[str]) -> NDArray[Any]:
    """Map the items of an IDX file, and note what is corrected.

    Raises
    ------
    DataError
        If the file cannot be read, or its header cannot be corrected.
    """
    with open_mappable(path) as file:
        present = os.fstat(file.fileno()).st_size
        head = file.read(4 + 4 * MAX_DIMENSIONS)
        layout = next(_find_layouts(head, present), None)
        if layout is None:
            return _refuse(path)
        if layout.note:
            notes.append(f"{path.name}: {layout.note}")
        return _in_byte_order(path, file, layout, notes)


def _refuse(path: Path) -> NDArray[Any]:
    """Raise the error of `read_idx`, which explains what is wrong with the file."""
    read_idx(path)
    raise DataError(f"{path}: not an IDX file of images or labels")


def _find_layouts(head: bytes, present: int) -> Iterator[_Layout]:
    """Yield ways to read a file of this size, likelier ones first."""
    if len(head) < 8:
        return
    for magic, order in ((head[:4], "big"), (head[3::-1], "little")):
        code, dimensions = magic[2], magic[3]
        if magic[:2] != b"\0\0" or code not in DTYPES or not 1 <= dimensions <= MAX_DIMENSIONS:
            continue
        offset, dtype = 4 + 4 * dimensions, DTYPES[code]
        notes = {"big": "", "little": "the header is little-endian"}
        shapes = {
            byteorder: tuple(np.frombuffer(head[4:offset], sizes).tolist())
            for byteorder, sizes in (("big", ">u4"), ("little", "<u4"))
            if len(head) >= offset
        }
        items = present - offset
        for byteorder, shape in shapes.items():
            if math.prod(shape) * dtype.itemsize == items:
                little = order == "little" or byteorder == "little"
                yield _Layout(offset, dtype, shape, notes["little" if little else "big"])
        for shape in shapes.values():
            one = math.prod(shape[1:]) * dtype.itemsize
            if math.prod(shape[1:]) in ITEM_SIZES and items and items % one == 0:
                count = items // one
                note = f"the header counts {shape[0]:,}, found {count:,}"
                yield _Layout(offset, dtype, (count, *shape[1:]), note)


def _in_byte_order(path: Path, file: BinaryIO, layout: _Layout, notes: list[str]) -> NDArray[Any]:
    """Map items in the byte order in which they are grey levels or digits."""
    if not math.prod(layout.shape):
        return np.empty(0, layout.dtype)
    array = np.memmap(file, layout.dtype, "r", layout.offset, layout.shape).view(np.ndarray)
    if layout.dtype.itemsize > 1 and not _is_plausible(array):
        swapped = array.view(layout.dtype.newbyteorder("<"))
        if _is_plausible(swapped):
            notes.append(f"{path.name}: the items are little-endian")
            return swapped
    return array


def _is_plausible(array: NDArray[Any]) -> bool:
    """Tell whether items are grey levels or digits; floats in the wrong order are tiny."""
    high = 0.0
    for start in range(0, len(array), BLOCK):
        block = array[start : start + BLOCK]
        low, most = float(block.min()), float(block.max())
        if not 0 <= low <= most <= 255:  # nor NaN
            return False
        high = max(high, most)
    return high > 0.1 or not high
