import itertools

import numpy as np
import pytest

from mnistmlp.arrays import Array
from mnistmlp.core.activations import ACTIVATIONS
from mnistmlp.core.backpropagation import Workspace, backpropagate, forward
from mnistmlp.core.initialization import initialise
from mnistmlp.core.losses import LOSSES
from mnistmlp.core.network import Network
from mnistmlp.training.batches import Batch, Batches
from tests.conftest import blobs, peak_memory

HIDDEN = [(), (12,), (9, 8, 7), (1, 1)]
PAIRS = list(itertools.product(ACTIVATIONS, LOSSES))


def make_network(
    hidden: tuple[int, ...], activation: str, loss: str, dtype: str = "float64"
) -> Network:
    network = Network((784, *hidden, 10), activation, loss, dtype)
    initialise(network, np.random.default_rng(3))
    # non-zero biases too, so that errors in them show up
    network.parameters += np.random.default_rng(4).normal(0, 0.05, network.parameters.size)
    return network


def make_batch(size: int, dtype: str = "float64") -> Batch:
    images, labels = blobs(size, seed=5)
    return next(Batches(images.reshape(-1, 784), labels, size, dtype).epoch(None))


@pytest.mark.parametrize("hidden", HIDDEN)
@pytest.mark.parametrize(("activation", "loss"), PAIRS)
def test_gradient_matches_the_central_difference(
    hidden: tuple[int, ...], activation: str, loss: str
) -> None:
    network = make_network(hidden, activation, loss)
    work, batch = Workspace(network, 7), make_batch(7)
    start = network.parameters.copy()
    rng = np.random.default_rng(6)
    backpropagate(network, work, *batch)
    gradient = work.gradient.copy()
    for _ in range(5):  # random directions, as in autograd's tests
        direction = rng.normal(size=start.size)
        direction /= np.linalg.norm(direction)
        step, losses = 1e-5, []
        for sign in (+1, -1):
            network.parameters[:] = start + sign * step * direction
            losses.append(backpropagate(network, work, *batch))
        numeric = (losses[0] - losses[1]) / (2 * step)
        # a loss near 2 has a rounding error of 2e-16, the quotient one of about 1e-16 / 1e-5
        assert numeric == pytest.approx(gradient @ direction, rel=1e-7, abs=1e-10)


@pytest.mark.parametrize("hidden", HIDDEN)
@pytest.mark.parametrize(("activation", "loss"), PAIRS)
def test_gradient_of_single_parameters(hidden: tuple[int, ...], activation: str, loss: str) -> None:
    network = make_network(hidden, activation, loss)
    work, batch = Workspace(network, 5), make_batch(5)
    backpropagate(network, work, *batch)
    gradient = work.gradient.copy()
    largest = np.argsort(-np.abs(gradient))[:20]
    for index in [*largest, *range(network.parameters.size - 10, network.parameters.size)]:
        value, losses = network.parameters[index], []
        for sign in (+1, -1):
            network.parameters[index] = value + sign * 1e-5
            losses.append(backpropagate(network, work, *batch))
        network.parameters[index] = value
        numeric = (losses[0] - losses[1]) / 2e-5
        assert numeric == pytest.approx(gradient[index], rel=1e-6, abs=1e-10)


@pytest.mark.parametrize(("activation", "loss"), PAIRS)
def test_gradient_with_dropout_matches_the_central_difference(activation: str, loss: str) -> None:
    network, batch = make_network((9, 8, 7), activation, loss), make_batch(7)
    work = Workspace(network, 7, dropout=0.4, rng=np.random.default_rng(0))

    def loss_at(parameters: Array) -> float:
        network.parameters[:] = parameters
        work.rng = np.random.default_rng(1)  # the same neurons each time
        return backpropagate(network, work, *batch)

    start = network.parameters.copy()
    loss_at(start)
    gradient, direction = work.gradient.copy(), np.random.default_rng(6).normal(size=start.size)
    direction /= np.linalg.norm(direction)
    numeric = (loss_at(start + 1e-5 * direction) - loss_at(start - 1e-5 * direction)) / 2e-5
    assert numeric == pytest.approx(gradient @ direction, rel=1e-7, abs=1e-10)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_dropout_drops_its_fraction_and_keeps_the_mean(dtype: str) -> None:
    network, batch = make_network((200, 100), "tanh", "mse", dtype), make_batch(300, dtype)
    plain = Workspace(network, 300)
    thinned = Workspace(network, 300, dropout=0.25, rng=np.random.default_rng(0))
    for work in (plain, thinned):
        backpropagate(network, work, *batch)
    seen = [mask.copy() for mask in thinned.masks]
    for mask in seen:
        np.testing.assert_allclose(np.unique(mask), [0, 1 / 0.75], rtol=1e-6)
        assert (mask == 0).mean() == pytest.approx(0.25, abs=0.01)
        assert mask.mean() == pytest.approx(1, abs=0.015)
    backpropagate(network, thinned, *batch)
    assert all((new != old).any() for new, old in zip(thinned.masks, seen, strict=True))
    assert plain.masks == []


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_dropped_neurons_are_zero_and_the_others_scaled(activation: str) -> None:
    network, batch = make_network((9, 8, 7), activation, "mse"), make_batch(7)
    work = Workspace(network, 7, dropout=0.4, rng=np.random.default_rng(0))
    forward(network, work, batch.inputs)
    a = batch.inputs[:-1]
    for (weights, bias), mask in zip(network.layers, work.masks, strict=False):
        a = weights @ a + bias[:, None]
        ACTIVATIONS[activation].apply(a)
        a *= mask
    weights, bias = network.layers[-1]
    np.testing.assert_allclose(work.logits, weights @ a + bias[:, None], rtol=1e-12)


@pytest.mark.parametrize("hidden", HIDDEN)
@pytest.mark.parametrize(("activation", "loss"), PAIRS)
def test_batch_gradient_is_the_mean_over_its_images(
    hidden: tuple[int, ...], activation: str, loss: str
) -> None:
    network = make_network(hidden, activation, loss)
    images, labels = blobs(5, seed=5)
    found = []
    for size in (5, 1):
        work = Workspace(network, size)
        batches = Batches(images.reshape(-1, 784), labels, size, "float64").epoch(None)
        each = [(backpropagate(network, work, *b), work.gradient.copy()) for b in batches]
        found.append([np.mean(values, axis=0) for values in zip(*each, strict=True)])
    for whole, mean in zip(*found, strict=True):
        np.testing.assert_allclose(mean, whole, rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("dropout", [0.0, 0.2])
def test_a_training_step_allocates_no_arrays(dropout: float) -> None:
    network = make_network((64, 32), "relu", "cross-entropy", "float32")
    size = 2048  # large compared with NumPy's fixed-size broadcasting buffer
    images, labels = blobs(size, seed=9)
    work = Workspace(network, size, dropout=dropout, rng=np.random.default_rng(0))
    batches = Batches(images.reshape(-1, 784), labels, size, "float32")

    def step() -> None:
        for batch in batches.epoch(None):
            backpropagate(network, work, *batch)

    step()
    assert peak_memory(step) < work.logits.nbytes  # less than the smallest array of the step
