import numpy as np
import pytest

from mnistmlp.core.network import Network, parameter_count
from mnistmlp.errors import DivergenceError, SettingError
from mnistmlp.workers import Workers
from tests.conftest import blobs
from tests.core.test_backpropagation import HIDDEN, make_network


def test_what_is_assigned_to_parameters_reaches_the_layers() -> None:
    network = Network((784, 5, 10), "tanh", "mse")
    network.parameters = np.arange(network.parameters.size)
    network.parameters += 1
    assert network.layers[0][0][0, 0] == 1
    assert network.layers[-1][1][-1] == network.parameters.size
    with pytest.raises(TypeError, match="item assignment"):
        network.layers[0] = (np.ones((5, 784)), np.ones(5))  # type: ignore[index]


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


def test_weighted_inputs_of_each_layer() -> None:
    network = make_network((7, 5), "tanh", "cross-entropy")
    images, _ = blobs(25, seed=8)
    a = images.reshape(25, 784).T / 255
    for layer, (weights, bias) in enumerate(network.layers, 1):
        z = weights @ a + bias[:, None]
        np.testing.assert_allclose(
            network.weighted_inputs(images, layer), z.T, rtol=1e-4, atol=1e-6
        )
        a = np.tanh(z)
    alone, among_others = network.weighted_inputs(images[3]), network.weighted_inputs(images)[3]
    np.testing.assert_allclose(alone, among_others, rtol=1e-5)


@pytest.mark.parametrize("layer", [0, 4, "1"])
def test_weighted_inputs_of_a_layer_that_is_none(layer: int) -> None:
    network = make_network((7, 5), "tanh", "cross-entropy")
    with pytest.raises(SettingError, match=f"layer: {layer!r} is not one of the 3 layers"):
        network.weighted_inputs(blobs(1, seed=8)[0], layer)
