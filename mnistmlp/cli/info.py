"""``mnistmlp info``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mnistmlp import blas
from mnistmlp.cli import console
from mnistmlp.cli.brains import DEFAULT_BRAIN, OneBrain, brain_file
from mnistmlp.cli.options import Json
from mnistmlp.version import __version__

if TYPE_CHECKING:
    from mnistmlp.brains.brain import Brain
    from mnistmlp.brains.meta import Meta

SHOWN_ELSEWHERE = {"hidden", "activation", "loss", "normalization", "epochs"}  # in other rows


def info(
    path: OneBrain = DEFAULT_BRAIN,
    system: Annotated[
        bool,
        typer.Option(
            "--system",
            help="Describe this machine instead: NumPy, BLAS, processor, threads.",
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Describe a brain file, or this machine with --system."""
    if system:
        threads = blas.configure()
        facts = {"mnistmlp": __version__, **blas.describe(), "threads": threads}
        print(json.dumps(facts) if as_json else _rows(facts))
        return
    from mnistmlp.brains.brain import load_brain

    brain = load_brain(brain_file(path))
    facts = _facts(brain)
    if as_json:
        print(json.dumps({"brain": str(path), **(brain.meta.raw if brain.meta else {}), **facts}))
    else:
        sizes = "-".join(map(str, brain.network.sizes))
        if facts["normalization"] == "none":
            del facts["normalization"]
        print(_rows({"brain": path, **facts, "sizes": sizes, **_origin(brain.meta)}))


def _rows(facts: dict[str, Any]) -> str:
    return "\n".join(
        f"{name.replace('_', ' '):20} {console.escape(str(value))}" for name, value in facts.items()
    )


def _facts(brain: Brain) -> dict[str, Any]:
    """Return the facts of any brain, even of one without meta."""
    from mnistmlp.core.network import LOSSES

    network = brain.network
    return {
        "sizes": network.sizes,
        "parameters": network.parameters.size,
        "dtype": network.parameters.dtype.name,
        "activation": network.activation,
        "output": LOSSES[network.loss].output,
        "loss": network.loss,
        "normalization": network.normalization,
    }


def _origin(meta: Meta | None) -> dict[str, Any]:
    """Return how the brain was trained, as far as its file says."""
    if meta is None:
        return {"meta": "none: a brain of the older kind"}
    return {
        "recipe": meta.recipe_name,
        **_settings(meta),
        "seed": meta.seed,
        "epochs": meta.epochs,
        "validation accuracy": meta.validation_accuracy,
        "trained on": meta.trained_on,
        "versions": ", ".join(f"{name} {number}" for name, number in meta.versions.items()),
    }


def _settings(meta: Meta) -> dict[str, str]:
    """Return the training settings in the file: the basic ones, and others in use."""
    from mnistmlp.training.recipes import SETTINGS, select_extras
    from mnistmlp.training.settings import spell

    recipe = meta.recipe
    basic = {name for name, setting in SETTINGS.items() if setting.basic}
    shown = (basic & recipe.keys()) | select_extras(recipe).keys()
    return {name: spell(recipe[name]) for name in SETTINGS if name in shown - SHOWN_ELSEWHERE}
