import itertools

import numpy as np
import pytest

from mnistmlp.batches import Batch, Batches
from mnistmlp.core import (
    ACTIVATIONS,
    LOSSES,
    Array,
    Network,
    Workspace,
    backpropagate,
    cross_entropy_delta,
    mean_squared_error_delta,
    parameter_count,
    softmax,
)
from mnistmlp.errors import DivergenceError
from mnistmlp.initial import initialise
from tests.conftest import blobs, peak_memory

HIDDEN = [(), (12,), (9, 8, 7), (1, 1)]
PAIRS = list(itertools.product(ACTIVATIONS, LOSSES))


def make_network(
    hidden: tuple[int, ...], activation: str, loss: str, dtype: str = "float64"
) -> Network:
    network = Network((784, *hidden, 10), activation, loss, dtype)
    initialise(network, np.random.default_rng(3))
    # biases too, so that a mistake in them shows
    network.parameters += np.random.default_rng(4).normal(0, 0.05, network.parameters.size)
    return network


def make_batch(size: int, dtype: str = "float64") -> Batch:
    images, labels = blobs(size, seed=5)
    return next(Batches(images.reshape(-1, 784), labels, size, dtype).epoch(None))


@pytest.mark.parametrize("hidden", HIDDEN)
@pytest.mark.parametrize(("activation", "loss"), PAIRS)
def test_gradient_is_the_central_difference(
    hidden: tuple[int, ...], activation: str, loss: str
) -> None:
    network = make_network(hidden, activation, loss)
    work, batch = Workspace(network, 7), make_batch(7)
    start = network.parameters.copy()
    rng = np.random.default_rng(6)
    backpropagate(network, work, *batch)
    gradient = work.gradient.copy()
    for _ in range(5):  # random directions, as autograd's tests have them
        direction = rng.normal(size=start.size)
        direction /= np.linalg.norm(direction)
        step, losses = 1e-5, []
        for sign in (+1, -1):
            network.parameters[:] = start + sign * step * direction
            losses.append(backpropagate(network, work, *batch))
        numeric = (losses[0] - losses[1]) / (2 * step)
        # a loss near 2 is rounded by 2e-16: the difference by some 1e-16 / 1e-5
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
def test_gradient_with_dropout_is_the_central_difference(activation: str, loss: str) -> None:
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
def test_dropout_leaves_out_its_part_and_keeps_the_mean(dtype: str) -> None:
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


@pytest.mark.parametrize("hidden", HIDDEN)
@pytest.mark.parametrize(("activation", "loss"), PAIRS)
def test_the_gradient_of_a_batch_is_the_mean_of_its_images(
    hidden: tuple[int, ...], activation: str, loss: str
) -> None:
    network = make_network(hidden, activation, loss)
    images, labels = blobs(5, seed=5)
    found = []
    for size in (5, 1):
        work = Workspace(network, size)
        batches = Batches(images.reshape(-1, 784), labels, size, "float64").epoch(None)
        each = [(backpropagate(network, work, *b), work.gradient.copy()) for b in batches]
        found.append([np.mean(part, axis=0) for part in zip(*each, strict=True)])
    for whole, mean in zip(*found, strict=True):
        np.testing.assert_allclose(mean, whole, rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize(
    ("name", "formula"),
    [
        ("sigmoid", lambda z: 1 / (1 + np.exp(-z))),
        ("tanh", np.tanh),
        ("relu", lambda z: np.where(z > 0, z, 0)),
    ],
)
def test_activation_and_derivative(name: str, formula: np.ufunc) -> None:
    z = np.linspace(-4, 4, 40)  # without 0, where ReLU has no derivative
    a = z.copy()
    ACTIVATIONS[name].apply(a)
    np.testing.assert_allclose(a, formula(z), rtol=1e-14)
    slope = np.full_like(z, 3.0)
    ACTIVATIONS[name].derivative(a, slope)
    numeric = 3 * (formula(z + 1e-6) - formula(z - 1e-6)) / 2e-6
    np.testing.assert_allclose(slope, numeric, rtol=1e-8, atol=1e-9)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_extreme_logits_stay_finite(dtype: str) -> None:
    z: Array = np.zeros((2, 10), dtype)
    z[0, 3], z[1, 0] = 1e4, -1e4
    z, targets = z.T, np.eye(10, dtype=dtype)[:, [4, 0]]
    delta, row = z.copy(), z[0].copy()
    assert cross_entropy_delta(z.copy(), targets, delta, row) == pytest.approx(
        (1e4 + 1e4 + np.log(9)) / 2
    )
    assert np.isfinite(delta).all()
    with np.errstate(over="ignore"):
        mean_squared_error_delta(z.copy(), targets, delta, row)
    assert np.isfinite(delta).all()
    softmax(z)
    np.testing.assert_allclose(z.sum(axis=0), 1, rtol=1e-6)


def test_losses_against_their_formulas() -> None:
    rng = np.random.default_rng(7)
    z, targets = rng.normal(size=(10, 6)), np.eye(10)[:, rng.integers(0, 10, 6)]
    delta, row = np.empty_like(z), np.empty(6)
    p = np.exp(z) / np.exp(z).sum(axis=0)
    entropy = -np.log(p[targets == 1]).mean()
    a = 1 / (1 + np.exp(-z))
    squares = ((a - targets) ** 2).sum(axis=0).mean() / 2
    assert cross_entropy_delta(z.copy(), targets, delta, row) == pytest.approx(entropy)
    assert mean_squared_error_delta(z.copy(), targets, delta, row) == pytest.approx(squares)
    assert LOSSES["cross-entropy"].value(p, targets) == pytest.approx(entropy)
    assert LOSSES["mse"].value(a, targets) == pytest.approx(squares)


def test_a_probability_of_zero_costs_much_and_not_infinity() -> None:
    p: Array = np.array([[1.0]] + [[0.0]] * 9, np.float32)
    expected = -np.log(np.finfo(np.float32).tiny)
    assert LOSSES["cross-entropy"].value(p, np.roll(p, 1)) == pytest.approx(expected)


def test_layers_are_views_of_the_parameters() -> None:
    network = Network((784, 5, 10), "tanh", "mse")
    assert [(w.shape, b.shape) for w, b in network.layers] == [((5, 784), (5,)), ((10, 5), (10,))]
    network.parameters[:] = np.arange(network.parameters.size)
    (w1, b1), (w2, b2) = network.layers
    assert (w1[0, 1], b1[0], w1[1, 0], w2[0, 0]) == (1, 784, 785, 5 * 785)
    assert b2[-1] == network.parameters[-1]
    assert [matrix.shape for matrix in network.matrices] == [(5, 785), (10, 6)]
    assert parameter_count((784, 5, 10)) == network.parameters.size == 784 * 5 + 5 + 50 + 10
    assert all(np.shares_memory(each, network.parameters) for each in (w1, b1, w2, b2))


@pytest.mark.parametrize("hidden", HIDDEN)
def test_outputs_are_those_of_the_plain_formula(hidden: tuple[int, ...]) -> None:
    network = make_network(hidden, "tanh", "cross-entropy")
    images, _ = blobs(25, seed=8)
    a = images.reshape(25, 784).T / 255
    for weights, bias in network.layers[:-1]:
        a = np.tanh(weights @ a + bias[:, None])
    z = network.layers[-1][0] @ a + network.layers[-1][1][:, None]
    expected = (np.exp(z) / np.exp(z).sum(axis=0)).T
    np.testing.assert_allclose(network.outputs(images), expected, rtol=1e-12)
    np.testing.assert_allclose(network.outputs(images, batch_size=10), expected, rtol=1e-12)


@pytest.mark.parametrize("dropout", [0.0, 0.2])
def test_a_training_step_allocates_no_arrays(dropout: float) -> None:
    network = make_network((64, 32), "relu", "cross-entropy", "float32")
    size = 2048  # large beside the buffer of fixed size that NumPy broadcasts with
    images, labels = blobs(size, seed=9)
    work = Workspace(network, size, dropout=dropout, rng=np.random.default_rng(0))
    batches = Batches(images.reshape(-1, 784), labels, size, "float32")

    def step() -> None:
        for batch in batches.epoch(None):
            backpropagate(network, work, *batch)

    step()
    assert peak_memory(step) < work.logits.nbytes  # less than the smallest array of the step


def test_outputs_that_are_not_finite() -> None:
    network = make_network((5,), "relu", "cross-entropy", "float32")
    network.parameters *= 1e25
    with pytest.raises(DivergenceError, match="weights are too large"):
        network.outputs(blobs(3, seed=1)[0])
