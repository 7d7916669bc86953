"""Tables with one image per row, like Kaggle's, read a block of rows at a time.

NumPy's loadtxt reads the rows: it is six times as fast as the alternatives.
Rows that it refuses are examined one by one.
"""

from __future__ import annotations

import codecs
import re
import warnings
from collections.abc import Generator, Iterator
from pathlib import Path
from reprlib import repr as short
from shlex import quote
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from mnistmlp.arrays import DIGITS, PIXELS, SIDE, Bytes
from mnistmlp.data.catalog import Split
from mnistmlp.data.convert.columns import NUMBER, Columns, find_columns, split_fields
from mnistmlp.data.convert.files import open_plain, read_chunks
from mnistmlp.data.convert.parts import Block, Part, Wrong, number_name
from mnistmlp.errors import DataError

MAX_LINE = 1 << 16  # bytes; 785 numbers of 20 digits need 16,500
UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
NO_TEXT = re.compile(rb"[\x00-\x08\x0a-\x1f]")  # except tabs
SAMPLE = 100  # rows whose labels are examined
Line = tuple[int, bytes]  # its number, from 1, and its bytes

# What the numbers of a table may be: the dtype to read them with, and white
LEVELS: dict[str, tuple[type[Any], float]] = {
    "0 to 255": (np.uint8, 255),
    "fractions up to 255": (np.float32, 255),
    "0 to 1": (np.float32, 1),
}


def table_part(path: Path, split: Split) -> Part:
    """Return the images of a table, after reading only its first line.

    Raises
    ------
    DataError
        If the columns are not 784 pixels, with or without a label.
    """
    columns = find_columns(path, read_first_line(path))
    wrong, notes, names = Wrong(), list[str](), list[str]()
    if columns.left_out:
        left_out = ", ".join(map(short, columns.left_out[:5]))
        notes.append(f"columns left out: {left_out}")
    blocks = _read_blocks(path, columns, wrong, notes, names)
    return Part(split, str(path), columns.label is not None, blocks, wrong, notes, names)


def read_first_line(path: Path) -> str:
    """Return the first line of a table that is not blank.

    Raises
    ------
    DataError
        If the file cannot be read, or is not lines of text.
    """
    with open_plain(path) as file:
        for lines in read_lines(path, file):
            line = lines[0][1]
            if NO_TEXT.search(line):
                raise DataError(f"{path}: not a table: no lines of text")
            return line.decode(errors="replace")
    raise DataError(f"{path}: empty")


def read_lines(path: Path, file: BinaryIO) -> Iterator[list[Line]]:
    """Yield the lines of a file that are not blank, many at a time, without their ends.

    Raises
    ------
    DataError
        If a line is too long, or the text is in UTF-16.
    """
    rest, number, first = b"", 0, True
    for chunk in read_chunks(path, file):
        if first:
            if chunk.startswith(UTF16_MARKS):
                hint = f"iconv -f UTF-16 -t UTF-8 {quote(str(path))} > NEW.csv"
                raise DataError(f"{path}: a table in UTF-16, not in UTF-8", hint=hint)
            chunk, first = chunk.removeprefix(codecs.BOM_UTF8), False  # noqa: PLW2901
        *lines, rest = (rest + chunk).split(b"\n")
        if len(rest) > MAX_LINE or any(len(line) > MAX_LINE for line in lines):
            raise DataError(f"{path}: a line of more than {MAX_LINE:,} bytes: not a table")
        if found := _number_lines(lines, number):
            yield found
        number += len(lines)
    if found := _number_lines([rest], number):
        yield found


def _number_lines(lines: list[bytes], before: int) -> list[Line]:
    return [
        (number, line.removesuffix(b"\r"))
        for number, line in enumerate(lines, before + 1)
        if line.strip()
    ]


def _read_blocks(
    path: Path, columns: Columns, wrong: Wrong, notes: list[str], names: list[str]
) -> Generator[Block, None, None]:
    """Yield the images of a table, and note what is corrected; adds class names."""
    rows: _Rows | None = None
    header = columns.names is not None
    with open_plain(path) as file:
        for found in read_lines(path, file):
            lines = found[1:] if header else found
            header = False
            if lines and rows is None:
                named = _has_words(columns, lines)
                rows = _examine(path, columns, lines, notes, names if named else None)
            if lines and rows:
                yield rows.read(lines, wrong)


def _has_words(columns: Columns, lines: list[Line]) -> bool:
    """Tell whether most labels are words, the names of classes."""
    if columns.label is None:
        return False
    words = 0
    for _, line in lines[:SAMPLE]:
        fields = line.decode("latin1").split(columns.delimiter)  # quotes do not matter here
        if len(fields) == columns.count:
            words += not NUMBER.fullmatch(fields[columns.label].strip('" \t'))
    return words > min(len(lines), SAMPLE) / 2


def _examine(
    path: Path, columns: Columns, lines: list[Line], notes: list[str], names: list[str] | None
) -> _Rows:
    """Find out from the first rows how to read the numbers of a table."""
    rows = _Rows(path, columns, "0 to 255", names)
    sample = [row for line in lines if (row := rows.try_floats(line)) is not None]
    if not sample:
        return rows
    table = np.concatenate(sample)
    if not names and columns.names is None and columns.label == 0 and _is_label_last(table):
        last = columns.count - 1
        columns = Columns(
            columns.count, columns.delimiter, None, range(last), last, columns.left_out
        )
        notes.append("the last column is the label")
    highest = np.median(table[:, list(columns.pixels)].max(axis=1))  # a few rows may be wrong
    if 1 < highest < 2:  # rounding would make all images black
        raise DataError(f"{path}: pixels up to {highest:.8g}, not 0 to 1 or 0 to 255")
    if highest <= 1:
        notes.append("numbers from 0 to 1, scaled to 0 to 255")
        return _Rows(path, columns, "0 to 1", names)
    if sum(map(rows.is_whole, lines)) < len(lines) / 2:
        notes.append("numbers with fractions, rounded")
        return _Rows(path, columns, "fractions up to 255", names)
    return _Rows(path, columns, "0 to 255", names)


def _is_label_last(table: NDArray[Any]) -> bool:
    """Tell whether the last column is the label, not the first: corners of images are black."""
    first, last = table[:, 0], table[:, -1]
    return not first.any() and bool(last.any()) and last.max() < DIGITS


def _is_text(label: str) -> bool:
    """Tell whether a label read byte by byte is UTF-8."""
    try:
        return bool(label.encode("latin1").decode())
    except UnicodeDecodeError:
        return False


class _Rows:
    """How the rows of a table are read."""

    def __init__(self, path: Path, columns: Columns, levels: str, names: list[str] | None) -> None:
        self.path, self.columns, self.levels, self.names = path, columns, levels, names
        self.dtype, self.white = LEVELS[levels]
        self.order: Any = list(columns.pixels)
        if self.order == list(range(self.order[0], self.order[0] + PIXELS)):
            self.order = slice(self.order[0], self.order[0] + PIXELS)  # ten times as fast
        used = {*columns.pixels, *([] if columns.label is None else [columns.label])}
        self.unused = sorted(set(range(columns.count)) - used)

    def read(self, lines: list[Line], wrong: Wrong) -> Block:
        """Return the images of some rows, and count rows without one."""
        try:
            return self._parse([line for _, line in lines])
        except (ValueError, Warning):
            pass
        found, kept = list[Block](), list[int]()
        for row, (number, line) in enumerate(lines):
            try:
                found.append(self._parse([line]))
                kept.append(row)
            except (ValueError, Warning):
                self._find_fault(number, line, wrong)
        if not found:
            none = None if self.columns.label is None else np.empty(0, np.uint8)
            return Block(np.empty((0, SIDE, SIDE), np.uint8), none)
        labels = [block.labels for block in found if block.labels is not None]
        images = np.concatenate([block.images for block in found])
        return Block(images, np.concatenate(labels) if labels else None, np.array(kept))

    def try_floats(self, line: Line) -> NDArray[Any] | None:
        """Return a row as numbers (1, columns), or None if its pixels are not grey levels."""
        try:
            row = self._load([line[1]], np.float32)
        except (ValueError, Warning):
            return None
        pixels = row[:, self.order]
        return row if (pixels >= 0).all() and (pixels <= 255).all() else None

    def is_whole(self, line: Line) -> bool:
        """Tell whether a row consists of numbers written as whole numbers."""
        try:
            self._load([line[1]], np.uint8)
        except (ValueError, Warning):
            return False
        return True

    def _load(self, lines: list[bytes], dtype: type[Any]) -> NDArray[Any]:
        """Return rows as numbers; ValueError or a warning if they are not of this type."""
        columns = self.columns
        if self.unused or self.names is not None:
            lines = [self._replace_words(line) for line in lines]
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            table = np.loadtxt(
                lines,
                dtype,
                delimiter=columns.delimiter,
                comments=None,
                quotechar='"',
                ndmin=2,
                encoding="latin1",
            )
        if table.shape != (len(lines), columns.count):
            raise ValueError("rows of another length")
        return table

    def _replace_words(self, line: bytes) -> bytes:
        """Return a line with 0 in the columns left out, and a number as its label."""
        fields = split_fields(line.decode("latin1"), self.columns.delimiter)
        for column in self.unused:
            if column < len(fields):
                fields[column] = "0"
        label = self.columns.label
        if self.names is not None and label is not None and len(fields) == self.columns.count:
            name = fields[label].strip().encode("latin1").decode()  # ValueError: not in UTF-8
            if not name:
                raise ValueError("no label")
            fields[label] = str(number_name(self.names, name, self.path))
        return self.columns.delimiter.join(fields).encode("latin1")

    def _parse(self, lines: list[bytes]) -> Block:
        """Return the images of rows; ValueError or a warning if one is wrong."""
        table, label = self._load(lines, self.dtype), self.columns.label
        pixels = table[:, self.order]
        if self.dtype is not np.uint8:
            if not ((pixels >= 0) & (pixels <= self.white)).all():  # nor NaN
                raise ValueError("not a grey level")
            pixels = np.rint(pixels * np.float32(255 / self.white)).astype(np.uint8)
        images: Bytes = pixels.reshape(-1, SIDE, SIDE)
        if label is None:
            return Block(images, None)
        labels = table[:, label]
        if not ((labels >= 0) & (labels < DIGITS) & (labels % 1 == 0)).all():
            raise ValueError("not a digit")
        return Block(images, labels.astype(np.uint8))

    def _find_fault(self, number: int, line: bytes, wrong: Wrong) -> None:
        """Count a wrong row, and say what is wrong with it."""
        columns, where = self.columns, f"{self.path}:{number}"
        try:
            fields = split_fields(line.decode("latin1"), columns.delimiter)
        except ValueError as error:
            wrong.add(f"{where}: {error}")
            return
        if len(fields) != columns.count:
            wrong.add(f"{where}: {len(fields):,} columns, expected {columns.count}")
            return
        if columns.label is not None:
            label = fields[columns.label].strip()
            if self.names is not None:
                if not label or not _is_text(label):
                    wrong.add(f"{where}: {'a label that is not UTF-8' if label else 'no label'}")
                    return
                wrong.add(f"{where}: {self._describe_pixel(fields)}")
                return
            if not NUMBER.fullmatch(label) or float(label) % 1 or abs(float(label)) > 1e15:
                wrong.add(f"{where}: label {short(label)}, not 0 to 9")
                return
            if not 0 <= float(label) < DIGITS:
                wrong.add_label(where, int(float(label)))
                return
        wrong.add(f"{where}: {self._describe_pixel(fields)}")

    def _describe_pixel(self, fields: list[str]) -> str:
        """Describe the first pixel that is not a grey level."""
        for column in self.columns.pixels:
            text = fields[column].strip()
            if not NUMBER.fullmatch(text) or not 0 <= float(text) <= self.white:
                return f"{self.columns.name(column)} is {short(text)}, not {self.levels}"
            if self.dtype is np.uint8 and not text.lstrip("+").isdigit():
                return f"{self.columns.name(column)} is {short(text)}, not a whole number"
        return "not a row of numbers"
