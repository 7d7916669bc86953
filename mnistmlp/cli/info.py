"""``mnistmlp info``."""

from __future__ import annotations

import json
from pathlib import Path
from textwrap import TextWrapper
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

SHOWN_ELSEWHERE = {  # settings of which another row tells
    *("hidden", "activation", "loss", "normalization", "dtype", "epochs"),
}
VALUES = TextWrapper(59, break_long_words=False, break_on_hyphens=False)


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
        return
    facts |= {
        "sizes": "-".join(map(str, brain.network.sizes)),
        "parameters": f"{facts['parameters']:,}",
        "normalization": None if facts["normalization"] == "none" else facts["normalization"],
    }
    print(_rows({"brain": path, **facts, **_origin(brain.meta)}))


def _rows(facts: dict[str, Any]) -> str:
    """Return a row for each fact that is known, in 80 columns but for long words and paths."""
    rows = []
    for name, value in facts.items():
        text = console.escape(str(value))
        lines = [text] if isinstance(value, Path) else VALUES.wrap(text)
        if value is not None:
            rows.append(f"{name.replace('_', ' '):20} " + f"\n{'':21}".join(lines))
    return "\n".join(rows)


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
    accuracy, epochs = meta.validation_accuracy, _spell(meta.epochs)
    if (planned := meta.recipe.get("epochs", meta.epochs)) != meta.epochs:
        epochs += f" of {_spell(planned)}"
    return {
        "recipe": meta.recipe_name,
        **_settings(meta),
        "initial weights": "another brain's" if meta.raw.get("initial") else None,
        "prune": meta.raw.get("prune") or None,
        "half": "yes" if meta.half else None,
        "seed": meta.seed,
        "epochs": epochs,
        "validation accuracy": None if accuracy is None else f"{accuracy:.2%}",
        "trained on": meta.trained_on,
        "versions": ", ".join(f"{name} {number}" for name, number in meta.versions.items()) or None,
    }


def _settings(meta: Meta) -> dict[str, str]:
    """Return the training settings in the file: the basic ones, those in use, those changed."""
    from mnistmlp.training.recipes import DEFAULTS, SETTINGS, select_extras

    recipe = meta.recipe
    shown = {name for name in SETTINGS.keys() & recipe.keys() if recipe[name] != DEFAULTS[name]}
    shown |= {name for name, setting in SETTINGS.items() if setting.basic} & recipe.keys()
    shown |= select_extras(recipe).keys()
    return {name: _spell(recipe[name]) for name in SETTINGS if name in shown - SHOWN_ELSEWHERE}


def _spell(value: Any) -> str:
    """Return the value of a setting, a whole number with separators."""
    from mnistmlp.training.settings import spell

    return f"{value:,}" if type(value) is int else spell(value)
