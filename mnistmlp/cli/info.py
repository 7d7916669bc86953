"""``mnistmlp info``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

import mnistmlp
from mnistmlp import blas
from mnistmlp.cli import console
from mnistmlp.cli.brains import DEFAULT, OneBrain, brain_file
from mnistmlp.cli.options import Json

if TYPE_CHECKING:
    from mnistmlp.brain import Brain

SETTINGS = ("optimizer", "learning_rate", "schedule", "momentum", "weight_decay", "batch_size")


def info(
    path: OneBrain = DEFAULT,
    system: Annotated[
        bool,
        typer.Option(
            "--system", help="Of this machine instead: NumPy, BLAS, kernels, threads, processor."
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Say what is in a brain file, or what this machine calculates with."""
    if system:
        blas.settle()
        facts = {"mnistmlp": mnistmlp.__version__, **blas.describe()}
        print(json.dumps(facts) if as_json else _rows(facts))
        return
    from mnistmlp.brain import load_brain

    brain = load_brain(brain_file(path))
    facts = _facts(brain)
    if as_json:
        print(json.dumps({"brain": str(path), **(brain.meta or {}), **facts}))
    else:
        sizes = "-".join(map(str, brain.network.sizes))
        print(_rows({"brain": path, **facts, "sizes": sizes, **_origin(brain.meta)}))


def _rows(facts: dict[str, Any]) -> str:
    return "\n".join(
        f"{name.replace('_', ' '):20} {console.one_line(str(value))}"
        for name, value in facts.items()
    )


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
        **{name: value for name, value in recipe.items() if name in SETTINGS},
        "seed": meta["seed"],
        "epochs": meta["epochs"],
        "validation accuracy": accuracy,
        "trained on": meta["dataset"].get("name"),
        "versions": ", ".join(f"{name} {number}" for name, number in meta["versions"].items()),
    }
