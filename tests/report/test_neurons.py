import numpy as np
import pytest

from mnistmlp.core.network import Network
from mnistmlp.data.datasets import Dataset
from mnistmlp.report import neurons
from mnistmlp.report.neurons import rank_neurons
from tests.report.conftest import random_brain


@pytest.mark.parametrize("batch", [1000, 7])
def test_neurons_are_ranked_by_what_they_move(
    data: Dataset, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    monkeypatch.setattr(neurons, "BATCH", batch)
    network = random_brain(1, (6, 4)).network
    z = network.weighted_inputs(data.images)
    a = np.tanh(z)
    use = a.std(axis=0, dtype=np.float64) * np.linalg.norm(network.layers[1][0], axis=0)
    found = rank_neurons(network, data.images, 4, 5)
    order = np.argsort(-use)[:4]
    assert (found.indices.tolist(), found.count) == (order.tolist(), 6)
    np.testing.assert_allclose(found.use, use[order] / use.sum(), rtol=1e-4)
    np.testing.assert_array_equal(found.weights, network.layers[0][0][order])
    for neuron, images, activations in zip(order, found.images, found.activations, strict=True):
        np.testing.assert_allclose(z[images, neuron], np.sort(z[:, neuron])[::-1][:5], rtol=1e-5)
        np.testing.assert_allclose(activations, a[images, neuron], rtol=1e-5)


def test_images_that_saturate_a_neuron_are_told_apart(data: Dataset) -> None:
    network = Network((784, 3, 10), "sigmoid", "mse")
    network.parameters[:] = np.random.default_rng(1).normal(1, 3, network.parameters.size)
    z = network.weighted_inputs(data.images)[:, 0]
    found = rank_neurons(network, data.images, 3, 4)
    place = found.indices.tolist().index(0)
    assert (found.activations[place] == 1).all()
    assert found.images[place].tolist() == np.argsort(-z)[:4].tolist()


def test_neurons_that_nothing_lights(data: Dataset) -> None:
    network = random_brain(1).network
    network.parameters[:] = 0
    found = rank_neurons(network, data.images, 100, 3)
    assert found.activations.tolist() == [[0, 0, 0]] * 6
    assert found.use.tolist() == [0] * 6


def test_without_hidden_layers_the_neurons_are_the_outputs(data: Dataset) -> None:
    network = random_brain(1, ()).network
    outputs = network.outputs(data.images)
    found = rank_neurons(network, data.images[:300], 3, 2)
    assert found.indices.tolist() == np.argsort(-outputs.std(axis=0))[:3].tolist()
    assert found.count == 10


def test_fewer_images_than_are_to_be_shown(data: Dataset) -> None:
    found = rank_neurons(random_brain(1).network, data.images[:1], 100, 12)
    assert found.images.tolist() == [[0]] * 6
    assert found.use.tolist() == [0] * 6


@pytest.mark.parametrize("activation", ["relu", "sigmoid"])
def test_weights_that_are_much_too_large(data: Dataset, activation: str) -> None:
    network = Network((784, 3, 2, 10), activation, "cross-entropy", "float64")
    network.parameters[:] = np.random.default_rng(1).normal(size=network.parameters.size) * 1e300
    found = rank_neurons(network, data.images, 3, 2)
    assert np.isfinite(found.use).all()
    assert np.isfinite(found.activations).all()
    assert found.use.sum() == pytest.approx(1)
