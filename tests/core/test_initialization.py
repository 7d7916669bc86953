import numpy as np
import pytest

from mnistmlp.core.initialization import initialise
from mnistmlp.core.network import Network


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "relu"])
def test_initial_weights(activation: str) -> None:
    network = Network((784, 300, 10), activation, "cross-entropy")
    network.parameters[:] = 7  # of an earlier use
    initialise(network, np.random.default_rng(0))
    weights, bias = network.layers[0]
    if activation == "relu":
        variance = 2 / 784  # He normal
    else:
        bound = np.sqrt(6 / (784 + 300))  # Glorot uniform
        assert np.abs(weights).max() <= bound
        variance = bound**2 / 3
    assert weights.var() == pytest.approx(variance, rel=0.02)
    assert weights.mean() == pytest.approx(0, abs=1e-3)
    assert not bias.any()


def test_receptive_fields_are_local_and_cover_the_image() -> None:
    wide, narrow = (Network((784, 400, 10), "relu", "cross-entropy") for _ in range(2))
    initialise(wide, np.random.default_rng(0))
    initialise(narrow, np.random.default_rng(0), receptive_field=3)
    for (before, _), (after, _) in list(zip(wide.layers, narrow.layers, strict=True))[1:]:
        np.testing.assert_array_equal(before, after)  # only the first layer changes
    before, after = (network.layers[0][0] for network in (wide, narrow))
    size = np.square(after).sum(axis=1)
    np.testing.assert_allclose(size, np.square(before).sum(axis=1), rtol=1e-5)
    assert after.std() == pytest.approx(np.sqrt(2 / 784), rel=0.02)

    y, x = np.mgrid[:28, :28]
    share = np.square(after).reshape(-1, 28, 28) / size[:, None, None]
    centre_y, centre_x = (share * y).sum(axis=(1, 2)), (share * x).sum(axis=(1, 2))
    for centre in (centre_y, centre_x):  # spread over the whole image
        assert centre.min() < 3
        assert centre.max() > 24
    spread = (share * (x - centre_x[:, None, None]) ** 2).sum(axis=(1, 2))
    inside = (centre_x > 8) & (centre_x < 19)  # not clipped by the border
    # weights follow exp(-d^2 / 2 sigma^2), so the variance of their squares is sigma^2 / 2
    assert spread[inside].mean() == pytest.approx(3**2 / 2, rel=0.1)
