"""`train` ended from outside: by signals, by a terminal that goes, and by a full disk."""

import fcntl
import os
import resource
import signal
import sys
import termios
import time
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from mnistmlp.brains import file
from mnistmlp.brains.brain import load_brain
from mnistmlp.cli.interrupt import ECHO, SIGNALS
from tests.cli.conftest import Run, Start
from tests.conftest import names
from tests.soak.kills import campaign

pytestmark = pytest.mark.slow

LONG = ["train", "--hidden", "8", "--lr", "6", "--epochs", "10000", "--validation", "200"]


def test_sigkill_loses_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "campaign"
    folder.mkdir()
    assert campaign(folder, kills=4, seed=0)["kills"] == 4


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_saves_what_there_is(start: Start, small: Path, number: signal.Signals) -> None:
    process = start(*LONG, "--checkpoint-every", 2, "--data-dir", small)
    assert process.stderr
    for line in process.stderr:
        if line.startswith(b"epoch     5/"):
            process.send_signal(number)
            break
    stdout, stderr = process.communicate(timeout=60)
    assert (process.returncode, stdout) == (128 + number, b"brain.npz\n")
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


def test_a_limit_on_cpu_time_saves_what_there_is(start: Start, small: Path) -> None:
    process = start(*LONG, "--data-dir", small)
    assert process.stderr
    for line in process.stderr:
        if line.startswith(b"epoch     5/"):
            # exceeded already; the system sends another signal every second from now on
            resource.prlimit(process.pid, resource.RLIMIT_CPU, (1, 600))
            break
    stdout, stderr = process.communicate(timeout=60)
    assert (process.returncode, stdout) == (128 + signal.SIGXCPU, b"brain.npz\n")
    assert stderr.endswith(b"saved brain.npz\n")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_a_signal_while_it_saves_loses_nothing(
    run: Run, small: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    write = file.write_brain

    def interrupted(*args: Any) -> None:
        signal.raise_signal(number)
        write(*args)

    monkeypatch.setattr("mnistmlp.brains.brain.write_brain", interrupted)
    result = run(
        "train", "--hidden", 8, "--lr", 6, "--epochs", 2, "--validation", 200, "--data-dir", small
    )
    assert (result.exit_code, result.stdout) == (128 + number, "brain.npz\n")
    meta = load_brain(Path("brain.npz")).meta
    assert meta
    assert meta.epochs == 2


# --- A terminal that goes away -----------------------------------------------


def take_terminal() -> None:
    """Make the terminal on stdout that of this session."""
    fcntl.ioctl(1, termios.TIOCSCTTY, 0)


def keep_after_hangup() -> None:
    """Ignore SIGHUP, as nohup does."""
    take_terminal()
    signal.signal(signal.SIGHUP, signal.SIG_IGN)


@pytest.fixture
def terminal() -> tuple[int, int]:
    """The master and the slave of a terminal; the test closes both."""
    return os.openpty()


def test_a_terminal_that_closes_saves_what_there_is(
    start: Start, small: Path, terminal: tuple[int, int]
) -> None:
    master, slave = terminal
    process = start(
        *LONG, "--checkpoint-every", 1, "--data-dir", small,
        **dict.fromkeys(("stdin", "stdout", "stderr"), slave),
        start_new_session=True, preexec_fn=take_terminal,
    )  # fmt: skip
    os.close(slave)
    while not Path("brain.npz.ckpt").exists():
        os.read(master, 1 << 16)
    os.close(master)
    assert process.wait(timeout=60) == 129
    meta = load_brain(Path("brain.npz")).meta
    assert meta
    assert len(meta.history) < 10_000


@pytest.mark.parametrize("ignored", [True, False], ids=["nohup", "another's terminal"])
def test_a_run_outlives_its_terminal(
    start: Start, small: Path, terminal: tuple[int, int], ignored: bool
) -> None:
    master, slave = terminal
    os.mkfifo("log")
    process = start(
        *LONG, "--epochs", 300, "--log", "log", "--data-dir", small,
        **dict.fromkeys(("stdin", "stdout", "stderr"), slave),
        start_new_session=True, preexec_fn=keep_after_hangup if ignored else None,
    )  # fmt: skip
    os.close(slave)
    with Path("log").open("rb") as log:
        fcntl.fcntl(log, fcntl.F_SETPIPE_SZ, 4096)  # so that the run waits in an early epoch
        os.close(master)
        assert len(log.readlines()) == 300
    assert process.wait(timeout=60) == 0
    assert load_brain(Path("brain.npz")).meta


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
        "--checkpoint-every", every, "--force", preexec_fn=lambda: limit_files(100_000),
    )  # fmt: skip
    stdout, stderr = process.communicate(timeout=60)
    assert (process.returncode, stdout) == (1, b"")
    assert stderr.count(b"warning: brain.npz.ckpt: cannot be written: file too large") == 2 * every
    assert stderr.endswith(b"\nerror: brain.npz: cannot be written: file too large\n")
    assert Path("brain.npz").read_bytes() == b"old"
    assert names() == ["brain.npz", "brain.npz.bak"]
