"""Figures by epoch in a file of events, from which TensorBoard draws curves.

The format is tensorboardX's part.  Its SummaryWriter is not used: that hands each
event, pickled, to a thread, and waits for it forever once a write has failed.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from itertools import count
from pathlib import Path

from mnistmlp.errors import needs_extra

MARK = "tfevents"  # TensorBoard reads the files with this in their names, in the order of these
FORMAT = "brain.Event:2"


def check_installed() -> None:
    """Raise MissingExtraError if the package tensorboardX is not installed; else import it."""
    with needs_extra("tensorboard"):
        import tensorboardX  # noqa: F401


def find_event_files(folder: Path) -> list[Path]:
    """Return the files of events in a folder, which need not exist."""
    return sorted(folder.glob(f"*{MARK}*"))


class EventFile:
    """A new file of events.

    Parameters
    ----------
    folder : Path
        Made if it is not there.
    suffix : str
        Ends the file's name.

    Raises
    ------
    MissingExtraError
        If the package tensorboardX is not installed.
    OSError
        If the file cannot be written, by the methods too.
    """

    def __init__(self, folder: Path, suffix: str) -> None:
        with needs_extra("tensorboard"):
            from tensorboardX import RecordWriter
            from tensorboardX.proto.event_pb2 import Event
        self._event = Event
        folder.mkdir(parents=True, exist_ok=True)
        paths = (folder / f"events.out.{MARK}.{s:010}.{suffix}" for s in count(int(time.time())))
        path = next(path for path in paths if not path.exists())
        self._writer = RecordWriter(str(path.absolute()))  # x:y would be an address to it
        self._write(file_version=FORMAT)

    def write(self, epoch: int, figures: Mapping[str, float]) -> None:
        """Write the figures of an epoch, by their tags, as ``loss/training``."""
        values = [{"tag": tag, "simple_value": value} for tag, value in figures.items()]
        self._write(step=epoch, summary={"value": values})

    def _write(self, **content: object) -> None:
        event = self._event(wall_time=time.time(), **content)
        self._writer.write(event.SerializeToString())
        self._writer.flush()

    def close(self) -> None:
        """Close the file."""
        self._writer.close()
