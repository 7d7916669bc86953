"""Validation of the caller's images and labels.

A network computes something from any numbers, so anything but grey levels and
digits has to be refused: trained on images from 0 to 1, it would silently learn
nothing.
"""

from __future__ import annotations

import math
import os
from reprlib import repr as short
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from mnistmlp.arrays import DIGITS, PIXELS, SIDE, Bytes, Labels
from mnistmlp.errors import InputError, warn

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

IMAGE, ROW = (SIDE, SIDE), (PIXELS,)  # shapes of a single image
GREY_LEVELS = "grey levels from 0 to 255"
LIGHT = 127  # grey level
COLOURS = (3, 4)
SAMPLE = 1000  # images whose levels are checked first
# Other ranges of grey levels: black, white, and the expression that maps them to 0 and 255.  The
# last is the usual mean and standard deviation in PyTorch.
RANGES = (
    (0.0, 1.0, "{} * 255"),
    (-1.0, 1.0, "({} + 1) * 127.5"),
    (-0.5, 0.5, "({} + 0.5) * 255"),
    (-0.4242, 2.8215, "({} * 0.3081 + 0.1307) * 255"),
)
NEAR = 2e-3  # tolerance for black and white: half precision rounds them


def check_images(images: ArrayLike) -> Bytes:
    """Return images as an array of bytes, without copying if they are one.

    Parameters
    ----------
    images : (n, 28, 28), (n, 784), or one image (28, 28) or (784,)
        Grey levels from 0 to 255, 0 the background: uint8, or any integers.
        Anything that `numpy.asarray` takes.

    Returns
    -------
    uint8, in the shape of images

    Raises
    ------
    InputError
        If they have another shape, or are not grey levels.
    """
    given, name = (images, "images") if type(images) is np.ndarray else _as_array(images, "images")
    shape = given.shape
    if shape == (0,):  # an empty list
        return np.empty((0, SIDE, SIDE), np.uint8)
    array = given if given.dtype == np.uint8 else _integers_as_bytes(given, name)
    single = IMAGE if shape[-2:] == IMAGE else ROW
    if shape[-len(single) :] != single or len(shape) > len(single) + 1:
        raise InputError(f"images of shape {shape}: {_mend_shape(shape, name)}")
    if array.size and array[:SAMPLE].max() == 1 and array.max() == 1:
        _refuse_levels(given, f"{name}.astype(np.uint8) * 255")
    return array


def is_single(images: Bytes) -> bool:
    """Tell whether checked images are a single image, without a batch axis."""
    return images.shape in (IMAGE, ROW)


def has_light_background(images: ArrayLike) -> bool:
    """Tell whether the border of every image is mostly light, as in a scan; MNIST's are black.

    Parameters
    ----------
    images
        As `check_images` accepts them.
    """
    array = np.asarray(images)
    if not array.size or array.item(0) <= LIGHT:  # usually the first pixel is enough
        return False
    light = array.reshape(-1, *IMAGE) > LIGHT
    edges = light[:, 0], light[:, -1], light[:, :, 0], light[:, :, -1]
    return bool(np.concatenate(edges, axis=1).mean(axis=1).min() > 0.5)


def warn_of_light_background(images: ArrayLike) -> None:
    """Warn if images that `check_images` accepts have a light background."""
    if has_light_background(images):
        warn("all images have a light background, where MNIST's is black: write 255 - images")


def check_labels(labels: ArrayLike, count: int) -> Labels:
    """Return the labels of `count` images as an array of integers.

    Parameters
    ----------
    labels : (n,)
        Integers from 0 to 9, of any type.  Anything that `numpy.asarray` takes.
    count : int
        n, the number of images.

    Raises
    ------
    InputError
        If they have another shape or type, are not digits, or do not match the
        number of images.
    """
    array, name = (labels, "labels") if type(labels) is np.ndarray else _as_array(labels, "labels")
    if array.ndim != 1:
        mend = _mend_label_shape(array, name)
        raise InputError(f"labels of shape {array.shape}, expected (n,){mend}")
    if len(array) != count:
        raise InputError(f"{len(array):,} labels, but {count:,} images")
    if array.dtype.kind not in "iu":
        mend = _mend_type(array, name)
        raise InputError(f"labels of type {array.dtype}, expected integers from 0 to 9{mend}")
    if len(array) and not (array.min() >= 0 and array.max() < DIGITS):
        _refuse_labels(array, name)
    return array


def check_pair(images: ArrayLike, labels: ArrayLike) -> tuple[Bytes, Labels]:
    """Return images (n, 784) and their labels (n,), at least one.

    Raises
    ------
    InputError
        If `check_images` or `check_labels` refuses them, or there are none.
    """
    pixels = check_images(images)
    if is_single(pixels):
        raise InputError(
            f"a single image of shape {pixels.shape}: write [image] and [label] for the two"
        )
    if not len(pixels):
        raise InputError("no images")
    return pixels.reshape(-1, PIXELS), check_labels(labels, len(pixels))


def _as_array(values: Any, what: str) -> tuple[NDArray[Any], str]:
    """Return a plain array of numbers, and the expression for it."""
    if isinstance(values, str | bytes | os.PathLike):
        raise InputError(
            f"{what} are a name, {short(os.fsdecode(values))}, not an array; "
            "Brain.read reads pictures"
        )
    try:
        array = np.asanyarray(values)
    except (TypeError, ValueError, RuntimeError) as error:
        # a list of images of different shapes, or a tensor on another device
        raise InputError(f"{what} cannot be converted to an array: {error}") from None
    if isinstance(array, np.ma.MaskedArray) and np.ma.is_masked(array):
        mend = "write images.filled(0)" if what == "images" else "leave these images out"
        raise InputError(f"{what} with masked values: {mend}")
    if array.ndim == 0:
        mend = f"; it has .{what}" if hasattr(values, what) else ""
        raise InputError(f"{what} are a single {type(values).__name__}, not an array{mend}")
    return np.asarray(array), f"np.asarray({what})"


# --- Images --------------------------------------------------------------------


def _integers_as_bytes(images: NDArray[Any], name: str) -> Bytes:
    """Return images of another integer type as bytes, if they are grey levels."""
    if images.dtype.kind not in "iu":
        _refuse_type(images, name)
    if images.size and not (images.min() >= 0 and images.max() <= 255):
        _refuse_levels(images)
    return images.astype(np.uint8)


def _refuse_type(images: NDArray[Any], name: str) -> NoReturn:
    """Raise the error for non-integer images, with the expression that makes them bytes."""
    kind = images.dtype.kind
    text = f"images of type {images.dtype}, not {GREY_LEVELS}"
    if kind == "b":
        raise InputError(f"{text}: write {name}.astype(np.uint8) * 255")
    if kind == "O":  # may be an array of arrays
        raise InputError(f"{text}: write np.array({name}.tolist())")
    if kind != "f":
        raise InputError(text)
    if not images.size:
        raise InputError(f"{text}: write {name}.astype(np.uint8)")
    low, high = float(images.min()), float(images.max())
    if not (math.isfinite(low) and math.isfinite(high)):
        raise InputError(f"images of type {images.dtype} with values that are not finite")
    scaled = [
        form for black, white, form in RANGES if abs(low - black) < NEAR and high < white + NEAR
    ]
    if not scaled and low >= 0 and high <= 255:
        scaled = ["{} * 255" if high <= 1 else "{}"]
    form = f"np.rint({scaled[0].format(name)}).astype(np.uint8)" if scaled else None
    _refuse_levels(images, form)


def _refuse_levels(images: NDArray[Any], mend: str | None = None) -> NoReturn:
    """Raise the error for images of another range, with the expression that fixes a known one."""
    low, high = images.min(), images.max()
    wanted = "integers" if low >= 0 and 1 < high <= 255 else GREY_LEVELS
    text = f"images of {images.dtype} from {low:g} to {high:g}, not {wanted}"
    raise InputError(f"{text}: write {mend}" if mend else text)


def _mend_shape(shape: tuple[int, ...], name: str) -> str:
    """Return the expected shapes, or the expression that reshapes these images."""
    if shape[-3:] in ((1, SIDE, SIDE), (SIDE, SIDE, 1)):
        return f"write {name}.reshape(-1, 28, 28)"
    if shape[-1:] == (PIXELS + 1,):
        return f"expected {PIXELS} pixels in a row, without the label"
    if len(shape) == 2 and shape[0] == PIXELS:
        return f"write {name}.T"
    if len(shape) > 2 and (shape[-1] in COLOURS or shape[-3] in COLOURS):
        return "colour pictures: Brain.read takes their files"
    return "expected (n, 28, 28) or (n, 784); Brain.read takes pictures of any size"


# --- Labels --------------------------------------------------------------------


def _mend_label_shape(labels: NDArray[Any], name: str) -> str:
    if labels.ndim == 2 and 1 in labels.shape:
        return f": write {name}.ravel()"
    if labels.ndim == 2 and labels.shape[1] == DIGITS:
        return f": write {name}.argmax(axis=1) if they are one-hot"
    return ""


def _mend_type(labels: NDArray[Any], name: str) -> str:
    """Return the expression that converts labels to integers, if their values are whole."""
    if labels.dtype.kind in "bcmM":  # truth values, complex numbers, times
        return ""
    try:
        numbers = labels.astype(np.float64)
    except (TypeError, ValueError):
        return ""
    if not (np.isfinite(numbers).all() and (numbers % 1 == 0).all()):
        return ""
    try:
        labels.astype(int)
    except ValueError:  # "5.0"
        return f": write {name}.astype(float).astype(int)"
    return f": write {name}.astype(int)"


def _refuse_labels(labels: Labels, name: str) -> NoReturn:
    low, high = int(labels.min()), int(labels.max())
    mend = ""
    if (low, high) == (1, DIGITS):
        mend = f": write {name} - 1 if they count from 1, or {name} % 10 if 10 stands for 0"
    raise InputError(f"labels from {low} to {high}, expected 0 to 9{mend}")
