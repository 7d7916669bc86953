"""A run that goes on from a brain."""

from pathlib import Path

import numpy as np

from mnistmlp.brains.brain import load_brain
from tests.brains.test_brain import make_older
from tests.cli.conftest import Run
from tests.conftest import save_brain


def test_init_gives_layers_activation_and_loss(run: Run, small: Path, brain: Path) -> None:
    result = run(
        "train", "--init", brain, "--epochs", 1, "--lr", 1e-9, "--validation", 100,
        "--data-dir", small,
    )  # fmt: skip
    assert result.exit_code == 0, result.stderr
    before, after = load_brain(brain).network, load_brain(Path("brain.npz")).network
    assert (after.sizes, after.activation, after.loss) == ((784, 24, 10), "relu", "cross-entropy")
    np.testing.assert_allclose(after.parameters, before.parameters, atol=1e-6)
    result = run("train", "--init", brain, "--hidden", "20", "--validation", 0, "--data-dir", small)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("error: --hidden: the initial brain has layers")


def test_init_gives_the_recipe(run: Run, small: Path, brain: Path) -> None:
    common = ["--init", brain, "--epochs", 1, "--validation", 100, "--data-dir", small]
    run("train", *common)
    meta = load_brain(Path("brain.npz")).meta
    assert meta
    assert (meta.raw["recipe"]["name"], meta.raw["recipe"]["optimizer"]) == ("modern", "adam")
    assert meta.raw["accuracy"]["validation"] > 0.95
    run("train", *common, "--recipe", "classic", "--lr", 0.01, "--force")
    meta = load_brain(Path("brain.npz")).meta
    assert meta
    assert (meta.raw["recipe"]["name"], meta.raw["recipe"]["activation"]) == ("classic", "relu")


def test_init_gives_the_normalisation(run: Run, small: Path, normalised: Path) -> None:
    common = ["train", "--init", normalised, "--epochs", 1, "--lr", 1e-9, "--data-dir", small]
    run(*common, "--validation", 200)
    before, after = load_brain(normalised), load_brain(Path("brain.npz"))
    assert after.network.normalization == normalised.stem
    assert before.meta
    assert after.meta
    assert after.meta.recipe["normalization"] == normalised.stem
    assert after.meta.validation_accuracy == before.meta.validation_accuracy
    run(*common, "--validation", 0, "--normalization", "none", "--force")
    assert load_brain(Path("brain.npz")).network.normalization == "none"


def test_init_gives_the_type(run: Run, small: Path) -> None:
    make_older(Path("older.npz"))
    run("train", "--init", "older.npz", "--epochs", 1, "--validation", 0, "--data-dir", small)
    assert load_brain(Path("brain.npz")).network.parameters.dtype == np.float64


def test_init_of_a_brain_whose_recipe_is_strange(run: Run, small: Path, brain: Path) -> None:
    loaded = load_brain(brain)
    assert loaded.meta
    save_brain(Path("odd.npz"), loaded.network, loaded.meta.raw | {"recipe": {"name": ["x"]}})
    result = run(
        "train", "--init", "odd.npz", "--epochs", 1, "--validation", 0, "--data-dir", small
    )
    assert result.exit_code == 0
    assert "classic: 784-24-10" in result.stderr
    assert run("info", "odd.npz").exit_code == 0
