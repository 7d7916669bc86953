"""Lists of pictures with their labels: tables with a file's name and a digit a row."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from reprlib import repr as short
from typing import NamedTuple

from mnistmlp.arrays import DIGITS
from mnistmlp.data.convert.columns import (
    FILE_NAMES,
    LABEL_NAMES,
    find_delimiter,
    is_image_table,
    split_fields,
)
from mnistmlp.data.convert.files import open_plain
from mnistmlp.data.convert.parts import MAX_IMAGES, Wrong
from mnistmlp.data.convert.tables import read_first_line, read_lines
from mnistmlp.errors import DataError

SUFFIX = re.compile(r"\.[a-z]{3,4}", re.IGNORECASE)
WHOLE = re.compile("[0-9]{1,9}")


class PictureList(NamedTuple):
    """Which columns of a table hold the names and the labels of pictures."""

    path: Path
    delimiter: str
    file: int
    label: int
    header: bool


def find_list(path: Path) -> PictureList | None:
    """Return how a table lists pictures, or None if it is no such table.

    Raises
    ------
    DataError
        If the file cannot be read.
    """
    line = read_first_line(path)
    if is_image_table(line):
        return None
    delimiter = find_delimiter(line)
    try:
        fields = [field.strip() for field in split_fields(line, delimiter)]
    except ValueError:
        return None
    words = [field.lower() for field in fields]
    files = [k for k, word in enumerate(words) if word in FILE_NAMES]
    labels = [k for k, word in enumerate(words) if word in LABEL_NAMES]
    if files and labels:
        return PictureList(path, delimiter, files[0], labels[0], header=True)
    files = [k for k, field in enumerate(fields) if SUFFIX.fullmatch(Path(field).suffix)]
    labels = [k for k, field in enumerate(fields) if WHOLE.fullmatch(field)]
    if files and labels:
        return PictureList(path, delimiter, files[0], labels[0], header=False)
    return None


def read_list(listed: PictureList, wrong: Wrong) -> Iterator[tuple[Path, int]]:
    """Yield the path and the label of each picture; rows without them are counted.

    Names are relative to the folder of the list.
    """
    path, number_of_rows = listed.path, 0
    first = listed.header
    with open_plain(path) as file:
        for lines in read_lines(path, file):
            for number, line in lines[1:] if first else lines:
                number_of_rows += 1
                if number_of_rows > MAX_IMAGES:
                    raise DataError(f"{path}: more than {MAX_IMAGES:,} pictures")
                if row := _read_row(listed, number, line, wrong):
                    yield row
            first = False


def _read_row(
    listed: PictureList, number: int, line: bytes, wrong: Wrong
) -> tuple[Path, int] | None:
    where = f"{listed.path}:{number}"
    try:
        fields = split_fields(line.decode(errors="surrogateescape"), listed.delimiter)
        name, label = fields[listed.file].strip(), fields[listed.label].strip()
    except (ValueError, IndexError):
        wrong.add(f"{where}: not a name and a label")
        return None
    if not WHOLE.fullmatch(label):
        wrong.add(f"{where}: label {short(label)}, not 0 to 9")
    elif int(label) >= DIGITS:
        wrong.add_label(where, int(label))
    elif not name:
        wrong.add(f"{where}: no name of a picture")
    else:
        return listed.path.parent / name, int(label)
    return None
