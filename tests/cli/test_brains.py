"""The bundled brain, and committees."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mnistmlp.brains.brain import PRETRAINED, load_brain
from tests.brains.test_brain import save_older
from tests.cli.conftest import Run


def test_the_bundled_brain_is_small_and_was_trained_on_mnist() -> None:
    assert PRETRAINED.stat().st_size <= 4_000_000
    with np.load(PRETRAINED) as arrays:
        assert {arrays[name].dtype.name for name in arrays if name != "meta"} == {"float16"}
    brain = load_brain(PRETRAINED)
    assert brain.network.parameters.dtype == np.float32
    assert brain.meta
    assert brain.meta.raw["dataset"]["name"] == "mnist"


def test_the_bundled_brain_recognises_mnist(run: Run, mnist: Path) -> None:
    result = run("evaluate", "pretrained", "--json", "--data-dir", mnist)
    document = json.loads(result.stdout)
    assert document["brains"] == ["pretrained"]
    assert document["accuracy"] >= 0.9955


def test_predict_falls_back_to_the_bundled_brain(run: Run, brain: Path, handwriting: Path) -> None:
    picture = sorted(handwriting.glob("*.png"))[0]
    alone = run("predict", picture)
    assert alone.exit_code == 0
    assert alone.stderr == "no brain.npz here: using the bundled brain (pretrained)\n"
    named = run("predict", picture, "--brain", "pretrained")
    assert (named.stdout, named.stderr) == (alone.stdout, "")
    Path("brain.npz").write_bytes(brain.read_bytes())
    assert run("predict", picture).stderr == ""


def test_the_bundled_brain_can_be_inspected_and_trained_further(run: Run, small: Path) -> None:
    assert "784-" in run("info", "pretrained").stdout
    options = ["--init", "pretrained", "--epochs", 1, "--limit", 100, "--validation", 0]
    result = run("train", *options, "--no-augment", "--data-dir", small)
    assert result.exit_code == 0, result.stderr
    sizes = load_brain(PRETRAINED).network.sizes
    assert load_brain(Path("brain.npz")).network.sizes == sizes


@pytest.mark.parametrize(
    ("name", "sizes"),
    [("inputs", (100, 5, 10)), ("labels", (784, 5, 11))],
    ids=["inputs", "labels"],
)
def test_a_committee_with_other_inputs_or_labels(
    run: Run, small: Path, brain: Path, name: str, sizes: tuple[int, ...]
) -> None:
    fan_in, width, outputs = sizes
    save_older(
        Path("other.npz"),
        [np.zeros((width, fan_in)), np.zeros((outputs, width))],
        [np.zeros((width, 1)), np.zeros((outputs, 1))],
    )
    Image.new("L", (28, 28), 255).save("digit.png")
    for command, named in (
        (["evaluate", brain, "other.npz", "--data-dir", small], "'BRAIN'"),
        (["predict", "digit.png", "--brain", brain, "--brain", "other.npz"], "'--brain'"),
    ):
        result = run(*command)
        assert (result.exit_code, result.stdout) == (2, "")
        assert f"invalid value for {named}: other.npz: " in result.stderr
        assert "all brains of a committee must have the same inputs and labels" in result.stderr
    alone = run("predict", "digit.png", "--brain", "other.npz")
    assert (alone.exit_code, alone.stdout) == (1, "")
    assert alone.stderr.startswith("error: other.npz: ")
