"""Data sets: their files, digests, the cache folder, and how to load them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from shlex import quote
from typing import Any, Literal

import numpy as np
import platformdirs
from numpy.typing import NDArray

from mnistmlp.core import DIGITS, SIDE, Bytes
from mnistmlp.errors import DataError, IdxError
from mnistmlp.idx import Header, encode_idx, read_header, read_idx
from mnistmlp.record import RECORD, read_record, remember, status_of

Split = Literal["train", "test"]


@dataclass(frozen=True)
class DataFile:
    """A file of a data set, as it is published."""

    name: str  # without .gz
    size: int  # bytes, uncompressed
    sha256: str  # of the uncompressed bytes


TRAIN_IMAGES = DataFile(
    "train-images-idx3-ubyte",
    47_040_016,
    "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
)
TRAIN_LABELS = DataFile(
    "train-labels-idx1-ubyte",
    60_008,
    "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
)
TEST_IMAGES = DataFile(
    "t10k-images-idx3-ubyte",
    7_840_016,
    "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
)
TEST_LABELS = DataFile(
    "t10k-labels-idx1-ubyte",
    10_008,
    "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
)
MNIST = (TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS)
SYNTHETIC = tuple(  # by builtin.py; other bytes only with another VERSION in synthetic.py
    replace(file, sha256=sha256)
    for file, sha256 in zip(
        MNIST,
        (
            "355d8990034e53e75cb2a1220057a5e3f8cd925c45285aba5af281793a65661d",
            "5716fc015f6b2e29c2093cf129e4ce8f9900beaa299b0e62129b66d151b02d90",
            "d95a140b3976486c9883f1244568d82c47955aaadc4a33d42df4379e50806570",
            "6df0a1c9e9b0e34f674c99d1e7b8740744bd0a5bf2cebde33332e55f24cb01e8",
        ),
        strict=True,
    )
)
SPLITS: dict[Split, tuple[DataFile, DataFile]] = {
    "train": (TRAIN_IMAGES, TRAIN_LABELS),
    "test": (TEST_IMAGES, TEST_LABELS),
}


@dataclass(frozen=True)
class Dataset:
    """One split of a data set."""

    images: Bytes  # (n, 28, 28), 0 is the background
    labels: Bytes  # (n,), 0 … 9
    split: Split
    known: Mapping[str, str] = field(default_factory=dict)  # digests that need not be computed

    @cached_property
    def digests(self) -> dict[str, str]:
        """SHA-256 of the files' uncompressed bytes, by published name."""
        arrays = zip(SPLITS[self.split], (self.images, self.labels), strict=True)
        return {file.name: self.known.get(file.name) or digest(array) for file, array in arrays}

    @property
    def name(self) -> str:
        """``"mnist"`` or ``"synthetic"`` if the digests are those, else ``"custom"``."""
        for name, files in (("mnist", SPLITS[self.split]), ("synthetic", SYNTHETIC)):
            if self.digests.items() <= {file.name: file.sha256 for file in files}.items():
                return name
        return "custom"


def default_folder() -> Path:
    """Return the folder in the user's cache where MNIST is kept."""
    return platformdirs.user_cache_path("mnistmlp") / "mnist"


def find_file(folder: Path, file: DataFile) -> Path | None:
    """Return where a file is: plain or ``.gz``, with ``-idx`` or ``.idx`` in its name, or None."""
    for name in (file.name, file.name.replace("-idx", ".idx")):
        for path in (folder / name, folder / f"{name}.gz"):
            if path.is_file():
                return path
    return None


def missing_files(folder: Path, files: Sequence[DataFile] = MNIST) -> list[DataFile]:
    """Return which of the files are not in a folder."""
    return [file for file in files if find_file(folder, file) is None]


def digest(array: NDArray[Any]) -> str:
    """Return the SHA-256 of an array as an uncompressed IDX file."""
    head, items = encode_idx(array)
    found = hashlib.sha256(head)
    found.update(items)
    return found.hexdigest()


def is_verified(path: Path, file: DataFile) -> bool:
    """Tell whether a file holds exactly the published bytes."""
    return _digest_of_file(path) == file.sha256


def is_other_data(path: Path, file: DataFile) -> bool:
    """Tell whether a file is there, a whole IDX file, and not the published one."""
    return _digest_of_file(path) not in (None, file.sha256)


def _digest_of_file(path: Path) -> str | None:
    try:
        return digest(read_idx(path))
    except IdxError:
        return None


def files_to_fetch(folder: Path, split: Split) -> list[DataFile]:
    """Return what a folder has not of MNIST, if the split needs any of it.

    Nothing where other data are in the folder: two data sets must not be mixed.
    """
    if not missing_files(folder, SPLITS[split]):
        return []
    present = [(path, file) for file in MNIST if (path := find_file(folder, file))]
    mixed = not all(is_verified(path, file) for path, file in present)
    return [] if mixed else missing_files(folder)


def load_dataset(folder: Path, split: Split, *, limit: int | None = None) -> Dataset:
    """Load a split.

    Plain files are mapped, compressed ones unpacked into memory.  A file that was
    downloaded, and has been written to since, is verified anew; that it was, is
    entered into the record of its folder.  Nothing else is written.

    Parameters
    ----------
    folder : Path
        With the four IDX files, plain or ``.gz``.
    split : {'train', 'test'}
    limit : int, optional
        The first so many images only.

    Raises
    ------
    DataError
        If a file is missing or damaged, or is not the one that was downloaded;
        if images are not 28 x 28 bytes, there are none, their number is not
        that of the labels, or a label is above 9.
    """
    image_path, label_path = paths = [_require(folder, file) for file in SPLITS[split]]
    known = dict(filter(None, map(_verify, paths, SPLITS[split])))
    try:
        size = _check_header(image_path, read_header(image_path), (SIDE, SIDE))
        labelled = _check_header(label_path, read_header(label_path), ())
        images, labels = read_idx(image_path, limit=limit), read_idx(label_path, limit=limit)
    except IdxError as error:
        error.hint = _remedy(folder)
        raise
    if size != labelled:
        raise DataError(f"{folder}: {size} {split} images, but {labelled} labels")
    if labels.max() >= DIGITS:
        raise DataError(f"{label_path}: label {labels.max()}, expected 0 to 9")
    return Dataset(images, labels, split, known if len(labels) == size else {})


def _verify(path: Path, file: DataFile) -> tuple[str, str] | None:
    """Return name and digest of a file that was downloaded, or None for any other.

    Raise DataError if it is not now what it was then.
    """
    entry, status = read_record(path.parent).get(path.name), status_of(path)
    if entry is None or entry.sha256 != file.sha256 or status is None:
        return None
    if not entry.fits(status):
        found = _digest_of_file(path)
        if found != file.sha256:
            raise _changed(path, file, found)
        remember(path, status, file.sha256)
    return file.name, file.sha256


def _changed(path: Path, file: DataFile, found: str | None) -> DataError:
    """Return the error of a file that is not the one that was downloaded; no digest: not IDX."""
    what = f"SHA-256 {found[:12]}…, expected {file.sha256[:12]}…" if found else "no whole IDX file"
    hint = _remedy(path.parent)
    if found and path.parent != default_folder():  # somebody's own data, perhaps
        hint += f" (if the change is meant: rm {quote(str(path.parent / RECORD))})"
    return DataError(f"{path}: changed since it was downloaded: {what}", hint=hint)


def _remedy(folder: Path) -> str:
    if folder == default_folder():
        return "mnistmlp download"
    return f"mnistmlp download --data-dir {quote(str(folder))}"


def _require(folder: Path, file: DataFile) -> Path:
    path = find_file(folder, file)
    if path is None:
        raise DataError(
            f"{folder / file.name}: no such file, plain or .gz",
            hint=_remedy(folder),
        )
    return path


def _check_header(path: Path, header: Header, item_shape: tuple[int, ...]) -> int:
    """Return the number of items of unsigned bytes in the given shape, or raise IdxError."""
    size, *shape = header.shape or (0,)
    if header.dtype != np.uint8 or tuple(shape) != item_shape:
        expected = " x ".join(["N", *map(str, item_shape)])
        found = " x ".join(map(str, header.shape))
        raise IdxError(f"{path}: {found} items of type {header.dtype}, expected {expected} uint8")
    if size == 0:
        raise IdxError(f"{path}: holds no items")
    return size
