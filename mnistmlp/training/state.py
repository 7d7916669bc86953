"""The state of a training run, its reports and its result."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple

from mnistmlp.arrays import Array
from mnistmlp.core.network import Network

UNKNOWN = {"accuracy": None}  # fields missing from files of earlier versions
MAX_MEASURED = 1e100  # a file may hold a number too large for a float
OPTIONAL = {"accuracy", "validation_loss", "validation_accuracy"}


@dataclass(frozen=True)
class EpochReport:
    """The metrics of one epoch."""

    epoch: int  # from 1
    loss: float  # averaged over the training images, each before its step: `Gradient.compute`
    accuracy: float | None  # likewise; None in files of earlier versions
    validation_loss: float | None  # None without validation images
    validation_accuracy: float | None
    seconds: float  # of training alone
    images_per_second: float

    def __str__(self) -> str:
        words = [f"epoch {self.epoch}: loss {self.loss:.4f}"]
        if self.accuracy is not None:
            words.append(f"accuracy {self.accuracy:.2%}")
        if self.validation_loss is not None:
            words.append(f"validation loss {self.validation_loss:.4f}")
        if self.validation_accuracy is not None:
            words.append(f"validation accuracy {self.validation_accuracy:.2%}")
        return ", ".join([*words, f"{self.seconds:.2f} s"])


def parse_report(line: object, number: int) -> EpochReport:
    """Return the report of epoch `number` from a line of a history or a log, parsed as JSON.

    Raises
    ------
    ValueError
        If it is not a valid report.
    """
    figures: dict[str, Any] = UNKNOWN | line if isinstance(line, dict) else {}
    if figures.keys() != {field.name for field in fields(EpochReport)}:
        raise ValueError("not a report")
    if type(figures["epoch"]) is not int or figures["epoch"] != number:
        raise ValueError(f"not of epoch {number}")
    for name in figures.keys() - {"epoch"}:
        value = figures[name]
        if value is None and name in OPTIONAL:
            continue
        most = 1 if name.endswith("accuracy") else MAX_MEASURED
        if type(value) is not float or not 0 <= value <= most:
            raise ValueError(f"{name} is not a number that a run could measure")
    return EpochReport(**figures)


class Snapshot(NamedTuple):
    """The weights after an epoch."""

    report: EpochReport
    parameters: Array  # (p,)


@dataclass(frozen=True)
class TrainingState:
    """The state of a run after an epoch: everything needed to continue it."""

    parameters: Array = field(repr=False)  # (p,)
    moments: dict[str, Array] = field(repr=False)  # the optimiser's, by name, each (p,)
    steps: int  # taken by the optimiser
    generator: dict[str, Any] = field(repr=False)  # state of the random generator
    history: list[EpochReport] = field(repr=False)
    selected: Snapshot = field(repr=False)  # the result if the run ended now


@dataclass
class TrainingResult:
    """A trained network and the history of its training."""

    network: Network
    history: list[EpochReport] = field(default_factory=list)
    selected: EpochReport | None = None  # that the weights are from; None if stopped in epoch 1
    validation_accuracy: float | None = None  # of these weights; None if not measured
    temperature: float | None = None  # for calibration; 1 if it does not help, None if not fitted
    interrupted: bool = False  # by Ctrl-C, during training or calibration
