"""Loading and checking a split of a data set."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from mnistmlp.arrays import DIGITS, SIDE, Bytes
from mnistmlp.data.catalog import (
    DIGIT_NAMES,
    FILES,
    MNIST,
    NAMES,
    SPLITS,
    DataFile,
    Split,
    dataset_of,
    find_known,
    find_name_fault,
)
from mnistmlp.data.convert.command import convert_command
from mnistmlp.data.folder import (
    describe_content,
    find_file,
    find_files,
    idx_digest,
    is_cache,
    is_packed_original,
    is_verified,
    read_names,
)
from mnistmlp.data.idx import read_header, read_idx
from mnistmlp.data.idx_faults import explain_items, fault_error
from mnistmlp.data.near_misses import missing_error
from mnistmlp.data.record import RECORD, Entry, add_to_record, read_record, status_of
from mnistmlp.data.repairs import read, writing_command
from mnistmlp.errors import (
    ChangedDataError,
    DataError,
    IdxError,
    InputError,
    check_choice,
    check_whole,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from mnistmlp.arrays import StrPath

Labelled: TypeAlias = "Dataset | tuple[ArrayLike, ArrayLike]"

SAMPLE = 1000  # items examined to explain a file


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """One split of a data set."""

    images: Bytes  # (n, 28, 28), 0 is the background
    labels: Bytes  # (n,), 0 … 9
    split: Split
    names: Sequence[str] | None = None  # of the classes 0 … 9, if given
    known: Mapping[str, str] = field(default_factory=dict, init=False)  # digests, so far
    origins: Mapping[str, str] = field(default_factory=dict, init=False)  # sets, as recorded

    def __post_init__(self) -> None:
        check_choice("split", self.split, SPLITS)
        if self.names is not None and (fault := find_name_fault(self.names)):
            place, what = fault
            raise InputError(what if place is None else f"the name of class {place}: {what}")

    def __repr__(self) -> str:
        return f"<Dataset {self._name} {self.split}: {len(self.images):,} images>"

    @property
    def _name(self) -> str:
        try:
            return self.name
        except (AttributeError, ValueError):  # not arrays, or not what a file can hold
            return "custom"

    def with_digests(
        self, known: Mapping[str, str], origins: Mapping[str, str] | None = None
    ) -> Dataset:
        """Return the data set with known digests, which need not be computed.

        Where digests cannot tell, `origins` tells which data set each file is of.
        """
        data = Dataset(self.images, self.labels, self.split, self.names)
        object.__setattr__(data, "known", known)
        object.__setattr__(data, "origins", origins or {})
        return data

    @cached_property
    def digests(self) -> dict[str, str]:
        """SHA-256 of each file's uncompressed bytes, by published name."""
        arrays = zip(SPLITS[self.split], (self.images, self.labels), strict=True)
        return {file.name: self.known.get(file.name) or idx_digest(array) for file, array in arrays}

    @property
    def sets(self) -> dict[str, str]:
        """The data set of each file, as in `name`, by published name."""
        return {
            file.name: dataset_of(file.name, self.digests[file.name])
            or self.origins.get(file.name)
            or "custom"
            for file in SPLITS[self.split]
        }

    @property
    def name(self) -> str:
        """The name of a known data set if the digests match, else ``"custom"``."""
        sets = set(self.sets.values())
        return sets.pop() if len(sets) == 1 else "custom"

    @property
    def class_names(self) -> tuple[str, ...] | None:
        """The names of the classes, if given or of a known data set; None for digits."""
        return NAMES.get(self._name) if self.names is None else tuple(self.names)

    @property
    def classes(self) -> tuple[str, ...] | None:
        """The names of the classes, including digits; None if unknown."""
        return self.class_names or (DIGIT_NAMES if self.name in FILES else None)


def as_pair(data: Labelled) -> tuple[ArrayLike, ArrayLike]:
    """Return the images and labels of a data set or a pair.

    Raises
    ------
    InputError
        If it is neither.
    """
    if isinstance(data, Dataset):
        return data.images, data.labels
    if not isinstance(data, tuple | list) or len(data) != 2:
        raise InputError("expected a data set, or a pair (images, labels)")
    if isinstance(data[0], Dataset):
        raise InputError("two data sets, expected one: train, test = mnistmlp.load()")
    return data


def load_dataset(folder: StrPath, split: Split, *, limit: int | None = None) -> Dataset:
    """Load a split.

    If there is a file ``labels.txt``, its ten lines name the classes.  Plain files are
    memory-mapped, compressed ones unpacked into memory.  A downloaded file that has
    been written to since is verified again, and the result is added to the record of
    its folder.  Nothing else is written.

    Parameters
    ----------
    folder : str or path
        Contains the four IDX files, plain or ``.gz``.
    split : {'train', 'test'}
    limit : int, optional
        Load only this many images, from the start.

    Raises
    ------
    DataError
        If a file is missing, damaged or changed since it was downloaded; if
        images are not 28 x 28 bytes, there are none, their number differs from
        that of the labels, a label is above 9, or ``labels.txt`` is not ten names.
    SettingError
        If there is no such split, or `limit` is invalid.
    """
    check_choice("split", split, SPLITS)
    if limit is not None:
        check_whole("limit", limit, "a number of images, 1 or more", 1)
    folder = Path(folder)
    paths = _locate(folder, split)
    entries = list(map(_verify, paths, SPLITS[split]))
    fault: IdxError | None = None
    try:
        parts = map(_read, paths, SPLITS[split], [limit, limit])
        (images, size), (labels, labelled) = parts
    except IdxError as error:
        fault = error.with_traceback(None)  # it would keep what was read in memory
    if fault:
        fault.folder = folder if is_cache(folder) else None
        fault.hint = None if fault.folder else _repair_command(folder, split)
        raise fault
    if size != labelled:
        raise DataError(f"{folder}: {size} {split} images, but {labelled} labels")
    data = Dataset(images, labels, split, read_names(folder))
    if len(labels) < size:
        return data
    told = [(file.name, each) for file, each in zip(SPLITS[split], entries, strict=True) if each]
    known = {name: entry.sha256 for name, entry in told if entry.sha256}
    return data.with_digests(known, {name: entry.dataset for name, entry in told})


def _locate(folder: Path, split: Split) -> list[Path]:
    """Return the paths of images and labels; raise MissingDataError if one is missing."""
    found = [find_file(folder, file) for file in SPLITS[split]]
    paths = [path for path in found if path]
    if len(paths) < len(found):
        missing = [file for file, path in zip(SPLITS[split], found, strict=True) if not path]
        raise missing_error(folder, missing)
    return paths


def _verify(path: Path, file: DataFile) -> Entry | None:
    """Return the entry of a file in the record, or None for any other file.

    A published file whose digest is known only when compressed has an entry without a
    digest.  Raise ChangedDataError if the file has changed since.
    """
    entry, status = read_record(path.parent).get(path.name), status_of(path)
    if status is None:
        return None
    recorded = {each.dataset for each in find_known(file.name) if not each.sha256}
    if not entry or not (entry.dataset in recorded or dataset_of(file.name, entry.sha256)):
        return _find_packed(path, file, status)
    if not entry.matches(status):
        _check_unchanged(path, file, entry)
        add_to_record(path, status, entry.sha256, entry.dataset)
    return entry


def _find_packed(path: Path, file: DataFile, status: os.stat_result) -> Entry | None:
    """Return an entry for a published ``.gz`` file of a data set, or None."""
    for each in find_known(file.name):
        if each.packed_sha256 and is_packed_original(path, each):
            return Entry(status.st_size, status.st_mtime_ns, "", each.dataset)
    return None


def _check_unchanged(path: Path, file: DataFile, entry: Entry) -> None:
    """Raise ChangedDataError if a file's digest has changed, or it is no longer IDX."""
    record = None if is_cache(path.parent) else path.parent / RECORD
    try:
        found = idx_digest(read_idx(path))
        if found == entry.sha256:
            return
        change = f"{describe_content(found)}, expected {entry.sha256[:12]}…"
    except IdxError as error:
        change, record = str(error).removeprefix(f"{path}: "), None  # hardly the user's own data
    raise ChangedDataError(
        f"{path}: changed since it was written: {change}",
        folder=path.parent,
        dataset=dataset_of(file.name, entry.sha256) or entry.dataset,
        record=record,
    )


def describe_mixture(folder: Path, data: Dataset) -> str | None:
    """Return a sentence about files of different data sets in a folder, or None.

    They are told apart by their digests.  Of the other split, only the labels are
    read, which are short.
    """
    sets = data.sets
    _, labels = SPLITS["test" if data.split == "train" else "train"]
    with contextlib.suppress(DataError):
        if path := find_file(folder, labels):
            sets[labels.name] = _describe_labels(path, labels)
    if len(set(sets.values())) == 1:
        return None
    found = ", ".join(f"{name} ({kind})" for name, kind in sets.items())
    return f"{folder} holds files of different data sets: {found}"


def _describe_labels(path: Path, labels: DataFile) -> str:
    """Return the name of the data set of a label file."""
    known = next((each for each in find_known(labels.name) if is_verified(path, each)), None)
    return known.dataset if known else "custom"


def _read(path: Path, file: DataFile, limit: int | None = None) -> tuple[Bytes, int]:
    """Return images or labels up to a limit, and how many the file has.

    Raise IdxError if they are invalid.
    """
    item_shape = (SIDE, SIDE) if "images" in file.name else ()
    header = read_header(path)
    if header.dtype != np.uint8 or header.shape[1:] != item_shape:
        expected = " x ".join(["N", *map(str, item_shape)])
        found = f"{' x '.join(map(str, header.shape))} items of type {header.dtype.name}"
        fault = explain_items(path, read_idx(path, limit=SAMPLE), item_shape)
        raise fault_error(path, f"{found}, expected {expected} uint8", fault)
    if 0 in header.shape or not header.shape:
        raise IdxError(f"{path}: no items")
    array: Bytes = read_idx(path, limit=limit)
    if "images" in file.name and array[:SAMPLE].max() == 1 and array.max() == 1:
        text = f"{path}: grey levels from 0 to 1, expected 0 to 255"
        raise IdxError(text, repair=f"{read(path)} * 255")
    if "images" not in file.name and array.max() >= DIGITS:
        high = array.min() == 1 and array.max() == DIGITS
        cause = ", as if counted from 1" if high else ""
        text = f"{path}: label {array.max()}, expected 0 to 9{cause}"
        raise IdxError(text, repair=f"{read(path)} - 1" if high else None)
    return array, header.shape[0]


def _repair_command(folder: Path, split: Split) -> str | None:
    """Return a command that writes corrected copies of all files of a folder, or None."""
    arrays: dict[str, str] = {}
    for file in MNIST:
        for path in find_files(folder, file)[:1]:
            try:
                _read(path, file)
                arrays[file.name] = read(path)
            except IdxError as error:
                if error.repair is None:
                    return None
                arrays[file.name] = error.repair
    counted_from_1 = any(array.endswith(" - 1") for array in arrays.values())
    command = None if counted_from_1 else convert_command(folder, split)
    return command or writing_command(arrays)
