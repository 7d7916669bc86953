"""What `train` reports: each epoch in a log, and the network at the end."""

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
    from mnistmlp.brains.meta import Meta
    from mnistmlp.training.recipes import Recipe
    from mnistmlp.training.state import EpochReport, TrainingResult

OnEpoch = Callable[["EpochReport"], None]


# --- Epoch by epoch ----------------------------------------------------------


@contextmanager
def epoch_log(path: Path | None) -> Iterator[OnEpoch]:
    """Yield a callback that writes an epoch's report to a file, as a line of JSON.

    If that fails, training continues without that line.
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


def call_each(*callbacks: OnEpoch) -> OnEpoch:
    """Return a callback that calls each of these in turn."""

    def on_epoch(report: EpochReport) -> None:
        for callback in callbacks:
            callback(report)

    return on_epoch


# --- At the end --------------------------------------------------------------


def summarise(
    result: TrainingResult,
    settings: Recipe,
    data: str,
    seconds: float,
    output: Path,
    hint: str | None,
) -> None:
    """Say on stderr what was trained, how accurate it is, and how to resume it."""
    network, selected, ran = result.network, result.selected, len(result.history)
    layers = "-".join(map(str, network.sizes))
    console.note(
        f"{settings.name}: {layers}, {network.parameters.size:,} parameters, on {data}, "
        f"{ran} epoch{'' if ran == 1 else 's'} in {seconds:.1f} s"
    )
    if result.interrupted:
        moment = f"epoch {selected.epoch}" if selected else "that moment"
        console.note(f"interrupted in epoch {ran + 1}: the weights are those of {moment}")
    if selected and selected.validation_accuracy is not None:
        accuracy, epoch = selected.validation_accuracy, selected.epoch
        console.note(f"validation accuracy {accuracy:.2%} (epoch {epoch})")
    console.note(f"saved {console.escape(str(output))}")
    if result.interrupted and hint:
        console.note(f"hint: {hint}")


def document(
    output: Path,
    meta: Meta,
    result: TrainingResult | None,
    seconds: float,
    same: bool | None = None,
) -> str:
    """Return the result as JSON; without one, for a brain already trained, from its `meta`.

    `same` tells whether its weights are those of the brain of --like.
    """
    from mnistmlp.core.network import parameter_count

    history = [asdict(report) for report in result.history] if result else meta.history
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
