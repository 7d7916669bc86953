"""Pictures that would take much memory or time, or that are none."""

from __future__ import annotations

import struct
import zlib

import numpy as np
from PIL import Image

from tests.soak import mutations as m
from tests.soak.samples import drawn, saved


def _png(
    width: int, height: int, *more: bytes, kind: int = 0, depth: int = 8, data: bytes = b""
) -> bytes:
    """Return a PNG of a size, with other chunks before its pixels."""
    head = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0)
    pixels = data or zlib.compress(bytes(min(height * (width + 1), 1 << 22)))
    chunks = [m.png_chunk(b"IHDR", head), *more, m.png_chunk(b"IDAT", pixels)]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks) + m.png_chunk(b"IEND", b"")


def pictures() -> dict[str, bytes]:
    """Return pictures that may be read, at a bounded price."""
    grey = drawn("L")
    text = m.png_chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(1 << 26), 9))
    profile = m.png_chunk(b"iCCP", b"icc\0\0" + zlib.compress(bytes(1 << 26), 9))
    many = {"save_all": True, "append_images": [grey.rotate(i) for i in range(1500)]}
    progressive = saved(drawn("RGB", 200), "JPEG", progressive=True)
    scan = progressive[progressive.rindex(b"\xff\xda") : -2]
    found: dict[str, bytes] = {
        "text bomb.png": _png(60, 60, text),
        "many text bombs.png": _png(60, 60, *[text] * 20),
        "profile bomb.png": _png(60, 60, profile),
        "international text bomb.png": _png(
            60, 60, m.png_chunk(b"iTXt", b"a\0\1\0\0\0" + zlib.compress(bytes(1 << 26)))
        ),
        "no palette.png": _png(60, 60, kind=3),
        "short palette.png": _png(60, 60, m.png_chunk(b"PLTE", b"\0\0\0"), kind=3),
        "long palette.png": _png(60, 60, m.png_chunk(b"PLTE", bytes(3 * 999)), kind=3),
        "odd palette.png": _png(60, 60, m.png_chunk(b"PLTE", bytes(4)), kind=3),
        "much transparency.png": _png(60, 60, m.png_chunk(b"tRNS", bytes(999))),
        "pixel bomb.png": _png(60, 60, data=zlib.compress(bytes(1 << 27))),
        "many chunks.png": _png(60, 60, *[m.png_chunk(b"teXt", b"")] * 100_000),
        "frames of a file.png": saved(grey, "PNG", **many),
        "frames of a file.gif": saved(grey, "GIF", **many),
        "frames of a file.webp": saved(grey, "WEBP", **many),
        "frames of a file.tiff": saved(grey, "TIFF", **many),
        "scans.jpg": progressive[:-2] + 20_000 * scan + b"\xff\xd9",
        "scans, hidden.jpg": progressive[:-2] + 20_000 * (b"\xff\x01" + scan) + b"\xff\xd9",
        "cut.jpg": progressive[:-200],
        "line.png": _png(1, 100_000),
        "line down.pgm": b"P5 1 4000000 255\n" + bytes(range(250)) * 16_000,
        "line across.pgm": b"P5 4000000 1 255\n" + bytes(range(250)) * 16_000,
        "noise.png": saved(_noise(1500), "PNG", compress_level=1),
        "comments.pgm": b"P5\n" + b"#" * 2_000_000 + b"\n1 1 255\nx",
        "text numbers.pgm": b"P2 60 60 255\n" + b"9" * 2_000_000,
        "negative.pfm": b"Pf 60 -60 -1.0\n" + b"\xff" * 14_400,
    }
    for size in ((7000, 7000), (8160, 6120), (5000, 5000)):
        name = f"{size[0]} x {size[1]}"
        for kind, mode in enumerate(("L", None, "RGB", None, "LA", None, "RGBA")):
            if mode:
                found[f"{name} {mode}.png"] = _large(*size, kind, len(mode))
    vast = Image.new("RGBA", (5000, 5000))
    found["25 megapixels.webp"] = saved(vast, "WEBP", lossless=True, quality=0, method=0)
    for orientation in (0, 9, 65535):
        exif = Image.Exif()
        exif[0x0112] = orientation
        found[f"orientation {orientation}.jpg"] = saved(drawn("RGB"), "JPEG", exif=exif)
    nonsense = {
        "type": b"II*\0\x08\0\0\0\x01\0\x12\x01\x02\0\xff\xff\xff\xff\0\0\0\0",
        "count": b"II*\0\x08\0\0\0\xff\xff\x12\x01\x03\0\xff\xff\xff\xff\0\0\0\0",
        "loop": b"II*\0\x08\0\0\0\x01\0\x69\x87\x04\0\x01\0\0\0\x08\0\0\0\x08\0\0\0",
        "text": b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x02\0\0\0\x04six\0\0\0\0\0",
    }
    for what, body in nonsense.items():
        found[f"exif {what}.jpg"] = saved(drawn("RGB"), "JPEG", exif=b"Exif\0\0" + body)
        found[f"exif {what}.png"] = saved(drawn("RGB"), "PNG", exif=b"Exif\0\0" + body)
    return found


def _noise(side: int) -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (side, side), np.uint8))


def _large(width: int, height: int, kind: int, channels: int) -> bytes:
    rows = bytes(1 + channels * width)
    packer = zlib.compressobj(1)
    data = [packer.compress(rows * 100) for _ in range(0, height, 100)]
    return _png(width, height, kind=kind, data=b"".join(data) + packer.flush())


def no_pictures() -> dict[str, bytes]:
    """Return what is no picture of a kind that is read, or too large."""
    grey = drawn("L")
    vast = (1 << 31) - 1
    return {
        "vast.png": _png(vast, vast),
        "wide.png": _png(vast, 1),
        "many pixels.png": _png(20_000, 20_000, kind=6, depth=16),
        "above the bound.png": _png(8000, 7000),
        "vast.gif": saved(grey, "GIF")[:6] + b"\xff" * 4 + saved(grey, "GIF")[10:],
        "vast.pgm": b"P5 4000000000 4000000000 255\nx",
        "negative.pgm": b"P5 -1 -1 255\nx",
        "vast.bmp": saved(grey, "BMP")[:18] + b"\xff\xff\xff\x7f" * 2 + saved(grey, "BMP")[26:],
        "vast.webp": b"RIFF\x24\0\0\0WEBPVP8X\x0a\0\0\0\x10\0\0\0" + b"\xfe\x3f\0" * 2,
        "postscript.png": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"
        b"%%EndComments\nshowpage\n",
        "vector.png": b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>",
        "document.png": saved(drawn("RGB"), "PDF"),
        "icon.png": saved(grey, "ICO"),
        "tga.png": saved(grey, "TGA"),
        "pcx.png": saved(grey, "PCX"),
        "dds.png": saved(drawn("RGBA"), "DDS"),
        "jpeg2000.png": saved(grey, "JPEG2000"),
        "sgi.png": saved(grey, "SGI"),
        "im.png": saved(grey, "IM"),
        "xbm.png": saved(drawn("1"), "XBM"),
        "page.png": b"<!doctype html><title>404</title>",
    }
