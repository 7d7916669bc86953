"""The learning curves of `train --tensorboard`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from mnistmlp.atomic import cause_of, check_writable
from mnistmlp.cli import console
from mnistmlp.cli.options import is_same_file
from mnistmlp.errors import SettingError

if TYPE_CHECKING:
    from mnistmlp.brains.provenance import Provenance
    from mnistmlp.cli.train.report import OnEpoch
    from mnistmlp.exchange.tensorboard import EventFile
    from mnistmlp.training.recipes import Recipe
    from mnistmlp.training.state import EpochReport, TrainingState

TAGS = {  # of the fields of a report
    "loss/training": "loss",
    "loss/validation": "validation_loss",
    "accuracy/training": "accuracy",
    "accuracy/validation": "validation_accuracy",
}


def check_curves(folder: Path, resumed: Provenance | None, files: Mapping[str, Path]) -> None:
    """Raise SettingError if nothing can be written to a folder, or if it has other curves.

    A resumed run continues its own.  The folder, and those that it is
    in, must not be one of the run's files, which are keyed by their origin.

    Raises
    ------
    MissingExtraError
        If the package tensorboardX is not installed.
    """
    from mnistmlp.exchange.tensorboard import MARK, check_installed, find_event_files

    check_installed()
    for named, path in files.items():
        if any(is_same_file(each, path) for each in (folder, *folder.absolute().parents)):
            raise SettingError("tensorboard", f"{folder}: {path} is the same file as {named}")
    try:
        existing = next(each for each in (folder, *folder.absolute().parents) if each.exists())
        check_writable(existing / MARK)
        found = find_event_files(folder)
    except OSError as error:
        raise SettingError("tensorboard", f"{error.filename}: {cause_of(error)}") from None
    if not all(resumed and each.name.endswith(_suffix(resumed)) for each in found):
        raise SettingError(
            "tensorboard",
            f"{folder} holds the curves of another run",
            hint=f"name another folder, such as {folder}-2; the one above them shows both",
        )


def _suffix(provenance: Provenance) -> str:
    """Return the end of the names of a run's files of events."""
    return provenance.digest[:16]


@contextmanager
def event_file(
    folder: Path | None, provenance: Provenance, state: TrainingState | None
) -> Iterator[OnEpoch]:
    """Yield a callback that writes an epoch's figures to a new file of events.

    If that fails, training continues without it.  A run that is resumed writes the
    epochs before its checkpoint only if the folder has none of them.
    """
    from mnistmlp.exchange.tensorboard import EventFile, find_event_files

    if folder is None:
        yield lambda report: None
        return
    done = len(state.history) if state and find_event_files(folder) else 0
    file: EventFile | None = None
    failed = False

    def record(report: EpochReport) -> None:
        nonlocal file, failed
        if report.epoch <= done or failed:
            return
        try:
            file = file or EventFile(folder, _suffix(provenance))
            file.write(report.epoch, _figures(report, provenance.recipe))
        except OSError as error:
            failed = True
            name = console.escape(str(folder))
            problem = f"{cause_of(error)}: no curves from epoch {report.epoch} on"
            console.note(f"warning: {name}: {problem}")

    try:
        yield record
    finally:
        if file:
            with suppress(OSError):  # noticed already
                file.close()


def _figures(report: EpochReport, recipe: Recipe) -> dict[str, float]:
    """Return the figures of an epoch that are known, and its first learning rate, by their tags."""
    from mnistmlp.training.optim import scheduled_rate

    figures = {tag: getattr(report, field) for tag, field in TAGS.items()}
    rate = scheduled_rate(recipe, (report.epoch - 1) / recipe.epochs)
    known = {tag: value for tag, value in figures.items() if value is not None}
    return known | {"learning_rate": rate}
