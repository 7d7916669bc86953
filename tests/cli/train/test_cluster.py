"""`train --seeds --scheduler`; what the cluster does is in tests/brains/test_cluster.py."""

import json
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mnistmlp.brains import cluster as brains_cluster
from mnistmlp.brains.brain import load_brain
from mnistmlp.brains.cluster import connect
from mnistmlp.brains.provenance import versions
from mnistmlp.version import install_command
from tests.cli.conftest import Run, Start
from tests.cli.train.test_committee import TINY, leave_checkpoint, members
from tests.conftest import names
from tests.dask_cluster import LocalCluster

DEAD = "tcp://127.0.0.1:9"
HERE = ["b-0.npz", "b-1.npz", "b-2.npz"]


@pytest.fixture
def there(workers: LocalCluster, small: Path) -> list[object]:
    """The options that train on the cluster."""
    return ["--scheduler", workers.address, "--data-dir", small]


def test_the_bytes_are_those_of_this_machine(
    run: Run, small: Path, there: list[object], brain: Path
) -> None:
    given = ["--init", brain, "--lr", 0.01, "--validation", 200, "--epochs", 2, "--half"]
    result = run("train", "--seeds", "0:3", "-o", "b-{seed}.npz", *given, "--threads", 2, *there)
    assert (result.exit_code, result.stdout.split()) == (0, HERE), result.stderr
    lines = result.stderr.splitlines()
    waited = lines[0].startswith("waiting for a worker at tcp://")  # they may still be starting
    first, *told = lines[waited:]
    assert first.startswith("training 3 brains on tcp://")
    assert [each.split(":")[0] for each in told] == HERE
    assert "warning" not in result.stderr
    for seed, name in enumerate(HERE):
        alone = ["--seed", seed, "-o", "alone.npz", "--force", "--data-dir", small]
        assert run("train", *given, *alone).exit_code == 0
        assert Path("alone.npz").read_bytes() == Path(name).read_bytes()


def test_only_what_is_missing_is_trained(
    run: Run, there: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(*members(*there, "--quiet")).stderr == ""
    before = {name: (Path(name).stat().st_mtime_ns, Path(name).read_bytes()) for name in HERE}
    Path("b-1.npz").unlink()
    result = run(*members(*there, "--json"))
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [line["output"] for line in lines] == HERE
    assert [line["seconds"] > 0 for line in lines] == [False, True, False]
    assert "training 1 brain on " in result.stderr
    assert Path("b-1.npz").read_bytes() == before.pop("b-1.npz")[1]
    assert all(Path(name).stat().st_mtime_ns == before[name][0] for name in before)
    monkeypatch.setattr(brains_cluster, "CONNECT_TIMEOUT", 0.2)
    assert run(*members(*there[2:], "--scheduler", DEAD)).exit_code == 0  # nothing is missing


def test_other_libraries_there_are_told_once(
    run: Run, there: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    here = versions() | {"numpy": "0.1"}
    monkeypatch.setattr("mnistmlp.brains.train.versions", lambda: here)
    result = run(*members(*there))
    assert result.exit_code == 0
    (warning,) = (line for line in result.stderr.splitlines() if "warning" in line)
    assert warning.endswith(" there, 0.1 here: the last bits may differ")


def test_members_that_fail_are_named(run: Run, there: list[object]) -> None:
    wild = ["--lr", "1e30", "--activation", "relu", "--loss", "cross-entropy"]
    result = run(*members(*there, *wild))
    assert (result.exit_code, result.stdout, names()) == (1, "", [])
    lines = result.stderr.splitlines()[1:]
    assert sorted(line.split(":")[1] for line in lines[::2]) == [f" {name}" for name in HERE]
    assert set(lines[1::2]) == {"hint: try a smaller one, such as --learning-rate 1e+29"}


def test_a_file_that_comes_in_the_meantime_is_kept(
    run: Run, there: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    check = brains_cluster.Cluster.check_versions

    def check_and_write(self: brains_cluster.Cluster) -> None:
        check(self)
        Path("b-1.npz").write_bytes(b"mine")

    monkeypatch.setattr(brains_cluster.Cluster, "check_versions", check_and_write)
    result = run(*members(*there))
    assert (result.exit_code, result.stdout) == (1, "b-0.npz\nb-2.npz\n")
    assert (
        "error: b-1.npz was created after this run began\nhint: name another file" in result.stderr
    )
    assert Path("b-1.npz").read_bytes() == b"mine"


def test_a_brain_of_another_run_is_refused(
    run: Run, there: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    train = brains_cluster.Cluster.train

    def mix_up(*args: Any, **options: Any) -> Iterator[tuple[int, brains_cluster.Outcome]]:
        return ((2 - seed, outcome) for seed, outcome in train(*args, **options))

    monkeypatch.setattr(brains_cluster.Cluster, "train", mix_up)
    result = run(*members(*there))
    assert (result.exit_code, result.stdout) == (1, "b-1.npz\n")
    assert (
        "error: b-2.npz: the worker returned a brain of a run with seed 0, not 2\n" in result.stderr
    )
    assert names() == ["b-1.npz"]


def test_ctrl_c_keeps_what_is_done(
    start: Start, workers: LocalCluster, there: list[object]
) -> None:
    words = ["train", *TINY, "--epochs", 100, "--seeds", "0:40", *there]
    process = start(*words)
    assert process.stdout
    done = [process.stdout.readline().decode().strip()]
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=60)
    assert (process.returncode, stderr.splitlines()[-1]) == (130, b"interrupted")
    assert b"Traceback" not in stderr
    done += stdout.decode().split()
    assert set(done) <= set(names())
    assert len(names()) < 40
    for name in names():
        load_brain(Path(name))

    def tasks(dask_scheduler: Any) -> list[str]:
        return [task.state for task in dask_scheduler.tasks.values()]

    with connect(workers.address) as cluster:
        assert cluster.client.run_on_scheduler(tasks) == []


def test_a_checkpoint_is_not_left_behind(run: Run, small: Path) -> None:
    before = leave_checkpoint(run, small)
    result = run(*members("--scheduler", DEAD, "--data-dir", small))
    assert (result.exit_code, result.stdout) == (2, "")
    error, hint = result.stderr.splitlines()
    assert error.startswith("error: --scheduler: b-1.npz.ckpt is a checkpoint of this run")
    assert hint == "hint: mnistmlp train --resume b-1.npz.ckpt, or this command without --scheduler"
    assert Path("b-1.npz.ckpt").read_bytes() == before


def test_no_scheduler(run: Run, small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(brains_cluster, "CONNECT_TIMEOUT", 0.2)
    result = run(*members("--scheduler", DEAD, "--data-dir", small))
    assert (result.exit_code, result.stdout) == (1, "")
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"error: {DEAD}: no answer from a scheduler")


def test_without_the_extra(run: Run, small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    result = run(*members("--scheduler", DEAD, "--data-dir", small))
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.endswith(f"\nhint: {install_command('cluster')}\n")
