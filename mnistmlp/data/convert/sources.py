"""What a source holds: which files or arrays are the images and labels of which split."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from reprlib import repr as short
from shlex import quote
from typing import Literal, TypeVar

from mnistmlp.arrays import DIGITS
from mnistmlp.atomic import cause_of
from mnistmlp.data.catalog import Split
from mnistmlp.data.convert.archives import list_arrays, read_npy
from mnistmlp.data.convert.arrays import Named, array_part
from mnistmlp.data.convert.columns import is_image_table
from mnistmlp.data.convert.files import open_plain
from mnistmlp.data.convert.idx_files import read_any_idx
from mnistmlp.data.convert.lists import find_list
from mnistmlp.data.convert.parts import Part
from mnistmlp.data.convert.tables import read_first_line, table_part
from mnistmlp.data.idx_faults import explain_start
from mnistmlp.errors import DataError

MAX_NAMES = 10_000  # examined in a folder
TEST = re.compile("t10k|test")
VALIDATION = re.compile("val(?!ue)")
# images, img, x_train, X, trainX, data, arr_0
IMAGES = re.compile(r"im(age|g)|pixels|data|(?<![a-z])x(?![a-z])|(train|test|val)_?x(?![a-z])")
LABELS = re.compile(r"label|target|class|(?<![a-z])y(?![a-z])|(train|test|val)_?y(?![a-z])")
ROLE_WORDS = re.compile(r"image|img|label|target|s(?=[-_.]|$)|(?<![a-z])[xy](?![a-z])|[xy](?=\.)")
PAIRED = (re.compile(r"\.npy$", re.IGNORECASE), re.compile("idx|ubyte", re.IGNORECASE))
SHEETS = (".xlsx", ".ods")  # zip archives whose members are of no interest
TABLE = re.compile(r"\.(csv|tsv)(\.gz)?$", re.IGNORECASE)
BACKUP = re.compile(r"\.bak[0-9]*$")  # --force keeps files as NAME.bak
MAX_SHOWN = 8  # names of sets in a message

Role = Literal["images", "labels"]
ROLES: tuple[Role, Role] = ("images", "labels")
T = TypeVar("T")
Chosen = tuple[dict[Split, T], list[T]]


@dataclass(frozen=True)
class Found:
    """What can be converted in a source, and what is left out."""

    parts: Sequence[Part]
    left_out: Sequence[str] = ()  # lines


def split_of(name: str, default: Split = "train") -> Split:
    """Return the split that a name mentions."""
    words = name.lower()
    if TEST.search(words) or VALIDATION.search(words):
        return "test"
    return "train" if "train" in words else default


def find_parts(source: Path) -> Found | None:
    """Find the images in a file or a folder, or None if a folder has no file in a known format.

    Raises
    ------
    DataError
        If a file holds no images, or a folder several sets.
    """
    if source.is_dir():
        return _find_in_folder(source)
    if not source.exists():
        raise DataError(f"{source}: no such file or folder")
    start = _read_start(source)
    if start.startswith(b"PK") and source.suffix.lower() == ".npz":
        if _is_one_array(source):
            return _find_pair(source)
        return _pair(source, list_arrays(source), f"{source}: ")
    if start.startswith(b"\x93NUM") or _is_idx(start):
        return _find_pair(source)
    kind = explain_start(source, start).cause
    if kind and not start.startswith(b"labe"):
        hint = f"unzip {quote(str(source))}" if start.startswith(b"PK") else None
        if source.suffix.lower() in SHEETS:
            hint = "save the sheet as CSV"
        raise DataError(f"{source}: not a table: {kind}", hint=hint)
    return Found([table_part(source, split_of(source.name))])


def _read_start(path: Path) -> bytes:
    with open_plain(path) as file:
        return file.read(4)


def _is_idx(start: bytes) -> bool:
    """Tell whether a file starts as IDX, in either byte order."""
    return len(start) == 4 and (start[:2] == b"\0\0" or start[2:] == b"\0\0") and any(start)


def is_list(source: Path) -> bool:
    """Tell whether a file is a list of pictures and their labels."""
    return source.is_file() and bool(TABLE.search(source.name)) and find_list(source) is not None


def list_files(folder: Path) -> list[Path]:
    """Return the files in a folder, sorted by name; DataError if it cannot be read."""
    try:
        paths = sorted(itertools.islice(folder.iterdir(), MAX_NAMES))
    except OSError as error:
        raise DataError(f"{folder}: {cause_of(error)}") from None
    return [path for path in paths if path.is_file() and not path.name.startswith(".")]


def choose(candidates: Sequence[tuple[Split, T]], name: Callable[[T], str]) -> Chosen[T]:
    """Return the sets by split, and the validation sets that are left out.

    Raises
    ------
    DataError
        If there are several of the same split.
    """
    chosen, left_out = dict[Split, T](), list[T]()
    # a validation set serves as the test set if there is no other
    for split, each in sorted(candidates, key=lambda pair: _is_validation(name(pair[1]))):
        if split not in chosen:
            chosen[split] = each
        elif _is_validation(name(each)):
            left_out.append(each)
        else:
            first, other = name(chosen[split]), name(each)
            hint = _name_one(first) if Path(first).exists() else None  # not an array in a file
            raise DataError(f"{first} and {other} are both {split} sets", hint=hint)
    return chosen, left_out


def _is_validation(name: str) -> bool:
    words = name.lower()
    return bool(VALIDATION.search(words)) and not TEST.search(words)


# --- Folders ----------------------------------------------------------------------


def _find_in_folder(folder: Path) -> Found | None:
    """Find the one set that a folder holds; raise DataError if it holds several."""
    files = [path for path in list_files(folder) if not BACKUP.search(path.name)]
    packed = [path for path in files if path.suffix == ".gz" and path.with_suffix("") in files]
    found = _find_set(folder, [path for path in files if path not in packed])
    if found is None:
        return None
    lines = [f"{path}: left out: an unpacked copy exists" for path in packed]
    if any((folder / str(digit)).is_dir() for digit in range(DIGITS)):
        lines.append(f"{folder}: left out: the pictures in folders 0 to 9")
    return replace(found, left_out=[*found.left_out, *lines])


def _find_set(folder: Path, files: Sequence[Path]) -> Found | None:
    """Find the one set that these files make up."""
    tables = [path for path in files if TABLE.search(path.name)]
    of_images = [path for path in tables if _is_image_table(path)]
    archives = [path for path in files if path.suffix.lower() == ".npz"]
    single = [path for path in archives if _is_one_array(path)]
    archives = [path for path in archives if path not in single]
    pairs = [[path for path in files if pattern.search(path.name)] for pattern in PAIRED]
    forms = [of_images, *([path] for path in archives), single, *pairs]
    found = [paths for paths in forms if paths]
    if len(found) > 1:
        names = [path.name for paths in found for path in paths[:2]]
        more = [f"and {len(names) - MAX_SHOWN:,} more"] if len(names) > MAX_SHOWN else []
        text = f"{folder}: several sets: {', '.join(names[:MAX_SHOWN] + more)}"
        raise DataError(text, hint=_name_one(found[0][0]))
    if of_images:
        return _find_tables(of_images, [path for path in tables if path not in of_images])
    if archives:
        return find_parts(archives[0])
    for paths in found:
        return _pair(folder, list(map(_named, paths)), f"{folder}/")
    return None


def _name_one(path: str | Path) -> str:
    return f"name one, such as {quote(str(path))}"


def _find_tables(of_images: list[Path], others: list[Path]) -> Found:
    """Return the tables of each split."""
    chosen, left_out = choose([(split_of(path.name), path) for path in of_images], str)
    parts = [table_part(path, split) for split, path in sorted(chosen.items(), reverse=True)]
    lines = [f"{path}: left out: not a table of images" for path in others]
    return Found(parts, [*lines, *(f"{path}: left out: a validation set" for path in left_out)])


def _is_image_table(path: Path) -> bool:
    try:
        return is_image_table(read_first_line(path))
    except DataError:
        return False


# --- Pairs of arrays --------------------------------------------------------------


def _named(path: Path) -> Named:
    """Return the only array in a file: .npy, IDX, or an .npz like KMNIST's."""
    if path.suffix.lower() == ".npz":
        return replace(list_arrays(path)[0], name=path.name, source=str(path))
    read = read_npy if path.suffix.lower() == ".npy" else read_any_idx
    return Named(path.name, str(path), partial(read, path))


def _is_one_array(path: Path) -> bool:
    """Tell whether an .npz file holds one array, described only by the file's name."""
    try:
        return [each.name for each in list_arrays(path)] == ["arr_0"]
    except DataError:
        return False


def _find_pair(source: Path) -> Found:
    """Return the images in a file, with the labels from the matching file next to it."""
    if role_of(source.name) == "labels":
        raise DataError(f"{source}: labels, going by its name; give the file with the images")
    images, split = _named(source), split_of(source.name)
    beside = [
        _named(path)
        for path in list_files(source.parent)
        if role_of(path.name) == "labels" and _stem(path.name) == _stem(source.name)
    ]
    return Found([array_part(split, images, beside[0] if beside else None)])


def _stem(name: str) -> str:
    """Return what the names of images and of their labels have in common, even for .npy."""
    form = re.sub(r"idx\d|ubyte|int$|\.gz$", "", name.lower())
    return re.sub(r"[^a-z0-9]", "", ROLE_WORDS.sub("", form))


def role_of(name: str) -> Role | None:
    """Return whether a name mentions images or labels."""
    words = name.lower()
    if LABELS.search(words):
        return "labels"
    return "images" if IMAGES.search(words) else None


def _pair(source: Path, arrays: Sequence[Named], before: str) -> Found:
    """Pair the images and labels of each split; raise DataError if there are no images."""
    default: Split = "train" if source.is_dir() else split_of(source.name)
    roles = [(split_of(each.name, default), role_of(each.name), each) for each in arrays]
    if {each.name for each in arrays} <= {"arr_0", "arr_1"}:  # from np.savez(file, x, y)
        roles = [(default, role, each) for role, each in zip(ROLES, arrays, strict=False)]
    by_role = {}
    left_out = [each for _, role, each in roles if role is None]
    for wanted in ROLES:
        candidates = [(split, each) for split, role, each in roles if role == wanted]
        by_role[wanted], more = choose(candidates, lambda each: each.source)
        left_out += more
    if not by_role["images"]:
        names = ", ".join(short(each.name) for each in arrays[:8]) or "nothing"
        raise DataError(
            f"{source}: no images: found {names}, expected names like x_train and y_train"
        )
    parts = [
        array_part(split, images, by_role["labels"].get(split))
        for split, images in sorted(by_role["images"].items(), reverse=True)
    ]
    return Found(parts, [f"{before}{short(each.name)}: left out" for each in left_out])
