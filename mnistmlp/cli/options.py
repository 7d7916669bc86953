"""Options that commands share, as types for their signatures, and parsers of their values.

Numbers must be plain ASCII: int() and float() also take ３, 1_000, a space, nan and inf.
"""

from __future__ import annotations

import math
import os
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from reprlib import repr as short
from typing import Annotated, Literal, TypeVar

import typer

from mnistmlp.atomic import back_up, backup_path, cause_of, check_writable
from mnistmlp.cli import console
from mnistmlp.data import catalog
from mnistmlp.errors import SettingError

Real = TypeVar("Real", int, float)
WHOLE = re.compile(r"[+-]?[0-9]{1,1000}")
NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)(e[+-]?[0-9]+)?", re.IGNORECASE)


# --- Parsers of values -------------------------------------------------------


def whole(least: float = -math.inf, most: float = math.inf) -> Callable[[str], int]:
    """Return a parser of whole numbers within bounds."""

    def read(text: str) -> int:
        if not WHOLE.fullmatch(str(text)):  # a default is already a number
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


parse_seed = whole(0, 2**63 - 1)


def _within(value: Real, least: float, most: float) -> Real:
    if not least <= value <= most:
        raise typer.BadParameter(f"{short(value)} is not a number from {least:,} to {most:,}")
    return value


def parse_name(text: str) -> str:
    """Parse a name of a file or folder, in which ~ is the user's home.

    An empty one, of an unset variable, must not mean the current folder.
    """
    if not text:
        raise typer.BadParameter("the name is empty")
    path = os.path.expanduser(text)  # noqa: PTH111 - Path raises for an unknown user
    if path.split("/")[0] == "~":
        raise typer.BadParameter(f"{text}: HOME is not set, and this user has no home folder")
    return path


def parse_file(text: str) -> Path:
    """Parse the name of a file."""
    return Path(parse_name(text))


def parse_no_stream(text: str) -> Path:
    """Parse the name of a file or a folder where neither standard input nor output will do."""
    if text == "-":
        raise typer.BadParameter("- is not a file; standard input and output cannot be used here")
    return parse_file(text)


def parse_folder(text: str) -> Path:
    """Parse the name of a folder, which need not exist."""
    path = parse_file(text)
    if os.path.exists(path) and not path.is_dir():  # noqa: PTH110 - Path raises for a long name
        raise typer.BadParameter(f"{path} is not a folder")
    return path


def parse_range(option: str, text: str) -> range:
    """Parse ``N`` or ``N:M``, the value of an option, as a range of numbers."""
    match = re.fullmatch(r"(\d{1,9})(?::(\d{1,9}))?", text, re.ASCII)
    if match:
        first = int(match[1])
        end = int(match[2]) if match[2] else first + 1
        if first < end:
            return range(first, end)
    raise SettingError(option, f"{short(text)} is not a number or a range such as 0:100")


# --- Checks of files to be written, made before the work ---------------------


def check_target(option: str, path: Path, *, force: bool, other: str = "file") -> None:
    """Raise SettingError if no file can be written at `path`, or if there is one.

    With `force`, a file may be there, if it can be kept as NAME.bak.  `other` is what else
    may be named: another file, or another folder.
    """
    try:
        check_writable(path)
        if force and path.exists():
            check_writable(backup_path(path))
    except OSError as error:
        raise SettingError(option, f"{error.filename}: {cause_of(error)}") from None
    if path.exists() and not force:
        raise SettingError(option, f"{path} exists", hint=keep_hint(path, other))


def keep_hint(path: Path, other: str = "file") -> str:
    """Return the ways out where a file exists: both keep it."""
    return f"name another {other}, or use --force, which keeps this one as {_name_backup(path)}"


def back_up_replaced(path: Path, *, quiet: bool = False, copy: bool = False) -> None:
    """Keep the file at `path`, if there is one, as NAME.bak, and say so."""
    if path.exists():
        back_up(path, copy=copy)
        if not quiet:
            name, backup = (console.escape(str(each)) for each in (path, _name_backup(path)))
            console.note(f"kept the old {name} as {backup}")


def _name_backup(path: Path) -> Path:
    """Return the backup of a file in the words in which the file was named."""
    return backup_path(path) if path.is_symlink() else Path(f"{path}.bak")


def check_distinct(option: str, path: Path, others: Mapping[str, Path | None]) -> None:
    """Raise SettingError if `path`, or its backup, is one of the other files.

    These are keyed by their origin.
    """
    for named, other in others.items():
        if other and is_same_file(path, other):
            raise SettingError(option, f"{path} is the same file as {named}")
    check_backup(option, path, others)


def check_backup(option: str, path: Path, others: Mapping[str, Path | None]) -> None:
    """Raise SettingError if keeping the file at `path` would replace one of the other files."""
    if not os.path.exists(path):  # noqa: PTH110 - Path raises for a long name
        return
    for named, other in others.items():
        if other and is_same_file(backup_path(path), other):
            raise SettingError(option, f"{path} would be kept as {other}, the file of {named}")


def is_same_file(path: Path, other: Path) -> bool:
    """Tell whether two paths name the same file, which need not exist."""
    try:
        return path.samefile(other)
    except OSError:
        return real_name(path) == real_name(other)


def real_name(path: Path) -> str:
    """Return a path with its links followed, in lower case where file systems ignore case."""
    name = os.path.realpath(path)
    return name.lower() if sys.platform in ("darwin", "win32") else name


# --- The options -------------------------------------------------------------

DataDir = Annotated[
    Path | None,
    typer.Option(
        parser=parse_folder,
        envvar="MNISTMLP_DATA_DIR",
        metavar="DIR",
        show_default="the user's cache folder",
        help="Folder with the four IDX files, plain or .gz.",
        rich_help_panel="Data",
    ),
]
DatasetName = Annotated[
    catalog.DatasetName | None,
    typer.Option(
        show_default="mnist, or what DIR holds",
        help="Data set: digits (mnist), clothes (fashion), Japanese characters (kmnist), or "
        "built-in digits that need no network (synthetic).",
        rich_help_panel="Data",
    ),
]
SplitName = Annotated[
    Literal["test", "train"],
    typer.Option(help="Images of the data set to use.", rich_help_panel="Data"),
]
Force = Annotated[
    bool,
    typer.Option(
        "--force",
        help="Replace existing files; the old ones are kept as NAME.bak.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print only errors and warnings.")]
