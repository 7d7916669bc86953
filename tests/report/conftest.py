"""A small data set, what a report on it is about, and curves and results to draw."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnistmlp.brains.brain import Brain, Committee
from mnistmlp.brains.train import train
from mnistmlp.core.calibration import apply_temperature
from mnistmlp.core.metrics import Evaluation
from mnistmlp.core.network import Network
from mnistmlp.data.datasets import Dataset, load_dataset
from mnistmlp.report.curves import Curves
from mnistmlp.report.subject import Subject
from tests.conftest import blobs


@pytest.fixture(scope="session")
def data(small: Path) -> Dataset:
    return load_dataset(small, "test")


@pytest.fixture(scope="session")
def learnt() -> Brain:
    """A brain that misreads some of the images, calibrated."""
    settings: dict[str, Any] = {"hidden": (8,), "epochs": 8, "validation": 100}
    return train("classic", blobs(500, seed=1), learning_rate=5.0, batch_size=50, **settings)


def random_brain(seed: int, hidden: tuple[int, ...] = (6,)) -> Brain:
    """Return a brain of random weights, without a description."""
    network = Network((784, *hidden, 10), "tanh", "cross-entropy")
    rng = np.random.default_rng(seed)
    network.parameters[:] = rng.normal(scale=0.1, size=network.parameters.size)
    return Brain(network)


def make_subject(data: Dataset, **brains: Brain) -> Subject:
    """Return a brain or a committee, evaluated; its brains are named as the arguments are."""
    members = tuple(brains.values())
    classifier = members[0] if len(members) == 1 else Committee(members)
    return Subject(tuple(brains), classifier, classifier.evaluate(data))


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
