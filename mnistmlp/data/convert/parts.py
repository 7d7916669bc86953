"""Images on their way from a source to IDX files, a block at a time."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from reprlib import repr as short
from typing import BinaryIO, NamedTuple

import numpy as np

from mnistmlp.arrays import DIGITS, SIDE, Bytes, Indices
from mnistmlp.data.catalog import Split, find_name_fault
from mnistmlp.data.convert.files import write_temporary
from mnistmlp.data.folder import read_names
from mnistmlp.errors import DataError

BLOCK = 1024  # images
MAX_IMAGES = 10_000_000
MAX_NAMED = 5  # wrong rows or files that are named
MAX_OTHER = 0.01  # of the labels: more non-digits mean another set of classes


class Block(NamedTuple):
    """Some images, in the order of the source."""

    images: Bytes  # (k, 28, 28)
    labels: Bytes | None  # (k,)
    kept: Indices | None = None  # (k,) their rows, if wrong ones are left out


@dataclass
class Wrong:
    """The rows or files of a source without an image or a label: a count and the first few."""

    what: str = "rows"
    count: int = 0
    first: list[str] = field(default_factory=list)
    labels: set[int] = field(default_factory=set)  # that are not digits
    labelled: int = 0  # how many have such a label

    def add(self, line: str) -> None:
        """Count one, with a line that says where and what is wrong."""
        self.count += 1
        if len(self.first) < MAX_NAMED:
            self.first.append(line)

    def add_label(self, where: str, label: int) -> None:
        """Count one whose label is not a digit."""
        self.add(f"{where}: label {label}, not 0 to 9")
        self.labelled += 1
        if len(self.labels) < 1000:  # enough to name another set of classes
            self.labels.add(label)

    def error(self, name: str, right: int, hint: str | None = None) -> DataError:
        """Return the error that names them, given the number of valid ones."""
        more = [f"and {self.count - len(self.first):,} more"]
        verb = "is" if self.count == 1 else "are"
        return DataError(
            f"{name}: {self.count:,} of {self.count + right:,} {self.what} {verb} wrong",
            details=[*self.first, *more[: self.count > len(self.first)]],
            hint=hint,
        )


@dataclass
class Part:
    """The images of one split in a source, not yet read."""

    split: Split
    name: str  # of the files
    labelled: bool
    blocks: Generator[Block, None, None]
    wrong: Wrong = field(default_factory=Wrong)
    notes: list[str] = field(default_factory=list)  # what was corrected, as the blocks are read
    names: list[str] = field(default_factory=list)  # of the classes, which labels index


@dataclass(frozen=True)
class Images:
    """The images of one split, ready to be written."""

    split: Split
    name: str  # of the source files
    images: Bytes  # (n, 28, 28), mapped from a temporary file
    labels: Bytes | None  # (n,)
    wrong: Wrong
    notes: list[str]
    names: Sequence[str] | None = None  # of the classes, which labels index; None for digits

    def counts(self) -> list[int] | None:
        """Return the number of images of each digit, or None without labels."""
        if self.labels is None:
            return None
        counts: list[int] = np.bincount(self.labels, minlength=DIGITS).tolist()
        return counts


class Spool:
    """Images in a growing temporary file, which exists as long as it is mapped."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.count = 0

    def append(self, images: Bytes) -> None:
        """Append images (k, 28, 28)."""
        write_temporary(self.file, np.ascontiguousarray(images).data)
        self.count += len(images)

    def images(self) -> Bytes:
        """Return all images, mapped."""
        if not self.count:  # zero bytes cannot be mapped
            return np.empty((0, SIDE, SIDE), np.uint8)
        mapped = np.memmap(self.file, np.uint8, "r", 0, (self.count, SIDE, SIDE))
        return mapped.view(np.ndarray)


def collect(
    part: Part,
    *,
    transpose: bool = False,
    invert: bool = False,
    limit: int | None = None,
    on_block: Callable[[int], None] = lambda count: None,
) -> Images:
    """Read the images of a part.

    Parameters
    ----------
    part : Part
    transpose, invert : bool
        Swap rows and columns, or black and white.
    limit : int, optional
        Read only this many images, from the start.
    on_block : callable
        Called with the number of images read so far.

    Raises
    ------
    DataError
        If the part holds no images, more than `MAX_IMAGES`, or other classes.
    """
    labels, most = list[Bytes](), MAX_IMAGES if limit is None else limit
    with tempfile.TemporaryFile() as file, closing(part.blocks):
        spool = Spool(file)
        for images, answers, _ in part.blocks:
            chosen = images[: most - spool.count]
            if len(chosen) < len(images) and limit is None:
                raise DataError(f"{part.name}: more than {MAX_IMAGES:,} images")
            chosen = chosen.swapaxes(1, 2) if transpose else chosen
            spool.append(255 - chosen if invert else chosen)
            if answers is not None:
                labels.append(answers[: len(chosen)])
            on_block(spool.count)
            if limit is not None and spool.count >= limit:
                break
        check_whole_part(part, spool.count)
        digits = np.concatenate(labels) if labels else None
        found = part.split, part.name, spool.images(), digits, part.wrong, part.notes
        return Images(*found, part.names or None)


def check_whole_part(part: Part, count: int) -> None:
    """Raise DataError if a part, from which `count` images were read, has none or other classes.

    A few wrong rows are not an error here.
    """
    wrong = part.wrong
    if not count and not wrong.count:
        raise DataError(f"{part.name}: no images")
    if wrong.labelled > max(1, MAX_OTHER * (count + wrong.count)):  # one may be a mistake
        low, high = min(wrong.labels), max(wrong.labels)
        others = f"label {low}" if low == high else f"labels from {low} to {high}"
        raise DataError(
            f"{part.name}: {others} in {wrong.labelled:,} {wrong.what}; "
            "this network has ten classes, 0 to 9"
        )


def number_name(names: list[str], name: str, source: Path | str) -> int:
    """Return the index of a class among the names so far; a new one is added.

    Raises
    ------
    DataError
        If it is the eleventh.
    """
    if name not in names:
        check_class_count([*names, name], source, least=1)
        names.append(name)
    return names.index(name)


def check_class_count(names: Sequence[str], source: Path | str, least: int = DIGITS) -> None:
    """Raise DataError if there are more than ten classes, or fewer than expected."""
    if not least <= len(names) <= DIGITS:
        count = "more than ten" if len(names) > DIGITS else str(len(names))
        classes = "class" if len(names) == 1 else "classes"
        shown = ", ".join(map(short, names[: DIGITS + 1]))
        raise DataError(f"{source}: {count} {classes}, where this network has ten: {shown}")


def number_classes(
    sets: Sequence[Images], source: Path
) -> tuple[Sequence[Images], tuple[str, ...] | None]:
    """Return images labelled by the index of their class in order of name, and the names.

    Without names, the images are unchanged, and the names are those from a folder.

    Raises
    ------
    DataError
        If there are not ten classes, only some sets have names, or a name is invalid.
    """
    if not any(each.names for each in sets):
        names = read_names(source) if source.is_dir() else None
        return [replace(each, names=names) for each in sets], names
    if bare := [each.name for each in sets if each.labels is not None and not each.names]:
        raise DataError(f"{source}: {bare[0]} has digits as labels, but another set has names")
    names = tuple(sorted({name for each in sets for name in each.names or ()}))
    check_class_count(names, source)
    if fault := find_name_fault(names):
        raise DataError(f"{source}: {fault[1]}")
    numbered = []
    for each in sets:
        labels = each.labels
        if labels is not None:
            places = [names.index(name) for name in each.names or ()]
            labels = np.array(places, np.uint8)[labels]
        numbered.append(replace(each, labels=labels, names=names))
    return numbered, names


def divide(images: Images, share: float, seed: int) -> tuple[Images, Images]:
    """Divide images at random into a training and a test set.

    Parameters
    ----------
    images : Images
    share : float
        Fraction of the training set.
    seed : int

    Raises
    ------
    DataError
        If one of the two would be empty.
    """
    count = len(images.images)
    order = np.random.default_rng(seed).permutation(count)
    size = round(share * count)
    if not 0 < size < count:
        raise DataError(f"{images.name}: {count:,} images are too few for this split")
    train = replace(_take(images, order[:size]), split="train")
    return train, replace(_take(images, order[size:]), split="test")


def _take(images: Images, order: Indices) -> Images:
    """Return images in another order."""
    with tempfile.TemporaryFile() as file:
        spool = Spool(file)
        for start in range(0, len(order), BLOCK):
            spool.append(images.images[order[start : start + BLOCK]])
        labels = None if images.labels is None else images.labels[order]
        return replace(images, images=spool.images(), labels=labels)
