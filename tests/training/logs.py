"""Logs of training runs that did not take place."""

import json
from dataclasses import asdict
from pathlib import Path

from mnistmlp.training.state import EpochReport


def line(epoch: int, seconds: float = 0.5) -> str:
    """Return the line of an epoch; the fourth has the best validation accuracy."""
    accuracy = 0.9 + 0.02 * min(epoch, 8 - epoch)
    report = EpochReport(epoch, 1 / epoch, 1 - 1 / epoch, 2 / epoch, accuracy, seconds, 2e4)
    return f"{json.dumps(asdict(report))}\n"


def write_log(name: str, epochs: int, seconds: float = 0.5, *, end: str = "") -> None:
    """Write a log of so many epochs, as `train` does: into the file that is there."""
    lines = [line(epoch, seconds) for epoch in range(1, epochs + 1)]
    with Path(name).open("w") as file:
        file.write("".join(lines) + end)
