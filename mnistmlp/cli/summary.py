"""What `train` says of a network when it is done."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mnistmlp.cli import console

if TYPE_CHECKING:
    from mnistmlp.recipes import Recipe
    from mnistmlp.training import Training


def summarise(
    training: Training,
    settings: Recipe,
    data: str,
    seconds: float,
    output: Path,
    go_on: str | None,
) -> None:
    """Say on stderr what was trained, how well it did, and the command to go on with it."""
    network, kept, ran = training.network, training.kept, len(training.history)
    layers = "-".join(map(str, network.sizes))
    console.note(
        f"{settings.name}: {layers}, {network.parameters.size:,} parameters, on {data}, "
        f"{ran} epoch{'' if ran == 1 else 's'} in {seconds:.1f} s"
    )
    if training.interrupted:
        moment = f"epoch {kept.epoch}" if kept else "that moment"
        console.note(f"interrupted in epoch {ran + 1}: the weights are those of {moment}")
    if kept and kept.validation_accuracy is not None:
        console.note(f"validation accuracy {kept.validation_accuracy:.2%} (epoch {kept.epoch})")
    console.note(f"saved {console.one_line(str(output))}")
    if training.interrupted and go_on:
        console.note(f"hint: {go_on}")


def document(
    output: Path,
    meta: dict[str, Any],
    training: Training | None,
    seconds: float,
    same: bool | None = None,
) -> str:
    """Return the same as JSON; without a training, for a brain that was there, from its file.

    `same` is whether it has the weights of the brain that it was to be like.
    """
    from mnistmlp.core import parameter_count

    compared = {} if same is None else {"same_weights": same}
    return json.dumps(
        {
            "output": str(output),
            "dataset": meta["dataset"].get("name"),
            "recipe": meta["recipe"]["name"],
            "sizes": meta["sizes"],
            "parameters": parameter_count(meta["sizes"]),
            "epochs": meta["epochs"],
            "seconds": round(seconds, 3),
            "validation_accuracy": meta["accuracy"]["validation"],
            "history": [asdict(report) for report in training.history]
            if training
            else meta["history"],
            **compared,
        }
    )
