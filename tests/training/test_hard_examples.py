import numpy as np
import pytest

from mnistmlp.core.initialization import initialise
from mnistmlp.core.network import LOSSES, Network
from mnistmlp.training.batches import Batches
from mnistmlp.training.hard_examples import HardExamples
from tests.conftest import blobs


@pytest.mark.parametrize("loss", list(LOSSES))
@pytest.mark.parametrize("fraction", [0.01, 0.3, 1.0])
def test_images_with_the_highest_loss_are_picked(loss: str, fraction: float) -> None:
    network = Network((784, 20, 10), "relu", loss, "float64")
    initialise(network, np.random.default_rng(0))
    network.parameters *= 3  # spreads the outputs
    images, labels = blobs(70, seed=2)
    batches = Batches(images.reshape(-1, 784), labels, 50, "float64")
    hardest = HardExamples(network, fraction, [50, 20], np.empty_like(network.parameters))
    outputs, start = network.outputs(images), 0
    for batch in batches.epoch(None):
        n = batch.targets.shape[1]
        picked = hardest.pick(batch)
        count = picked.targets.shape[1]
        assert count == hardest.count(n) == int(np.ceil(fraction * n))
        right = outputs[start : start + n][np.arange(n), labels[start : start + n]]
        chosen = [  # matched by pixels, as no two images are equal
            next(i for i in range(n) if (batch.inputs[:, i] == image).all())
            for image in picked.inputs.T
        ]
        assert sorted(right[chosen]) == sorted(right)[:count]
        np.testing.assert_array_equal(picked.targets, batch.targets[:, chosen])
        start += n
    assert start == 70
