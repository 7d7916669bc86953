"""Data sets by name, downloaded or made on first use."""

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
    """Load a data set; on first use, download it, or make it if it is the synthetic digits.

    Each is kept in its own cache folder.  A given folder is only read.

    Parameters
    ----------
    dataset : {'mnist', 'fashion', 'kmnist', 'synthetic'}, optional
        MNIST by default, or whatever the folder holds.  Fashion-MNIST and
        Kuzushiji-MNIST have the format of MNIST, and other classes.  The synthetic
        digits need no network.
    folder : str or path, optional
        Contains the four IDX files, plain or ``.gz``, of the data set or in the same
        format.  The default is the folder named by ``MNISTMLP_DATA_DIR``, or else
        the cache.
    on_progress : callable
        Called with a `Progress` as the files are downloaded.

    Returns
    -------
    train, test : Dataset
        For MNIST, 60,000 and 10,000 images.  Plain files are memory-mapped.  The
        arrays are read-only; ``images.copy()`` is not.

    Raises
    ------
    SettingError
        If there is no such data set.
    DataError
        If a file is missing, damaged, of another data set than the given one, or
        cannot be downloaded.
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
            error.add_note(
                f"{VARIABLE} names this folder; without it, the data are downloaded or made"
            )
        raise
    if mixture := describe_mixture(source, train):
        warn(mixture)
    return train, test


def _fill(folder: Path, dataset: DatasetName, on_progress: OnProgress) -> None:
    """Download or make the files missing from the cache folder of a data set."""
    if not missing_files(folder):
        return
    if dataset != "synthetic":
        from mnistmlp.data.download import download_dataset  # requests

        download_dataset(folder, dataset, on_progress=on_progress)
        return
    make_dataset(folder, files_to_write(folder, SYNTHETIC))


def load_split(folder: Path, dataset: DatasetName | None, split: Split) -> Dataset:
    """Load a split of a data set from a folder, or of whichever data set is there.

    Raises
    ------
    MixedDataError
        If the digests show another data set than the requested one; part or a variant
        of MNIST is accepted as MNIST.
    DataError
        As in `load_dataset`.
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
    """Return a phrase about files of another data set than the requested one."""
    wanted = TITLES[dataset]
    found = next((title for name, title in TITLES.items() if name == data.name), None)
    if found:
        return f"holds {found}, not {wanted}"
    if all(file.sha256 for file in FILES[dataset]):
        return f"does not hold {wanted}"
    return f"not known to hold {wanted}: only its .gz files have published digests"


def make_dataset(folder: Path, files: Sequence[DataFile] = SYNTHETIC) -> list[DataFile]:
    """Write files of the synthetic data set into a folder, creating it if necessary.

    Returns
    -------
    list of DataFile
        Files that replaced others with different content, kept as ``NAME.bak``.

    Raises
    ------
    WriteError
        If a file cannot be written.
    """
    from mnistmlp.data.synthetic import make_digits  # needed only here

    wanted, kept = {file.name for file in files}, []
    for name in wanted:
        check_place(folder / name)  # before they are drawn rather than after
    for split, names in SPLITS.items():
        if wanted & {file.name for file in names}:
            for file, array in zip(names, make_digits(*SIZES[split]), strict=True):
                if file.name in wanted:
                    made = replace(file, sha256=idx_digest(array), dataset="synthetic")
                    if place(folder, made, *encode_idx(array)):
                        kept.append(made)
    return kept
