"""Brains of random weights to export, and what they say of pictures."""

from __future__ import annotations

from typing import Any

import numpy as np

from mnistmlp.brain import Brain, describe_network
from mnistmlp.core import Array, Bytes, Network
from mnistmlp.metrics import committee


def random_brain(
    *hidden: int,
    activation: str = "relu",
    loss: str = "cross-entropy",
    temperature: float = 1.0,
    dtype: str = "float32",
    scale: float = 0.3,
) -> Brain:
    """Make a brain of random weights, and a `meta` as of a training."""
    network = Network((784, *hidden, 10), activation, loss, dtype)
    rng = np.random.default_rng(3)
    network.parameters[:] = rng.normal(scale=scale, size=network.parameters.size)
    meta: dict[str, Any] = describe_network(network, temperature) | {
        "recipe": {"name": "é \N{SNOWMAN}", "learning_rate": 0.1},
        "seed": 7,
        "epochs": 2,
        "history": [{"epoch": 1}, {"epoch": 2}],
        "accuracy": {"validation": 0.75},
        "dataset": {"name": "mnist", "digests": {}},
        "versions": {"numpy": "2"},
    }
    return Brain(network, meta)


def predicted(brain: Brain, images: Bytes) -> Array:
    """Return the probabilities (n, 10) that `predict` gives."""
    return committee([brain.network], images, [brain.temperature])
