"""Families of files, each of any size, that make a careless reader take time out of proportion."""

from __future__ import annotations

import gzip
import json
import struct
from collections.abc import Callable
from typing import NamedTuple

from tests.soak import mutations as m
from tests.soak.hostile_archives import many_members
from tests.soak.samples import Sample, drawn, saved


class Family(NamedTuple):
    """Files of one kind that differ in size."""

    name: str  # of the file
    command: list[str]  # words; FILE is the file
    make: Callable[[int], bytes]  # of about so many bytes


READ_BRAIN, READ_PICTURE = ["info", "FILE"], ["predict", "--brain", "BRAIN", "FILE"]
IMPORT = ["import", "FILE", "x.npz", "--activation", "relu"]
RESUME = ["train", "--resume", "FILE", "--data-dir", "DATA", "--quiet"]
INDEX = ["predict", "--brain", "BRAIN", "--index", "0", "--data-dir", "."]


def families(samples: list[Sample]) -> dict[str, Family]:
    """Return all families by what they are."""
    contents = {sample.name: sample.content for sample in samples}
    found = {what: Family("x.png", READ_PICTURE, make) for what, make in pictures().items()}
    for command in (READ_BRAIN, RESUME):
        found[f"members of a zip, {command[0]}"] = Family(
            "x.npz", command, lambda size: many_members(size // 100)
        )
    for what, text in _texts().items():
        members = m.members_of(contents["adam.npz"])
        found[f"meta of {what}"] = Family(
            "x.npz",
            READ_BRAIN,
            lambda size, members=members, text=text: m.packed(  # type: ignore[misc]
                members | {"meta.npy": m.text_array(text(size // 4).encode("utf-32-le"))}
            ),
        )
        found[f"safetensors of {what}"] = Family(
            "x.safetensors",
            IMPORT,
            lambda size, text=text: _safetensors(text(size)),  # type: ignore[misc]
        )
    found["names in a list"] = Family("x.txt", _listed(), lambda size: b"no\n" * (size // 900))
    found["a name in a list"] = Family("x.txt", _listed(), lambda size: b"n" * size)
    images = "t10k-images-idx3-ubyte.gz"
    nothing, name = gzip.compress(b""), b"\x1f\x8b\x08\x08" + bytes(6)
    found["gzip members"] = Family(images, INDEX, lambda size: nothing * (size // len(nothing)))
    found["name in gzip"] = Family(images, INDEX, lambda size: name + b"x" * size)
    return found


def _listed() -> list[str]:
    return ["predict", "--brain", "BRAIN", "--files-from", "FILE"]


def _texts() -> dict[str, Callable[[int], str]]:
    return {
        "lists": lambda size: "[" + "[]," * (size // 3) + "[]]",
        "keys": lambda size: json.dumps({str(number): 0 for number in range(size // 12)}),
        "digits": lambda size: '{"format": ' + "9" * size + "}",
        "depth": lambda size: "[" * size,
        "escapes": lambda size: '{"format": "' + "\\u001b" * (size // 6) + '"}',
        "ones": lambda size: (
            '{"0.weight": {"dtype": "F32", "shape": [1' + ", 1" * (size // 3)
            + '], "data_offsets": [0, 4]},'
            ' "0.bias": {"dtype": "F32", "shape": [1], "data_offsets": [4, 8]}}'
        ),
    }  # fmt: skip


def _safetensors(text: str) -> bytes:
    return struct.pack("<Q", len(text)) + text.encode() + bytes(8)


# --- Pictures ----------------------------------------------------------------


def _segment(kind: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, kind, len(body) + 2) + body


def pictures() -> dict[str, Callable[[int], bytes]]:
    """Return those that are pictures, or look so."""
    return {**_jpegs(), **_others(), **_texts_of_numbers()}


def _jpegs() -> dict[str, Callable[[int], bytes]]:
    jpeg = saved(drawn("RGB"), "JPEG")
    scans = jpeg[:-2] + b"\xff\xda\0\2" * 101

    def before(unit: bytes) -> Callable[[int], bytes]:
        return lambda size: jpeg[:2] + unit * (size // len(unit)) + jpeg[2:]

    return {
        "JPEG, FF behind scans": lambda size: scans + b"\xff" * size + b"\0\xff\xd9",
        "JPEG, FF and 0 behind scans": lambda size: scans + b"\xff\xff\0" * (size // 3),
        "JPEG, FF before the pixels": before(b"\xff"),
        "JPEG, FF and 0 before the pixels": before(b"\xff\0"),
        "JPEG, empty segments": before(_segment(0xE0, b"")),
        "JPEG, Exif in pieces": before(_segment(0xE1, b"Exif\0\0ab")),
        "JPEG, Exif in large pieces": before(_segment(0xE1, b"Exif\0\0" + bytes(30_000))),
        "JPEG, profile in pieces": before(_segment(0xE2, b"ICC_PROFILE\0\1\1x")),
        "JPEG, comments": before(_segment(0xFE, b"")),
        "JPEG, restart markers": lambda size: jpeg[:-2] + b"\xff\xd0" * (size // 2),
    }


def _others() -> dict[str, Callable[[int], bytes]]:
    png, gif, tiff = (saved(drawn("L"), kind) for kind in ("PNG", "GIF", "TIFF"))
    image = gif.index(b",", 13 + (3 * (2 << (gif[10] & 7)) if gif[10] & 128 else 0))

    def chunks(kind: bytes, body: bytes, place: int = 33) -> Callable[[int], bytes]:
        chunk = m.png_chunk(kind, body)
        return lambda size: png[:place] + chunk * (size // len(chunk)) + png[place:]

    def before(unit: bytes, end: bytes = b"", start: bytes = b"") -> Callable[[int], bytes]:
        return lambda size: (
            gif[:image] + start + unit * (size // len(unit)) + end + gif[image:]
        )  # fmt: skip

    return {
        "PNG, texts": chunks(b"tEXt", b"a\0b"),
        "PNG, unknown chunks": chunks(b"prVt", b""),
        "PNG, empty data": chunks(b"IDAT", b""),
        "PNG, empty data at the end": chunks(b"IDAT", b"", -12),
        "PNG, Exif": lambda size: (
            png[:33] + m.png_chunk(b"eXIf", _overlapping_values(size)) + png[33:]
        ),
        "GIF, comment": before(b"\1c", b"\0", b"!\xfe"),
        "GIF, comments": before(b"!\xfe\1c\0"),
        "GIF, extensions": before(b"!\1\1c\0"),
        "GIF, nothing": before(b"\0"),
        "TIFF, overlapping values": _overlapping_values,
        "TIFF, overlapping strips": _overlapping_strips,
        "TIFF, behind another": lambda size: tiff + bytes(size),
        "BMP, line to be filled": _line,
    }


def _texts_of_numbers() -> dict[str, Callable[[int], bytes]]:
    return {
        "PGM, comment": lambda size: b"P5\n#" + b"c" * size + b"\n1 1 255\nx",
        "PGM, comments": lambda size: b"P5\n" + b"#\n" * (size // 2) + b"1 1 255\nx",
        "PGM, spaces": lambda size: b"P5\n" + b" " * size + b"1 1 255\nx",
        "PGM, comments among numbers": lambda size: b"P2 9 9 9\n" + b"#\n" * (size // 2),
        "PGM, numbers and comments": lambda size: b"P2 999 999 9\n" + b"1 #\n" * (size // 4),
        "PGM, numbers": lambda size: b"P2 6000 6000 9\n" + b"1 " * (size // 2),
        "PGM, digits": lambda size: b"P2 6000 6000 9\n" + b"9" * size,
        "PBM, bits": lambda size: b"P1 6000 6000\n" + b"1" * size,
    }


def _overlapping_values(size: int) -> bytes:
    """Return a TIFF, or Exif, whose entries share one value, half of it."""
    count = min(65_535, size // 24)
    place = 8 + 2 + 12 * count + 4
    length = max(5, size - place)
    entries = (struct.pack("<HHII", 1 + number, 2, length, place) for number in range(count))
    head = b"II*\0\x08\0\0\0" + struct.pack("<H", count)
    return head + b"".join(entries) + bytes(4 + length)


def _overlapping_strips(size: int) -> bytes:
    """Return a TIFF of 500 x 500 pixels with far too many strips of 499 rows."""
    count, place = size // 4, 8 + 2 + 12 * 9 + 4
    entries = (
        (256, 4, 1, 500), (257, 4, 1, 500), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1),
        (273, 4, count, place), (277, 3, 1, 1), (278, 4, 1, 499), (279, 4, count, place),
    )  # fmt: skip
    head = b"II*\0\x08\0\0\0" + struct.pack("<H", len(entries))
    body = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return head + body + bytes(4) + bytes(4 * count) + bytes(250_000)


def _line(size: int) -> bytes:
    """Return a small BMP whose one line is to be filled up to so many pixels."""
    runs = b"\1\1\0\0"
    head = struct.pack("<IiiHHIIiiII", 40, size, 1, 1, 8, 1, len(runs), 0, 0, 256, 0)
    return b"BM" + struct.pack("<IHHI", 1078 + len(runs), 0, 0, 1078) + head + bytes(1024) + runs
