"""From any picture of one digit to 28 x 28 grey levels as MNIST has them.

MNIST's own procedure: the digit is scaled to fit a box of 20 x 20 pixels with
its aspect kept, and placed with its centre of mass in the middle of 28 x 28.
LeCun, Bottou, Bengio and Haffner, "Gradient-based learning applied to document
recognition", Proceedings of the IEEE 86 (1998), section III.A.
"""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import BinaryIO, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from mnistmlp.core import SIDE, Bytes
from mnistmlp.errors import PictureError

Invert = Literal["auto", "yes", "no"]
Grey = NDArray[np.float32]

FORMATS = ("PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF", "PPM")
BOX = 20  # pixels
MIDDLE = 14.0  # where MNIST has the centre of mass, mean of the training images
LEAST_CONTRAST = 24  # grey levels between ink and background, of 255
MAX_BYTES = 1 << 28


def read_picture(source: Path | BinaryIO, *, invert: Invert = "auto") -> Bytes:
    """Read a picture of one digit.

    Parameters
    ----------
    source : Path or binary stream
        PNG, JPEG, GIF (first frame), BMP, WebP, TIFF or PPM.
    invert : {'auto', 'yes', 'no'}
        Whether dark ink on a light ground is to be turned into light on dark;
        ``auto`` goes by the border.

    Returns
    -------
    (28, 28) uint8
        Light ink on 0, scaled and centred as MNIST's images are.

    Raises
    ------
    PictureError
        If it cannot be read, has too many pixels, or shows no ink.
    """
    name = str(source) if isinstance(source, Path) else "-"
    ink = separate_ink(load_grey(_read(source, name), name), invert)
    if ink is None:
        raise PictureError(f"{name}: no ink found")
    return centre(scale(crop(ink)))


def _read(source: Path | BinaryIO, name: str) -> bytes:
    """Read the bytes of a picture, up to a bound."""
    try:
        if not isinstance(source, Path):
            return source.read(MAX_BYTES)
        if source.exists() and not source.is_file():
            raise PictureError(f"{name}: not a regular file")
        with source.open("rb") as file:
            return file.read(MAX_BYTES)
    except OSError as error:
        raise PictureError(f"{name}: {error.strerror}") from None


def load_grey(data: bytes, name: str) -> Grey:
    """Decode a picture, turned upright and composed on white, as grey levels (h, w)."""
    try:
        with warnings.catch_warnings(action="ignore"):
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
                return _flatten(ImageOps.exif_transpose(picture))
    except UnidentifiedImageError:
        known = ", ".join(FORMATS)
        raise PictureError(f"{name}: not a picture of a known kind ({known})") from None
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        most = (Image.MAX_IMAGE_PIXELS or 0) // 10**6
        raise PictureError(f"{name}: more than {most} million pixels") from None
    except Exception as error:  # decoders raise of many kinds on damaged bytes
        raise PictureError(f"{name}: damaged picture: {error}") from None


def _flatten(picture: Image.Image) -> Grey:
    """Return grey levels 0 … 255 on white."""
    if picture.mode[0] in "IF":  # integers of 16 or 32 bits, or floats: Pillow would clip them
        levels = np.asarray(picture, np.float32)
        whites = (65535,) if "16" in picture.mode else (1, 255, 65535)
        white = next((white for white in whites if levels.max() <= white), levels.max())
        return levels * np.float32(255 / white)
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        ground = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(ground, picture)
    return np.asarray(picture.convert("L"), np.float32)


def separate_ink(grey: Grey, invert: Invert = "auto") -> Grey | None:
    """Return how far each pixel (h, w) stands out of the background; None where nothing does.

    The background is the median of the border.  What stands out by less than
    half of Otsu's threshold counts as background too, but for the soft edge of
    a stroke: the pixels that touch stronger ones.
    """
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    background = np.median(border)
    dark = invert == "yes" or (invert == "auto" and background > (grey.min() + grey.max()) / 2)
    ink: Grey = np.maximum(background - grey if dark else grey - background, 0)
    if ink.max() < LEAST_CONTRAST:
        return None
    ink[~_grown(ink >= otsu_threshold(ink) / 2)] = 0
    return ink


def _grown(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the pixels of a mask (h, w) and their eight neighbours."""
    rows = mask.copy()
    rows[1:] |= mask[:-1]
    rows[:-1] |= mask[1:]
    grown = rows.copy()
    grown[:, 1:] |= rows[:, :-1]
    grown[:, :-1] |= rows[:, 1:]
    return grown


def otsu_threshold(grey: Grey) -> float:
    """Return the level that splits grey levels into the two classes furthest apart.

    Otsu, "A threshold selection method from gray-level histograms", IEEE
    Transactions on Systems, Man and Cybernetics 9 (1979), equation 18.
    """
    counts, edges = np.histogram(grey, 256)
    levels = (edges[:-1] + edges[1:]) / 2
    weight = np.cumsum(counts) / grey.size  # ω(k)
    mean = np.cumsum(counts * levels) / grey.size  # μ(k)
    spread = weight * (1 - weight)
    with np.errstate(divide="ignore", invalid="ignore"):
        between = np.where(spread > 0, (mean[-1] * weight - mean) ** 2 / spread, 0)
    return float(edges[between.argmax() + 1])


def crop(ink: Grey) -> Grey:
    """Cut to the rows and columns that have ink."""
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def scale(ink: Grey) -> Grey:
    """Scale the longer side to 20 pixels, the aspect kept, and the strongest ink to 255."""
    factor = BOX / max(ink.shape)
    height, width = (max(1, round(side * factor)) for side in ink.shape)
    picture = Image.fromarray(ink).resize((width, height), Image.Resampling.BILINEAR)
    scaled = np.asarray(picture, np.float32)
    return scaled * np.float32(255 / scaled.max())


def centre(ink: Grey) -> Bytes:
    """Place ink (h, w), at most 20 a side, with its centre of mass in the middle of 28 x 28."""
    field = np.zeros((SIDE, SIDE), np.uint8)
    total = ink.sum()
    corner = []
    for axis, side in enumerate(ink.shape):
        mass = ink.sum(axis=1 - axis) @ np.arange(side) / total
        corner.append(min(max(round(MIDDLE - mass), 0), SIDE - side))
    top, left = corner
    field[top : top + ink.shape[0], left : left + ink.shape[1]] = np.rint(ink)
    return field
