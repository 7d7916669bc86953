"""Arrays of images and labels in other types and shapes than MNIST's IDX files."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnistmlp.arrays import DIGITS, PIXELS, SIDE, Bytes
from mnistmlp.data.catalog import Split
from mnistmlp.data.convert.parts import BLOCK, Block, Part
from mnistmlp.errors import DataError

SHAPES = ((SIDE, SIDE), (PIXELS,), (SIDE, SIDE, 1), (1, SIDE, SIDE))
MAX_DIGIT = DIGITS - 1


@dataclass(frozen=True)
class Named:
    """A named array, read or mapped on demand."""

    name: str  # tells its meaning: x_train
    source: str  # for messages: mnist.npz: x_train
    read: Callable[[list[str]], NDArray[Any]]  # may note what it corrects


def array_part(split: Split, images: Named, labels: Named | None) -> Part:
    """Return the images in an array, with labels from another, without reading them yet."""
    notes = list[str]()
    name = images.source if labels is None else f"{images.source} and {labels.name}"
    blocks = _read_blocks(images, labels, notes)
    return Part(split, name, labels is not None, blocks, notes=notes)


def _read_blocks(
    images: Named, labels: Named | None, notes: list[str]
) -> Generator[Block, None, None]:
    """Yield the images of an array; DataError if they or the labels are invalid."""
    pixels = _as_rows(images.source, images.read(notes), notes)
    digits = None if labels is None else _as_digits(labels.source, labels.read(notes), notes)
    if labels and digits is not None and len(digits) != len(pixels):
        raise DataError(
            f"{images.source}: {len(pixels):,} images, but {len(digits):,} labels "
            f"in {labels.source}"
        )
    scale = _find_scale(images.source, pixels, notes)
    for start in range(0, len(pixels), BLOCK):
        block = np.asarray(pixels[start : start + BLOCK])
        if block.dtype != np.uint8 or scale != 1:
            block = np.rint(block.astype(np.float32) * np.float32(scale)).astype(np.uint8)
        some = None if digits is None else digits[start : start + BLOCK]
        yield Block(block.reshape(-1, SIDE, SIDE), some)


def _check_type(source: str, array: NDArray[Any]) -> None:
    """Raise DataError for items that are not plain numbers."""
    if array.dtype.kind not in "buif" or array.dtype.itemsize > 8:
        raise DataError(f"{source}: items of type {array.dtype}, not numbers")


def _as_rows(source: str, array: NDArray[Any], notes: list[str]) -> NDArray[Any]:
    """Return images as (n, 784)."""
    _check_type(source, array)
    shape = array.shape
    if not shape or shape[1:] not in SHAPES:
        found = " x ".join(map(str, shape)) or "a single number"
        raise DataError(f"{source}: {found}, expected N x 28 x 28 or N x 784")
    if shape[1:] != SHAPES[0]:
        notes.append(f"shape {' x '.join(map(str, shape))}, now N x 28 x 28")
    return array.reshape(len(array), PIXELS)


def _blocks(array: NDArray[Any]) -> Iterator[NDArray[Any]]:
    for start in range(0, len(array), BLOCK):
        yield array[start : start + BLOCK]


def _find_scale(source: str, pixels: NDArray[Any], notes: list[str]) -> float:
    """Return the factor that scales pixels to grey levels from 0 to 255, and note it."""
    low, high, whole = math.inf, -math.inf, True
    for block in _blocks(pixels):
        least, most = float(block.min()), float(block.max())
        if not (math.isfinite(least) and math.isfinite(most)):
            raise DataError(f"{source}: pixels that are not finite numbers")
        low, high = min(low, least), max(high, most)
        whole = whole and (block.dtype.kind != "f" or not (block % 1).any())
    if len(pixels) and (not 0 <= low <= high <= 255 or 1 < high < 2):  # all black once rounded
        raise DataError(f"{source}: pixels from {low:g} to {high:g}, not 0 to 1 or 0 to 255")
    if len(pixels) and high <= 1:
        notes.append(f"{pixels.dtype.name} from 0 to 1, scaled to 0 to 255")
        return 255
    if pixels.dtype != np.uint8:
        notes.append(f"{pixels.dtype.name}, {'now' if whole else 'rounded to'} uint8")
    return 1


def _as_digits(source: str, array: NDArray[Any], notes: list[str]) -> Bytes:
    """Return labels as bytes (n,).

    Raises
    ------
    DataError
        If they are neither digits nor one-hot.
    """
    _check_type(source, array)
    if array.ndim == 2 and array.shape[1] == DIGITS:
        notes.append("one-hot labels, now digits")
        return _from_one_hot(source, array)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1:
        found = " x ".join(map(str, array.shape)) or "a single number"
        raise DataError(f"{source}: labels of shape {found}, expected N or, one-hot, N x 10")
    if not len(array):
        return np.empty(0, np.uint8)
    low, high = array.min(), array.max()
    if not 0 <= low <= high <= MAX_DIGIT:
        cause = " (counted from 1?)" if (low, high) == (1, DIGITS) else ""
        text = f"labels from {low:g} to {high:g}; this network has ten classes, 0 to 9{cause}"
        raise DataError(f"{source}: {text}")
    if array.dtype.kind == "f" and (array % 1).any():
        raise DataError(f"{source}: labels that are not whole numbers")
    if array.dtype != np.uint8:
        notes.append(f"labels of type {array.dtype.name}, now uint8")
    return array.astype(np.uint8)


def _from_one_hot(source: str, array: NDArray[Any]) -> Bytes:
    digits = [np.empty(0, np.uint8)]
    for block in _blocks(array):
        if not (((block == 0) | (block == 1)).all() and (block.sum(axis=1) == 1).all()):
            raise DataError(f"{source}: N x 10 labels that are not one-hot")
        digits.append(block.argmax(axis=1).astype(np.uint8))
    return np.concatenate(digits)
