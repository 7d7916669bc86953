import json
import os
import socket
from pathlib import Path

import pytest

from mnistmlp.brains import log as logs
from mnistmlp.brains.log import Log
from mnistmlp.errors import MnistMlpError
from tests.training.logs import line, write_log


def epochs(log: Log) -> list[int]:
    """Return the epochs that are new."""
    return [report.epoch for report in log.read()]


def test_a_log_grows() -> None:
    log = Log(Path("log"))
    assert (epochs(log), log.exists) == ([], False)
    write_log("log", 0)
    assert (epochs(log), log.exists) == ([], True)
    write_log("log", 2)
    assert epochs(log) == [1, 2]
    assert epochs(log) == []
    write_log("log", 2, end=line(3)[:40])  # a line that is being written
    assert epochs(log) == []
    write_log("log", 4)
    assert epochs(log) == [3, 4]
    assert [report.epoch for report in log.reports] == [1, 2, 3, 4]


def test_a_file_that_has_not_changed_is_not_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    write_log("log", 2)
    log = Log(Path("log"))
    log.read()
    monkeypatch.delattr(Path, "read_bytes")
    assert epochs(log) == []


def test_a_resumed_run_writes_its_log_anew() -> None:
    log = Log(Path("log"))
    write_log("log", 4)
    assert epochs(log) == [1, 2, 3, 4]
    for done in (0, 1, 3):  # the epochs before the checkpoint, at once
        write_log("log", done)
        assert epochs(log) == []
    assert len(log.reports) == 4
    Path("log").write_text("".join([*map(line, (1, 2, 3)), line(4, seconds=9.0)]))
    assert epochs(log) == [4]
    assert [report.seconds for report in log.reports] == [0.5, 0.5, 0.5, 9]


def test_another_run_in_the_same_file() -> None:
    log = Log(Path("log"))
    write_log("log", 4)
    log.read()
    Path("log").unlink()
    assert epochs(log) == []
    write_log("log", 2, seconds=9.0)
    assert epochs(log) == [1, 2]
    assert len(log.reports) == 2


def test_a_log_of_a_version_before_training_accuracy_was_measured() -> None:
    report = json.loads(line(1))
    del report["accuracy"]
    Path("log").write_text(f"{json.dumps(report)}\n")
    log = Log(Path("log"))
    assert epochs(log) == [1]
    assert log.reports[0].accuracy is None


def refused(message: str) -> None:
    with pytest.raises(MnistMlpError) as caught:
        Log(Path("log")).read()
    assert str(caught.value) == f"log: {message}"


@pytest.mark.parametrize(
    "wrong",
    [
        *(b"text\n", b"\n", b"{}\n", b"[1]\n", b"\xff\n", b"PK\x03\x04", b"[" * 100_000 + b"\n"),
        *(b'{"epoch": 2}\n', b"1" * 10_000 + b"\n", b"\x00", line(1).encode() + b"\n"),
        line(3).encode(),
        line(2).replace("0.5", "NaN").encode(),
        line(2).replace("0.5", "1e999").encode(),
        line(2).replace("0.5", '"0.5"').encode(),
        line(2).replace("2,", "2.0,", 1).encode(),
        line(2).replace("{", '{"more": 1.0, ').encode(),
    ],
    ids=lambda wrong: wrong[:30],
)
def test_a_line_that_is_none(wrong: bytes) -> None:
    Path("log").write_bytes(line(1).encode() + wrong)
    refused("line 2 is not a record of epoch 2")


def test_the_first_line_that_is_none_is_named() -> None:
    Path("log").write_bytes(b"PK\x03\x04\n\x00")  # as of a brain
    refused("line 1 is not a record of epoch 1")


def test_what_is_no_file() -> None:
    Path("log").mkdir()
    refused("not a regular file")
    Path("log").rmdir()
    os.mkfifo("log")
    refused("not a regular file")
    Path("log").unlink()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("log")
        refused("not a regular file")
    Path("log").unlink()
    Path("log").symlink_to("log")
    refused("too many levels of symbolic links")


def test_a_file_that_is_far_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    with Path("log").open("wb") as file:
        file.truncate(logs.MAX_BYTES + 1)
    monkeypatch.delattr(Path, "read_bytes")
    refused("too large for a training log")
