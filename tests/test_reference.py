"""The reference implementation in docs/maths takes the same 200 steps to the same weights."""

import runpy
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from mnistmlp.brains.brain import load_brain
from mnistmlp.cli.app import app
from mnistmlp.core.initialization import initialise
from mnistmlp.core.network import Network
from mnistmlp.data.datasets import load_dataset
from tests.brains.test_brain import save_older
from tests.conftest import blobs

BY_HAND = runpy.run_path(str(Path(__file__).parents[1] / "docs/maths/backprop_by_hand.py"))


def check(folder: Path, limit: int) -> None:
    network = Network(BY_HAND["SIZES"], "sigmoid", "mse", "float64")
    initialise(network, np.random.default_rng(11))
    w = [weights.copy() for weights, _ in network.layers]
    b = [np.full((len(bias), 1), 0.01) for _, bias in network.layers]
    save_older(Path("initial.npz"), w, b)
    options = ["--init", "initial.npz", "--dtype", "float64", "--no-shuffle", "--epochs", "1"]
    options += ["--schedule", "constant"]
    options += ["--limit", str(limit), "--validation", "0", "--data-dir", str(folder)]
    result = CliRunner().invoke(app, ["train", *options, "--quiet"])
    assert result.exit_code == 0, result.output
    trained = load_brain(Path("brain.npz")).network
    data = load_dataset(folder, "train")
    images = data.images[:limit].reshape(-1, 784) / 255
    BY_HAND["train_epoch"](w, b, images, data.labels[:limit])
    for (weights, bias), matrix, column in zip(trained.layers, w, b, strict=True):
        assert np.linalg.norm(weights - matrix) <= 1e-9 * np.linalg.norm(matrix)
        assert np.linalg.norm(bias - column[:, 0]) <= 1e-9 * np.linalg.norm(column)


def test_by_hand_on_small_images(small: Path) -> None:
    check(small, limit=1190)  # the last batch is a short one


def test_by_hand_200_batches_of_mnist(mnist: Path) -> None:
    check(mnist, limit=200 * 32)


def test_it_learns() -> None:
    images, labels = blobs(2000, seed=1)
    weights, biases = BY_HAND["draw_weights"](np.random.default_rng(0))
    pixels = images.reshape(-1, 784) / 255
    for _ in range(8):
        BY_HAND["train_epoch"](weights, biases, pixels, labels)
    assert BY_HAND["accuracy"](weights, biases, pixels, labels) > 0.9


def test_it_runs_on_a_folder_of_images(
    small: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MNISTMLP_DATA_DIR", str(small))
    BY_HAND["main"](2)
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("epoch  1/2  test accuracy ")
    assert second.endswith("%")
