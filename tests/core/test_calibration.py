import numpy as np
import pytest

from mnistmlp.arrays import Array, Labels
from mnistmlp.core.calibration import (
    MIN_TEMPERATURE,
    at_temperature,
    calibration_error,
    fit_temperature,
)


def make_shares(sharpness: float) -> tuple[Array, Labels]:
    """Return probabilities and labels drawn from them, the former then sharpened."""
    rng = np.random.default_rng(0)
    logits = 2 * rng.standard_normal((20_000, 10))
    true = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels = (rng.random((20_000, 1)) > np.cumsum(true, axis=1)).sum(axis=1).clip(0, 9)
    sharp = np.exp(sharpness * logits)
    return sharp / sharp.sum(axis=1, keepdims=True), labels


@pytest.mark.parametrize("sharpness", [0.5, 1.0, 3.0])
def test_the_temperature_that_was_left_out_is_found(sharpness: float) -> None:
    shares, labels = make_shares(sharpness)
    temperature = fit_temperature(shares, labels)
    assert temperature == pytest.approx(sharpness, rel=0.05)
    calibrated = at_temperature(shares, temperature)
    assert calibration_error(calibrated, labels) < 0.015
    if sharpness != 1:
        assert calibration_error(shares, labels) > 0.05
    np.testing.assert_allclose(calibrated.sum(axis=1), 1)
    np.testing.assert_array_equal(calibrated.argmax(axis=1), shares.argmax(axis=1))


def test_certainty_that_is_always_right() -> None:
    shares, labels = np.eye(10), np.arange(10)
    assert MIN_TEMPERATURE <= fit_temperature(shares, labels) <= 20
    sure = at_temperature(0.9 * shares + 0.01, fit_temperature(0.9 * shares + 0.01, labels))
    assert sure.max() == pytest.approx(11 / 12, abs=0.01)
    assert calibration_error(shares, labels) == 0
    assert calibration_error(shares, (labels + 1) % 10) == 1
    assert np.isfinite(at_temperature(shares, 2.5)).all()


def test_the_error_by_hand() -> None:
    shares = np.zeros((4, 10))
    shares[:, 0], shares[:, 1] = 0.9, 0.1
    assert calibration_error(shares, np.array([0, 0, 0, 1])) == pytest.approx(0.15)
