"""What a brain is and how it was trained, in words: for `info` and for notebooks."""

from __future__ import annotations

from typing import Any

from mnistmlp.brains.meta import Meta
from mnistmlp.core.losses import LOSSES
from mnistmlp.core.network import Network
from mnistmlp.training.recipes import DEFAULTS, SETTINGS, select_extras
from mnistmlp.training.settings import spell

SHOWN_ELSEWHERE = {  # settings of which another row tells
    *("hidden", "activation", "loss", "normalization", "dtype", "epochs"),
}


def network_facts(network: Network) -> dict[str, Any]:
    """Return what there is to say of any network, as values."""
    return {
        "sizes": network.sizes,
        "parameters": network.parameters.size,
        "dtype": network.parameters.dtype.name,
        "activation": network.activation,
        "output": LOSSES[network.loss].output,
        "loss": network.loss,
        "normalization": network.normalization,
    }


def describe_brain(network: Network, meta: Meta | None) -> dict[str, Any]:
    """Return by name what there is to say of a brain, as text; None where nothing is."""
    facts = network_facts(network)
    return facts | {
        "sizes": "-".join(map(str, network.sizes)),
        "parameters": f"{facts['parameters']:,}",
        "normalization": None if facts["normalization"] == "none" else facts["normalization"],
        **_origin(meta),
    }


def _origin(meta: Meta | None) -> dict[str, Any]:
    """Return how the brain was trained, as far as its file says."""
    if meta is None:
        return {"meta": "none: a brain of the older kind"}
    if meta.recipe.keys() == {"name"}:  # not trained by this package, as far as is known
        return {"recipe": meta.recipe_name}
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
    recipe = meta.recipe
    shown = {name for name in SETTINGS.keys() & recipe.keys() if recipe[name] != DEFAULTS[name]}
    shown |= {name for name, setting in SETTINGS.items() if setting.basic} & recipe.keys()
    shown |= select_extras(recipe).keys()
    return {name: _spell(recipe[name]) for name in SETTINGS if name in shown - SHOWN_ELSEWHERE}


def _spell(value: Any) -> str:
    """Return the value of a setting, a whole number with separators."""
    return f"{value:,}" if type(value) is int else spell(value)
