"""What a folder holds instead of a data set's files, and how to make them from it."""

from __future__ import annotations

import contextlib
import itertools
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from shlex import quote

from mnistmlp.atomic import cause_of
from mnistmlp.data.catalog import FILES, DataFile, Split
from mnistmlp.data.convert.command import DIVIDE, convert_command, holds_images, write_command
from mnistmlp.data.folder import find_files, is_verified, missing_files, possible_paths
from mnistmlp.errors import DataError, MissingDataError

NearMiss = tuple[str, str | None]  # a line, and a command that makes the files
MAX_NAMES = 10_000  # examined in a folder
MAX_SHOWN = 12
MAX_DEPTH, MAX_FOLDERS = 2, 100  # of subfolders searched: torchvision writes MNIST/raw
TEST_WORDS = re.compile("t10k|test|val")
PICTURE = re.compile(r"\.(png|jpe?g|gif|bmp|webp|tiff?)$", re.IGNORECASE)
DIGIT = re.compile("[0-9]/")  # a folder's name
NO_PICTURES = "training needs IDX files, not pictures"
OTHER_FILES = {  # by suffix
    ".pkl": "a pickle, which is never opened",
    ".pkl.gz": "a pickle, which is never opened",
    ".parquet": "a table of pictures?",
    ".zip": "an archive: unpack it first",
    ".tar.gz": "an archive: unpack it first",
}


CONVERTIBLE_KINDS = {  # by suffix
    ".npz": "a NumPy archive",
    ".npy": "a NumPy array",
    **dict.fromkeys((".csv", ".csv.gz", ".tsv", ".tsv.gz"), "a table with one image per row"),
}


def missing_error(folder: Path, missing: Sequence[DataFile]) -> MissingDataError:
    """Return the error for files missing from a folder, with what is there instead.

    Its `folder` is set if the missing files can be added there.
    """
    try:
        names = _list_names(folder)
    except FileNotFoundError:
        return MissingDataError(f"{folder}: no such folder", folder=folder)
    except OSError as error:
        return MissingDataError(f"{folder}: {cause_of(error)}", folder=None)
    if not names:
        return MissingDataError(f"{folder}: an empty folder", folder=folder)
    near_misses = list(_find_near_misses(folder, names, missing))
    more = [f"and {len(names) - MAX_SHOWN} more"] if len(names) > MAX_SHOWN else []
    found = ", ".join(names[:MAX_SHOWN] + more)
    begun = (
        name
        for name, files in FILES.items()
        if all(is_verified(path, file) for file in files for path in find_files(folder, file))
    )
    dataset = next(begun, None)
    return MissingDataError(
        f"{folder}: no {' and no '.join(file.name for file in missing)}, plain or .gz",
        folder=folder if dataset and not near_misses else None,
        dataset=dataset or "mnist",
        hint=next((command for _, command in near_misses if command), None),
        details=[f"found: {found}", *(line for line, _ in near_misses[:MAX_SHOWN])],
    )


def _list_names(folder: Path) -> list[str]:
    """Return the names in a folder, with a slash after those of folders."""
    found = itertools.islice(folder.iterdir(), MAX_NAMES)
    return sorted(f"{path.name}/" if path.is_dir() else path.name for path in found)


def _find_near_misses(
    folder: Path, names: list[str], missing: Sequence[DataFile]
) -> Iterator[NearMiss]:
    """Yield lines on what may be meant as the missing files, with a command for some."""
    for inner in itertools.islice(_subfolders(folder, MAX_DEPTH), MAX_FOLDERS):
        if not missing_files(inner, missing):
            yield f"{inner} has them", f"--data-dir {quote(str(inner))}"
    for path in (path for file in missing for path in possible_paths(folder, file)):
        if os.path.lexists(path):
            kind = "a folder" if path.is_dir() else "not a regular file"
            yield f"{path.name} is here: {kind}", None
    wanted: Split = "test" if "t10k" in missing[0].name else "train"
    files = [name for name in names if (folder / name).is_file()]
    renamed = list(_find_renamed(files, missing))
    rename = _convert_emnist if any(_is_emnist(name) for _, name in renamed) else _link
    yield from ((_ask(file, name), rename(folder, renamed)) for file, name in renamed)
    for kind, what in CONVERTIBLE_KINDS.items():
        for name in files:
            if name.lower().endswith(kind) and holds_images(folder / name):
                command = convert_command(folder, wanted) or convert_command(folder / name, wanted)
                yield f"{name} is here: {what}", command
    for kind, what in OTHER_FILES.items():
        yield from ((f"{name} is here: {what}", None) for name in names if name.endswith(kind))
    yield from itertools.islice(_find_pictures(folder, names, wanted), 1)


def _find_pictures(folder: Path, names: list[str], wanted: Split) -> Iterator[NearMiss]:
    """Yield lines on pictures in folders by digit or by split, or in a list."""
    from mnistmlp.data.convert.sources import split_of  # 30 ms, and only for hints

    pictures = [name for name in names if PICTURE.search(name) or DIGIT.fullmatch(name)]
    if any(map(DIGIT.fullmatch, pictures)):
        yield f"{pictures[0]} is here: {NO_PICTURES}", write_command(folder, DIVIDE)
    found = [name for name in names[:MAX_FOLDERS] if _has_labelled_pictures(folder / name)]
    splits = {split_of(name) for name in found}
    if wanted in splits:
        yield f"{found[0]} is here: {NO_PICTURES}", write_command(folder)
    elif splits == {"train"}:
        yield f"{found[0]} is here: {NO_PICTURES}", write_command(folder, DIVIDE)
    if pictures:
        yield f"{pictures[0]} is here: {NO_PICTURES}", None


def _has_labelled_pictures(path: Path) -> bool:
    """Tell whether a folder has pictures by digit, or a file lists pictures."""
    from mnistmlp.data.convert.sources import is_list

    with contextlib.suppress(OSError, DataError):
        if path.is_dir():
            return any(map(DIGIT.fullmatch, _list_names(path)))
        return is_list(path)
    return False


def _subfolders(folder: Path, depth: int) -> Iterator[Path]:
    with contextlib.suppress(OSError):
        for name in _list_names(folder) if depth else ():
            if name.endswith("/"):
                yield folder / name
                yield from _subfolders(folder / name, depth - 1)


def _find_renamed(names: list[str], missing: Sequence[DataFile]) -> Iterator[tuple[DataFile, str]]:
    """Yield each missing file with a similar name that may be meant."""
    for file in missing:
        for name in names:
            words = name.lower()
            if (
                ("idx" in words or "ubyte" in words)
                and ("image" in words) == ("images" in file.name)
                and ("label" in words) == ("labels" in file.name)
                and bool(TEST_WORDS.search(words)) == ("t10k" in file.name)
            ):
                yield file, name
                break


def _ask(file: DataFile, name: str) -> str:
    """Return a question about a name that may be meant as a file's."""
    turned = _is_emnist(name) and "images" in file.name
    remark = " EMNIST's images are transposed" if turned else ""
    return f"{name} is here: is it {_like(file, name)}?{remark}"


def _link(folder: Path, renamed: list[tuple[DataFile, str]]) -> str:
    """Return a command that links the right names to files and keeps the old ones."""
    links = ((quote(name), quote(str(folder / _like(file, name)))) for file, name in renamed)
    return " && ".join(f"ln -s -- {name} {link}" for name, link in links)


def _convert_emnist(folder: Path, renamed: list[tuple[DataFile, str]]) -> str | None:
    """Return a command that transposes EMNIST's images, or None if there are none."""
    images = [(file, name) for file, name in renamed if "images" in file.name]
    if not images:
        return None
    file, name = images[0]
    others = [each for each in _list_names(folder) if "ubyte" in each and not _is_emnist(each)]
    wanted: Split = "test" if "t10k" in file.name else "train"
    whole = None if others else convert_command(folder, wanted, "--transpose")
    return whole or convert_command(folder / name, wanted, "--transpose")


def _is_emnist(name: str) -> bool:
    return "emnist" in name.lower()


def _like(file: DataFile, name: str) -> str:
    """Return the name that a file should have, ending in .gz if the other name does."""
    return file.name + (".gz" if name.endswith(".gz") else "")
