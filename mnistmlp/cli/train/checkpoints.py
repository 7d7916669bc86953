"""When `train` writes a checkpoint, and when it removes it."""

from __future__ import annotations

import os
import time
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from mnistmlp.cli import console
from mnistmlp.errors import WriteError

if TYPE_CHECKING:
    from mnistmlp.brains.provenance import Provenance
    from mnistmlp.cli.train.report import OnEpoch
    from mnistmlp.training.state import TrainingState

SUFFIX = ".ckpt"
PERIOD = 60  # seconds between checkpoints where no number of epochs is given


def checkpoint_of(output: Path) -> Path:
    """Return the name of the checkpoint that belongs to a brain file."""
    return output.with_name(output.name + SUFFIX)


class Checkpoints:
    """The checkpoints of a run.

    Parameters
    ----------
    output : Path
        The brain file that the run is for.
    resumed : Path, optional
        The checkpoint that it goes on from.
    provenance : Provenance
    every : int, optional
        Epochs from one to the next; 0 for none, None for once a minute, so
        that a run of less has none.
    """

    def __init__(
        self, output: Path, resumed: Path | None, provenance: Provenance, every: int | None
    ) -> None:
        self.path, self.provenance, self.every = checkpoint_of(output), provenance, every
        self.ours = {resumed} if resumed else set[Path]()
        self.last = time.monotonic()

    def announce(self, state: TrainingState | None, record: OnEpoch, *, quiet: bool) -> None:
        """Say what the run goes on from, and log that once more, or that it could go on."""
        if state:
            for report in state.history:
                record(report)
            if not quiet:
                done, epochs = len(state.history), self.provenance.recipe.epochs
                console.note(f"going on after epoch {done} of {epochs}")
        elif os.path.exists(self.path) and not quiet:  # noqa: PTH110 - Path raises of a long name
            name = console.one_line(str(self.path))
            console.note(f"{name} is of a run that did not end; --resume goes on with that one")

    def keep(self, state: TrainingState) -> None:
        """Write a checkpoint if it is time; where that fails, training goes on without."""
        from mnistmlp.brains.checkpoint import Checkpoint, save_checkpoint

        if not self._is_due(len(state.history)):
            return
        try:
            save_checkpoint(self.path, Checkpoint(self.provenance, state))
            self.ours.add(self.path)
        except WriteError as error:
            console.note(f"warning: {console.one_line(str(error))}: no checkpoint of this epoch")
        self.last = time.monotonic()

    def _is_due(self, epoch: int) -> bool:
        if self.every is None:
            return time.monotonic() - self.last >= PERIOD
        return self.every > 0 and epoch % self.every == 0

    def hint(self) -> str | None:
        """Return the command that goes on from the newest checkpoint, if there is one."""
        newest = self.path if self.path in self.ours else next(iter(self.ours), None)
        return f"mnistmlp train --resume {quote(str(newest))}" if newest else None

    def remove(self) -> None:
        """Remove what this run wrote or went on from: its brain is saved."""
        for path in self.ours:
            path.unlink(missing_ok=True)
