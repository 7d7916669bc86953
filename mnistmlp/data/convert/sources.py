"""What a source holds: which of its files, or arrays, are images and labels of which split."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from shlex import quote

from mnistmlp.data.catalog import Split
from mnistmlp.data.convert.columns import is_image_table
from mnistmlp.data.convert.files import open_plain
from mnistmlp.data.convert.parts import Part
from mnistmlp.data.convert.tables import read_first_line, table_part
from mnistmlp.data.idx_faults import explain_start
from mnistmlp.errors import DataError

MAX_NAMES = 10_000  # in a folder, that are looked at
TEST = re.compile("t10k|test")
VALIDATION = re.compile("val(?!ue)")
TABLE = re.compile(r"\.(csv|tsv)(\.gz)?$", re.IGNORECASE)


@dataclass(frozen=True)
class Found:
    """What there is to convert in a source, and what is left out."""

    parts: Sequence[Part]
    left_out: Sequence[str] = ()  # lines


def split_of(name: str) -> Split:
    """Return the split that a name speaks of; train, if it names none."""
    words = name.lower()
    return "test" if TEST.search(words) or VALIDATION.search(words) else "train"


def find_parts(source: Path) -> Found | None:
    """Find the images in a file or a folder, or None if a folder holds no file of a known form.

    Raises
    ------
    DataError
        If there are none in a file, or if a folder holds several sets.
    """
    if source.is_dir():
        return _find_in_folder(source)
    if not source.exists():
        raise DataError(f"{source}: no such file or folder")
    start = _read_start(source)
    kind = explain_start(source, start).cause
    if kind and not start.startswith(b"labe"):
        raise DataError(f"{source}: not a table: {kind}")
    return Found([table_part(source, split_of(source.name))])


def _read_start(path: Path) -> bytes:
    with open_plain(path) as file:
        return file.read(4)


def list_files(folder: Path) -> list[Path]:
    """Return the files in a folder, in order of name; DataError if it cannot be read."""
    try:
        paths = sorted(itertools.islice(folder.iterdir(), MAX_NAMES))
    except OSError as error:
        raise DataError(f"{folder}: {error.strerror}") from None
    return [path for path in paths if path.is_file() and not path.name.startswith(".")]


def choose(candidates: Sequence[tuple[Split, Path]]) -> tuple[dict[Split, Path], list[Path]]:
    """Return the file of each split, and those of validation sets that are left out beside it.

    Raises
    ------
    DataError
        If several files are of the same split.
    """
    chosen, left_out = dict[Split, Path](), list[Path]()
    # a validation set is a test set where there is no other
    for split, path in sorted(candidates, key=lambda each: bool(_is_validation(each[1].name))):
        if split not in chosen:
            chosen[split] = path
        elif _is_validation(path.name):
            left_out.append(path)
        else:
            raise DataError(
                f"{path.parent}: {chosen[split].name} and {path.name} are both {split} sets",
                hint=f"name one: mnistmlp convert {quote(str(path))} NEW-FOLDER",
            )
    return chosen, left_out


def _is_validation(name: str) -> bool:
    words = name.lower()
    return bool(VALIDATION.search(words)) and not TEST.search(words)


def _find_in_folder(folder: Path) -> Found | None:
    files = list_files(folder)
    tables = [path for path in files if TABLE.search(path.name)]
    of_images = [path for path in tables if _is_image_table(path)]
    if not of_images:
        return None
    chosen, left_out = choose([(split_of(path.name), path) for path in of_images])
    others = [f"{path}: left out: no table of images" for path in tables if path not in of_images]
    parts = [table_part(path, split) for split, path in sorted(chosen.items(), reverse=True)]
    return Found(parts, [*others, *(f"{path}: left out: a validation set" for path in left_out)])


def _is_image_table(path: Path) -> bool:
    try:
        return is_image_table(read_first_line(path))
    except DataError:
        return False
