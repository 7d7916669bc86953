import numpy as np
import pytest

from mnistmlp.arrays import Array
from mnistmlp.core.backpropagation import Workspace, backpropagate, forward
from mnistmlp.core.initialization import initialise
from mnistmlp.core.losses import LOSSES
from mnistmlp.core.network import Network
from mnistmlp.training.batches import Batches
from mnistmlp.training.gradient import Gradient
from mnistmlp.training.hard_examples import HardExamples
from mnistmlp.training.recipes import Recipe
from mnistmlp.training.tally import Tally
from mnistmlp.workers import Workers
from tests.conftest import blobs, peak_memory


@pytest.mark.parametrize("loss", list(LOSSES))
@pytest.mark.parametrize("fraction", [0.01, 0.3, 1.0])
@pytest.mark.parametrize("smoothing", [0.0, 0.3])
def test_images_with_the_highest_loss_are_picked(
    loss: str, fraction: float, smoothing: float
) -> None:
    network = Network((784, 20, 10), "relu", loss, "float64")
    initialise(network, np.random.default_rng(0))
    network.parameters *= 3  # spreads the outputs
    images, labels = blobs(70, seed=2)
    batches = Batches(images.reshape(-1, 784), labels, 50, "float64", smoothing=smoothing)
    hardest = HardExamples(network, fraction, [50, 20], np.empty_like(network.parameters))
    outputs, start = network.outputs(images), 0
    for batch in batches.epoch(None):
        n = batch.targets.shape[1]
        result = Workspace(network, hardest.count(n))
        picked, mean = hardest.pick(batch, result)
        count = picked.targets.shape[1]
        assert count == hardest.count(n) == int(np.ceil(fraction * n))
        losses = [
            loss_of(loss, output, target)
            for output, target in zip(outputs[start : start + n], batch.targets.T, strict=True)
        ]
        chosen = [  # matched by pixels, as no two images are equal
            next(i for i in range(n) if (batch.inputs[:, i] == image).all())
            for image in picked.inputs.T
        ]
        highest = sorted(losses)[n - count :]
        np.testing.assert_allclose(sorted(np.array(losses)[chosen]), highest, rtol=1e-9)
        np.testing.assert_array_equal(picked.targets, batch.targets[:, chosen])
        again = Workspace(network, count)
        forward(network, again, picked.inputs)
        np.testing.assert_allclose(result.logits, again.logits, rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(result.inputs[0], again.inputs[0], rtol=1e-12, atol=1e-12)
        assert mean == pytest.approx(np.mean(losses))
        start += n
    assert start == 70


def loss_of(loss: str, output: Array, target: Array) -> float:
    """Return the loss of one image, from its outputs (10,)."""
    if loss == "mse":
        return float(((output - target) ** 2).sum() / 2)
    return float(-(target * np.log(output)).sum())


def test_picking_allocates_no_images() -> None:
    network = Network((784, 20, 10), "relu", "cross-entropy")
    images, labels = blobs(500, seed=2)
    (batch,) = Batches(images.reshape(-1, 784), labels, 500, "float32").epoch(None)
    hardest = HardExamples(network, 0.5, [500], np.empty_like(network.parameters))
    result = Workspace(network, 250)
    hardest.pick(batch, result)
    assert peak_memory(lambda: hardest.pick(batch, result)) < hardest.inputs.nbytes / 20


def test_a_confident_mistake_counts_more_than_a_low_output_for_the_right_digit() -> None:
    network = Network((784, 10), "relu", "mse", "float64")
    network.layers[0][1][:] = -9  # all outputs are 0 …
    network.layers[0][0][[3, 5], 0] = 9.5, 18  # … but where pixel 0 is set: 3 is unsure, 5 is sure
    images = np.zeros((2, 784), np.uint8)
    images[1, 0] = 255
    (batch,) = Batches(images, np.array([3, 3]), 2, "float64").epoch(None)
    hardest = HardExamples(network, 0.5, [2], np.empty_like(network.parameters))
    (inputs, _), _ = hardest.pick(batch, Workspace(network, 1))
    assert network.outputs(images)[:, 3].argmin() == 0  # by that output, image 0 would be picked
    assert inputs[0, 0] == 1


def test_dropout_drops_the_neurons_of_the_hardest_images_anew() -> None:
    images, labels = blobs(64, seed=2)
    recipe = Recipe(activation="relu", loss="cross-entropy", hardest=0.25, dropout=0.5)
    network = Network((784, 20, 10), "relu", "cross-entropy")
    initialise(network, np.random.default_rng(0))
    (batch,) = Batches(images.reshape(-1, 784), labels, 64, "float32").epoch(None)
    tally = Tally(labels, 64, network.parameters.dtype)
    gradient = Gradient(recipe, network, {64}, np.random.default_rng(1), Workers(1), tally)
    hardest = HardExamples(network, 0.25, [64], np.empty_like(network.parameters))
    picked, _ = hardest.pick(batch, Workspace(network, 16))
    work = Workspace(network, 16, dropout=0.5, rng=np.random.default_rng(1))
    for _ in range(2):  # a second time with other neurons
        gradient.compute(batch)
        backpropagate(network, work, *picked)
        np.testing.assert_allclose(gradient.vector, work.gradient, rtol=1e-4, atol=1e-6)
