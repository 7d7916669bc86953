"""The textbook's algorithm, written plainly, takes the same 200 steps to the same weights."""

from pathlib import Path

import numpy as np
from typer.testing import CliRunner

from mnistmlp.arrays import Bytes
from mnistmlp.brains.brain import load_brain
from mnistmlp.cli.app import app
from mnistmlp.core.initialization import initialise
from mnistmlp.core.network import Network
from mnistmlp.data.datasets import load_dataset
from tests.brains.test_brain import save_older
from tests.conftest import blobs

Matrices = list[np.ndarray]


def sigmoid(z: np.ndarray) -> np.ndarray:
    a: np.ndarray = 1 / (1 + np.exp(-z))
    return a


def textbook(w: Matrices, b: Matrices, images: Bytes, labels: Bytes, rate: float) -> None:
    """One epoch of mini-batch gradient descent, batches of 32, an image at a time.

    Nielsen (2015), chapter 2: column vectors, w of (fan_out, fan_in), equations BP1 to BP4.
    """
    for start in range(0, len(images), 32):
        nabla_w, nabla_b = [np.zeros_like(m) for m in w], [np.zeros_like(m) for m in b]
        batch = range(start, min(start + 32, len(images)))
        for i in batch:
            activations = [images[i].reshape(-1, 1) / 255]
            for matrix, bias in zip(w, b, strict=True):
                activations.append(sigmoid(matrix @ activations[-1] + bias))
            y = np.zeros((10, 1))
            y[labels[i]] = 1
            a = activations[-1]
            delta = (a - y) * a * (1 - a)
            for layer in reversed(range(len(w))):
                nabla_b[layer] += delta
                nabla_w[layer] += delta @ activations[layer].T
                a = activations[layer]
                delta = w[layer].T @ delta * a * (1 - a)
        for layer in range(len(w)):
            w[layer] -= rate / len(batch) * nabla_w[layer]
            b[layer] -= rate / len(batch) * nabla_b[layer]


def check(folder: Path, limit: int) -> None:
    network = Network((784, 20, 20, 20, 10), "sigmoid", "mse", "float64")
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
    textbook(w, b, data.images[:limit], data.labels[:limit], rate=6.0)
    for (weights, bias), matrix, column in zip(trained.layers, w, b, strict=True):
        assert np.linalg.norm(weights - matrix) <= 1e-9 * np.linalg.norm(matrix)
        assert np.linalg.norm(bias - column[:, 0]) <= 1e-9 * np.linalg.norm(column)


def test_textbook_on_small_images(small: Path) -> None:
    check(small, limit=1190)  # the last batch is a short one


def test_textbook_200_batches_of_mnist(mnist: Path) -> None:
    check(mnist, limit=200 * 32)


def test_the_textbook_learns() -> None:
    images, labels = blobs(600, seed=1)
    rng = np.random.default_rng(0)
    w, b = [rng.normal(0, 0.05, (10, 784))], [np.zeros((10, 1))]
    for _ in range(3):
        textbook(w, b, images, labels, rate=3.0)
    outputs = sigmoid(images.reshape(-1, 784) / 255 @ w[0].T + b[0].T)
    assert (outputs.argmax(axis=1) == labels).mean() > 0.9
