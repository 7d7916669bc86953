"""Progress on stderr: a bar on a terminal, plain lines elsewhere, nothing when quiet."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from mnistmlp.cli import console
from mnistmlp.errors import SettingError

if TYPE_CHECKING:
    from rich.progress import TaskID

    from mnistmlp.download import Progress
    from mnistmlp.training import EpochReport

OnEpoch = Callable[["EpochReport"], None]
STATES = {
    "fetched": "fetched and verified",
    "replaced": "fetched and verified; what was here has .bak at the end of its name",
    "present": "already here, verified",
}


@contextmanager
def download_progress(quiet: bool) -> Iterator[Callable[[Progress], None]]:
    """Yield what draws the progress of a download."""
    if quiet or not console.is_terminal():
        yield lambda progress: None if quiet else _write_file(progress)
        return
    from rich import progress as rich

    bars = rich.Progress(
        rich.TextColumn("{task.description:23}"),
        rich.BarColumn(bar_width=18),
        rich.DownloadColumn(),
        rich.TransferSpeedColumn(),
        console=console.make_console(stderr=True),
    )
    tasks: dict[str, TaskID] = {}

    def draw(progress: Progress) -> None:
        if progress.name not in tasks:
            tasks[progress.name] = bars.add_task(progress.name, total=None)
        if progress.state == "receiving":
            bars.update(tasks[progress.name], completed=progress.received, total=progress.total)
        else:
            bars.remove_task(tasks[progress.name])
            bars.console.print(f"{progress.name}: {STATES[progress.state]}")

    with bars:
        yield draw


def _write_file(progress: Progress) -> None:
    if progress.state != "receiving":
        console.note(f"{progress.name}: {STATES[progress.state]}")


@contextmanager
def epoch_progress(epochs: int, quiet: bool) -> Iterator[OnEpoch]:
    """Yield what draws an epoch's report."""
    if quiet or not console.is_terminal():
        yield lambda report: None if quiet else console.note(_describe(report, epochs))
        return
    from rich import progress as rich

    bar = rich.Progress(
        rich.BarColumn(bar_width=16),
        rich.TextColumn("{task.description}"),
        rich.TimeRemainingColumn(),
        console=console.make_console(stderr=True),
        transient=True,
    )
    task = bar.add_task(f"epoch  1/{epochs}", total=epochs)
    with bar:

        def draw(report: EpochReport) -> None:
            accuracy = report.validation_accuracy
            validation = "" if accuracy is None else f"  validation {accuracy:.2%}"
            line = f"epoch {report.epoch}/{epochs}  loss {report.loss:.4f}{validation}"
            bar.update(task, completed=report.epoch, description=line)

        yield draw


def _describe(report: EpochReport, epochs: int) -> str:
    """Return an epoch's report as one line of under 80 columns."""
    line = f"epoch {report.epoch:{len(str(epochs))}}/{epochs}  loss {report.loss:.4f}"
    if report.validation_accuracy is not None:
        line += f"  validation {report.validation_loss:.4f}, {report.validation_accuracy:.2%}"
    return f"{line}  {report.seconds:.2f} s  {report.images_per_second:,.0f} images/s"


@contextmanager
def epoch_log(path: Path | None) -> Iterator[OnEpoch]:
    """Yield what writes an epoch's report to a file, as a line of JSON.

    Where that fails, training goes on without that line.
    """
    if path is None:
        yield lambda report: None
        return
    try:
        file = path.open("wb", buffering=0)
    except OSError as error:
        raise SettingError("log", f"{path}: {error.strerror}") from None

    def record(report: EpochReport) -> None:
        try:
            file.write(json.dumps(asdict(report)).encode() + b"\n")
        except OSError as error:
            console.note(f"warning: {path}: {error.strerror}: epoch {report.epoch} is not logged")

    with file:
        yield record


def in_turn(*callbacks: OnEpoch) -> OnEpoch:
    """Return what hands a report to each of the callbacks."""

    def on_epoch(report: EpochReport) -> None:
        for callback in callbacks:
            callback(report)

    return on_epoch
