"""Lists of labelled pictures: tables with a file name and a digit per row."""

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
    NUMBER,
    find_delimiter,
    is_image_table,
    split_fields,
)
from mnistmlp.data.convert.files import open_plain
from mnistmlp.data.convert.parts import MAX_IMAGES, Wrong, number_name
from mnistmlp.data.convert.tables import SAMPLE, read_first_line, read_lines
from mnistmlp.errors import DataError

SUFFIX = re.compile(r"\.[a-z]{3,4}", re.IGNORECASE)
WHOLE = re.compile("[0-9]{1,9}")


class PictureList(NamedTuple):
    """The columns of a table that hold the names and labels of pictures."""

    path: Path
    delimiter: str
    file: int
    label: int
    header: bool
    names: list[str] | None = None  # of the classes, if labels are words; grows while reading


def find_list(path: Path) -> PictureList | None:
    """Return how a table lists pictures, or None if it does not.

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
        listed = PictureList(path, delimiter, files[0], labels[0], header=True)
        return listed._replace(names=[] if _has_words(listed) else None)
    files = [k for k, field in enumerate(fields) if SUFFIX.fullmatch(Path(field).suffix)]
    labels = [k for k, field in enumerate(fields) if WHOLE.fullmatch(field)]
    if files and labels:
        return PictureList(path, delimiter, files[0], labels[0], header=False)
    if len(files) == 1 and len(fields) == 2:
        return PictureList(path, delimiter, files[0], 1 - files[0], header=False, names=[])
    return None


def _has_words(listed: PictureList) -> bool:
    """Tell whether most labels in the first rows after a header are words."""
    labels = list[str]()
    with open_plain(listed.path) as file:
        for lines in read_lines(listed.path, file):
            for _, line in lines[1 : SAMPLE + 1]:
                fields = line.decode(errors="replace").split(listed.delimiter)
                labels += [field.strip('" \t') for field in fields[listed.label : listed.label + 1]]
            break
    words = sum(not NUMBER.fullmatch(label) for label in labels)
    return words > len(labels) / 2


def read_list(listed: PictureList, wrong: Wrong) -> Iterator[tuple[Path, int]]:
    """Yield the path and label of each picture; rows without them are counted.

    Names are relative to the list's folder.
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
    if listed.names is not None:
        return _name_row(listed, where, name, label, wrong)
    if not WHOLE.fullmatch(label):
        wrong.add(f"{where}: label {short(label)}, not 0 to 9")
    elif int(label) >= DIGITS:
        wrong.add_label(where, int(label))
    elif not name:
        wrong.add(f"{where}: no picture name")
    else:
        return listed.path.parent / name, int(label)
    return None


def _name_row(
    listed: PictureList, where: str, name: str, label: str, wrong: Wrong
) -> tuple[Path, int] | None:
    """Return the path of a picture and the index of its class among the names."""
    if not name or not label:
        wrong.add(f"{where}: no {'label' if name else 'picture name'}")
        return None
    assert listed.names is not None
    return listed.path.parent / name, number_name(listed.names, label, listed.path)
