import json
import shutil
import signal
from pathlib import Path

import numpy as np
import pytest

from mnistmlp.brains.brain import PRETRAINED, load_brain
from mnistmlp.brains.checkpoint import Checkpoint
from mnistmlp.cli.train.checkpoints import Checkpoints
from mnistmlp.cli.train.lock import locked
from mnistmlp.training import loop
from tests.cli.conftest import Run, Start
from tests.conftest import names

pytestmark = pytest.mark.slow

TINY = ["--hidden", "8", "--epochs", "2", "--lr", "6", "--validation", "200", "-o", "b-{seed}.npz"]


def stop_after_first_epoch(run: Run, *words: object) -> None:
    """Run a command with a Ctrl-C as its first epoch ends."""
    keep = Checkpoints.keep

    def keep_and_stop(self: Checkpoints, checkpoint: Checkpoint) -> None:
        keep(self, checkpoint)
        signal.raise_signal(signal.SIGINT)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Checkpoints, "keep", keep_and_stop)
        assert run(*words).exit_code == 130


def leave_checkpoint(run: Run, folder: Path) -> bytes:
    """Leave the checkpoint of member 1 alone, and return its bytes."""
    words = ["train", *TINY, "--seed", 1, "--data-dir", folder, "--checkpoint-every", 1]
    stop_after_first_epoch(run, *words)
    Path("b-1.npz").unlink()
    return Path("b-1.npz.ckpt").read_bytes()


def members(*extra: object) -> list[object]:
    return ["train", *TINY, "--seeds", "0:3", *extra]


@pytest.mark.parametrize("jobs", [1, 3])
def test_a_brain_for_each_seed_as_if_trained_alone(
    run: Run, start: Start, small: Path, jobs: int
) -> None:
    result = run(*members("--jobs", jobs, "--data-dir", small))
    assert (result.exit_code, result.stdout) == (0, "b-0.npz\nb-1.npz\nb-2.npz\n")
    assert names() == ["b-0.npz", "b-1.npz", "b-2.npz"]
    alone = start("train", *TINY, "--seed", 1, "--data-dir", small, "-o", "alone-{seed}.npz")
    assert alone.communicate()[0] == b"alone-1.npz\n"
    assert Path("alone-1.npz").read_bytes() == Path("b-1.npz").read_bytes()
    brains = [load_brain(Path(name)) for name in ("b-0.npz", "b-1.npz", "b-2.npz")]
    assert [brain.meta and brain.meta.raw["seed"] for brain in brains] == [0, 1, 2]
    evaluated = run("evaluate", *names()[1:], "--json", "--data-dir", small)
    assert len(json.loads(evaluated.stdout)["brains"]) == 3


def test_every_option_reaches_the_members(run: Run, small: Path) -> None:
    result = run(
        *members("--no-shuffle", "--augment", "--shift", 2, "--lr", 0.5, "--half", "--init"),
        "brain.npz", "--data-dir", small,
    )  # fmt: skip
    assert (result.exit_code, result.stdout) == (1, "")  # there is no brain.npz
    run("train", *TINY, "--data-dir", small, "-o", "brain.npz")
    result = run(
        *members("--no-shuffle", "--augment", "--shift", 2, "--lr", 0.5, "--half", "--init"),
        "brain.npz", "--data-dir", small, "--log", "log-{seed}",
    )  # fmt: skip
    assert result.exit_code == 0, result.stderr
    with np.load("b-2.npz") as arrays:
        assert arrays["w1"].dtype == np.float16
    meta = load_brain(Path("b-2.npz")).meta
    assert meta
    recipe = meta.raw["recipe"]
    assert (recipe["shuffle"], recipe["augment"], recipe["shift"]) == (False, True, 2.0)
    assert (recipe["learning_rate"], recipe["hidden"]) == (0.5, [8])
    assert len(Path("log-2").read_text().splitlines()) == 2


def test_brains_that_are_there_are_left_as_they_are(run: Run, small: Path) -> None:
    run(*members("--data-dir", small))
    before = {name: Path(name).stat().st_mtime_ns for name in names()}
    Path("b-1.npz").unlink()
    result = run(*members("--json", "--data-dir", small))
    assert result.exit_code == 0
    documents = [json.loads(line) for line in result.stdout.splitlines()]
    assert [each["output"] for each in documents] == ["b-0.npz", "b-1.npz", "b-2.npz"]
    assert len({tuple(each) for each in documents}) == 1  # of the same keys
    assert "b-0.npz is already trained" in result.stderr
    after = {name: Path(name).stat().st_mtime_ns for name in names()}
    assert {name for name in after if before[name] != after[name]} == {"b-1.npz"}
    result = run(*members("--quiet", "--data-dir", small))
    assert (result.stdout, result.stderr) == ("b-0.npz\nb-1.npz\nb-2.npz\n", "")
    result = run(*members("--jobs", "2", "--data-dir", small))
    told = sorted(result.stderr.splitlines())
    assert told == [f"b-{seed}.npz is already trained" for seed in range(3)]


@pytest.mark.parametrize("change", [["--lr", "0.1"], ["--epochs", "3"], ["--half"]], ids=str)
def test_brains_with_other_settings_are_replaced_by_force_alone(
    run: Run, small: Path, change: list[str]
) -> None:
    run(*members("--data-dir", small))
    before = Path("b-0.npz").read_bytes()
    result = run(*members("--data-dir", small), *change)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("error: --output: b-0.npz exists\nhint: name another file")
    assert Path("b-0.npz").read_bytes() == before
    result = run(*members("--data-dir", small), *change, "--force")
    assert "already" not in result.stderr
    assert Path("b-0.npz").read_bytes() != before
    assert Path("b-0.npz.bak").read_bytes() == before


def test_a_damaged_brain_is_replaced_by_force_alone(run: Run, small: Path) -> None:
    run(*members("--data-dir", small))
    whole = Path("b-1.npz").read_bytes()
    Path("b-1.npz").write_bytes(whole[:-100])
    Path("b-0.npz").unlink()
    assert run(*members("--data-dir", small)).exit_code == 2
    assert not Path("b-0.npz").exists()  # refused before any work
    result = run(*members("--data-dir", small, "--force"))
    assert "b-1.npz is already" not in result.stderr
    assert "b-2.npz is already" in result.stderr
    assert Path("b-1.npz").read_bytes() == whole


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        (["--lr", "0.5"], "learning rate 6.0, not 0.5"),
        (["--half", "--momentum", "0.1"], "momentum 0.0, not 0.1; half no, not yes"),
        (["--init", "pretrained"], None),
    ],
    ids=str,
)
def test_a_checkpoint_of_another_run_is_refused_with_the_differences(
    run: Run, small: Path, change: list[str], difference: str | None
) -> None:
    before = leave_checkpoint(run, small)
    if difference is None:
        network = load_brain(PRETRAINED).network
        change = [*change, "--hidden", ",".join(map(str, network.sizes[1:-1]))]
        change += ["--activation", network.activation, "--loss", network.loss]
        difference = "other initial weights"
    result = run(*members("--data-dir", small), *change)
    assert (result.exit_code, result.stdout) == (2, "")
    error, hint = result.stderr.splitlines()
    assert error.startswith("error: --seeds: b-1.npz.ckpt is of a run with ")
    assert difference in error
    assert hint.endswith("use --force, which keeps this one as b-1.npz.ckpt.bak")
    assert names() == ["b-1.npz.ckpt"]
    assert Path("b-1.npz.ckpt").read_bytes() == before


def test_a_checkpoint_of_other_data_is_refused(run: Run, small: Path, tmp_path: Path) -> None:
    leave_checkpoint(run, small)
    copy = tmp_path / "copy"
    shutil.copytree(small, copy)
    labels = copy / "train-labels-idx1-ubyte"
    labels.write_bytes(labels.read_bytes()[:-1] + b"\1")
    result = run(*members("--data-dir", copy))
    assert (result.exit_code, result.stdout) == (2, "")
    assert "error: --seeds: b-1.npz.ckpt is of a run with other data\n" in result.stderr


def test_force_goes_on_from_a_checkpoint_of_this_run(run: Run, start: Start, small: Path) -> None:
    leave_checkpoint(run, small)
    Path("b-2.npz.ckpt").write_bytes(b"damaged")
    assert run(*members("--data-dir", small)).exit_code == 1
    process = start(*members("--data-dir", small, "--force"))
    stdout, stderr = process.communicate(timeout=60)
    assert (process.returncode, stdout) == (0, b"b-0.npz\nb-1.npz\nb-2.npz\n")
    assert stderr.count(b"resuming after epoch 1 of 2\n") == 1
    assert Path("b-2.npz.ckpt.bak").read_bytes() == b"damaged"
    assert not Path("b-1.npz.ckpt.bak").exists()


def test_a_brain_that_was_not_calibrated_is_not_finished(run: Run, small: Path) -> None:
    words = ["train", *TINY, "--seed", 1, "--data-dir", small, "--checkpoint-every", 1]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "calibrate", lambda *args: signal.raise_signal(signal.SIGINT))
        stopped = run(*words)
    assert stopped.exit_code == 130
    assert "; not calibrated\n" in stopped.stderr
    assert names() == ["b-1.npz", "b-1.npz.ckpt"]
    result = run(*members("--data-dir", small))
    assert (result.exit_code, "b-1.npz is already" in result.stderr) == (0, False)
    assert names() == ["b-0.npz", "b-1.npz", "b-2.npz"]


def test_a_second_committee_is_refused(run: Run, small: Path) -> None:
    with locked([("output", Path("b-{seed}.npz"))]):
        result = run(*members("--data-dir", small))
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "error: --output: b-{seed}.npz: another run is writing to it\n"


def test_an_unfinished_brain_of_this_run_is_finished(run: Run, small: Path) -> None:
    words = ["--epochs", 4, "--data-dir", small]
    stop_after_first_epoch(run, "train", *TINY, *words, "--seed", 1)
    assert names() == ["b-1.npz"]
    result = run(*members(*words))
    assert (result.exit_code, result.stdout) == (0, "b-0.npz\nb-1.npz\nb-2.npz\n")
    meta = load_brain(Path("b-1.npz")).meta
    assert meta
    assert meta.epochs == 4


def test_ctrl_c_ends_all_and_starts_no_more(start: Start, run: Run, small: Path) -> None:
    process = start(*members("--epochs", 10_000, "--data-dir", small))
    assert process.stderr
    for line in process.stderr:
        if line.startswith(b"epoch     3/"):
            process.send_signal(signal.SIGINT)  # to the parent alone, as kill does
            break
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130
    assert b"saved b-0.npz" in stderr
    assert b"Traceback" not in stderr
    assert names() == ["b-0.npz"]
    result = run(*members("--epochs", 3, "--force", "--data-dir", small))
    assert (result.exit_code, "already" in result.stderr) == (0, False)


def test_a_member_that_fails_does_not_stop_the_others(run: Run, small: Path) -> None:
    Path("b-1.npz").symlink_to("none/b")
    result = run(*members("--data-dir", small))
    assert (result.exit_code, result.stdout) == (2, "b-0.npz\nb-2.npz\n")
    assert names() == ["b-0.npz", "b-1.npz", "b-2.npz"]


@pytest.mark.parametrize(
    ("args", "error"),
    [
        (["-o", "brain.npz"], "--output: brain.npz has no {seed}"),
        (["--log", "run.jsonl"], "--log: run.jsonl has no {seed}"),
        (["--seeds", "3:3"], "--seeds: '3:3' is not a number or a range"),
        (["--seeds", "a"], "--seeds: 'a' is not a number or a range"),
        (["--jobs", "0"], "'--jobs'"),
        (["--lr", "0"], "--learning-rate: 0.0 is not"),
    ],
)
def test_settings_that_cannot_work(run: Run, small: Path, args: list[str], error: str) -> None:
    result = run(*members("--data-dir", small), *args)
    assert (result.exit_code, result.stdout) == (2, "")
    assert error in result.stderr
    assert names() == []
