"""`train --like`: a brain trained again."""

import json
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnistmlp.brains.brain import load_brain
from mnistmlp.brains.checkpoint import Checkpoint
from mnistmlp.cli.train.checkpoints import Checkpoints
from tests.brains.test_brain import make_older
from tests.cli.conftest import Run
from tests.conftest import names, save_brain

RUN = ["train", "--hidden", "8", "--epochs", "3", "--lr", "6", "--validation", "200"]


@pytest.mark.parametrize(
    "settings",
    [
        [],
        ["--optimizer", "adam", "--lr", "0.01", "--augment", "--prune", "0.5", "--half"],
        ["--patience", "1", "--seed", "7", "--threads", "2"],
        ["--synthetic", "0.2", "--normalization", "moments"],
    ],
    ids=str,
)
def test_a_brain_is_trained_again_to_the_same_bytes(
    run: Run, small: Path, settings: list[str]
) -> None:
    run(*RUN, *settings, "--data-dir", small)
    result = run("train", "--like", "brain.npz", "--data-dir", small)
    assert (result.exit_code, result.stdout) == (0, "brain.again.npz\n")
    assert result.stderr.endswith("the weights equal those of brain.npz\n")
    assert Path("brain.again.npz").read_bytes() == Path("brain.npz").read_bytes()
    found = run("train", "--like", "brain.npz", "--data-dir", small, "-o", "c.npz", "-q", "--json")
    assert json.loads(found.stdout)["same_weights"] is True
    assert found.stderr == ""


def test_a_stopped_run_is_trained_again_up_to_where_it_stopped(
    run: Run, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(self: Checkpoints, checkpoint: Checkpoint) -> None:
        if len(checkpoint.state.history) == 2:
            signal.raise_signal(signal.SIGINT)

    with monkeypatch.context() as context:
        context.setattr(Checkpoints, "keep", stop)
        assert run(*RUN, "--data-dir", small).exit_code == 130
    result = run("train", "--like", "brain.npz", "--data-dir", small)
    assert result.exit_code == 0
    assert result.stderr.endswith("the weights equal those of brain.npz\n")


def test_other_weights_are_a_failure(run: Run, small: Path) -> None:
    run(*RUN, "--data-dir", small)
    brain = load_brain(Path("brain.npz"))
    assert brain.meta
    brain.network.parameters[5] += 1
    save_brain(Path("odd.npz"), brain.network, brain.meta.raw)
    result = run("train", "--like", "odd.npz", "--data-dir", small, "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["same_weights"] is False
    assert result.stderr.endswith("the weights differ from those of odd.npz\n")
    assert names() == ["brain.npz", "odd.again.npz", "odd.npz"]


def test_a_brain_that_started_from_another(run: Run, small: Path) -> None:
    run(*RUN, "--data-dir", small, "-o", "first.npz")
    run(*RUN, "--data-dir", small, "--init", "first.npz")
    like = ["train", "--like", "brain.npz", "--data-dir", small]
    for args in ([], ["--init", "brain.npz"]):
        result = run(*like, *args)
        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr == "error: --init: brain.npz started from another brain\n"
    assert run(*like, "--init", "first.npz").stderr.endswith("those of brain.npz\n")


def test_another_normalisation_is_refused(run: Run, small: Path, normalised: Path) -> None:
    like = ["train", "--like", normalised, "--data-dir", small, "--normalization"]
    result = run(*like, "none")
    assert (result.exit_code, result.stdout) == (2, "")
    had = f"{normalised} has {normalised.stem}, not none"
    assert result.stderr == f"error: --normalization: {had}\n"
    assert run(*like, normalised.stem).stderr.endswith(f"the weights equal those of {normalised}\n")


def test_the_brain_is_not_overwritten(run: Run, small: Path) -> None:
    run(*RUN, "--data-dir", small)
    Path("link.npz").symlink_to("brain.npz")
    before = Path("brain.npz").read_bytes()
    for output in ("brain.npz", "link.npz"):
        result = run("train", "--like", "brain.npz", "--data-dir", small, "-o", output)
        assert (result.exit_code, result.stdout) == (2, "")
        assert "is the same file as --like" in result.stderr
    assert Path("brain.npz").read_bytes() == before


def test_a_brain_that_does_not_say_how_it_was_trained(run: Run, small: Path, brain: Path) -> None:
    make_older(Path("older.npz"))
    loaded = load_brain(brain)
    assert loaded.meta
    save_brain(Path("odd.npz"), loaded.network, loaded.meta.raw | {"recipe": {"hidden": "x"}})
    for name, error in [
        ("older.npz", "older.npz: has no record of its training"),
        ("odd.npz", "odd.npz: hidden: 'x' is not a list of up to 100 widths from 1 to 1,000,000"),
        ("none.npz", "none.npz: no such file"),
    ]:
        result = run("train", "--like", name, "--data-dir", small)
        assert (result.exit_code, result.stdout) == (1, "")
        assert result.stderr.startswith(f"error: {error}\n")
    assert names() == ["odd.npz", "older.npz"]


def test_other_data(run: Run, small: Path, mnist: Path) -> None:
    result = run("train", "--like", "pretrained", "--data-dir", small)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "pretrained.npz: trained on other data: the digests of train-images" in result.stderr


def forge(brain: Path, change: dict[str, Any]) -> None:
    """Write a copy of a brain with a changed recipe."""
    with np.load(brain) as archive:
        content = dict(archive)
    meta = json.loads(content["meta"].item())
    meta["recipe"] |= change
    np.savez("forged.npz", **content | {"meta": np.array(json.dumps(meta))})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"hidden": [2**40]}, "forged.npz: hidden: 1099511627776 is not a list of up to 100"),
        ({"hidden": []}, "forged.npz: its layers differ from those of its recipe"),
        (
            {"normalization": "moments"},
            "forged.npz: its normalization differs from that of its recipe",
        ),
        ({"validation": 1200}, "forged.npz: validation: 1200 of 1200 images leaves none"),
        ({"receptive_field": 1e300}, "forged.npz: receptive_field: 1e+300 is not"),
    ],
)
def test_an_invalid_file(
    run: Run, brain: Path, small: Path, change: dict[str, Any], message: str
) -> None:
    forge(brain, change)
    result = run("train", "--like", "forged.npz", "--data-dir", small, "--quiet")
    assert result.exit_code == 1
    assert result.stderr.startswith(f"error: {message}")
    assert result.stdout == ""
    assert names() == ["forged.npz"]
