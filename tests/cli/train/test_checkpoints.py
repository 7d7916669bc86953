"""`train` with --checkpoint-every and --resume."""

import json
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from mnistmlp import atomic
from mnistmlp.brains import checkpoint
from mnistmlp.brains.brain import load_brain
from mnistmlp.brains.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from mnistmlp.cli.train import checkpoints
from mnistmlp.cli.train.checkpoints import Checkpoints
from mnistmlp.training import loop
from tests.cli.conftest import Run
from tests.conftest import names

RUN = ["train", "--hidden", "8", "--epochs", "5", "--lr", "6", "--validation", "200"]


def stopped(run: Run, *args: object) -> str:
    """Train with checkpoints until Ctrl-C comes after epoch 3; return what it printed to stderr."""
    keep = Checkpoints.keep

    def keep_and_stop(self: Checkpoints, checkpoint: Checkpoint) -> None:
        keep(self, checkpoint)
        if len(checkpoint.state.history) == 3:
            signal.raise_signal(signal.SIGINT)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Checkpoints, "keep", keep_and_stop)
        result = run(*RUN, "--checkpoint-every", 1, *args)
    assert result.exit_code == 130
    return result.stderr


@pytest.mark.parametrize(
    "settings",
    [
        [],
        ["--momentum", "0.5", "--init", "pre.npz"],
        ["--normalization", "deslant"],
        ["--optimizer", "adam", "--lr", "0.01", "--prune", "0.5", "--half", "--threads", "1"],
        ["--patience", "1", "--dtype", "float64", "--seed", "4"],
    ],
    ids=str,
)
def test_a_resumed_run_writes_the_same_file(run: Run, small: Path, settings: list[str]) -> None:
    data = ["--data-dir", small]
    run("train", "--hidden", 8, "--epochs", 1, "--validation", 200, *data, "-o", "pre.npz")
    run(*RUN, *settings, *data, "-o", "whole.npz", "--log", "whole.jsonl")
    stopped(run, *settings, *data, "--log", "run.jsonl")
    assert "brain.npz.ckpt" in names()
    init = ["--init", "pre.npz"] if "--init" in settings else []
    result = run("train", "--resume", "brain.npz.ckpt", *init, *data, "--log", "run.jsonl")
    assert (result.exit_code, result.stdout) == (0, "brain.npz\n")
    assert Path("brain.npz").read_bytes() == Path("whole.npz").read_bytes()
    assert names() == ["brain.npz", "pre.npz", "run.jsonl", "whole.jsonl", "whole.npz"]
    logs = [Path(name).read_text().splitlines() for name in ("run.jsonl", "whole.jsonl")]
    losses = [[json.loads(line)["loss"] for line in log] for log in logs]
    assert losses[0] == losses[1]


def test_a_stopped_run_says_how_to_resume_it(run: Run, small: Path) -> None:
    said = stopped(run, "--data-dir", small, "-o", "a b.npz").splitlines()
    assert said[-2:] == ["saved a b.npz", "hint: mnistmlp train --resume 'a b.npz.ckpt'"]
    assert names() == ["a b.npz", "a b.npz.ckpt"]
    result = run("train", "--resume", "a b.npz.ckpt", "--data-dir", small, "-o", "other.npz")
    assert result.stdout == "other.npz\n"
    assert result.stderr.startswith("resuming after epoch 3 of 5\n")
    assert names() == ["a b.npz", "other.npz"]


def test_options_given_again_must_be_the_same(run: Run, small: Path) -> None:
    stopped(run, "--data-dir", small)
    before = [Path(name).read_bytes() for name in names()]
    others: list[tuple[list[object], str]] = [
        (["--epochs", 6], "--epochs: brain.npz.ckpt has 5, not 6"),
        (["--hidden", "9"], "--hidden: brain.npz.ckpt has 8, not 9"),
        (["--seed", 1], "--seed: brain.npz.ckpt has 0, not 1"),
        (["--recipe", "best"], "--recipe: brain.npz.ckpt has classic, not best"),
        (["--half"], "--half: brain.npz.ckpt has no, not yes"),
        (["--no-shuffle"], "--shuffle: brain.npz.ckpt has yes, not no"),
        (["--patience", 3], "--patience: brain.npz.ckpt has none, not 3"),
        (["--init", "brain.npz"], "--init: brain.npz.ckpt started from random weights"),
        (["--normalization", "moments"], "--normalization: brain.npz.ckpt has none, not moments"),
        (["--seeds", "0:2"], "--resume: cannot be used with --seeds"),
        (["--like", "brain.npz"], "--resume: cannot be used with --like"),
    ]
    for args, error in others:
        result = run("train", "--resume", "brain.npz.ckpt", *args, "--data-dir", small)
        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr == f"error: {error}\n"
    assert [Path(name).read_bytes() for name in names()] == before
    same = ["--recipe", "classic", "--hidden", "8", "--epochs", 5, "--seed", 0, "--shuffle"]
    assert run("train", "--resume", "brain.npz.ckpt", *same, "--data-dir", small).exit_code == 0


def test_other_data_are_named(run: Run, small: Path, tmp_path: Path) -> None:
    stopped(run, "--data-dir", small)
    other = tmp_path / "other"
    other.mkdir()
    for path in small.iterdir():
        (other / path.name).write_bytes(path.read_bytes())
    labels = other / "train-labels-idx1-ubyte"
    labels.write_bytes(labels.read_bytes()[:-1] + b"\1")
    result = run("train", "--resume", "brain.npz.ckpt", "--data-dir", other)
    assert (result.exit_code, result.stdout) == (1, "")
    error = "trained on other data: the digests of train-labels-idx1-ubyte differ"
    assert result.stderr == f"error: brain.npz.ckpt: {error}\n"


def test_changes_that_may_alter_the_last_bits_are_warned_of(run: Run, small: Path) -> None:
    stopped(run, "--data-dir", small)
    path = Path("brain.npz.ckpt")
    found = load_checkpoint(path)
    versions = dict(found.provenance.versions) | {"numpy": "1.0", "simd": "MMX"}
    past = replace(found.provenance, versions=versions, threads=1000)
    save_checkpoint(path, replace(found, provenance=past))
    said = run("train", "--resume", path, "--threads", 2, "--data-dir", small).stderr
    assert "warning: brain.npz.ckpt: numpy 1.0 then, " in said
    assert "warning: brain.npz.ckpt: simd MMX then, " in said
    warning = "threads of BLAS 1000 then, 1 now: the last bits may differ"
    assert f"warning: brain.npz.ckpt: {warning}\n" in said


def test_a_checkpoint_is_kept_once_a_minute_or_as_asked(
    run: Run, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    epochs: list[int] = []
    monkeypatch.setattr(
        checkpoint, "save_checkpoint", lambda path, kept: epochs.append(len(kept.state.history))
    )
    for args, expected in [
        ([], []),
        (["--checkpoint-every", 2], [2, 4]),
        (["--checkpoint-every", 0], []),
    ]:
        run(*RUN, *args, "--data-dir", small, "--force")
        assert epochs == expected
        epochs.clear()
    monkeypatch.setattr(checkpoints, "PERIOD", 0)
    run(*RUN, "--data-dir", small, "--force")
    assert epochs == [1, 2, 3, 4, 5]


def test_a_checkpoint_that_cannot_be_written_does_not_end_the_run(run: Run, small: Path) -> None:
    Path("brain.npz.ckpt").mkdir()
    result = run(*RUN, "--checkpoint-every", 4, "--data-dir", small)
    assert (result.exit_code, result.stdout) == (0, "brain.npz\n")
    warning = "brain.npz.ckpt: cannot be written: not a regular file: no checkpoint of this epoch"
    assert f"warning: {warning}\n" in result.stderr
    assert names() == ["brain.npz", "brain.npz.ckpt"]


def test_a_brain_that_cannot_be_written_leaves_the_checkpoint(
    run: Run, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = atomic._link

    def full(nameless: object, path: Path) -> None:
        if Path("brain.npz.ckpt").exists():
            raise OSError(28, "No space left on device")
        link(nameless, path)  # type: ignore[arg-type]

    with monkeypatch.context() as context:
        context.setattr(atomic, "_link", full)
        result = run(*RUN, "--checkpoint-every", 5, "--data-dir", small)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.splitlines()[-2:] == [
        "error: brain.npz: cannot be written: no space left on device",
        "hint: mnistmlp train --resume brain.npz.ckpt",
    ]
    assert run("train", "--resume", "brain.npz.ckpt", "--data-dir", small).exit_code == 0
    assert names() == ["brain.npz"]


def test_the_checkpoint_of_an_unfinished_run_is_not_overwritten(run: Run, small: Path) -> None:
    stopped(run, "--data-dir", small)
    old = Path("brain.npz.ckpt").read_bytes()
    Path("brain.npz").unlink()
    result = run(*RUN, "--data-dir", small)
    assert (result.exit_code, result.stdout) == (2, "")
    error, hint = result.stderr.splitlines()
    assert error == "error: --output: brain.npz.ckpt is the checkpoint of an unfinished run"
    assert hint == (
        "hint: --resume brain.npz.ckpt continues it; or name another file, or use --force, "
        "which keeps this one as brain.npz.ckpt.bak"
    )
    assert names() == ["brain.npz.ckpt"]
    result = run(*RUN, "--force", "--data-dir", small)
    assert "kept the old brain.npz.ckpt as brain.npz.ckpt.bak\n" in result.stderr
    assert names() == ["brain.npz", "brain.npz.ckpt.bak"]
    assert Path("brain.npz.ckpt.bak").read_bytes() == old


def test_a_run_that_is_resumed_replaces_its_own_files_alone(run: Run, small: Path) -> None:
    stopped(run, "--data-dir", small, "--log", "log")
    resume = ["train", "--resume", "brain.npz.ckpt", "--data-dir", small, "--log", "log"]
    mine = {name: Path(name).read_bytes() for name in names()}
    for name, others in (("log", b'{"epoch": 1}\n'), ("brain.npz", b"other")):
        Path(name).write_bytes(others)
        result = run(*resume)
        assert (result.exit_code, result.stdout) == (2, "")
        assert f"{name} exists\n" in result.stderr
        assert Path(name).read_bytes() == others
        Path(name).write_bytes(mine[name])
    assert run(*resume).exit_code == 0
    assert names() == ["brain.npz", "log"]
    assert len(Path("log").read_text().splitlines()) == 5


def test_the_log_of_a_version_before_training_accuracy_was_measured_is_continued(
    run: Run, small: Path
) -> None:
    stopped(run, "--data-dir", small, "--log", "log")
    old = load_checkpoint("brain.npz.ckpt")
    history = [replace(report, accuracy=None) for report in old.state.history]
    save_checkpoint("brain.npz.ckpt", replace(old, state=replace(old.state, history=history)))
    lines = [json.loads(line) for line in Path("log").read_text().splitlines()]
    known = [{key: line[key] for key in line if key != "accuracy"} for line in lines]
    Path("log").write_text("".join(f"{json.dumps(line)}\n" for line in known))
    result = run("train", "--resume", "brain.npz.ckpt", "--data-dir", small, "--log", "log")
    assert result.exit_code == 0
    lines = [json.loads(line) for line in Path("log").read_text().splitlines()]
    assert [line["accuracy"] is None for line in lines] == [True] * 3 + [False] * 2
    assert names() == ["brain.npz", "log"]


def test_a_committee_resumes_a_member_that_was_stopped(run: Run, small: Path) -> None:
    stopped(run, "--data-dir", small, "-o", "b-{seed}.npz", "--seed", 1)
    whole = run(*RUN, "--data-dir", small, "-o", "whole.npz", "--seed", 1)
    assert whole.exit_code == 0
    result = run(*RUN, "--data-dir", small, "-o", "b-{seed}.npz", "--seeds", "0:2")
    assert (result.exit_code, result.stdout) == (0, "b-0.npz\nb-1.npz\n")
    member, alone = (load_brain(Path(name)).network for name in ("b-1.npz", "whole.npz"))
    assert member.parameters.tobytes() == alone.parameters.tobytes()
    assert names() == ["b-0.npz", "b-1.npz", "whole.npz"]


@pytest.mark.parametrize("spelling", ["absolute", "link"])
def test_a_checkpoint_may_be_named_in_another_way(run: Run, small: Path, spelling: str) -> None:
    stopped(run, "--data-dir", small)
    path = Path("brain.npz.ckpt").absolute()
    if spelling == "link":
        path = Path("link")
        path.symlink_to("brain.npz.ckpt")
    result = run("train", "--resume", path, "-o", "brain.npz", "--data-dir", small)
    assert (result.exit_code, result.stdout) == (0, "brain.npz\n")
    assert not Path("brain.npz.ckpt").exists()
    assert not Path("brain.npz.ckpt.bak").exists()


def test_a_brain_of_more_epochs_is_kept_when_a_run_is_resumed(run: Run, small: Path) -> None:
    stopped(run, "--data-dir", small)  # after epoch 3, with a checkpoint of each
    early = Path("brain.npz.ckpt").read_bytes()
    whole = run("train", "--resume", "brain.npz.ckpt", "--data-dir", small)
    assert whole.exit_code == 0
    later = Path("brain.npz").read_bytes()
    Path("brain.npz.ckpt").write_bytes(early)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop._Run, "train_epoch", lambda *args: signal.raise_signal(signal.SIGINT))
        result = run("train", "--resume", "brain.npz.ckpt", "--data-dir", small)
    assert result.exit_code == 130
    assert "kept the old brain.npz as brain.npz.bak\n" in result.stderr
    assert Path("brain.npz.bak").read_bytes() == later


@pytest.mark.parametrize("option", ["--init", "--like", "--resume", "--log"])
def test_a_backup_does_not_replace_a_file_of_the_run(run: Run, small: Path, option: str) -> None:
    stopped(run, "--data-dir", small)
    source = Path("x.npz.bak")
    Path("brain.npz.ckpt" if option == "--resume" else "brain.npz").rename(source)
    Path("x.npz").write_bytes(b"other")
    before = source.read_bytes()
    words = ["--validation", 200, option, source, "-o", "x.npz", "--force"]
    result = run("train", *words, "--data-dir", small)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "x.npz would be kept as x.npz.bak, the file of " in result.stderr
    assert source.read_bytes() == before
    assert Path("x.npz").read_bytes() == b"other"
