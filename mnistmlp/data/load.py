"""Data sets by name, fetched or made on first use."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from mnistmlp.data.catalog import FILES, SPLITS, SYNTHETIC, TITLES, DataFile, DatasetName, Split
from mnistmlp.data.datasets import Dataset, describe_mixture, load_dataset
from mnistmlp.data.folder import (
    VARIABLE,
    cache_folder_of,
    default_folder,
    idx_digest,
    missing_files,
)
from mnistmlp.data.idx import encode_idx
from mnistmlp.data.placing import check_place, files_to_write, place
from mnistmlp.errors import DataError, MissingDataError, MixedDataError, check_choice, warn

if TYPE_CHECKING:
    from mnistmlp.arrays import StrPath
    from mnistmlp.data.download import OnProgress

SIZES: dict[Split, tuple[int, int]] = {"train": (60_000, 1), "test": (10_000, 2)}  # images, seed


def load(
    dataset: DatasetName | None = None,
    *,
    folder: StrPath | None = None,
    on_progress: OnProgress = lambda progress: None,
) -> tuple[Dataset, Dataset]:
    """Load a data set; on first use it is fetched, or made if it is the synthetic digits.

    Each is kept in a cache folder of its own.  A folder that is named is only read.

    Parameters
    ----------
    dataset : {'mnist', 'fashion', 'kmnist', 'synthetic'}, optional
        MNIST by default, or whatever the folder holds.  Fashion-MNIST and
        Kuzushiji-MNIST have the form of MNIST, and other classes.  The synthetic
        digits need no network.
    folder : str or path, optional
        Contains the four IDX files, plain or ``.gz``, of the data set or in the same
        form.  The default is the folder that ``MNISTMLP_DATA_DIR`` names, or
        else the cache.
    on_progress : callable
        Called with a `Progress` as the files are fetched.

    Returns
    -------
    train, test : Dataset
        For MNIST of 60,000 and 10,000 images.  Those in plain files are
        memory-mapped, and none can be written to: ``images.copy()`` can.

    Raises
    ------
    SettingError
        If there is no such data set.
    DataError
        If a file is missing, damaged, of another data set than the one that is
        named, or cannot be fetched.
    WriteError
        If the cache folder cannot be written.
    """
    if dataset is not None:
        check_choice("dataset", dataset, get_args(DatasetName))
    by_variable = folder is None and os.environ.get(VARIABLE)
    if folder is None and not by_variable:
        source = cache_folder_of(dataset or "mnist")
        _fill(source, dataset or "mnist", on_progress)
    else:
        source = default_folder() if folder is None else Path(folder)
    try:
        train, test = load_split(source, dataset, "train"), load_split(source, dataset, "test")
    except DataError as error:
        if by_variable:
            error.add_note(f"{VARIABLE} names this folder; without it, data are fetched or made")
        raise
    if mixture := describe_mixture(source, train):
        warn(mixture)
    return train, test


def _fill(folder: Path, dataset: DatasetName, on_progress: OnProgress) -> None:
    """Fetch or make the files that the cache folder of a data set lacks."""
    if not missing_files(folder):
        return
    if dataset != "synthetic":
        from mnistmlp.data.download import download_dataset  # requests

        download_dataset(folder, dataset, on_progress=on_progress)
        return
    make_dataset(folder, files_to_write(folder, SYNTHETIC))


def load_split(folder: Path, dataset: DatasetName | None, split: Split) -> Dataset:
    """Load a split of a data set, or of whichever there is, from a folder.

    Raises
    ------
    MixedDataError
        If another data set is there than the one that is wanted, as far as digests tell:
        of MNIST, a part or a variant will do.
    DataError
        As `load_dataset` does.
    """
    try:
        data = load_dataset(folder, split)
    except MissingDataError as error:
        error.dataset = dataset or error.dataset
        raise
    accepted = {dataset, "custom"} if dataset == "mnist" else {dataset}
    if dataset and not accepted.issuperset(data.sets.values()):
        raise MixedDataError(f"{folder}: {_describe_other(data, dataset)}", folder=folder)
    return data


def _describe_other(data: Dataset, dataset: DatasetName) -> str:
    """Return a phrase on files that are of another data set than the one that is wanted."""
    wanted = TITLES[dataset]
    found = next((title for name, title in TITLES.items() if name == data.name), None)
    if found:
        return f"holds {found}, not {wanted}"
    if all(file.sha256 for file in FILES[dataset]):
        return f"holds other data than {wanted}"
    return f"not known to hold {wanted}, of which only the .gz files have published digests"


def make_dataset(folder: Path, files: Sequence[DataFile] = SYNTHETIC) -> list[DataFile]:
    """Write files of the synthetic data set into a folder, creating it if necessary.

    Returns
    -------
    list of DataFile
        Those of which a file with other content was kept, as ``NAME.bak``.

    Raises
    ------
    WriteError
        If a file cannot be written.
    """
    from mnistmlp.data.synthetic import make_digits  # only needed here

    wanted, kept = {file.name for file in files}, []
    for name in wanted:
        check_place(folder / name)  # before they are drawn rather than after it
    for split, names in SPLITS.items():
        if wanted & {file.name for file in names}:
            for file, array in zip(names, make_digits(*SIZES[split]), strict=True):
                if file.name in wanted:
                    made = replace(file, sha256=idx_digest(array), dataset="synthetic")
                    if place(folder, made, *encode_idx(array)):
                        kept.append(made)
    return kept
