"""The meaning of a table's columns, from its first line."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from reprlib import repr as short

from mnistmlp.arrays import PIXELS, SIDE
from mnistmlp.errors import DataError

DELIMITERS = (",", ";", "\t")
NUMBER = re.compile(r"\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?\s*", re.IGNORECASE)
LABEL_NAMES = ("label", "labels", "class", "target", "digit", "y")
FILE_NAMES = ("file", "filename", "file_name", "name", "image", "path", "picture")
PIXEL = re.compile(r"(?:pixel|px|p|x)?[ _]?([0-9]{1,4})", re.IGNORECASE)
PLACE = re.compile(r"([0-9]{1,2})x([0-9]{1,2})")  # row and column, from 1


@dataclass(frozen=True)
class Columns:
    """The columns of a table with one image per row."""

    count: int
    delimiter: str
    names: Sequence[str] | None  # in the header, if there is one; may be numbers
    pixels: Sequence[int]  # the column of each pixel, 784
    label: int | None  # the column of the label
    left_out: Sequence[str]  # the names of other columns

    def name(self, column: int) -> str:
        """Return how to name a column in a message."""
        if self.names:
            return short(self.names[column])
        return f"column {column + 1}"


def split_fields(line: str, delimiter: str) -> list[str]:
    """Split a line at its delimiters, except within quotes; ValueError if that is impossible."""
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True), [])
    except csv.Error as error:
        raise ValueError(str(error)) from None


def find_delimiter(line: str) -> str:
    """Return the delimiter of a line: the most frequent one.

    The default is the space, as in tables of `numpy.savetxt`.
    """
    delimiter = max(DELIMITERS, key=line.count)
    return delimiter if delimiter in line else " "


def is_header(fields: Sequence[str]) -> bool:
    """Tell whether fields are column names rather than values."""
    if any(not NUMBER.fullmatch(field) for field in fields if field.strip()):
        return True
    numbers = [field.strip() for field in fields if field.strip()]
    first = numbers[0] if numbers else ""
    if len(numbers) < PIXELS or first not in ("0", "1"):
        return False
    return numbers == [str(int(first) + k) for k in range(len(numbers))]  # as pandas writes them


def is_image_table(line: str) -> bool:
    """Tell whether the first line of a table has enough columns for an image."""
    return line.count(find_delimiter(line)) >= PIXELS - 1


def find_columns(path: Path, line: str) -> Columns:
    """Find out the meaning of the columns of a table with one image per row.

    Without a header, 785 columns are a label and 784 pixels.

    Raises
    ------
    DataError
        If they are not 784 pixels, with or without a label.
    """
    delimiter = find_delimiter(line)
    try:
        fields = [field.strip() for field in split_fields(line, delimiter)]
    except ValueError as error:
        raise DataError(f"{path}:1: not a line of a table: {error}") from None
    if (label := _find_word(fields)) is not None:
        pixels = [k for k in range(len(fields)) if k != label]
        return Columns(len(fields), delimiter, None, pixels, label, ())
    names = fields if is_header(fields) else None
    if names and not all(map(NUMBER.fullmatch, names)):
        return _by_name(path, names, delimiter)
    count = len(fields)
    if count not in (PIXELS, PIXELS + 1):
        wanted = f"{PIXELS} pixels, with or without a label"
        raise DataError(f"{path}: {count:,} columns, expected {wanted}")
    label = 0 if count > PIXELS else None
    return Columns(count, delimiter, names, range(count - PIXELS, count), label, ())


def _find_word(fields: Sequence[str]) -> int | None:
    """Return the column of the only word in a row that is not a header, as its numbers repeat."""
    words = [k for k, field in enumerate(fields) if not NUMBER.fullmatch(field)]
    if len(fields) != PIXELS + 1 or len(words) != 1 or words[0] not in (0, PIXELS):
        return None
    return words[0] if len(set(fields)) < len(fields) else None


def _by_name(path: Path, names: list[str], delimiter: str) -> Columns:
    """Return the columns named in a header."""
    labels = [k for k, name in enumerate(names) if name.lower() in LABEL_NAMES]
    if len(labels) > 1:
        both = " and ".join(short(names[k]) for k in labels[:2])
        raise DataError(f"{path}: two columns of labels, {both}")
    numbered = {k: number for k, name in enumerate(names) if (number := _number(name)) is not None}
    first = min(numbered.values(), default=0)
    where = {number - first: k for k, number in numbered.items()}
    if len(numbered) != PIXELS or sorted(where) != list(range(PIXELS)):
        raise _pixels_error(path, names, numbered)
    known = {*labels, *numbered}
    left_out = [name or "without a name" for k, name in enumerate(names) if k not in known]
    pixels = [where[k] for k in range(PIXELS)]
    return Columns(len(names), delimiter, names, pixels, labels[0] if labels else None, left_out)


def _number(name: str) -> int | None:
    """Return the number of a pixel from its column's name, or None for other columns."""
    if place := PLACE.fullmatch(name):
        row, column = int(place[1]), int(place[2])
        return (row - 1) * SIDE + column if 1 <= row <= SIDE and 1 <= column <= SIDE else None
    pixel = PIXEL.fullmatch(name)
    return int(pixel[1]) if pixel else None


def _pixels_error(path: Path, names: list[str], numbered: dict[int, int]) -> DataError:
    found = set(numbered.values())
    if len(found) < len(numbered):
        return DataError(f"{path}: two columns are named after the same pixel")
    if len(numbered) < PIXELS // 2:
        shown = ", ".join(map(short, names[:4]))
        return DataError(f"{path}: columns {shown} …, expected label and pixel0 to pixel783")
    if len(numbered) != PIXELS:
        return DataError(f"{path}: {len(numbered):,} pixel columns, expected {PIXELS}")
    gap = next(k for k in range(min(found), max(found)) if k not in found)
    return DataError(f"{path}: the pixel columns lack number {gap}")
