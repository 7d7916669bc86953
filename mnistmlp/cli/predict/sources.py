"""The names of the pictures that `predict` reads."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import BinaryIO

import typer

from mnistmlp.errors import PictureError, SettingError

SUFFIXES = (  # of the pictures in a folder
    *(".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp", ".tif", ".tiff"),
    *(".ppm", ".pgm", ".pbm", ".pnm"),
)


MAX_NAME = 1 << 16  # bytes; a file with a longer one is not a list of names
Source = str | PictureError | None  # None: the next name may take a while


def check_sources(images: list[str], files_from: str | None, *, null: bool) -> None:
    """Raise a usage error if the sources do not go together."""
    if null and files_from is None:
        raise SettingError("null", "needs --files-from")
    if "" in images:  # an unset variable must not mean the current folder
        raise typer.BadParameter("the name is empty", param_hint="'IMAGE'")
    if [*images, files_from].count("-") > 1:
        raise typer.BadParameter("standard input is named twice", param_hint="'IMAGE'")


def picture_names(
    images: Iterable[str], files_from: str | None, *, null: bool, recursive: bool
) -> Iterator[Source]:
    """Yield the name of each picture, as soon as it is known."""
    listed = () if files_from is None else _read_list(files_from, b"\0" if null else b"\n")
    for name in chain(images, listed):
        if name == "-":
            yield None
        if recursive and isinstance(name, str):
            yield from _walk(name)
        else:
            yield name


def _walk(name: str) -> Iterator[Source]:
    """Yield the pictures in a folder in order of name, then those in its subfolders."""
    folders = [name]
    while folders:
        folder = folders.pop()
        try:
            if not Path(folder).is_dir():
                yield folder  # the name of a picture
                continue
            inside = sorted(Path(folder).iterdir())
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            yield PictureError(f"{folder}: {reason}")
            continue
        within = [str(each) for each in inside if each.is_dir() and not each.is_symlink()]
        pictures = [str(each) for each in inside if each.suffix.lower() in SUFFIXES]
        yield from (each for each in pictures if each not in within)
        folders += reversed(within)


def _read_list(path: str, end: bytes) -> Iterator[Source]:
    """Yield the names in a list, each as soon as it arrives."""
    try:
        if path == "-":
            for name in _split_names(sys.stdin.buffer, end):
                yield PictureError("-: standard input holds the list") if name == "-" else name
        else:
            with Path(path).open("rb") as file:
                yield from _split_names(file, end)
    except OSError as error:
        yield PictureError(f"{path}: {error.strerror}")
    except ValueError as error:
        yield PictureError(f"{path}: {error}")


def _split_names(file: BinaryIO, end: bytes) -> Iterator[str | None]:
    rest = b""
    read = getattr(file, "read1", file.read)  # reads what is there, without waiting for more
    while chunk := read(MAX_NAME):
        *names, rest = (rest + chunk).split(end)
        if end == b"\n":
            names = [name.removesuffix(b"\r") for name in names]
        yield from (os.fsdecode(name) for name in names if name)
        if len(rest) > MAX_NAME:
            raise ValueError("not a list of names")
        yield None
    if rest:
        yield os.fsdecode(rest)
