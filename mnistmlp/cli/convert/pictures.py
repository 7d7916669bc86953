"""Pictures as a source: a folder for each digit, or a list of names and labels."""

from __future__ import annotations

import re
from collections.abc import Generator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mnistmlp import blas
from mnistmlp.atomic import cause_of
from mnistmlp.cli.predict.folders import SUFFIXES, SYSTEM_NAMES, find_pictures
from mnistmlp.cli.predict.readers import read_in_order
from mnistmlp.errors import DataError, PictureError

if TYPE_CHECKING:
    from mnistmlp.arrays import Bytes
    from mnistmlp.data.catalog import Split
    from mnistmlp.data.convert.parts import Block, Part, Wrong
    from mnistmlp.data.convert.sources import Found

Labelled = tuple[str | PictureError, int]  # a picture's name and its label
DIGIT = re.compile("[0-9]")
NUMBER = re.compile("[0-9]{2,9}")


def find_picture_parts(source: Path, **options: Any) -> Found | None:
    """Find the pictures in a folder, or of a list; None if there are none.

    Parameters
    ----------
    source : Path
    **options
        Are passed to `read_picture`.

    Raises
    ------
    DataError
        If there are other classes, or several lists.
    """
    if source.is_dir():
        found = _find_by_class(source, options) or _find_lists(source, options)
        return found or _find_by_name(source, options)
    return _read_lists([source], options)


# --- A folder for each digit --------------------------------------------------------


def _find_by_class(folder: Path, options: dict[str, Any]) -> Found | None:
    """Find the folders 0 to 9, in this folder or in one for each split."""
    from mnistmlp.data.convert.sources import Found, choose, split_of

    inner = _list_folders(folder)
    if any(DIGIT.fullmatch(each.name) for each in inner):
        return Found([_class_part(folder, split_of(folder.name), inner, options)])
    found = [
        (split_of(each.name), each)
        for each in inner
        if any(DIGIT.fullmatch(below.name) for below in _list_folders(each))
    ]
    if not found:
        return None
    chosen, left_out = choose(found, str)
    parts = [
        _class_part(each, split, _list_folders(each), options)
        for split, each in sorted(chosen.items(), reverse=True)
    ]
    named = {each for _, each in found}
    lines = [f"{each}: left out: no folders 0 to 9" for each in inner if each not in named]
    lines += _pictures_without_label(folder)
    return Found(parts, [*lines, *(f"{each}: left out: a validation set" for each in left_out)])


def _pictures_without_label(folder: Path) -> list[str]:
    """Return a line on the pictures beside the folders of the digits, if there are any."""
    count = sum(path.suffix.lower() in SUFFIXES for path in folder.iterdir())
    text = f"{count:,} picture{'s'[: count != 1]} in no folder of a digit"
    return [f"{folder}: left out: {text}"] if count else []


def _list_folders(folder: Path) -> list[Path]:
    try:
        found = sorted(folder.iterdir())
    except OSError as error:
        raise DataError(f"{folder}: {cause_of(error)}") from None
    return [
        each
        for each in found
        if each.is_dir() and each.name[0] != "." and each.name not in SYSTEM_NAMES
    ]


def _class_part(folder: Path, split: Split, inner: Sequence[Path], options: dict[str, Any]) -> Part:
    """Return the pictures in the folders of the digits, in the order of their names.

    So MNIST written as pictures that are named by their index comes back in its own order.
    """
    others = [each.name for each in inner if not DIGIT.fullmatch(each.name)]
    if others:
        names = ", ".join(others[:5])
        raise DataError(f"{folder}: folders other than 0 to 9, the ten classes: {names}")
    empty = [each for each in inner if not any(each.iterdir())]
    full = [each for each in inner if each not in empty]
    pictures = _list_pictures(full, [int(each.name) for each in full])
    part = _picture_part(split, folder, pictures, options)
    part.notes += [f"{each}: an empty folder" for each in empty]
    part.notes += _pictures_without_label(folder)
    return part


def _list_pictures(inner: Sequence[Path], labels: Sequence[int]) -> list[Labelled]:
    """Return the pictures in the folders of classes with their labels, by name."""
    found = list[Labelled]()
    for each, label in zip(inner, labels, strict=True):
        found += [(name, label) for name in find_pictures(str(each))]
    return sorted(found, key=lambda pair: (_natural(str(pair[0])), pair[1]))


# --- A folder for each class, by its name -----------------------------------------------


def _find_by_name(folder: Path, options: dict[str, Any]) -> Found | None:
    """Find folders of pictures that are named as their classes, here or in one for each split."""
    from mnistmlp.data.convert.parts import check_class_count
    from mnistmlp.data.convert.sources import Found, choose, split_of

    inner = _list_folders(folder)
    if classes := list(filter(_has_pictures, inner)):
        chosen, left_out = {split_of(folder.name): classes}, list[Path]()
    else:
        below = {each: list(filter(_has_pictures, _list_folders(each))) for each in inner}
        candidates = [(split_of(each.name), each) for each in inner if below[each]]
        found, left_out = choose(candidates, str)
        chosen = {split: below[each] for split, each in sorted(found.items(), reverse=True)}
    if not chosen:
        return None
    check_class_count(sorted({each.name for part in chosen.values() for each in part}), folder)
    parts = []
    for split, folders in chosen.items():
        pictures = _list_pictures(folders, range(len(folders)))
        names = [each.name for each in folders]
        parts.append(_picture_part(split, folders[0].parent, pictures, options, names=names))
    return Found(parts, [f"{each}: left out: a validation set" for each in left_out])


def _has_pictures(folder: Path) -> bool:
    """Tell whether pictures are in a folder itself."""
    try:
        return any(each.suffix.lower() in SUFFIXES for each in folder.iterdir())
    except OSError as error:
        raise DataError(f"{folder}: {cause_of(error)}") from None


def _natural(name: str) -> list[str | int]:
    """Return a key that sorts by the numbers in a file's name: 2.png before 10.png."""
    parts = re.split("([0-9]+)", name.rpartition("/")[2])
    return [int(part) if k % 2 else part for k, part in enumerate(parts)]


# --- Lists --------------------------------------------------------------------------


def _find_lists(folder: Path, options: dict[str, Any]) -> Found | None:
    from mnistmlp.data.convert.sources import TABLE, list_files

    return _read_lists([path for path in list_files(folder) if TABLE.search(path.name)], options)


def _read_lists(paths: list[Path], options: dict[str, Any]) -> Found | None:
    """Return the pictures of the list of each split, or None if no table is one."""
    from mnistmlp.data.convert.lists import find_list, read_list
    from mnistmlp.data.convert.parts import Wrong
    from mnistmlp.data.convert.sources import Found, choose, split_of

    lists = [(split_of(each.name), listed) for each in paths if (listed := find_list(each))]
    if not lists:
        return None
    chosen, left_out = choose(lists, lambda listed: str(listed.path))
    parts = []
    for split, listed in sorted(chosen.items(), reverse=True):
        wrong = Wrong("pictures")
        named = [(str(path), label) for path, label in read_list(listed, wrong)]
        part = _picture_part(split, listed.path, named, options, wrong, names=listed.names)
        parts.append(part)
    return Found(parts, [f"{each.path}: left out: a validation set" for each in left_out])


# --- Reading ------------------------------------------------------------------------


def _picture_part(
    split: Split,
    source: Path,
    pictures: Sequence[Labelled],
    options: dict[str, Any],
    wrong: Wrong | None = None,
    names: list[str] | None = None,
) -> Part:
    from mnistmlp.data.convert.parts import Part, Wrong

    wrong = wrong or Wrong("pictures")
    how = "as they are" if options["raw"] else "read as predict reads them"
    blocks = _read_blocks(pictures, options, wrong)
    notes = [f"pictures, {how}"]
    return Part(split, str(source), True, blocks, wrong, notes, names or [])


def _read_blocks(
    pictures: Sequence[Labelled], options: dict[str, Any], wrong: Wrong
) -> Generator[Block, None, None]:
    """Yield the images of pictures, in their order, and count those that cannot be read."""
    import numpy as np

    from mnistmlp.data.convert.parts import Block

    labels = iter([label for _, label in pictures])
    read = partial(_read_image, options)
    for batch in read_in_order([name for name, _ in pictures], read, blas.usable_cores()):
        images, digits = [], []
        for (_, image), label in zip(batch, labels, strict=False):
            if isinstance(image, PictureError):
                wrong.add(str(image))
            else:
                images.append(image)
                digits.append(label)
        if images:
            yield Block(np.stack(images), np.array(digits, np.uint8))


def _read_image(options: dict[str, Any], name: str) -> Bytes | PictureError:
    """Return the image of a picture, or the error."""
    import warnings

    from mnistmlp.pictures.images import read_picture

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's, about odd pictures that can be read
            return read_picture(name, **options)
    except PictureError as error:
        return PictureError(str(error))  # without what it keeps of the picture
