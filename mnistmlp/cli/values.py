"""Values of options, read from text: numbers, and names of files and folders.

A number is one in ASCII: int() and float() take ３, 1_000, a space, nan and inf too.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable
from pathlib import Path
from reprlib import repr as short
from typing import TypeVar

import typer

Real = TypeVar("Real", int, float)
WHOLE = re.compile(r"[+-]?[0-9]{1,1000}")
NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)(e[+-]?[0-9]+)?", re.IGNORECASE)


def whole(least: float = -math.inf, most: float = math.inf) -> Callable[[str], int]:
    """Return what reads a whole number within bounds."""

    def read(text: str) -> int:
        if not WHOLE.fullmatch(str(text)):  # a default is a number already
            raise typer.BadParameter(f"{short(text)} is not a whole number")
        return _within(int(text), least, most)

    return read


def number(least: float = -math.inf, most: float = math.inf) -> Callable[[str], float]:
    """Return what reads a number within bounds."""

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
