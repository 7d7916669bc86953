"""`train` ended from outside: by signals, and by a full disk."""

import fcntl
import os
import resource
import signal
import sys
import termios
import time
from pathlib import Path
from typing import BinaryIO

import pytest

from mnistmlp.brains.brain import load_brain
from mnistmlp.cli.interrupt import ECHO
from tests.cli.conftest import Run, Start
from tests.conftest import names
from tests.soak.kills import campaign

LONG = ["train", "--hidden", "8", "--epochs", "10000", "--validation", "200"]


def test_sigkill_loses_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "campaign"
    folder.mkdir()
    assert campaign(folder, kills=4, seed=0)["kills"] == 4


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_saves_what_there_is(
    start: Start, run: Run, small: Path, number: signal.Signals, code: int
) -> None:
    process = start(*LONG, "--checkpoint-every", 2, "--data-dir", small)
    assert process.stderr
    for line in process.stderr:
        if line.startswith(b"epoch     5/"):
            process.send_signal(number)
            break
    stdout, stderr = process.communicate(timeout=60)
    assert (process.returncode, stdout) == (code, b"brain.npz\n")
    assert b"interrupted in epoch" in stderr
    assert stderr.endswith(b"saved brain.npz\nhint: mnistmlp train --resume brain.npz.ckpt\n")
    assert b"Traceback" not in stderr
    meta = load_brain(Path("brain.npz")).meta
    assert meta
    assert meta.raw["epochs"] == len(meta.raw["history"]) >= 5
    assert names() == ["brain.npz", "brain.npz.ckpt"]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_the_second_signal_ends_it_at_once(
    start: Start, small: Path, number: signal.Signals, code: int
) -> None:
    reader, writer = os.pipe()
    size = fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    with os.fdopen(reader, "rb") as said, os.fdopen(writer, "wb") as stderr:
        process = start(*LONG, "--data-dir", small, stderr=stderr)
        stderr.close()
        while bytes_in(said) < size - 100:
            time.sleep(0.01)
        process.send_signal(number)
        while not Path("brain.npz").exists():
            time.sleep(0.01)
        time.sleep(1.5 * ECHO)
        assert process.poll() is None  # it would say what it did, but nobody reads it
        process.send_signal(number)
        stdout, _ = process.communicate(timeout=60)
        assert (process.returncode, stdout) == (code, b"")
        assert b"Traceback" not in said.read()


def bytes_in(pipe: BinaryIO) -> int:
    """Return how many bytes wait in a pipe."""
    return int.from_bytes(fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)), sys.byteorder)


def limit_files(size: int) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


@pytest.mark.parametrize("every", [0, 1])
def test_a_full_disk_leaves_the_old_brain_whole(start: Start, small: Path, every: int) -> None:
    Path("brain.npz").write_bytes(b"old")
    process = start(
        "train", "--hidden", "64", "--epochs", 2, "--validation", 200, "--data-dir", small,
        "--checkpoint-every", every, preexec_fn=lambda: limit_files(100_000),
    )  # fmt: skip
    stdout, stderr = process.communicate(timeout=60)
    assert (process.returncode, stdout) == (1, b"")
    assert stderr.count(b"warning: brain.npz.ckpt: cannot be written: File too large") == 2 * every
    assert stderr.endswith(b"\nerror: brain.npz: cannot be written: File too large\n")
    assert Path("brain.npz").read_bytes() == b"old"
    assert names() == ["brain.npz"]
