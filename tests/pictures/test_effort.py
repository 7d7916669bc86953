"""Pictures that ask for far more effort than their size is worth."""

import io
import struct
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, strategies as st

from mnistmlp.errors import PictureError
from mnistmlp.pictures import effort
from mnistmlp.pictures.decoding import load_grey
from tests.pictures.test_images import seven


def saved(kind: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    seven(size=40).save(stream, kind, **options)
    return stream.getvalue()


JPEG, GIF, PNG = saved("JPEG"), saved("GIF"), saved("PNG")
EXIF = b"Exif\0\0II*\0\x08\0\0\0\0\0\0\0\0\0"
MEGABYTE = 1_000_000


def segment(kind: int, body: bytes) -> bytes:
    """Return a segment of a JPEG."""
    return struct.pack(">BBH", 0xFF, kind, len(body) + 2) + body


def with_segments(*segments: bytes) -> bytes:
    return JPEG[:2] + b"".join(segments) + JPEG[2:]


def chunk(kind: bytes, body: bytes) -> bytes:
    """Return a chunk of a PNG."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def with_chunk(kind: bytes, body: bytes) -> bytes:
    return PNG[:33] + chunk(kind, body) + PNG[33:]


def in_gif(extension: bytes) -> bytes:
    start = GIF.index(b",", 13 + 3 * (2 << (GIF[10] & 7)) if GIF[10] & 128 else 13)
    return GIF[:start] + extension + GIF[start:]


def tiff(strips: int, rows: int = 1, *, order: str = "<", big: bool = False) -> bytes:
    """Return a TIFF of 40 x 40 pixels that says that it has so many strips of so many rows."""
    entries = {
        256: (4, 1, 40), 257: (4, 1, 40), 258: (3, 1, 8), 259: (3, 1, 1), 262: (3, 1, 1),
        273: (4, strips, 1600), 277: (3, 1, 1), 278: (4, 1, rows), 279: (4, strips, 1600),
    }  # fmt: skip
    wide = "Q" if big else "L"
    head = struct.pack(order + "2sH", b"II" if order == "<" else b"MM", 43 if big else 42)
    head += struct.pack(order + "HHQ", 8, 0, 16) if big else struct.pack(order + "L", 8)
    body = struct.pack(order + ("Q" if big else "H"), len(entries))
    for tag, (kind, count, value) in entries.items():
        if kind == 3:
            body += struct.pack(order + "HH" + wide + "HH" + "4x" * big, tag, kind, count, value, 0)
        else:
            body += struct.pack(order + "HH" + 2 * wide, tag, kind, count, value)
    return (head + body + bytes(8)).ljust(1600, b"\0") + struct.pack(order + "L", 600) * strips


def bmp_of_runs(width: int, height: int, runs: bytes) -> bytes:
    head = struct.pack("<LllHHLLllLL", 40, width, height, 1, 8, 1, len(runs), 0, 0, 256, 0)
    return b"BM" + struct.pack("<L4xL", 1078 + len(runs), 1078) + head + bytes(1024) + runs


OVERLAP = struct.pack("<HHLL", 270, 2, 1 << 16, 0) * 5_000  # each is the same long text
BOMBS = {
    "FF, a megabyte of them": (
        JPEG[:-2] + b"\xff\xda\0\2" * 101 + b"\xff" * MEGABYTE + b"\0\xff\xd9",
        "more than 100 scans",
    ),
    "FF before the pixels": (with_segments(b"\xff" * MEGABYTE), "too many bytes before"),
    "segments": (with_segments(segment(0xE0, b"") * 250_000), "too many bytes before"),
    "Exif, in pieces": (
        with_segments(segment(0xE1, b"Exif\0\0x") * 90_000), "more than 131,072 bytes of Exif",
    ),
    "Exif, large": (
        with_segments(*[segment(0xE1, EXIF + bytes(60_000))] * 3), "more than 131,072 bytes of Ex",
    ),
    "Exif in a PNG": (with_chunk(b"eXIf", EXIF[6:] + OVERLAP * 3), "more than 131,072 bytes of Ex"),
    "Exif in text": (
        with_chunk(b"tEXt", b"Raw profile type exif\0\nexif\n9\n" + b"00" * 140_000),
        "more than 131,072 bytes of Exif",
    ),
    "comment of a GIF": (in_gif(b"!\xfe" + b"\1c" * 90_000 + b"\0"), "too many bytes before"),
    "bytes between blocks": (in_gif(bytes(MEGABYTE)), "too many bytes before"),
    "comment of a PGM": (b"P5 #" + b"c" * MEGABYTE + b"\n1 1 9 x", "too many bytes before"),
    "comments among numbers": (b"P2 9 9 9\n" + b"#\n" * 500_000, "more than 100 comments"),
    "comments among bits": (b"P1 9 9\n" + b"#\n" * 500_000, "more than 100 comments"),
    "overlapping values": (
        b"II*\0\x08\0\0\0" + struct.pack("<H", 5_000) + OVERLAP + bytes(1 << 16),
        "too many bytes before|not a picture",  # newer versions of Pillow see it themselves
    ),
    "strips": (tiff(100_001), "more than 100,000 strips or tiles"),
    "strips, big-endian": (tiff(100_001, order=">"), "more than 100,000 strips or tiles"),
    "strips of a BigTIFF": (tiff(100_001, big=True), "more than 100,000 strips or tiles"),
    "strips of a big-endian BigTIFF": (tiff(100_001, order=">", big=True), "more than 100,000 st"),
    "strips over each other": (tiff(9_000, 39), "overlapping strips or tiles"),
    "line to be filled": (bmp_of_runs(50_000_000, 1, b"\1\1\0\0"), "run-length encoded, with more"),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore")  # Pillow's, which `predict` ignores as well
@pytest.mark.parametrize(("content", "reason"), BOMBS.values(), ids=BOMBS)
def test_a_picture_that_would_take_long_is_refused(content: bytes, reason: str) -> None:
    with pytest.raises(PictureError, match=reason):
        load_grey(content, "picture")


def in_small_chunks() -> bytes:
    """Return a PNG of a megabyte whose pixels come 8 bytes at a time."""
    noise = np.random.default_rng(0).integers(0, 256, (1000, 1001), np.uint8)
    noise[:, 0] = 0  # no filter
    data = zlib.compress(noise.tobytes(), 0)
    head = struct.pack(">LLBBBBB", 1000, 1000, 8, 0, 0, 0, 0)
    pieces = (data[start : start + 8] for start in range(0, len(data), 8))
    return b"".join([PNG[:8], chunk(b"IHDR", head), *(chunk(b"IDAT", each) for each in pieces)])


ORDINARY: dict[str, Callable[[], bytes]] = {
    "comments": lambda: b"P2\n# one\n1 1\n# two\n9\n# three\n5",
    "Exif of a full block": lambda: with_segments(segment(0xE1, EXIF.ljust(65_533, b"\0"))),
    "Exif in text": lambda: with_chunk(
        b"tEXt",
        b"Raw profile type exif\0\nexif\n65533\n" + EXIF.ljust(65_533, b"\0").hex().encode(),
    ),
    "fill bytes": lambda: with_segments(b"\xff" * 20_000),
    "profile in pieces": lambda: with_segments(
        *[segment(0xE2, b"ICC_PROFILE\0" + bytes([n, 255]) + bytes(60_000)) for n in range(1, 256)]
    ),
    "strips": lambda: tiff(40),
    "strips of a BigTIFF": lambda: tiff(40, big=True),
    "run-length encoded": lambda: bmp_of_runs(40, 40, b"\x28\1\0\0" * 39 + b"\x28\7\0\1"),
    "data in small chunks": in_small_chunks,
}


@pytest.mark.parametrize("make", ORDINARY.values(), ids=ORDINARY)
def test_a_picture_with_much_in_its_header_is_read(make: Callable[[], bytes]) -> None:
    assert load_grey(make(), "picture").ndim == 2


def count_byte_by_byte(data: bytes) -> int:
    """Count the scans of a JPEG in the plainest way."""
    scans, place = 0, 2
    while place + 1 < len(data):
        kind = data[place + 1]
        if data[place] != 0xFF or kind in (0, 1, 0xFF) or 0xD0 <= kind <= 0xD7:
            place += 1
        elif kind == 0xD9:
            break
        else:
            scans += kind == 0xDA
            place += 2 + int.from_bytes(data[place + 2 : place + 4])
    return scans


PIECES = (
    b"\xff",
    b"\xff\xda",
    b"\xff\xda\0\2",
    b"\xff\xd9",
    b"\xff\xd0",
    b"\0",
    b"\1",
    b"\xff\xfe\0\5ab",
)


@given(st.lists(st.sampled_from(PIECES) | st.binary(max_size=3)).map(b"".join))
@example(b"\xff\xff\xff\xda")
def test_scans_are_counted_as_one_would_by_hand(rest: bytes) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(effort, "MAX_SCANS", -1)  # count them all
        assert effort.count_scans(b"\xff\xd8" + rest) == count_byte_by_byte(b"\xff\xd8" + rest)


@pytest.mark.parametrize("progressive", [False, True])
def test_scans_of_ordinary_pictures(progressive: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(effort, "MAX_SCANS", -1)
    content = saved("JPEG", progressive=progressive)
    assert effort.count_scans(content) == count_byte_by_byte(content) == (6 if progressive else 1)
