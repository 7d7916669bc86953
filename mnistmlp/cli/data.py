"""Data sets for the commands: fetched or made on first use, with a progress bar."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from mnistmlp.cli import console
from mnistmlp.cli.bar import Bar
from mnistmlp.cli.hints import download_command
from mnistmlp.errors import MixedDataError, WriteError

if TYPE_CHECKING:
    from mnistmlp.data.catalog import DatasetName, Split
    from mnistmlp.data.datasets import Dataset
    from mnistmlp.data.download import Progress

KEPT = "the old file is kept as .bak"
STATES = {
    "fetched": "fetched and verified",
    "replaced": f"fetched and verified; {KEPT}",
    "present": "already here, verified",
    "failed": "a mirror failed, and the next was tried",
}


def fetch_mnist(
    folder: Path, *, mirrors: list[str] | None = None, force: bool = False, quiet: bool = False
) -> None:
    """Fetch the files of MNIST that a folder lacks, or all with `force`."""
    from mnistmlp.data.download import MIRRORS, download_dataset

    with download_progress(quiet) as draw, _naming_ways_out(folder):
        download_dataset(folder, mirrors=mirrors or MIRRORS, force=force, on_progress=draw)


def make_synthetic(folder: Path, *, force: bool = False, quiet: bool = False) -> None:
    """Make the files of the synthetic data set that a folder lacks, or all with `force`."""
    from mnistmlp.data.catalog import SYNTHETIC
    from mnistmlp.data.load import make_dataset
    from mnistmlp.data.placing import files_to_write

    with _naming_ways_out(folder, synthetic=True):
        if files := files_to_write(folder, SYNTHETIC, force=force):
            if not quiet:
                console.note(f"making synthetic digits in {console.escape(str(folder))}")
            for file in make_dataset(folder, files):
                console.note(f"{file.name}: made and verified; {KEPT}")


@contextmanager
def _naming_ways_out(folder: Path, *, synthetic: bool = False) -> Iterator[None]:
    """Name the options that help where a folder cannot be written, or holds other files."""
    command = download_command(Path("DIR"), synthetic=synthetic)
    elsewhere = f"use another folder: {command}, then --data-dir DIR"
    try:
        yield
    except WriteError as error:
        error.hint = elsewhere
        raise
    except MixedDataError as error:
        command = download_command(folder, synthetic=synthetic)
        error.hint = f"{elsewhere}; or {command} --force, which keeps each of them as NAME.bak"
        raise


def open_dataset(
    dataset: DatasetName, data_dir: Path | None, split: Split, *, quiet: bool = False
) -> Dataset:
    """Load a split of a data set: from a folder of the user's, or from the cache.

    Only the cache folder is filled on first use.
    """
    from mnistmlp.data.datasets import describe_mixture
    from mnistmlp.data.folder import missing_files
    from mnistmlp.data.load import cache_folder_of, load_split

    folder = data_dir or cache_folder_of(dataset)
    if not data_dir and missing_files(folder):
        (make_synthetic if dataset == "synthetic" else fetch_mnist)(folder, quiet=quiet)
    data = load_split(folder, dataset, split)
    if mixture := describe_mixture(folder, data):
        console.note(f"warning: {console.escape(mixture)}")
    return data


# --- Progress ----------------------------------------------------------------


@contextmanager
def download_progress(quiet: bool) -> Iterator[Callable[[Progress], None]]:
    """Yield a callback that draws the progress of a download."""
    if quiet or not console.is_terminal():
        yield lambda progress: None if quiet else _note_state(progress)
        return
    from rich.progress import BarColumn, DownloadColumn, TransferSpeedColumn

    name, bar, received = "{task.description}", BarColumn(None), DownloadColumn()
    layouts = {59: (name, bar, received, TransferSpeedColumn()), 0: (name, bar)}
    bars: dict[str, Bar] = {}

    def draw(progress: Progress) -> None:
        if progress.state != "receiving":
            _note_state(progress)
            return
        if progress.name not in bars:
            bars[progress.name] = Bar(layouts)
        if bars[progress.name].is_due():
            bars[progress.name].draw(progress.received, progress.name, progress.total)

    try:
        yield draw
    finally:
        console.footer.erase()


def _note_state(progress: Progress) -> None:
    if progress.state != "receiving":
        failure = progress.failure and f": {console.escape(progress.failure)}"
        console.note(f"{progress.name}: {STATES[progress.state]}{failure}")
