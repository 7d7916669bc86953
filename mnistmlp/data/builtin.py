"""The built-in data set: synthetic digits in the same four IDX files as MNIST."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from mnistmlp.data.catalog import SPLITS, SYNTHETIC, DataFile, Split
from mnistmlp.data.folder import idx_digest
from mnistmlp.data.idx import encode_idx
from mnistmlp.data.placing import check_place, place
from mnistmlp.data.synthetic import make_digits

SIZES: dict[Split, tuple[int, int]] = {"train": (60_000, 1), "test": (10_000, 2)}  # images, seed


def make_dataset(folder: Path, files: Sequence[DataFile] = SYNTHETIC) -> list[DataFile]:
    """Write files of the data set into a folder, creating it if necessary.

    Returns
    -------
    list of DataFile
        Those of which a file with other content was kept, as ``NAME.bak``.

    Raises
    ------
    WriteError
        If a file cannot be written.
    """
    wanted, kept = {file.name for file in files}, []
    for name in wanted:
        check_place(folder / name)  # before they are drawn rather than after it
    for split, names in SPLITS.items():
        if wanted & {file.name for file in names}:
            for file, array in zip(names, make_digits(*SIZES[split]), strict=True):
                if file.name in wanted:
                    made = replace(file, sha256=idx_digest(array))
                    if place(folder, made, *encode_idx(array)):
                        kept.append(made)
    return kept
