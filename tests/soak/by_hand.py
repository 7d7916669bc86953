"""Hostile files that chance would not find: each a trick that some reader falls for."""

from __future__ import annotations

import gzip
import os
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.soak import growing
from tests.soak.hostile_archives import array_tricks, meta_tricks, zip_tricks
from tests.soak.hostile_pictures import no_pictures, pictures
from tests.soak.samples import Sample

Make = Callable[[Path], object]  # what to do at a path


@dataclass(frozen=True)
class Hand:
    """A file made by hand."""

    kind: str
    name: str
    what: str
    content: bytes | Make
    refused: bool = True  # or it may be taken


def by_hand(samples: list[Sample]) -> Iterator[Hand]:
    """Yield all of them."""
    yield from _archives(samples)
    for what, content in _idx_tricks().items():
        for suffix, pack in (("", bytes), (".gz", gzip.compress)):
            yield from _idx(suffix, what, pack(content))
    for what, content in _gzip_tricks().items():
        yield from _idx(".gz", what, content)
    for name, content in pictures().items():
        yield Hand("picture", name, "may be read", content, refused=False)
    for name, of_size in growing.pictures().items():
        yield Hand("picture", name, "may be read", of_size(1_000_000), refused=False)
    for name, content in no_pictures().items():
        yield Hand("picture", name, "no picture", content)
    for sample in {each.kind: each for each in samples}.values():
        for what, make in _no_files().items():
            yield Hand(sample.kind, sample.name, what, make)
    for kind in ("brain", "checkpoint", "picture"):
        yield Hand(kind, "\x1b[31m\nodd.bin", "odd name", b"odd")


def _archives(samples: list[Sample]) -> Iterator[Hand]:
    for kind in ("brain", "checkpoint"):
        sample = next(each for each in samples if each.kind == kind)
        for tricks in (zip_tricks, array_tricks, meta_tricks):
            for what, content in tricks(sample.content).items():
                yield Hand(kind, sample.name, what, content, refused=not what.startswith("may "))
        for name, content in no_pictures().items():
            yield Hand(kind, sample.name, f"a picture, {name}", content)


def _idx(suffix: str, what: str, content: bytes) -> Iterator[Hand]:
    yield Hand("images", "t10k-images-idx3-ubyte" + suffix, what, content)
    yield Hand("labels", "t10k-labels-idx1-ubyte" + suffix, what, content)


def _no_files() -> dict[str, Make]:
    """Return what may be in the place of a file."""
    return {
        "FIFO": os.mkfifo,
        "folder": Path.mkdir,
        "loop of links": lambda path: path.symlink_to(path.name),
        "link to nothing": lambda path: path.symlink_to("nothing"),
        "link to /dev/zero": lambda path: path.symlink_to("/dev/zero"),
        "link to /dev/null": lambda path: path.symlink_to("/dev/null"),
        "link to a terminal": lambda path: path.symlink_to("/dev/tty"),
        "link to memory": lambda path: path.symlink_to("/proc/self/mem"),
        "link to /": lambda path: path.symlink_to("/"),
        "empty": Path.touch,
        "sparse, 8 GB": lambda path: _sparse(path, 8 << 30),
        "vanished": lambda path: path.symlink_to("/proc/self/fd/999"),
        "zeros": lambda path: path.write_bytes(bytes(1 << 20)),
        "lines": lambda path: path.write_bytes(b"\n" * 100_000),
    }


def _sparse(path: Path, size: int) -> None:
    with path.open("wb") as file:
        file.truncate(size)


# --- IDX ----------------------------------------------------------------------


def _idx_tricks() -> dict[str, bytes]:
    images, labels = b"\0\0\x08\x03\0\0\0\x28\0\0\0\x1c\0\0\0\x1c", b"\0\0\x08\x01\0\0\0\x28"
    most = b"\xff\xff\xff\xff"
    return {
        "empty": b"",
        "magic alone": b"\0\0\x08\x03",
        "no dimensions": b"\0\0\x08\0x",
        "no items": b"\0\0\x08\x03" + bytes(12),
        "no items of some size": b"\0\0\x08\x03" + bytes(4) + b"\0\0\0\x1c" * 2,
        "no labels": b"\0\0\x08\x01" + bytes(4),
        "dimensions that overflow": b"\0\0\x08\x03" + most * 3 + b"x",
        "dimensions that overflow to 0": b"\0\0\x0e\x04" + b"\x80\0\0\0" * 4,
        "4 billion images": b"\0\0\x08\x03" + most + b"\0\0\0\x1c" * 2 + b"x" * 784,
        "4 billion labels": b"\0\0\x08\x01" + most + b"x" * 784,
        "255 dimensions": b"\0\0\x08\xff" + bytes(1020),
        "32 dimensions": b"\0\0\x08\x20" + b"\0\0\0\1" * 32 + b"x",
        "labels above 9": labels + bytes([10] * 40),
        "one label above 9": labels + bytes(39) + b"\xff",
        "images of doubles": b"\0\0\x0e" + images[3:] + bytes(40 * 784 * 8),
        "images one short": images + bytes(40 * 784 - 1),
        "images and more": images + bytes(40 * 784 + 1),
        "labels one short": labels + bytes(39),
        "other number": images[:7] + b"\x29" + images[8:] + bytes(41 * 784),
    }


def _gzip_tricks() -> dict[str, bytes]:
    """Return gzip streams that are wrong, or far larger than they look."""
    images, labels = b"\0\0\x08\x03\x01\0\0\0\0\0\0\x1c\0\0\0\x1c", b"\0\0\x08\x01\x10\0\0\0"
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = bytes(1 << 24)
    bombs = [gzip.compress(head) + gzip.compress(bytes(1 << 28)) * 8 for head in (images, labels)]
    return {
        "bomb of images": bombs[0],
        "bomb of labels": bombs[1],
        "bomb of no end": b"".join([packer.compress(images), *map(packer.compress, [block] * 60)]),
        "bomb in a bomb": gzip.compress(gzip.compress(bytes(1 << 26))),
        "half a header": b"\x1f\x8b\x08",
        "endless name": b"\x1f\x8b\x08\x08" + bytes(6) + b"x" * 3_000_000,
        "reserved flags": b"\x1f\x8b\x08\xe0" + bytes(20),
        "another method": b"\x1f\x8b\x09" + bytes(20),
        "members of nothing": gzip.compress(b"") * 50_000,
        "wrong sum": gzip.compress(labels)[:-8] + b"12345678",
    }
