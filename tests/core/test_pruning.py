import numpy as np
import pytest

from mnistmlp.core.pruning import prune
from tests.core.test_backpropagation import make_network


@pytest.mark.parametrize("fraction", [0.0, 0.25, 0.9])
def test_the_smallest_parameters_become_zero(fraction: float) -> None:
    network = make_network((20, 20), "relu", "cross-entropy")
    before = network.parameters.copy()
    prune(network, fraction)
    left = network.parameters != 0
    assert (~left).mean() == pytest.approx(fraction, abs=1e-3)
    np.testing.assert_array_equal(network.parameters[left], before[left])
    assert np.abs(before[~left]).max(initial=0) < np.abs(before[left]).min()
