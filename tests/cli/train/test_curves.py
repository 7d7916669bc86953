"""`train --tensorboard`."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from mnistmlp.cli.train.curves import TAGS
from mnistmlp.exchange.tensorboard import EventFile, find_event_files
from mnistmlp.version import install_command
from tests.cli.conftest import Run
from tests.cli.train.test_checkpoints import RUN, stopped
from tests.conftest import names
from tests.exchange.test_tensorboard import read_events

TINY = ["train", "--hidden", "8", "--epochs", "2", "--lr", "6", "--validation", "200"]


def curves(folder: str) -> dict[str, list[tuple[int, float]]]:
    """Return the steps and values of each tag in a folder."""
    found: dict[str, list[tuple[int, float]]] = {}
    for path in find_event_files(Path(folder)):
        for event in read_events(path):
            for each in event.summary.value:
                found.setdefault(each.tag, []).append((event.step, each.simple_value))
    return found


def test_the_curves_are_those_of_the_log(run: Run, small: Path) -> None:
    options = ["--log", "log", "--tensorboard", "runs/a", "--schedule", "step", "--threads", "1"]
    assert run(*TINY, *options, "--data-dir", small).exit_code == 0
    lines = [json.loads(line) for line in Path("log").read_text().splitlines()]
    found = curves("runs/a")
    assert found.keys() == {*TAGS, "learning_rate"}
    for tag, field in TAGS.items():
        assert [step for step, _ in found[tag]] == [line["epoch"] for line in lines]
        values = [value for _, value in found[tag]]
        assert values == pytest.approx([line[field] for line in lines], rel=1e-6)
    (_, first), (_, second) = found["learning_rate"]
    assert first == 6 > second


def test_without_validation_images(run: Run, small: Path) -> None:
    options = ["--tensorboard", "a", "--data-dir", small, "--validation", 0]
    assert run(*TINY, *options).exit_code == 0
    assert curves("a").keys() == {"loss/training", "accuracy/training", "learning_rate"}


def test_a_new_run_is_not_mixed_into_another(run: Run, small: Path) -> None:
    words = [*TINY, "--tensorboard", "runs", "--data-dir", small, "-o"]
    assert run(*words, "a.npz").exit_code == 0
    before = curves("runs")
    for name, force in (("b.npz", []), ("a.npz", ["--force"])):
        result = run(*words, name, *force)
        assert (result.exit_code, result.stdout) == (2, "")
        error, hint = result.stderr.splitlines()
        assert error == "error: --tensorboard: runs holds the curves of another run"
        assert hint.startswith("hint: name another folder, such as runs-2")
    assert curves("runs") == before
    assert names() == ["a.npz", "runs"]


@pytest.mark.parametrize("folder", ["b.npz", "b.npz/curves", "b.npz.ckpt", "b.jsonl"])
def test_curves_are_not_where_another_file_of_the_run_will_be(
    run: Run, small: Path, folder: str
) -> None:
    for more in ([], ["--seeds", "0:2"]):
        name = "{seed}b" if more else "b"
        command = [*TINY, "--data-dir", small, *more, "-o", f"{name}.npz"]
        command += ["--log", f"{name}.jsonl"]
        refused = run(*command, "--tensorboard", folder.replace("b.", f"{name}."))
        assert (refused.exit_code, refused.stdout, names()) == (2, "", [])
        assert "is the same file as" in refused.stderr


def test_other_files_do_not_matter(run: Run, small: Path) -> None:
    Path("runs/other").mkdir(parents=True)
    EventFile(Path("runs/other"), "id").close()
    Path("runs/notes.txt").touch()
    assert run(*TINY, "--tensorboard", "runs", "--data-dir", small).exit_code == 0


def test_a_resumed_run_goes_on_with_its_curves(run: Run, small: Path) -> None:
    run(*RUN, "--data-dir", small, "--tensorboard", "whole", "-o", "whole.npz")
    stopped(run, "--data-dir", small, "--tensorboard", "run")
    assert [step for step, _ in curves("run")["loss/training"]] == [1, 2, 3]
    words = ["train", "--resume", "brain.npz.ckpt", "--data-dir", small, "--tensorboard"]
    assert run(*words, "run").exit_code == 0
    assert curves("run") == curves("whole")


def test_a_run_that_is_resumed_into_a_new_folder_writes_all_its_epochs(
    run: Run, small: Path
) -> None:
    stopped(run, "--data-dir", small)
    words = ["train", "--resume", "brain.npz.ckpt", "--data-dir", small, "--tensorboard"]
    EventFile(Path("other"), "0" * 16).close()
    assert run(*words, "other").exit_code == 2
    assert run(*words, "new").exit_code == 0
    assert [step for step, _ in curves("new")["loss/training"]] == [1, 2, 3, 4, 5]


def test_a_committee_has_a_folder_for_each_seed(run: Run, small: Path) -> None:
    words = [*TINY, "--seeds", "0:2", "-o", "{seed}.npz", "--data-dir", small]
    assert run(*words, "--tensorboard", "runs/{seed}").exit_code == 0
    zero, one = curves("runs/0"), curves("runs/1")
    assert zero.keys() == one.keys() == {*TAGS, "learning_rate"}
    assert zero["loss/training"] != one["loss/training"]


def test_a_full_disk_does_not_stop_training(
    run: Run, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = EventFile._write

    def fail(self: EventFile, **content: Any) -> None:
        if content.get("step") == 2:
            self._writer.close()
            self._writer._writer = open("/dev/full", "wb")  # noqa: PTH123, SIM115
        write(self, **content)

    monkeypatch.setattr(EventFile, "_write", fail)
    result = run(*TINY, "--epochs", 4, "--tensorboard", "runs", "--data-dir", small)
    assert result.exit_code == 0
    warning = "warning: runs: no space left on device: no curves from epoch 2 on\n"
    assert result.stderr.count(warning) == result.stderr.count("warning") == 1
    assert curves("runs")["loss/training"][0][0] == 1


def test_without_the_package_nothing_is_trained(
    run: Run, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    result = run(*TINY, "--tensorboard", "runs", "--data-dir", small)
    assert (result.exit_code, result.stdout) == (1, "")
    error, hint = result.stderr.splitlines()
    assert error.startswith("error: this needs the extra tensorboard: ")
    assert hint == f"hint: {install_command('tensorboard')}"
    assert names() == []
