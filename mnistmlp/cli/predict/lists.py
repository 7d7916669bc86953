"""A list of names of pictures, read as it arrives."""

from __future__ import annotations

import codecs
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from shlex import quote
from typing import BinaryIO

from mnistmlp.atomic import cause_of
from mnistmlp.cli import console
from mnistmlp.errors import PictureError

MAX_NAME = 1 << 16  # bytes; a file with a longer one is not a list of names
UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def read_list(path: str, end: bytes) -> Iterator[str | PictureError | None]:
    """Yield the names in a list, each as soon as it arrives; None before the next may take a while.

    An empty list is no error: the end of a pipeline may well be empty.  But a
    file that is named should hold names.
    """
    from mnistmlp.pictures.decoding import open_at_once

    try:
        if path == "-":
            for name in _read_names(sys.stdin.buffer, path, end):
                yield PictureError("-: standard input holds the list") if name == "-" else name
            return
        found = False
        with open_at_once(Path(path)) as file:
            for name in _read_names(file, path, end):
                found = found or name is not None
                yield name
        if not found:
            console.note(f"warning: {console.escape(path)}: contains no names")
    except OSError as error:
        yield PictureError(f"{path}: {cause_of(error)}")
    except ValueError:  # a NUL in the name
        yield PictureError(f"{path}: not a file name")


def _read_names(file: BinaryIO, path: str, end: bytes) -> Iterator[str | PictureError | None]:
    """Yield the names in a file, without a byte-order mark, up to one that makes it no list."""
    first = True
    for part in _split(file, end):
        if part is None:
            yield None
            continue
        if error := _find_fault(part, path, first=first):
            yield error
            return
        name = part.removeprefix(codecs.BOM_UTF8) if first else part
        if name := name.removesuffix(b"\r") if end == b"\n" else name:
            yield os.fsdecode(name)
        first = False


def _find_fault(name: bytes, path: str, *, first: bool) -> PictureError | None:
    """Return the error for a name that tells that the file is no list, or one of another kind."""
    if first and name.startswith(UTF16_MARKS):
        hint = f"iconv -f UTF-16 -t UTF-8 {quote(path)} | mnistmlp predict --files-from -"
        return PictureError(f"{path}: a list in UTF-16, not in UTF-8", hint=hint)
    if b"\0" in name:
        hint = "--null (-0) reads names that end in NUL"
        return PictureError(f"{path}: not a list of names: contains NUL bytes", hint=hint)
    if len(name) > MAX_NAME:
        return PictureError(f"{path}: not a list of names")
    return None


def _split(file: BinaryIO, end: bytes) -> Iterator[bytes | None]:
    """Yield what stands before each end, the last name even without one, and None in between."""
    rest = bytearray()
    read = getattr(file, "read1", file.read)  # reads what is there, without waiting for more
    while len(rest) <= MAX_NAME and (chunk := read(MAX_NAME)):
        *names, last = chunk.split(end)
        if names:
            names[0] = bytes(rest) + names[0]
            rest.clear()
        rest += last
        yield from names
        yield None
    if rest:
        yield bytes(rest)
