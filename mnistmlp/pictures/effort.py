"""Bounds on the effort of decoding a picture, whatever its bytes demand.

A few bytes can demand another pass over all pixels, or make Pillow copy everything it
has read so far once more.  Ordinary pictures are far below each bound.
"""

from __future__ import annotations

import contextlib
import io
import math
import re
import struct

from PIL import Image

MAX_SCANS = 100  # of a JPEG, each a pass over all pixels; 10 are usual
MAX_PASSES = 100  # passes over all pixels by overlapping strips or tiles of a TIFF
MAX_STRIPS = 100_000  # or tiles, of a TIFF; each takes memory
MAX_EXIF = 1 << 17  # bytes; a JPEG usually has one block of at most 65,533.  Values may overlap
MAX_COMMENTS = 100  # in a PBM, PGM or PPM of text; Pillow copies what follows each
MAX_READS = 100_000  # by Pillow before the pixels: it reads byte by byte in some places
MAX_RLE_PIXELS = 8_000_000  # of a BMP: Pillow fills lines pixel by pixel
MARKER = re.compile(rb"\xff([^\x00\x01\xd0-\xd7\xff])")  # without +, which would backtrack
EXIF = re.compile(rb"\xff\xe1(..)Exif\0\0", re.DOTALL)  # the beginning of a JPEG's block
STRIP_TAGS = (273, 324)  # of a TIFF: StripOffsets, TileOffsets


class PictureBytes(io.BytesIO):
    """A picture's bytes, with a limit on what Pillow reads before the pixels."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.reads_left, self.bytes_left = float(MAX_READS), 2.0 * len(data) + MAX_EXIF

    def read(self, size: int | None = -1) -> bytes:
        """Read bytes; raise ValueError if that makes too many."""
        found = super().read(size)
        self.reads_left -= 1
        self.bytes_left -= len(found)
        if min(self.reads_left, self.bytes_left) < 0:
            raise ValueError("too many bytes before the pixels")
        return found

    def lift_bounds(self) -> None:
        """Let Pillow read the pixels."""
        self.reads_left = self.bytes_left = math.inf


def check_bytes(data: bytes) -> None:
    """Raise ValueError if opening or decoding a picture takes too much effort."""
    kind = data[:2]
    if kind == b"\xff\xd8" and count_scans(data) > MAX_SCANS:
        raise ValueError(f"more than {MAX_SCANS} scans")
    if kind == b"\xff\xd8" and sum(map(int.from_bytes, EXIF.findall(data))) > MAX_EXIF:
        raise ValueError(f"more than {MAX_EXIF:,} bytes of Exif")
    if kind in (b"P1", b"P2", b"P3") and data.count(b"#") > MAX_COMMENTS:
        raise ValueError(f"more than {MAX_COMMENTS} comments")
    if kind in (b"II", b"MM") and _count_strips(data) > MAX_STRIPS:
        raise ValueError(f"more than {MAX_STRIPS:,} strips or tiles")


def check_picture(picture: Image.Image) -> None:
    """Raise ValueError if decoding an open picture takes too much effort."""
    text = picture.info.get("Raw profile type exif", "")  # in hexadecimal
    if max(len(picture.info.get("exif", b"")), len(text) // 2) > MAX_EXIF:
        raise ValueError(f"more than {MAX_EXIF:,} bytes of Exif")
    tiles = getattr(picture, "tile", [])
    pixels = picture.width * picture.height
    if pixels > MAX_RLE_PIXELS and tiles and tiles[0][0] == "bmp_rle":
        raise ValueError(
            f"run-length encoded, with more than {MAX_RLE_PIXELS // 10**6} million pixels"
        )
    areas = ((right - left) * (low - top) for left, top, right, low in (tile[1] for tile in tiles))
    if sum(areas) > MAX_PASSES * pixels:
        raise ValueError("overlapping strips or tiles")


def count_scans(data: bytes) -> int:
    """Return how many scans a JPEG has, or an upper bound of at most `MAX_SCANS`.

    ITU-T T.81, annex B: a segment has a marker and a length; a scan's data follow its
    segment, where FF is followed by 0 or a restart marker.
    """
    scans, place = data.count(b"\xff\xda"), 2
    if scans <= MAX_SCANS:
        return scans  # an upper bound: these bytes may also occur elsewhere
    scans = 0
    while (match := MARKER.search(data, place)) and match[1] != b"\xd9":  # the end
        scans += match[1] == b"\xda"
        place = match.end() + int.from_bytes(data[match.end() : match.end() + 2])
    return scans


def _count_strips(data: bytes) -> int:
    """Return how many strips or tiles a TIFF claims for its first picture.

    Adobe, TIFF 6.0 (1992), section 2; BigTIFF has the number 43, and numbers of 8 bytes.
    """
    order, big = "<" if data[:2] == b"II" else ">", 43 in data[2:4]
    strips = 0
    with contextlib.suppress(struct.error):  # the rest is missing, which Pillow will report
        (start,) = struct.unpack_from(order + ("Q" if big else "L"), data, 8 if big else 4)
        (entries,) = struct.unpack_from(order + ("Q" if big else "H"), data, start)
        entry, place = (
            struct.Struct(order + ("HHQ8x" if big else "HHL4x")),
            start + 8 - 6 * (not big),
        )
        for number in range(entries):
            tag, _, count = entry.unpack_from(data, place + number * entry.size)
            strips += count * (tag in STRIP_TAGS)
    return strips
