"""A small data set, and what a report on it is about."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnistmlp.brains.brain import Brain, Committee
from mnistmlp.brains.train import train
from mnistmlp.core.network import Network
from mnistmlp.data.datasets import Dataset, load_dataset
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
