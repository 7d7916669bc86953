"""Two runs of `train` that write the same files."""

import fcntl
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Run, Start
from tests.conftest import names

pytestmark = pytest.mark.slow

LONG = ["train", "--hidden", "8", "--lr", "6", "--epochs", "10000", "--validation", "200"]
SHORT = ["train", "--hidden", "8", "--lr", "6", "--epochs", "1", "--validation", "200"]
LOCKS = "cache/mnistmlp/locks"


@pytest.fixture
def first(start: Start, small: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """A run that is writing ``brain.npz`` and its checkpoint."""
    process = start(*LONG, "--checkpoint-every", 1, "--data-dir", small)
    assert process.stderr
    while not Path("brain.npz.ckpt").exists():
        assert process.stderr.readline()
    yield process
    process.kill()
    process.communicate()


@pytest.mark.usefixtures("first")
def test_the_second_run_is_refused_before_any_work(run: Run, small: Path) -> None:
    Path("link.npz").symlink_to("brain.npz")
    for args, error in [
        ([], "--output: brain.npz: another run is writing to it"),
        (["-o", "link.npz"], "--output: link.npz: another run is writing to it"),
        (["-o", "../{}/brain.npz"], "/brain.npz: another run is writing to it"),
        (["--resume", "brain.npz.ckpt"], "--output: brain.npz: another run is writing to it"),
        (
            ["--resume", "brain.npz.ckpt", "-o", "other.npz"],
            "--resume: brain.npz.ckpt: another run is writing to it",
        ),
    ]:
        command = ["train"] if "--resume" in args else SHORT
        words = [word.format(Path.cwd().name) for word in args]
        result = run(*command, *words, "--data-dir", small)
        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr.endswith(f"{error}\n")
        assert result.stderr.count("\n") == 1
    assert names() == ["brain.npz.ckpt", "link.npz"]
    assert run(*SHORT, "-o", "other.npz", "--data-dir", small).exit_code == 0


def test_neither_removes_the_checkpoint_of_the_other(
    first: "subprocess.Popen[bytes]", run: Run, small: Path
) -> None:
    run(*SHORT, "--checkpoint-every", 1, "--data-dir", small)
    assert names() == ["brain.npz.ckpt"]
    first.send_signal(signal.SIGTERM)
    first.communicate(timeout=60)
    assert first.returncode == 143
    assert names() == ["brain.npz", "brain.npz.ckpt"]
    assert names(LOCKS) == []
    assert run(*SHORT, "--force", "--data-dir", small).exit_code == 0


def test_a_run_that_was_killed_blocks_none(
    first: "subprocess.Popen[bytes]", run: Run, small: Path
) -> None:
    first.kill()
    first.wait()
    assert len(names(LOCKS)) == 2
    assert run(*SHORT, "--force", "--data-dir", small).exit_code == 0
    assert names(LOCKS) == []


@pytest.mark.usefixtures("first")
def test_a_member_of_a_committee_is_refused_like_any_run(start: Start, small: Path) -> None:
    Path("1.npz").symlink_to("brain.npz")
    process = start(*SHORT, "--seeds", "0:3", "-o", "{seed}.npz", "--data-dir", small)
    stdout, stderr = process.communicate(timeout=60)
    assert (process.returncode, stdout) == (2, b"0.npz\n2.npz\n")
    assert b"error: --output: 1.npz: another run is writing to it\n" in stderr


def test_a_cache_that_cannot_be_written_is_no_error(run: Run, small: Path) -> None:
    Path("cache").write_bytes(b"no folder")
    result = run(*SHORT, "--data-dir", small)
    assert (result.exit_code, result.stdout) == (0, "brain.npz\n")


def test_a_lock_that_its_holder_removes_is_taken_anew(
    run: Run, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[int] = []
    flock = fcntl.flock

    def remove_first(descriptor: int, operation: int) -> None:
        if not taken:  # the last holder ends between the opening and the locking
            (Path(LOCKS) / names(LOCKS)[0]).unlink()
        taken.append(os.fstat(descriptor).st_ino)
        flock(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", remove_first)
    assert run(*SHORT, "--data-dir", small).exit_code == 0
    assert len(taken) == 3  # the output's twice, and its checkpoint's


def test_the_lock_of_another_is_not_removed(
    run: Run, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mnistmlp.cli.train import checkpoints

    def replace_locks(self: object) -> None:
        for name in names(LOCKS):
            (Path(LOCKS) / name).unlink()
            (Path(LOCKS) / name).touch()

    monkeypatch.setattr(checkpoints.Checkpoints, "remove", replace_locks)
    assert run(*SHORT, "--data-dir", small).exit_code == 0
    assert len(names(LOCKS)) == 2
