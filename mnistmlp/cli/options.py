"""Options that commands share, as types for their signatures, and what their values may be.

A number is one in ASCII: int() and float() take ３, 1_000, a space, nan and inf too.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from reprlib import repr as short
from typing import Annotated, Literal, TypeVar

import typer

from mnistmlp.atomic import check_writable
from mnistmlp.errors import SettingError

Real = TypeVar("Real", int, float)
WHOLE = re.compile(r"[+-]?[0-9]{1,1000}")
NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)(e[+-]?[0-9]+)?", re.IGNORECASE)


# --- Values, read from text --------------------------------------------------


def whole(least: float = -math.inf, most: float = math.inf) -> Callable[[str], int]:
    """Return a parser of whole numbers within bounds."""

    def read(text: str) -> int:
        if not WHOLE.fullmatch(str(text)):  # a default is a number already
            raise typer.BadParameter(f"{short(text)} is not a whole number")
        return _within(int(text), least, most)

    return read


def number(least: float = -math.inf, most: float = math.inf) -> Callable[[str], float]:
    """Return a parser of numbers within bounds."""

    def read(text: str) -> float:
        if not NUMBER.fullmatch(str(text)):
            raise typer.BadParameter(f"{short(text)} is not a number")
        return _within(float(text), least, most)

    return read


def _within(value: Real, least: float, most: float) -> Real:
    if not least <= value <= most:
        raise typer.BadParameter(f"{short(value)} is not a number from {least:,} to {most:,}")
    return value


def name(text: str) -> str:
    """Read a name; a variable that is not set must not stand for this folder."""
    if not text:
        raise typer.BadParameter("the name is empty")
    return text


def file(text: str) -> Path:
    """Read the name of a file."""
    return Path(name(text))


def folder(text: str) -> Path:
    """Read the name of a folder, which need not be there."""
    path = file(text)
    if os.path.exists(path) and not path.is_dir():  # noqa: PTH110 - Path raises of a long name
        raise typer.BadParameter(f"{path} is not a folder")
    return path


def parse_range(option: str, text: str) -> range:
    """Return the numbers that ``N`` or ``N:M`` stands for, given with an option."""
    match = re.fullmatch(r"(\d{1,9})(?::(\d{1,9}))?", text, re.ASCII)
    if match:
        first = int(match[1])
        end = int(match[2]) if match[2] else first + 1
        if first < end:
            return range(first, end)
    raise SettingError(option, f"{short(text)} is not a number, nor a range such as 0:100")


# --- Files to be written: what stands in the way is said before the work -----


def check_target(option: str, path: Path) -> None:
    """Raise SettingError if no file could be put at `path`."""
    try:
        check_writable(path)
    except OSError as error:
        raise SettingError(option, f"{error.filename}: {error.strerror}") from None


def check_apart(option: str, path: Path, others: Mapping[str, Path | None]) -> None:
    """Raise SettingError if `path` is the same file as one of the others, by what names them."""
    for named, other in others.items():
        if other and _is_same(path, other):
            raise SettingError(option, f"{path} is the file of {named}")


def _is_same(path: Path, other: Path) -> bool:
    """Tell whether two names are of one file, which need not be there."""
    try:
        return path.samefile(other)
    except OSError:
        return os.path.realpath(path) == os.path.realpath(other)


# --- The options -------------------------------------------------------------

DataDir = Annotated[
    Path | None,
    typer.Option(
        parser=folder,
        envvar="MNISTMLP_DATA_DIR",
        metavar="DIR",
        show_default="the user's cache folder",
        help="Folder with the four IDX files, plain or .gz.",
    ),
]
DatasetName = Annotated[
    Literal["mnist", "synthetic"],
    typer.Option(help="The data set; synthetic is built in, and needs no network."),
]
SplitName = Annotated[Literal["test", "train"], typer.Option(help="Which images of the data set.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Errors only: no progress, no notes.")]
