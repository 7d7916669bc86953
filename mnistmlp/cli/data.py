"""Getting a data set for a command: fetched on first use, with progress drawn."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mnistmlp.cli.progress import download_progress

if TYPE_CHECKING:
    from mnistmlp.datasets import Dataset, Split


def fetch(
    folder: Path, *, mirrors: list[str] | None = None, force: bool = False, quiet: bool = False
) -> None:
    """Fetch the data set into a folder."""
    from mnistmlp.download import MIRRORS, download_dataset

    with download_progress(quiet) as draw:
        download_dataset(folder, mirrors=mirrors or MIRRORS, force=force, on_progress=draw)


def ready_folder(data_dir: Path | None, *, quiet: bool = False) -> Path:
    """Return the data folder, after fetching what it has not."""
    from mnistmlp.datasets import default_folder, missing_files

    folder = data_dir or default_folder()
    if missing_files(folder):
        fetch(folder, quiet=quiet)
    return folder


def open_dataset(
    data_dir: Path | None, split: Split, *, limit: int | None = None, quiet: bool = False
) -> Dataset:
    """Load a split of the data set, after fetching what the folder has not."""
    from mnistmlp.datasets import load_dataset

    return load_dataset(ready_folder(data_dir, quiet=quiet), split, limit=limit)
