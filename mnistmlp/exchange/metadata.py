"""The metadata of a brain in files of other formats."""

from __future__ import annotations

import json

from mnistmlp.brains.brain import Brain
from mnistmlp.core.losses import LOSSES


def make_metadata(brain: Brain) -> dict[str, str]:
    """Return the metadata of a brain as strings: what inference needs, and its provenance.

    The whole `meta` is included as JSON under ``mnistmlp``, unless the brain has none
    or has changed since.
    """
    network, meta = brain.network, brain.current_meta
    strings = {
        "activation": network.activation,
        "output": LOSSES[network.loss].output,
        "temperature": str(brain.temperature),
    }
    if network.normalization != "none":
        strings["normalization"] = network.normalization
    if brain.class_names:
        strings["class_names"] = json.dumps(brain.class_names, ensure_ascii=False)
    if meta is None:
        return strings
    origin = {
        "recipe": meta.recipe_name,
        "dataset": meta.dataset,
        "validation_accuracy": meta.validation_accuracy,
    }
    texts = {name: str(value) for name, value in origin.items() if value is not None}
    strings |= {
        name: text for name, text in texts.items() if text.isprintable()
    }  # hence valid UTF-8
    return strings | {"mnistmlp": json.dumps(meta.raw)}
