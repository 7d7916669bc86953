"""From any picture of one digit to 28 x 28 grey levels like MNIST's.

MNIST's own procedure: the digit is scaled to fit a box of 20 x 20 pixels,
keeping its aspect ratio, and placed with its centre of mass in the middle of 28 x 28.
LeCun, Bottou, Bengio and Haffner, "Gradient-based learning applied to document
recognition", Proceedings of the IEEE 86 (1998), section III.A.  First the
digit has to be found: `ink` and `components` do that, and `strokes` makes thin
strokes as wide as MNIST's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
from PIL import Image

from mnistmlp.arrays import SIDE, Bytes, Grey, StrPath
from mnistmlp.errors import PictureError, check_choice
from mnistmlp.pictures.background import ring
from mnistmlp.pictures.decoding import load_grey, read_bytes
from mnistmlp.pictures.ink import (
    INVERT,
    Ink,
    Invert,
    find_sheet,
    ink_box,
    no_ink_error,
    separate_ink,
)
from mnistmlp.pictures.numbers.several import count_digits
from mnistmlp.pictures.rulings import erase_rulings
from mnistmlp.pictures.strokes import stroke_width, widen

BOX = 20  # pixels
MIDDLE = 14.0  # pixels: the mean centre of mass of MNIST's training images
FINE = 4  # resolution at which strokes are widened, relative to the box
THIN, TYPICAL = 1.7, 2.1  # pixels: 5 and 30 % of MNIST's images have thinner strokes
MIN_WIDTH = 1.25  # pixels: hardly any MNIST image has thinner strokes
FAINT = 25.0  # highest grey level of the edge of a stroke
PLACES = np.arange(SIDE, dtype=np.float32)


@dataclass(frozen=True)
class Reading:
    """A picture on its way to an image, with the result of each step."""

    image: Bytes  # (28, 28)
    grey: Grey  # (h, w), 0 to 255: the picture, upright, opaque, reduced, without rulings
    ink: Grey | None = None  # (h, w), 0 to 1; None if the picture was used unchanged
    dark: bool | None = None  # whether the ink was dark, so that the picture was inverted
    box: tuple[int, int, int, int] | None = None  # of the ink in `grey`: top, left, bottom, right
    width: float | None = None  # of strokes, in pixels of the image, before widening
    count: int = 1  # about how many digits the picture plainly shows


def read_picture(
    source: StrPath | BinaryIO,
    *,
    invert: Invert = "auto",
    centred: bool = True,
    raw: bool = False,
) -> Bytes:
    """Read a picture of one digit like `examine_picture`, and return the image (28, 28)."""
    return examine_picture(source, invert=invert, centred=centred, raw=raw).image


def examine_picture(
    source: StrPath | BinaryIO,
    *,
    invert: Invert = "auto",
    centred: bool = True,
    raw: bool = False,
) -> Reading:
    """Read a picture of one digit, and keep the result of each step.

    Parameters
    ----------
    source : path or binary stream
        PNG, JPEG, GIF (first frame), BMP, WebP, TIFF or PPM.
    invert : {'auto', 'yes', 'no'}
        Whether to invert the picture because it shows dark ink on a light
        background; ``auto`` finds out.
    centred : bool
        Crop to the ink, scale and centre it.  Otherwise the whole picture is
        scaled, and the digit stays where it is.
    raw : bool
        Use a picture of 28 x 28 pixels unchanged.

    Returns
    -------
    Reading
        Its image has light ink on black, scaled and centred like MNIST's.  A picture
        that is already like that is left unchanged.

    Raises
    ------
    NoInkError
        If it shows no ink.
    PictureError
        If it cannot be read or has too many pixels.
    SettingError
        If `invert` is invalid.
    """
    check_choice("invert", invert, INVERT)
    data, name = read_bytes(source)
    grey = load_grey(data, name)
    if raw and grey.shape != (SIDE, SIDE):
        raise PictureError(f"{name}: {grey.shape[1]} x {grey.shape[0]} pixels, not 28 x 28")
    ready = _make_ink_light(grey, invert) if raw else find_ready(grey, invert)
    if raw and ready is not None and ready.max() == 1:
        raise PictureError(f"{name}: grey levels from 0 to 1, expected 0 to 255")
    if ready is not None:
        return Reading(np.rint(ready).astype(np.uint8), grey, dark=ready is not grey)
    ink = separate_ink(erase_rulings(grey), invert)
    if not ink:
        raise no_ink_error(name, grey, invert)
    return _normalise(ink, invert) if centred else _normalise_whole(ink)


def _normalise(ink: Ink, invert: Invert) -> Reading:
    """Crop, scale and centre the ink of a picture."""
    count, whole = count_digits(ink.grey, ink.strength), ink.grey
    ink = _crop_to_digit(ink, invert)
    if ink.grey is not whole:
        count = max(count, count_digits(ink.grey, ink.strength))
    box = ink_box(ink.strength)
    image, width = fit_into_image(ink.strength[box[0] : box[2], box[1] : box[3]])
    return Reading(image, ink.grey, ink.strength, ink.dark, box, width, count)


def fit_into_image(ink: Grey) -> tuple[Bytes, float]:
    """Return ink cropped to the digit as an image (28, 28), and the width of its strokes."""
    image, width = _scale_strokes(ink, BOX)
    return centre(image), width


def _crop_to_digit(ink: Ink, invert: Invert) -> Ink:
    """Return the ink in the part of a picture that holds the digit.

    The filters suit a digit that fills the picture.  So a sheet of paper is cut out of
    its surroundings, and the ink of a small digit is separated again within its own
    neighbourhood.
    """
    if sheet := find_sheet(ink.grey, ink.strength):
        ink = separate_ink(erase_rulings(ink.grey[sheet]), invert) or ink
    for _ in range(2):
        grey, (top, left, bottom, right) = ink.grey, ink_box(ink.strength)
        if 3 * max(bottom - top, right - left) >= max(grey.shape):
            break
        around = max(bottom - top, right - left) // 2 + 2
        near = grey[max(0, top - around) : bottom + around, max(0, left - around) : right + around]
        closer = separate_ink(near, "yes" if ink.dark else "no")
        if not closer:
            break
        ink = closer
    return ink


def _normalise_whole(ink: Ink) -> Reading:
    """Scale the whole picture, leaving its ink where it is."""
    image, width = _scale_strokes(square(ink.strength), SIDE)
    box = ink_box(ink.strength)
    count = count_digits(ink.grey, ink.strength)
    scaled = np.rint(image).astype(np.uint8)
    return Reading(scaled, ink.grey, ink.strength, ink.dark, box, width, count)


def _scale_strokes(ink: Grey, side: int) -> tuple[Grey, float]:
    """Scale ink to a side in pixels and widen thin strokes; also return their width before."""
    fine = scale(ink, FINE * side)
    width = stroke_width(fine) / FINE
    if width < THIN:
        radius = FINE * (TYPICAL - width) / 2
        room = int(np.ceil(radius)) if side == BOX else 0
        fine = widen(np.pad(fine, room), radius)
    scaled = scale(fine, side)
    return scaled * (255 / scaled.max()), width


def find_ready(grey: Grey, invert: Invert) -> Grey | None:
    """Return light ink on black if a picture is already like MNIST's images, or None.

    They have strong strokes in a box of 20 pixels, with the centre of mass in the
    middle, on a background of 0.
    """
    if grey.shape != (SIDE, SIDE):
        return None
    candidates = {"no": (grey,), "yes": (255 - grey,), "auto": (grey, 255 - grey)}[invert]
    return next((image for image in candidates if _is_ready(image)), None)


def _is_ready(image: Grey) -> bool:
    """Tell whether an image (28, 28) is like MNIST's."""
    if (
        np.count_nonzero(ring(image, 0) > 10) > 3
        or np.count_nonzero(image > FAINT) > image.size / 2
    ):
        return False
    if image.max() < 200 or stroke_width(image / np.float32(255)) < MIN_WIDTH:
        return False
    top, left, bottom, right = ink_box(image, FAINT)
    rows, columns = image.sum(axis=1), image.sum(axis=0)
    mass = [sums @ PLACES / rows.sum() for sums in (rows, columns)]
    return 17 <= max(bottom - top, right - left) <= 21 and bool(
        np.abs(np.subtract(mass, MIDDLE - 0.1)).max() < 1.2
    )


def _make_ink_light(grey: Grey, invert: Invert) -> Grey:
    return 255 - grey if invert == "yes" else grey


def square(ink: Grey) -> Grey:
    """Return ink in the middle of a square."""
    height, width = ink.shape
    side = max(ink.shape)
    top, left = (side - height) // 2, (side - width) // 2
    return np.pad(ink, ((top, side - height - top), (left, side - width - left)))


def scale(ink: Grey, side: int) -> Grey:
    """Scale the longer side to a number of pixels, keeping the aspect ratio."""
    factor = side / max(ink.shape)
    height, width = (max(1, round(size * factor)) for size in ink.shape)
    how = Image.Resampling.BOX if factor < 1 else Image.Resampling.BICUBIC
    return np.asarray(Image.fromarray(ink).resize((width, height), how)).clip(0, 1)


def centre(ink: Grey) -> Bytes:
    """Place ink of at most 20 x 20 pixels with its centre of mass in the middle of 28 x 28."""
    field = np.zeros((SIDE, SIDE), np.uint8)
    total = ink.sum()
    corner = []
    for axis, side in enumerate(ink.shape):
        mass = ink.sum(axis=1 - axis) @ np.arange(side) / total
        corner.append(min(max(round(MIDDLE - mass), 0), SIDE - side))
    top, left = corner
    field[top : top + ink.shape[0], left : left + ink.shape[1]] = np.rint(ink)
    return field
