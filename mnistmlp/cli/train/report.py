"""What `train` reports: each epoch in a log, and the network at the end."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from mnistmlp.atomic import cause_of
from mnistmlp.cli import console
from mnistmlp.cli.options import back_up_replaced
from mnistmlp.errors import SettingError

if TYPE_CHECKING:
    from mnistmlp.arrays import Labels
    from mnistmlp.brains.meta import Meta
    from mnistmlp.training.recipes import Recipe
    from mnistmlp.training.state import EpochReport, TrainingResult, TrainingState

OnEpoch = Callable[["EpochReport"], None]


# --- Epoch by epoch ----------------------------------------------------------


@contextmanager
def epoch_log(path: Path | None, state: TrainingState | None, *, quiet: bool) -> Iterator[OnEpoch]:
    """Yield a callback that writes an epoch's report to a file, as a line of JSON.

    If that fails, training continues without that line.  A file that is there
    is kept, unless it is the log of the run that is resumed.
    """
    if path is None:
        yield lambda report: None
        return
    own = state and is_log_of(path, state.history)
    try:
        if path.is_file() and path.stat().st_size and not own:
            back_up_replaced(path, quiet=quiet, copy=True)  # as the log is written in place
        file = path.open("wb", buffering=0)
    except OSError as error:
        raise SettingError("log", f"{path}: {cause_of(error)}") from None

    def record(report: EpochReport) -> None:
        try:
            file.write(json.dumps(asdict(report)).encode() + b"\n")
        except OSError as error:
            console.note(f"warning: {path}: {cause_of(error)}: epoch {report.epoch} is not logged")

    with file:
        yield record


def is_log_of(path: Path, history: Iterable[EpochReport]) -> bool:
    """Tell whether a file is the log of these epochs, or of more or fewer of the same run."""
    lines = path.read_bytes().splitlines()
    expected = [_spell(report) for report in history]
    return bool(expected) and all(
        line in wanted for line, wanted in zip(lines, expected, strict=False)
    )


def _spell(report: EpochReport) -> list[bytes]:
    """Return the line of a log, and that of a version before training accuracy was measured."""
    figures = asdict(report)
    lines = [json.dumps(figures).encode()]
    if figures.pop("accuracy") is None:
        lines.append(json.dumps(figures).encode())
    return lines


def call_each(*callbacks: OnEpoch) -> OnEpoch:
    """Return a callback that calls each of these in turn."""

    def on_epoch(report: EpochReport) -> None:
        for callback in callbacks:
            callback(report)

    return on_epoch


def warn_of_trouble(
    recipe: Recipe, labels: Labels, state: TrainingState | None, output: Path
) -> OnEpoch:
    """Return a callback that warns, once, if the network does not learn, and says what to try."""
    from mnistmlp.training.advice import watch

    look = watch(recipe, labels, state.history if state else ())

    def on_epoch(report: EpochReport) -> None:
        if trouble := look(report):
            warning = f"warning: {console.escape(str(output))}: {trouble.symptom}"
            console.note(f"{warning}\nhint: {spell_options(trouble.advice)}")

    return on_epoch


def spell_options(advice: str) -> str:
    """Return an advice with its settings, which stand in backquotes, spelt as options."""

    def option(match: re.Match[str]) -> str:
        value = match[2].replace("=", " ").replace("'", "")
        return f"--{match[1].replace('_', '-')}{value}"

    return re.sub("`([a-z_]+)([^`]*)`", option, advice)


# --- At the end --------------------------------------------------------------


def summarise(
    result: TrainingResult,
    settings: Recipe,
    data: str | None,
    seconds: float,
    output: Path,
    hint: str | None,
) -> None:
    """Say on stderr what was trained, how accurate it is, and how to resume it."""
    network, selected, ran = result.network, result.selected, len(result.history)
    layers = "-".join(map(str, network.sizes))
    console.note(
        f"{settings.name}: {layers}, {network.parameters.size:,} parameters, "
        f"learning rate {settings.learning_rate:g}"
    )
    console.note(f"{ran} epoch{'' if ran == 1 else 's'} on {data} in {seconds:.1f} s")
    if result.interrupted:
        moment = f"those of epoch {selected.epoch}" if selected else "the current ones"
        where = f"in epoch {ran + 1}" if ran < settings.epochs else "in calibration"
        console.note(f"interrupted {where}: the weights are {moment}")
    console.note(_describe_accuracy(result))
    console.note(f"saved {console.escape(str(output))}")
    if result.interrupted and hint:
        console.note(f"hint: {hint}")


def _describe_accuracy(result: TrainingResult) -> str:
    """Return the validation accuracy of the weights that are saved, and how they are calibrated."""
    selected = result.selected
    if result.validation_accuracy is None:
        return "no validation accuracy, and confidence is not calibrated"
    line = f"validation accuracy {result.validation_accuracy:.2%}"
    if selected:
        line += f" (epoch {selected.epoch})"
        if selected.validation_accuracy != result.validation_accuracy:
            line += f", {selected.validation_accuracy:.2%} before it was pruned or rounded"
    if result.temperature is None:
        return f"{line}; not calibrated"
    if result.temperature == 1:
        return f"{line}; calibration would not help"
    return f"{line}; calibrated, temperature {result.temperature:g}"


def document(
    output: Path,
    meta: Meta,
    reports: Iterable[EpochReport] | None,
    seconds: float,
    same: bool | None = None,
) -> str:
    """Return the result as JSON; without reports, of a brain already trained, from its `meta`.

    `same` tells whether its weights are those of the brain of --like.
    """
    from mnistmlp.core.network import parameter_count

    history = meta.history if reports is None else [asdict(report) for report in reports]
    return json.dumps(
        {
            "output": str(output),
            "dataset": meta.dataset,
            "recipe": meta.recipe_name,
            "sizes": meta.sizes,
            "parameters": parameter_count(meta.sizes),
            "epochs": meta.epochs,
            "seconds": round(seconds, 3),
            "validation_accuracy": meta.validation_accuracy,
            "history": history,
        }
        | ({} if same is None else {"same_weights": same})
    )
