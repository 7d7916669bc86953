"""Curves and results to draw."""

from __future__ import annotations

import numpy as np
import pytest

from mnistmlp.core.calibration import apply_temperature
from mnistmlp.core.metrics import Evaluation
from mnistmlp.report.curves import Curves


@pytest.fixture
def curves() -> Curves:
    """Curves of twelve epochs, of which the ninth is kept."""
    epochs = range(1, 13)
    return Curves(
        "a.npz",
        loss={epoch: 2 / epoch**1.5 for epoch in epochs},
        validation_loss={epoch: 2.2 / epoch for epoch in epochs},
        accuracy={epoch: 1 - 0.5 / epoch for epoch in epochs},
        validation_accuracy={epoch: 0.97 - 0.5 / epoch for epoch in epochs},
        learning_rate=dict.fromkeys(epochs, 0.1),
        kept=9,
    )


def make_result(size: int = 500, temperature: float = 0.5, seed: int = 0) -> Evaluation:
    """Return an evaluation of images that are read with any confidence."""
    rng = np.random.default_rng(seed)
    uncalibrated = rng.dirichlet(np.full(10, 0.1), size)
    probabilities = apply_temperature(uncalibrated, temperature)
    digits = uncalibrated.argmax(axis=1)
    right = rng.random(size) < probabilities.max(axis=1)
    labels = np.where(right, digits, (digits + 1) % 10).astype(np.uint8)
    return Evaluation(0.5, labels, digits, probabilities, uncalibrated)
