"""Data sets for the commands: fetched or made on first use, with a progress bar."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from mnistmlp.cli import console
from mnistmlp.cli.bar import Bar
from mnistmlp.errors import WriteError

if TYPE_CHECKING:
    from mnistmlp.data.catalog import DataFile, Split
    from mnistmlp.data.datasets import Dataset
    from mnistmlp.data.download import Progress

STATES = {
    "fetched": "fetched and verified",
    "replaced": "fetched and verified; the old file is kept as .bak",
    "present": "already here, verified",
}


def fetch_mnist(
    folder: Path,
    *,
    files: Sequence[DataFile] | None = None,
    mirrors: list[str] | None = None,
    force: bool = False,
    quiet: bool = False,
) -> None:
    """Fetch files of MNIST, all four by default, into a folder."""
    from mnistmlp.data.catalog import MNIST
    from mnistmlp.data.download import MIRRORS, download_dataset

    with download_progress(quiet) as draw:
        try:
            download_dataset(
                folder,
                files=files or MNIST,
                mirrors=mirrors or MIRRORS,
                force=force,
                on_progress=draw,
            )
        except WriteError as error:
            error.hint = "use another folder: mnistmlp download --data-dir DIR"
            raise


def make_synthetic(data_dir: Path | None, *, quiet: bool = False) -> Path:
    """Return the folder of the synthetic data set, after making the files that it lacks."""
    from mnistmlp.data.builtin import builtin_folder, files_to_make, make_dataset

    folder = data_dir or builtin_folder()
    if files := files_to_make(folder):
        if not quiet:
            console.note(f"making synthetic digits in {console.escape(str(folder))}")
        make_dataset(folder, files)
    return folder


def prepare_folder(
    dataset: str, data_dir: Path | None, split: Split, *, quiet: bool = False
) -> Path:
    """Return the data folder, after fetching or making the files of the split that it lacks."""
    from mnistmlp.data.folder import default_folder, files_to_fetch

    if dataset == "synthetic":
        return make_synthetic(data_dir, quiet=quiet)
    folder = data_dir or default_folder()
    if files := files_to_fetch(folder, split):
        fetch_mnist(folder, files=files, quiet=quiet)
    return folder


def open_dataset(
    dataset: str, data_dir: Path | None, split: Split, *, quiet: bool = False
) -> Dataset:
    """Load a split of a data set, after fetching or making the files that the folder lacks."""
    from mnistmlp.data.datasets import load_dataset

    return load_dataset(prepare_folder(dataset, data_dir, split, quiet=quiet), split)


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
        console.note(f"{progress.name}: {STATES[progress.state]}")
