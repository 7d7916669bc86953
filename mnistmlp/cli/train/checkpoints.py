"""When `train` writes a checkpoint, and when it removes one."""

from __future__ import annotations

import os
import time
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from mnistmlp.cli import console
from mnistmlp.cli.options import back_up_replaced, is_same_file
from mnistmlp.errors import WriteError

if TYPE_CHECKING:
    from mnistmlp.brains.checkpoint import Checkpoint
    from mnistmlp.cli.train.report import OnEpoch
    from mnistmlp.training.state import TrainingState

SUFFIX = ".ckpt"
PERIOD = 60  # seconds between checkpoints if no number of epochs is given


def checkpoint_path(output: Path) -> Path:
    """Return the path of the checkpoint that belongs to a brain file."""
    return Path(f"{output}{SUFFIX}")


class Checkpoints:
    """The checkpoints of a run.

    Parameters
    ----------
    output : Path
        The brain file that the run is for.
    resumed : Path, optional
        The checkpoint that it continues.
    every : int, optional
        Epochs from one to the next; 0 for none, None for once a minute, so
        that a shorter run writes none.
    """

    def __init__(self, output: Path, resumed: Path | None, every: int | None) -> None:
        # not when the first is due: Ctrl-C within an import leaves a file open
        from mnistmlp.brains.checkpoint import save_checkpoint

        self.path, self.every, self.save = checkpoint_path(output), every, save_checkpoint
        if resumed and resumed.is_symlink():
            resumed = resumed.resolve()
        self.to_remove = {resumed} if resumed else set[Path]()
        self.last_time = time.monotonic()

    def announce(
        self, state: TrainingState | None, epochs: int, record: OnEpoch, *, quiet: bool
    ) -> None:
        """Say which run is resumed, and log its epochs again; or set another's checkpoint aside."""
        if state:
            for report in state.history:
                record(report)
            if not quiet:
                console.note(f"resuming after epoch {len(state.history)} of {epochs}")
        resumed = any(is_same_file(self.path, path) for path in self.to_remove)
        if not resumed and os.path.isfile(self.path):  # noqa: PTH113 - Path raises for a long name
            back_up_replaced(self.path, quiet=quiet)
            self.path.unlink()

    def keep(self, checkpoint: Checkpoint) -> None:
        """Write a checkpoint if one is due; if that fails, training continues without it."""
        if not self._is_due(len(checkpoint.state.history)):
            return
        try:
            self.save(self.path, checkpoint)
            self.to_remove.add(self.path)
        except WriteError as error:
            console.note(f"warning: {console.escape(str(error))}: no checkpoint of this epoch")
        self.last_time = time.monotonic()

    def _is_due(self, epoch: int) -> bool:
        if self.every is None:
            return time.monotonic() - self.last_time >= PERIOD
        return self.every > 0 and epoch % self.every == 0

    def hint(self) -> str | None:
        """Return the command that resumes from the newest checkpoint, if there is one."""
        newest = self.path if self.path in self.to_remove else next(iter(self.to_remove), None)
        return f"mnistmlp train --resume {quote(str(newest))}" if newest else None

    def remove(self) -> None:
        """Remove the checkpoints that this run wrote or resumed: its brain is saved."""
        for path in self.to_remove:
            path.unlink(missing_ok=True)
