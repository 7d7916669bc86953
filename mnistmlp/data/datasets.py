"""Loading and checking a split of a data set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np

from mnistmlp.arrays import DIGITS, SIDE, Bytes
from mnistmlp.data.catalog import SPLITS, SYNTHETIC, DataFile, Split
from mnistmlp.data.folder import (
    RECORD,
    add_to_record,
    default_folder,
    file_digest,
    find_file,
    idx_digest,
    read_record,
    status_of,
)
from mnistmlp.data.idx import Header, read_header, read_idx
from mnistmlp.errors import ChangedDataError, DataError, IdxError


@dataclass(frozen=True)
class Dataset:
    """One split of a data set."""

    images: Bytes  # (n, 28, 28), 0 is the background
    labels: Bytes  # (n,), 0 … 9
    split: Split
    known: Mapping[str, str] = field(default_factory=dict)  # digests that are already known

    @cached_property
    def digests(self) -> dict[str, str]:
        """SHA-256 of each file's uncompressed bytes, by published name."""
        arrays = zip(SPLITS[self.split], (self.images, self.labels), strict=True)
        return {file.name: self.known.get(file.name) or idx_digest(array) for file, array in arrays}

    @property
    def name(self) -> str:
        """``"mnist"`` or ``"synthetic"`` if the digests match, else ``"custom"``."""
        for name, files in (("mnist", SPLITS[self.split]), ("synthetic", SYNTHETIC)):
            if self.digests.items() <= {file.name: file.sha256 for file in files}.items():
                return name
        return "custom"


def load_dataset(folder: Path, split: Split, *, limit: int | None = None) -> Dataset:
    """Load a split.

    Plain files are memory-mapped, compressed ones unpacked into memory.  A downloaded
    file that has been written to since is verified again, and the result is entered
    into the record of its folder.  Nothing else is written.

    Parameters
    ----------
    folder : Path
        Contains the four IDX files, plain or ``.gz``.
    split : {'train', 'test'}
    limit : int, optional
        Load only this many images, from the start.

    Raises
    ------
    DataError
        If a file is missing, damaged or changed since it was downloaded; if
        images are not 28 x 28 bytes, there are none, their number differs from
        that of the labels, or a label is above 9.
    """
    image_path, label_path = paths = [_require(folder, file) for file in SPLITS[split]]
    known = dict(filter(None, map(_verify, paths, SPLITS[split])))
    try:
        size = _count_items(image_path, read_header(image_path), (SIDE, SIDE))
        labelled = _count_items(label_path, read_header(label_path), ())
        images, labels = read_idx(image_path, limit=limit), read_idx(label_path, limit=limit)
    except IdxError as error:
        error.folder = folder
        raise
    if size != labelled:
        raise DataError(f"{folder}: {size} {split} images, but {labelled} labels")
    if labels.max() >= DIGITS:
        raise DataError(f"{label_path}: label {labels.max()}, expected 0 to 9")
    return Dataset(images, labels, split, known if len(labels) == size else {})


def _require(folder: Path, file: DataFile) -> Path:
    path = find_file(folder, file)
    if path is None:
        raise DataError(f"{folder / file.name}: no such file, plain or .gz", folder=folder)
    return path


def _verify(path: Path, file: DataFile) -> tuple[str, str] | None:
    """Return the name and digest of a downloaded file, or None for any other file.

    Raise ChangedDataError if it has changed since it was downloaded.
    """
    entry, status = read_record(path.parent).get(path.name), status_of(path)
    if entry is None or entry.sha256 != file.sha256 or status is None:
        return None
    if not entry.matches(status):
        found = file_digest(path)
        if found != file.sha256:
            raise _changed_error(path, file, found)
        add_to_record(path, status, file.sha256)
    return file.name, file.sha256


def _changed_error(path: Path, file: DataFile, found: str | None) -> ChangedDataError:
    """Return the error for a downloaded file that has changed; `found` is None if it is not IDX."""
    what = f"SHA-256 {found[:12]}…, expected {file.sha256[:12]}…" if found else "no whole IDX file"
    own = found and path.parent != default_folder()  # perhaps the user's own data
    return ChangedDataError(
        f"{path}: changed since it was downloaded: {what}",
        folder=path.parent,
        record=path.parent / RECORD if own else None,
    )


def _count_items(path: Path, header: Header, item_shape: tuple[int, ...]) -> int:
    """Return the number of items; raise IdxError if their shape or type is wrong."""
    size, *shape = header.shape or (0,)
    if header.dtype != np.uint8 or tuple(shape) != item_shape:
        expected = " x ".join(["N", *map(str, item_shape)])
        found = " x ".join(map(str, header.shape))
        raise IdxError(f"{path}: {found} items of type {header.dtype}, expected {expected} uint8")
    if size == 0:
        raise IdxError(f"{path}: holds no items")
    return size
