"""``mnistmlp info``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mnistmlp.cli import console
from mnistmlp.cli.options import Json

if TYPE_CHECKING:
    from mnistmlp.brain import Brain

SETTINGS = ("optimizer", "learning_rate", "schedule", "momentum", "weight_decay", "batch_size")


def info(
    path: Annotated[Path, typer.Argument(metavar="[BRAIN]", help="Brain file.")] = Path(
        "brain.npz"
    ),
    as_json: Json = False,
) -> None:
    """Say what is in a brain file."""
    from mnistmlp.brain import load_brain

    brain = load_brain(path)
    facts = _facts(brain)
    if as_json:
        print(json.dumps({"brain": str(path), **(brain.meta or {}), **facts}))
    else:
        rows = {"brain": path, **facts, **_origin(brain.meta)}
        rows["sizes"] = "-".join(map(str, brain.network.sizes))
        for name, value in rows.items():
            print(f"{name:20} {console.one_line(str(value))}")


def _facts(brain: Brain) -> dict[str, Any]:
    """Return what holds of any brain, also of one without meta."""
    from mnistmlp.core import LOSSES

    network = brain.network
    return {
        "sizes": network.sizes,
        "parameters": network.parameters.size,
        "dtype": network.parameters.dtype.name,
        "activation": network.activation,
        "output": LOSSES[network.loss].output,
        "loss": network.loss,
    }


def _origin(meta: dict[str, Any] | None) -> dict[str, Any]:
    """Return how the brain came about, as far as its file says."""
    if meta is None:
        return {"meta": "none: a brain of the older kind"}
    recipe = dict(meta["recipe"])
    accuracy = meta["accuracy"].get("validation")
    return {
        "recipe": recipe.pop("name", None),
        **{name.replace("_", " "): value for name, value in recipe.items() if name in SETTINGS},
        "seed": meta["seed"],
        "epochs": meta["epochs"],
        "validation accuracy": accuracy,
        "trained on": meta["dataset"].get("name"),
        "versions": ", ".join(f"{name} {number}" for name, number in meta["versions"].items()),
    }
