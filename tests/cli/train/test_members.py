"""A committee's members, and how they end."""

import errno
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

from mnistmlp.brains.brain import load_brain
from mnistmlp.cli.interrupt import ECHO
from tests.cli.conftest import Run, Start
from tests.conftest import names

pytestmark = pytest.mark.slow

TINY = [
    "train",
    "--hidden",
    "8",
    "--lr",
    "6",
    "--validation",
    "200",
    "-o",
    "b-{seed}.npz",
    "--seeds",
    "0:2",
]
LONG = [*TINY, "--epochs", "10000", "--checkpoint-every", "1", "--jobs", "2"]
SHORT = [*TINY, "--epochs", "2"]


def wait_for_both() -> None:
    """Wait until both members have trained for an epoch."""
    while not {"b-0.npz.ckpt", "b-1.npz.ckpt"} <= set(names()):
        time.sleep(0.01)


def members_of(parent: "subprocess.Popen[bytes]") -> list[int]:
    """Return the processes that a process has started."""
    return [
        int(child)
        for path in Path(f"/proc/{parent.pid}/task").glob("*/children")
        for child in path.read_text().split()
    ]


def ignore_interrupts() -> None:
    """Ignore SIGINT, as what a script starts in the background does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@pytest.mark.parametrize(
    ("number", "setup"),
    [
        (signal.SIGINT, None),
        (signal.SIGTERM, None),
        (signal.SIGTERM, ignore_interrupts),
        (signal.SIGHUP, ignore_interrupts),
        (signal.SIGUSR1, None),
        (signal.SIGKILL, None),
        (signal.SIGKILL, ignore_interrupts),
    ],
)
def test_members_save_and_end_with_their_parent(
    start: Start, small: Path, number: signal.Signals, setup: Callable[[], None] | None
) -> None:
    process = start(*LONG, "--data-dir", small, preexec_fn=setup)
    wait_for_both()
    process.send_signal(number)
    stdout, stderr = process.communicate(timeout=60)  # until no process has these streams
    killed = number == signal.SIGKILL
    assert (process.returncode, stdout) == (-9 if killed else 128 + number, b"")
    assert b"Traceback" not in stderr
    for name in ("b-0.npz", "b-1.npz"):
        meta = load_brain(Path(name)).meta
        assert meta
        assert len(meta.history) < 10_000
    assert names() == ["b-0.npz", "b-0.npz.ckpt", "b-1.npz", "b-1.npz.ckpt"]


def test_ctrl_c_of_a_terminal_reaches_all_of_them(start: Start, small: Path) -> None:
    process = start(*LONG, "--data-dir", small, start_new_session=True)
    wait_for_both()
    os.killpg(process.pid, signal.SIGINT)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130
    assert b"Traceback" not in stderr
    assert {"b-0.npz", "b-1.npz"} <= set(names())


def test_the_second_signal_ends_all_at_once(start: Start, small: Path) -> None:
    process = start(*LONG, "--data-dir", small)
    wait_for_both()
    for member in members_of(process):
        os.kill(member, signal.SIGSTOP)  # so that it cannot save
    while process.poll() is None:
        process.send_signal(signal.SIGTERM)
        time.sleep(1.5 * ECHO)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode in (143, -signal.SIGTERM)  # the latter by a third, before the exit
    assert b"Traceback" not in stderr
    assert not {"b-0.npz", "b-1.npz"} & set(names())


def test_a_member_that_the_system_kills_is_named(start: Start, small: Path) -> None:
    os.mkfifo("log-0")  # which the first member waits for
    process = start(*SHORT, "--log", "log-{seed}", "--data-dir", small)
    while not (members := members_of(process)):
        time.sleep(0.01)
    os.kill(members[0], signal.SIGKILL)
    stdout, stderr = process.communicate(timeout=60)
    assert (process.returncode, stdout) == (137, b"b-1.npz\n")
    assert stderr.startswith(b"error: b-0.npz: its training was ended by SIGKILL\n")
    assert names() == ["b-1.npz", "log-0", "log-1"]


def test_members_that_cannot_be_started_are_named(
    run: Run, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object, **options: object) -> NoReturn:
        raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    result = run(*SHORT, "--data-dir", small)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.splitlines() == [
        f"error: b-{seed}.npz: cannot start a process to train it: resource temporarily unavailable"
        for seed in range(2)
    ]


def test_much_that_a_member_prints_does_not_stop_it(start: Start, small: Path) -> None:
    words = ["--limit", 64, "--epochs", 600, "--json", "--jobs", 2, "--data-dir", small]
    process = start(*TINY, *words, "--quiet")
    stdout, _ = process.communicate(timeout=90)
    assert process.returncode == 0
    assert min(map(len, stdout.splitlines())) > 1 << 16  # more than a pipe holds


def test_a_long_name(start: Start, small: Path) -> None:
    name = "n" * 247 + "{seed}.npz"  # 252 characters each, so that no checkpoint fits
    process = start(*SHORT, "-o", name, "--data-dir", small, "-q")
    stdout, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert stdout.decode().split() == [name.format(seed=seed) for seed in range(2)]
