import numpy as np
import pytest

from mnistmlp.core.compression import is_half, prune, round_to_half
from mnistmlp.errors import DivergenceError
from tests.core.test_backpropagation import make_network


@pytest.mark.parametrize("fraction", [0.0, 0.25, 0.9])
def test_the_smallest_parameters_become_zero(fraction: float) -> None:
    network = make_network((20, 20), "relu", "cross-entropy")
    before = network.parameters.copy()
    prune(network, fraction)
    left = network.parameters != 0
    assert (~left).mean() == pytest.approx(fraction, abs=1e-3 * fraction)
    np.testing.assert_array_equal(network.parameters[left], before[left])
    assert np.abs(before[~left]).max(initial=0) < np.abs(before[left]).min()
    prune(network, fraction)
    np.testing.assert_array_equal(network.parameters != 0, left)  # a second time changes nothing


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_rounding_to_half_precision(dtype: str) -> None:
    network = make_network((20,), "tanh", "mse", dtype)
    before = network.parameters.copy()
    assert not is_half(network)
    round_to_half(network)
    assert is_half(network)
    np.testing.assert_array_equal(network.parameters, before.astype(np.float16))
    assert network.parameters.dtype == dtype
    network.parameters[3] = -1e5
    assert not is_half(network)
    with pytest.raises(DivergenceError, match="a weight of 100000 is too large for half precision"):
        round_to_half(network)
