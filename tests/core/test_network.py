import numpy as np
import pytest

from mnistmlp.arrays import Array
from mnistmlp.core.network import (
    ACTIVATIONS,
    LOSSES,
    Network,
    cross_entropy_delta,
    mean_squared_error_delta,
    parameter_count,
    softmax,
)
from mnistmlp.errors import DivergenceError
from mnistmlp.workers import Workers
from tests.conftest import blobs
from tests.core.test_backpropagation import HIDDEN, make_network


@pytest.mark.parametrize(
    ("name", "formula"),
    [
        ("sigmoid", lambda z: 1 / (1 + np.exp(-z))),
        ("tanh", np.tanh),
        ("relu", lambda z: np.where(z > 0, z, 0)),
    ],
)
def test_activation_and_derivative(name: str, formula: np.ufunc) -> None:
    z = np.linspace(-4, 4, 40)  # excludes 0, where ReLU has no derivative
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
    LOSSES["cross-entropy"].per_image(z.copy(), targets, row, np.empty_like(row))
    np.testing.assert_allclose(row, [1e4, 1e4 + np.log(9)], rtol=1e-6)
    softmax(z)
    np.testing.assert_allclose(z.sum(axis=0), 1, rtol=1e-6)


def test_losses_match_their_formulas() -> None:
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


def test_loss_of_a_zero_probability_is_finite() -> None:
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
def test_outputs_match_the_textbook_formula(hidden: tuple[int, ...]) -> None:
    network = make_network(hidden, "tanh", "cross-entropy")
    images, _ = blobs(25, seed=8)
    a = images.reshape(25, 784).T / 255
    for weights, bias in network.layers[:-1]:
        a = np.tanh(weights @ a + bias[:, None])
    z = network.layers[-1][0] @ a + network.layers[-1][1][:, None]
    expected = (np.exp(z) / np.exp(z).sum(axis=0)).T
    np.testing.assert_allclose(network.outputs(images), expected, rtol=1e-12)
    with Workers(2) as workers:
        for _ in range(4):  # shared and alone
            outputs = network.outputs(images, batch_size=10, workers=workers)
            np.testing.assert_allclose(outputs, expected, rtol=1e-12)


def test_outputs_that_are_not_finite_are_refused() -> None:
    network = make_network((5,), "relu", "cross-entropy", "float32")
    network.parameters *= 1e25
    with pytest.raises(DivergenceError, match="weights are too large"):
        network.outputs(blobs(3, seed=1)[0])
