"""A brain and its training in words, for `info` and notebooks."""

from __future__ import annotations

from typing import Any

from mnistmlp.brains.meta import Meta
from mnistmlp.brains.sparkline import draw_sparkline
from mnistmlp.core.losses import LOSSES
from mnistmlp.core.network import Network
from mnistmlp.training.recipes import DEFAULTS, SETTINGS, select_extras
from mnistmlp.training.settings import spell

SHOWN_ELSEWHERE = {  # settings shown in another row
    *("hidden", "activation", "loss", "normalization", "dtype", "epochs"),
}


def network_facts(network: Network) -> dict[str, Any]:
    """Return the facts about any network, as values."""
    return {
        "sizes": network.sizes,
        "parameters": network.parameters.size,
        "dtype": network.parameters.dtype.name,
        "activation": network.activation,
        "output": LOSSES[network.loss].output,
        "loss": network.loss,
        "normalization": network.normalization,
    }


def describe_brain(network: Network, meta: Meta | None) -> dict[str, dict[str, Any]]:
    """Return the facts about a brain: its network, its training and the results.

    Each section maps names to text; None if unknown.
    """
    facts = network_facts(network)
    return {
        "network": facts
        | {
            "sizes": "-".join(map(str, network.sizes)),
            "parameters": f"{facts['parameters']:,}",
            "normalization": None if facts["normalization"] == "none" else facts["normalization"],
            "classes": ", ".join(meta.class_names) if meta and meta.class_names else None,
        },
        "training": _origin(meta) if meta else {},
        "results": _results(meta) if meta else {},
    }


def _results(meta: Meta) -> dict[str, Any]:
    """Return what was measured in training, as far as the file tells."""
    losses = [each for each in meta.curve("loss").values() if each > 0]
    accuracies = [each for each in meta.curve("validation_accuracy").values() if each <= 1]
    accuracy = meta.validation_accuracy
    return {
        "validation accuracy": None if accuracy is None else f"{accuracy:.2%}",
        "accuracy by epoch": draw_sparkline(accuracies, "{:.2%}".format),
        "loss by epoch": draw_sparkline(losses, "{:.4g}".format, logarithmic=True),
    }


def _origin(meta: Meta) -> dict[str, Any]:
    """Return how the brain was trained, as far as its file tells."""
    if meta.recipe.keys() == {"name"}:  # not known to be trained by this package
        return {"recipe": meta.recipe_name}
    epochs = _spell(meta.epochs)
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
        "trained on": meta.trained_on,
        "versions": ", ".join(f"{name} {number}" for name, number in meta.versions.items()) or None,
    }


def _settings(meta: Meta) -> dict[str, str]:
    """Return the training settings in the file that are basic, in use or changed."""
    recipe = meta.recipe
    shown = {name for name in SETTINGS.keys() & recipe.keys() if recipe[name] != DEFAULTS[name]}
    shown |= {name for name, setting in SETTINGS.items() if setting.basic} & recipe.keys()
    shown |= select_extras(recipe).keys()
    return {name: _spell(recipe[name]) for name in SETTINGS if name in shown - SHOWN_ELSEWHERE}


def _spell(value: Any) -> str:
    """Return the value of a setting, whole numbers with separators."""
    return f"{value:,}" if type(value) is int else spell(value)
