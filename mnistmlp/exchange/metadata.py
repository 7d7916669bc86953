"""What a file of another format says of a brain."""

from __future__ import annotations

import json

from mnistmlp.brains.brain import Brain
from mnistmlp.core.network import LOSSES


def as_strings(brain: Brain) -> dict[str, str]:
    """Return what it takes to calculate as the brain does, and where it comes from, by name.

    The whole `meta` is JSON, under ``mnistmlp``; a brain of the older kind has none.
    """
    network, meta = brain.network, brain.meta
    strings = {
        "activation": network.activation,
        "output": LOSSES[network.loss].output,
        "temperature": str(brain.temperature),
    }
    if meta is None:
        return strings
    origin = {
        "recipe": meta.recipe_name,
        "dataset": meta.dataset,
        "validation_accuracy": meta.validation_accuracy,
    }
    texts = {name: str(value) for name, value in origin.items() if value is not None}
    strings |= {name: text for name, text in texts.items() if text.isprintable()}  # UTF-8 holds it
    return strings | {"mnistmlp": json.dumps(meta.raw)}
