"""Metrics by epoch in an event file, from which TensorBoard draws curves.

tensorboardX provides the format.  Its SummaryWriter is not used: it pickles each
event for a thread, and waits for it forever once a write has failed.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from itertools import count
from pathlib import Path

from mnistmlp.errors import needs_extra

MARK = "tfevents"  # TensorBoard reads files with this in their names, ordered by name
FORMAT = "brain.Event:2"


def check_installed() -> None:
    """Import the package tensorboardX; raise MissingExtraError if it is not installed."""
    with needs_extra("tensorboard"):
        import tensorboardX  # noqa: F401


def find_event_files(folder: Path) -> list[Path]:
    """Return the event files in a folder, which need not exist."""
    return sorted(folder.glob(f"*{MARK}*"))


class EventFile:
    """A new event file.

    Parameters
    ----------
    folder : Path
        Created if it does not exist.
    suffix : str
        Ends the file's name.

    Raises
    ------
    MissingExtraError
        If the package tensorboardX is not installed.
    OSError
        If the file cannot be written; also from the methods.
    """

    def __init__(self, folder: Path, suffix: str) -> None:
        with needs_extra("tensorboard"):
            from tensorboardX import RecordWriter
            from tensorboardX.proto.event_pb2 import Event
        self._event = Event
        folder.mkdir(parents=True, exist_ok=True)
        paths = (folder / f"events.out.{MARK}.{s:010}.{suffix}" for s in count(int(time.time())))
        path = next(path for path in paths if not path.exists())
        self._writer = RecordWriter(str(path.absolute()))  # it would take x:y for an address
        self._write(file_version=FORMAT)

    def write(self, epoch: int, figures: Mapping[str, float]) -> None:
        """Write the metrics of an epoch by tag, such as ``loss/training``."""
        values = [{"tag": tag, "simple_value": value} for tag, value in figures.items()]
        self._write(step=epoch, summary={"value": values})

    def _write(self, **content: object) -> None:
        event = self._event(wall_time=time.time(), **content)
        self._writer.write(event.SerializeToString())
        self._writer.flush()

    def close(self) -> None:
        """Close the file."""
        self._writer.close()
