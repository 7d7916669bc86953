"""Where a run of training stands, and what it comes to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from mnistmlp.arrays import Array
from mnistmlp.core.network import Network


@dataclass(frozen=True)
class EpochReport:
    """What one epoch came to."""

    epoch: int  # from 1
    loss: float  # averaged over the training images as they were met
    validation_loss: float | None  # None where there are no validation images
    validation_accuracy: float | None
    seconds: float  # of training alone
    images_per_second: float


class Snapshot(NamedTuple):
    """The weights after an epoch."""

    report: EpochReport
    parameters: Array  # (p,)


@dataclass(frozen=True)
class TrainingState:
    """Where a run stands after a whole epoch: all that the rest of it follows from."""

    parameters: Array  # (p,)
    moments: dict[str, Array]  # of the optimiser, by name, each (p,)
    steps: int  # that the optimiser has taken
    generator: dict[str, Any]  # the state of the random generator
    history: list[EpochReport]
    selected: Snapshot  # what the run would end with if it ended now


@dataclass
class TrainingResult:
    """A trained network and how it came about."""

    network: Network
    history: list[EpochReport] = field(default_factory=list)
    selected: EpochReport | None = None  # whose weights these are; None: stopped within epoch 1
    temperature: float = 1.0  # that calibrates it, fitted on the validation images
    interrupted: bool = False  # by Ctrl-C
