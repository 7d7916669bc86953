"""Getting a data set for a command: fetched on first use, with progress drawn."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

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


def ready_folder(data_dir: Path | None, split: Split, *, quiet: bool = False) -> Path:
    """Return the data folder, after fetching what it has not, if the split needs it."""
    from mnistmlp.datasets import default_folder, files_to_fetch

    folder = data_dir or default_folder()
    if files := files_to_fetch(folder, split):
        fetch(folder, files=files, quiet=quiet)
    return folder


def open_dataset(
    data_dir: Path | None, split: Split, *, limit: int | None = None, quiet: bool = False
) -> Dataset:
    """Load a split of the data set, after fetching what the folder has not."""
    from mnistmlp.datasets import load_dataset

    return load_dataset(ready_folder(data_dir, split, quiet=quiet), split, limit=limit)
