"""Decoding untrusted pictures of many formats to grey levels.

Whatever a file claims, decoding it takes no more memory than a photograph of 50
megapixels, and time in proportion to its pixels and bytes.
"""

from __future__ import annotations

import contextlib
import ctypes
import io
import logging
import math
import os
import re
import stat
from functools import cache
from pathlib import Path
from textwrap import shorten
from typing import BinaryIO, NamedTuple

import numpy as np
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError, _imaging

from mnistmlp.arrays import Grey, Mask, StrPath
from mnistmlp.atomic import cause_of
from mnistmlp.errors import (
    InputError,
    LargePictureError,
    OtherKindError,
    PictureDeviceError,
    PictureError,
    PictureFolderError,
)
from mnistmlp.pictures.components import Components
from mnistmlp.pictures.effort import PictureBytes, check_bytes, check_picture
from mnistmlp.pictures.evidence import MIN_SEPARABILITY
from mnistmlp.pictures.filters import separability

FORMATS = ("PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF", "PPM")
WORKING_SIDE = 256  # pixels: pictures with the area of a square twice as wide are reduced
ELONGATION = 8  # likewise those longer than twice this many working sides, however thin
MIN_FILLED = 0.75  # of its bounding box by a card: a disc fills pi / 4
MIN_SPREAD = 32  # grey levels between a card and the ink on it
QUARTER_TURNS = (5, 6, 7, 8)  # EXIF's orientations that swap height and width
LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601
MAX_BYTES = 1 << 28
MAX_PIXELS = 51_000_000  # in other formats than these, which need less or more memory per pixel
MAX_PIXELS_OF = {"JPEG": 89_000_000, "MPO": 89_000_000, "WEBP": 25_000_000}
OTHER_KINDS = {  # by first bytes
    "a HEIC picture": re.compile(rb".{4}ftyp(?:he|mif1|msf1)", re.DOTALL),
    "an AVIF picture": re.compile(rb".{4}ftypavi", re.DOTALL),
    "an SVG drawing": re.compile(rb"(?:\xef\xbb\xbf)?\s{,99}<(?:svg|[?!].{,2000}<svg)", re.DOTALL),
    "a PDF document": re.compile(rb"%PDF-"),
}
CONVERT_HINT = "save such files as PNG or JPEG first"

# without a handler, Python writes what Pillow logs about damaged files to stderr
logging.getLogger("PIL").addHandler(logging.NullHandler())


def read_bytes(source: StrPath | BinaryIO) -> tuple[bytes, str]:
    """Return the bytes of a picture and its name, that of its file or - for standard input.

    Raises
    ------
    LargePictureError
        If there are more than `MAX_BYTES`.
    PictureError
        If it is empty or cannot be read.
    InputError
        If it is neither a path nor a binary stream.
    """
    name = _name_of(source)
    try:
        if isinstance(source, str | os.PathLike):
            data = _read_file(Path(source), name)
        else:
            data = _read_stream(source)
    except OSError as error:
        raise PictureError(f"{name}: {cause_of(error)}") from None
    _check_size(len(data), name)
    if not data:
        raise PictureError(f"{name}: empty")
    return data, name


def _name_of(source: StrPath | BinaryIO) -> str:
    if isinstance(source, str | os.PathLike):
        return os.fspath(source)
    name = getattr(source, "name", None)
    return name.replace("<stdin>", "-") if isinstance(name, str) else "stream"


def _read_stream(source: BinaryIO) -> bytes:
    """Read the bytes of a stream; raise InputError if it is not a binary stream."""
    if not hasattr(source, "read"):
        kind = type(source).__name__
        mend = "io.BytesIO holds bytes, and predict takes arrays of 28 x 28"
        raise InputError(f"a picture is a path or a binary stream, not of type {kind}: {mend}")
    data = "" if isinstance(source, io.TextIOBase) else source.read(MAX_BYTES + 1)
    if not isinstance(data, bytes):
        raise InputError("a text stream instead of a picture: open it in mode 'rb'")
    return data


def _read_file(path: Path, name: str) -> bytes:
    """Read the bytes of a file or a pipe."""
    if not name:
        raise PictureError("'': the name is empty")
    if "\0" in name:
        raise PictureError(f"{name}: not a file name")
    status = path.stat()
    if stat.S_ISDIR(status.st_mode):
        raise PictureFolderError(f"{name}: a folder")
    pipe = stat.S_ISFIFO(status.st_mode)
    if not (pipe or stat.S_ISREG(status.st_mode)):
        raise PictureDeviceError(f"{name}: neither a file nor a pipe")
    if not pipe:
        _check_size(status.st_size, name)
    with open_at_once(path) as file:
        return file.read(MAX_BYTES + 1 if pipe else status.st_size)


def open_at_once(path: Path) -> BinaryIO:
    """Open a file or a pipe for reading; a pipe without a writer is empty."""
    if not hasattr(os, "O_NONBLOCK"):  # Windows, where no file is a pipe
        return path.open("rb")
    file = io.FileIO(path, opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK))
    os.set_blocking(file.fileno(), True)
    return io.BufferedReader(file)


def _check_size(size: int, name: str) -> None:
    """Raise LargePictureError if there are too many bytes."""
    if size > MAX_BYTES:
        raise LargePictureError(f"{name}: more than {MAX_BYTES:,} bytes")


class Decoded(NamedTuple):
    """A picture, upright and opaque on a plain background."""

    grey: Grey  # (h, w), 0 to 255, reduced if it was large
    size: tuple[int, int]  # height and width before that


def load_grey(data: bytes, name: str) -> Grey:
    """Decode a picture to grey levels (h, w), as `decode` does."""
    return decode(data, name).grey


def decode(data: bytes, name: str, side: int = WORKING_SIDE) -> Decoded:
    """Decode a picture; one with the area of a square twice as wide as `side` is reduced."""
    try:
        check_bytes(data)
        file = PictureBytes(data)
        with Image.open(file, formats=FORMATS) as picture:
            file.lift_bounds()
            most = MAX_PIXELS_OF.get(picture.format or "", MAX_PIXELS)
            if picture.width * picture.height > most:
                raise Image.DecompressionBombError(f"more than {most // 10**6} million")
            if picture.format == "TIFF":
                _silence_libtiff()
            check_picture(picture)
            width, height = picture.size
            turned = picture.getexif().get(ExifTags.Base.Orientation, 1) in QUARTER_TURNS
            picture.draft("RGB", (2 * side, 2 * side))  # JPEG: less to decode
            ImageOps.exif_transpose(picture, in_place=True)
            return Decoded(_to_grey(picture, side), (width, height) if turned else (height, width))
    except UnidentifiedImageError:
        raise _unknown_kind(data, name) from None
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise LargePictureError(f"{name}: too many pixels: {error}") from None
    except MemoryError:
        raise
    except Exception as error:  # on damaged bytes, decoders raise exceptions of many kinds
        what = shorten(str(error), 150, placeholder=" ...") or type(error).__name__
        raise PictureError(f"{name}: damaged picture: {what}") from None


def _unknown_kind(data: bytes, name: str) -> PictureError:
    """Return the error for bytes that are not a picture, or in an unsupported format."""
    known = ", ".join(FORMATS)
    for kind, start in OTHER_KINDS.items():
        if start.match(data):
            return PictureError(f"{name}: {kind}; supported formats are {known}", hint=CONVERT_HINT)
    return OtherKindError(f"{name}: not a picture in a supported format ({known})", source=name)


@cache
def _silence_libtiff() -> None:
    """Keep libtiff from writing errors to stderr; Pillow suppresses only its warnings.

    Pillow's wheels export the function; if it is missing, nothing changes.
    """
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(_imaging.__file__).TIFFSetErrorHandler(None)


def _to_grey(picture: Image.Image, side: int) -> Grey:
    """Return the grey levels of a picture, from 0 to 255, reduced if it is large."""
    numbers = picture.mode[0] in "IF"  # 16 or 32 bits, or floats: Pillow would clip them
    if numbers:
        mode = "F"
    elif picture.has_transparency_data:
        mode = "RGBA"
    else:
        mode = "L" if picture.mode in ("1", "L") else "RGB"
    if picture.mode != mode:  # a copy would waste memory
        picture = picture.convert(mode)
    mean = math.isqrt(picture.width * picture.height)
    if (factor := max(mean, max(picture.size) // ELONGATION) // side) > 1:
        picture = picture.reduce(factor)
    if picture.mode == "RGBA":
        picture = _composite(picture)
    levels = np.asarray(picture, np.float32)
    if numbers:
        return _rescale_levels(levels)
    return levels if levels.ndim == 2 else _project_colours(levels)


def _rescale_levels(levels: Grey) -> Grey:
    """Rescale levels of any range to 0 to 255; ValueError if some are not finite."""
    if not np.isfinite(levels).all():
        raise ValueError("some of its levels are not finite")
    wide = levels.astype(np.float64)  # their range may exceed float32's
    wide -= min(0, wide.min())
    return np.asarray(wide / max(wide.max() / 255, 1e-30), np.float32)


def _composite(picture: Image.Image) -> Image.Image:
    """Composite a picture with transparent parts on white, or on black if its ink is light.

    The opaque part is the ink, unless it is most of the picture: then it is the
    background.  A card with ink of its own is cut out, and its colour continued around.
    """
    alpha = np.asarray(picture.getchannel("A"))
    seen = alpha > alpha.max() / 2
    if card := _find_card(picture, seen):
        return card
    light = seen.any() and np.median(np.asarray(picture.convert("L"))[seen]) > 127
    black = not seen.all() and light != (seen.mean() > 0.5)
    background = Image.new("RGBA", picture.size, "black" if black else "white")
    return Image.alpha_composite(background, picture).convert("RGB")


def _find_card(picture: Image.Image, seen: Mask) -> Image.Image | None:
    """Cut out the opaque part of a picture if it is a card.

    A card fills its bounding box, like no digit except 1, and has two colours.
    """
    if seen.all() or not seen.any():
        return None
    pieces = Components(seen)
    largest = int(pieces.sizes().argmax())
    top, left, bottom, right = pieces.boxes()[largest].tolist()
    if pieces.sizes()[largest] < MIN_FILLED * (bottom - top) * (right - left):
        return None
    cut = picture.crop((left, top, right, bottom))
    colours = np.asarray(cut.convert("RGB"), np.float32)[seen[top:bottom, left:right]]
    levels = _project_colours(colours[None])
    if np.ptp(levels) < MIN_SPREAD or separability(levels) < MIN_SEPARABILITY:
        return None
    middle = np.median(colours, axis=0).astype(int).tolist()
    return Image.alpha_composite(Image.new("RGBA", cut.size, (*middle, 255)), cut).convert("RGB")


def _project_colours(levels: Grey) -> Grey:
    """Project colours (h, w, 3) onto the axis of their largest variance: grey levels (h, w).

    So yellow ink on white paper stands out as in the blue channel, and red on green as
    in their difference: it is the first principal component (Jolliffe, *Principal
    Component Analysis*, 2002, chapter 1).  Without colour, levels are luminance.
    """
    planes = np.ascontiguousarray(levels.reshape(-1, 3).T)  # three times as fast as by pixel
    red, green, blue = planes
    if max(np.abs(red - green).max(), np.abs(green - blue).max()) <= 8:
        return levels @ LUMINANCE
    centred = planes - planes.mean(axis=1)[:, None]
    axis = np.linalg.eigh(centred @ centred.T)[1][:, -1]
    axis *= (1 if axis.sum() >= 0 else -1) / np.abs(axis).sum()
    projected: Grey = levels @ axis - 255 * np.minimum(axis, 0).sum()  # from 0 to 255
    return projected
