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
    from mnistmlp.brains.brain import Brain, Committee
    from mnistmlp.data.catalog import DatasetName, Split
    from mnistmlp.data.datasets import Dataset
    from mnistmlp.data.download import Fetched, Progress

KEPT = "the old file is kept as .bak"
STATES = {
    "fetched": "fetched and verified",
    "replaced": f"fetched and verified; {KEPT}",
    "present": "exists, verified",
    "failed": "a mirror failed; trying the next",
}


def fetch(
    folder: Path,
    dataset: Fetched,
    *,
    mirrors: list[str] | None = None,
    force: bool = False,
    quiet: bool = False,
) -> None:
    """Fetch the files of a data set that a folder lacks, or all with `force`."""
    from mnistmlp.data.download import download_dataset

    with download_progress(quiet) as draw, _naming_ways_out(folder, dataset):
        download_dataset(folder, dataset, mirrors=mirrors or None, force=force, on_progress=draw)


def make_synthetic(folder: Path, *, force: bool = False, quiet: bool = False) -> None:
    """Make the files of the synthetic data set that a folder lacks, or all with `force`."""
    from mnistmlp.data.catalog import SYNTHETIC
    from mnistmlp.data.load import make_dataset
    from mnistmlp.data.placing import files_to_write

    with _naming_ways_out(folder, "synthetic"):
        if files := files_to_write(folder, SYNTHETIC, force=force):
            if not quiet:
                console.note(f"making synthetic digits in {console.escape(str(folder))}")
            for file in make_dataset(folder, files):
                console.note(f"{file.name}: made and verified; {KEPT}")


@contextmanager
def _naming_ways_out(folder: Path, dataset: DatasetName) -> Iterator[None]:
    """Name the options that help where a folder cannot be written, or holds other files."""
    command = download_command(Path("DIR"), dataset)
    elsewhere = f"use another folder: {command}, then --data-dir DIR"
    try:
        yield
    except WriteError as error:
        error.hint = elsewhere
        raise
    except MixedDataError as error:
        command = download_command(folder, dataset)
        error.hint = f"{elsewhere}; or {command} --force, which keeps each of them as NAME.bak"
        raise


def open_dataset(
    dataset: DatasetName | None, data_dir: Path | None, split: Split, *, quiet: bool = False
) -> Dataset:
    """Load a split of a data set: from a folder of the user's, or from the cache.

    Without a name it is MNIST, or whatever the folder holds.  Only the cache folder is
    filled on first use.
    """
    from mnistmlp.data.datasets import describe_mixture
    from mnistmlp.data.folder import cache_folder_of, missing_files
    from mnistmlp.data.load import load_split

    if data_dir:
        folder = data_dir
    else:
        dataset = dataset or "mnist"
        folder = cache_folder_of(dataset)
        if missing_files(folder):
            _fill(folder, dataset, quiet=quiet)
    data = load_split(folder, dataset, split)
    if mixture := describe_mixture(folder, data):
        console.note(f"warning: {console.escape(mixture)}")
    return data


def choose_dataset(
    dataset: DatasetName | None,
    data_dir: Path | None,
    classifier: Brain | Committee,
    *,
    quiet: bool = False,
) -> DatasetName | None:
    """Return the data set that is asked for, or else that of the brains' training.

    Brains that read digits are for MNIST, whatever they were trained on.
    """
    from mnistmlp.data.catalog import NAMES, TITLES

    trained_on = {brain.meta and brain.meta.dataset for brain in classifier.brains}
    if dataset or data_dir or not trained_on <= NAMES.keys() or len(trained_on) > 1:
        return dataset
    own = next(name for name in TITLES if name in trained_on)
    if not quiet:
        console.note(f"note: using {TITLES[own]}, which the brain was trained on (--dataset {own})")
    return own


def warn_of_other_classes(data: Dataset, classifier: Brain | Committee) -> None:
    """Warn if images are of other classes than those that the brains were trained on."""
    known, wanted = classifier.classes, data.classes
    trained_on = {brain.meta and brain.meta.dataset for brain in classifier.brains}
    same = data.name in trained_on - {"custom"}  # perhaps with names of one's own
    if known and wanted and known != wanted and not same:
        shown, learnt = (", ".join(each[:2]) for each in (wanted, known))
        console.note(
            f"warning: these images are of other classes ({shown} …) than the brain was "
            f"trained on ({learnt} …)"
        )


def _fill(folder: Path, dataset: DatasetName, *, quiet: bool) -> None:
    if dataset == "synthetic":
        make_synthetic(folder, quiet=quiet)
    else:
        fetch(folder, dataset, quiet=quiet)


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
