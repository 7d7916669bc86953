import numpy as np
import pytest

from mnistmlp.arrays import Array
from mnistmlp.core.activations import softmax
from mnistmlp.core.losses import LOSSES, cross_entropy_delta, mean_squared_error_delta


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
