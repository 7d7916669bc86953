import struct
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from tensorboardX.proto.event_pb2 import Event
from tensorboardX.record_writer import masked_crc32c

from mnistmlp.errors import MissingExtraError
from mnistmlp.exchange.tensorboard import EventFile, find_event_files
from mnistmlp.version import install_command


def read_events(path: Path) -> list[Any]:
    """Return the events in a file: TensorFlow's records, each checked."""
    events, content = [], path.read_bytes()
    while content:
        header, check, content = content[:8], content[8:12], content[12:]
        (length,) = struct.unpack("<Q", header)
        data, end, content = content[:length], content[length : length + 4], content[length + 4 :]
        for part, sum_ in ((header, check), (data, end)):
            assert struct.unpack("<I", sum_) == (masked_crc32c(part),)
        events.append(Event.FromString(data))
    return events


def test_a_file_is_what_tensorboard_reads() -> None:
    folder = Path("runs/a")
    assert find_event_files(folder) == []
    file = EventFile(folder, "id")
    for epoch in (1, 2):
        file.write(epoch, {"loss": 1 / epoch, "accuracy": 0.5})
        (path,) = find_event_files(folder)
        first, *others = read_events(path)  # at once, while it is open
        assert first.file_version == "brain.Event:2"
        assert [event.step for event in others] == list(range(1, epoch + 1))
    file.close()
    assert abs(others[1].wall_time - time.time()) < 60
    assert [(each.tag, each.simple_value) for each in others[1].summary.value] == [
        ("loss", 0.5),
        ("accuracy", 0.5),
    ]


def test_a_file_that_is_there_is_not_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: 1_700_000_000.5)
    for _ in range(2):
        EventFile(Path("runs"), "id").close()
    found = [path.name for path in find_event_files(Path("runs"))]
    assert found == ["events.out.tfevents.1700000000.id", "events.out.tfevents.1700000001.id"]


def test_a_folder_with_the_name_of_an_address() -> None:
    EventFile(Path("gs:/runs"), "id").close()
    assert len(find_event_files(Path("gs:/runs"))) == 1


def test_without_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    with pytest.raises(MissingExtraError) as caught:
        EventFile(Path("runs"), "id")
    assert caught.value.hint == install_command("tensorboard")
    assert not Path("runs").exists()
