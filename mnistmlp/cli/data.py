"""Getting a data set for a command: fetched on first use, with progress drawn."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mnistmlp.cli import console
from mnistmlp.cli.progress import download_progress

if TYPE_CHECKING:
    from mnistmlp.datasets import DataFile, Dataset, Split


def fetch(
    folder: Path,
    *,
    files: Sequence[DataFile] | None = None,
    mirrors: list[str] | None = None,
    force: bool = False,
    quiet: bool = False,
) -> None:
    """Fetch files of the data set, all by default, into a folder."""
    from mnistmlp.datasets import MNIST
    from mnistmlp.download import MIRRORS, download_dataset

    with download_progress(quiet) as draw:
        download_dataset(
            folder,
            files=files or MNIST,
            mirrors=mirrors or MIRRORS,
            force=force,
            on_progress=draw,
        )


def make(data_dir: Path | None, *, quiet: bool = False) -> Path:
    """Return the folder of the built-in data set, after making what it has not."""
    from mnistmlp.builtin import builtin_folder, files_to_make, make_dataset

    folder = data_dir or builtin_folder()
    if files := files_to_make(folder):
        if not quiet:
            console.note(f"making synthetic digits in {console.one_line(str(folder))}")
        make_dataset(folder, files)
    return folder


def ready_folder(dataset: str, data_dir: Path | None, split: Split, *, quiet: bool = False) -> Path:
    """Return the data folder, after fetching or making what it has not, if the split needs it."""
    from mnistmlp.datasets import default_folder, files_to_fetch

    if dataset == "synthetic":
        return make(data_dir, quiet=quiet)
    folder = data_dir or default_folder()
    if files := files_to_fetch(folder, split):
        fetch(folder, files=files, quiet=quiet)
    return folder


def open_dataset(
    dataset: str, data_dir: Path | None, split: Split, *, quiet: bool = False
) -> Dataset:
    """Load a split of a data set, after fetching or making what the folder has not."""
    from mnistmlp.datasets import load_dataset

    return load_dataset(ready_folder(dataset, data_dir, split, quiet=quiet), split)
