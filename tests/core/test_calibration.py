import numpy as np
import pytest

from mnistmlp.arrays import Array, Labels
from mnistmlp.core.calibration import (
    MIN_TEMPERATURE,
    apply_temperature,
    calibrate,
    fit_temperature,
    measure_reliability,
    measure_selection,
)


def make_probabilities(sharpness: float) -> tuple[Array, Labels]:
    """Return sharpened probabilities, and labels drawn from them before sharpening."""
    rng = np.random.default_rng(0)
    logits = 2 * rng.standard_normal((20_000, 10))
    true = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels = (rng.random((20_000, 1)) > np.cumsum(true, axis=1)).sum(axis=1).clip(0, 9)
    sharp = np.exp(sharpness * logits)
    return sharp / sharp.sum(axis=1, keepdims=True), labels


@pytest.mark.parametrize("sharpness", [0.5, 1.0, 3.0])
def test_fit_temperature_undoes_the_sharpening(sharpness: float) -> None:
    probabilities, labels = make_probabilities(sharpness)
    temperature = fit_temperature(probabilities, labels)
    assert temperature == pytest.approx(sharpness, rel=0.05)
    calibrated = apply_temperature(probabilities, temperature)
    assert measure_reliability(calibrated, labels).error < 0.015
    if sharpness != 1:
        assert measure_reliability(probabilities, labels).error > 0.05
    np.testing.assert_allclose(calibrated.sum(axis=1), 1)
    np.testing.assert_array_equal(calibrated.argmax(axis=1), probabilities.argmax(axis=1))


def test_predictions_that_are_always_right() -> None:
    probabilities, labels = np.eye(10), np.arange(10)
    assert MIN_TEMPERATURE <= fit_temperature(probabilities, labels) <= 20
    sure = apply_temperature(
        0.9 * probabilities + 0.01, fit_temperature(0.9 * probabilities + 0.01, labels)
    )
    assert sure.max() == pytest.approx(11 / 12, abs=0.002)
    assert measure_reliability(probabilities, labels).error == 0
    assert measure_reliability(probabilities, (labels + 1) % 10).error == 1
    assert np.isfinite(apply_temperature(probabilities, 2.5)).all()


@pytest.mark.parametrize("temperature", [0.5, 1, 2, 3])
def test_a_temperature_divides_the_logits(temperature: float) -> None:
    logits = np.random.default_rng(0).standard_normal((20, 10))
    e, expected = np.exp(logits), np.exp(logits / temperature)
    found = apply_temperature(e / e.sum(axis=1, keepdims=True), temperature)
    np.testing.assert_allclose(found, expected / expected.sum(axis=1, keepdims=True))


@pytest.mark.parametrize("temperature", [MIN_TEMPERATURE, 20])
def test_even_probabilities_stay_even(temperature: float) -> None:
    even: Array = np.full((2, 10), 0.1, np.float32)
    np.testing.assert_allclose(apply_temperature(even, temperature), 0.1, rtol=1e-6)


def test_calibration_error_computed_by_hand() -> None:
    probabilities = np.zeros((4, 10))
    probabilities[:, 0], probabilities[:, 1] = 0.9, 0.1
    assert measure_reliability(probabilities, np.array([0, 0, 0, 1])).error == pytest.approx(0.15)


def test_calibration_error_has_fifteen_bins() -> None:
    probabilities = np.zeros((3, 10))
    probabilities[:, 0] = 0.61, 0.66, 0.67  # two in the bin from 9/15, one in that from 10/15
    probabilities[:, 1] = 1 - probabilities[:, 0]
    error = measure_reliability(probabilities, np.array([0, 1, 0])).error
    assert error == pytest.approx((abs(0.39 - 0.66) + 0.33) / 3)


@pytest.mark.parametrize("sharpness", [0.5, 1.5, 3.0])
def test_a_temperature_that_helps_is_kept(sharpness: float) -> None:
    probabilities, labels = make_probabilities(sharpness)
    assert calibrate(probabilities, labels) == fit_temperature(probabilities, labels)


@pytest.mark.parametrize("size", [1, 2, 50, 2000, 20_000])
def test_a_temperature_that_helps_by_chance_is_not(size: int) -> None:
    probabilities, labels = make_probabilities(1.0)
    kept = [
        calibrate(probabilities[start : start + size], labels[start : start + size]) != 1
        for start in range(0, len(labels), max(size, 200))
    ]
    assert np.mean(kept) <= 0.1  # expected: 0.05


def test_a_temperature_that_fits_but_does_not_help_each_fold_is_not_kept() -> None:
    probabilities, labels = make_probabilities(1.0)
    probabilities[::2] = apply_temperature(probabilities[::2], 3)  # one fold is too unsure,
    probabilities[1::2] = apply_temperature(probabilities[1::2], 1 / 3)  # the other too sure
    assert calibrate(probabilities, labels) == 1


def test_a_temperature_is_kept_if_its_help_is_significant() -> None:
    probabilities, labels = make_probabilities(1.3)
    decisions = []
    for start in range(0, len(labels), 250):
        p, y = probabilities[start : start + 250], labels[start : start + 250]
        before, after = np.empty(250), np.empty(250)
        for part, other in ((np.s_[::2], np.s_[1::2]), (np.s_[1::2], np.s_[::2])):
            scaled = apply_temperature(p[part], fit_temperature(p[other], y[other]))
            before[part] = -np.log(p[part][np.arange(125), y[part]])
            after[part] = -np.log(scaled[np.arange(125), y[part]])
        falls = before - after
        significant = falls.mean() / (falls.std() / 250**0.5) > 1.645  # one-sided, at 5 %
        assert calibrate(p, y) == (fit_temperature(p, y) if significant else 1)
        decisions.append(significant)
    assert 0.2 < np.mean(decisions) < 0.8


def test_reliability_by_bin() -> None:
    probabilities = np.zeros((3, 10))
    probabilities[:, 0] = 0.61, 0.65, 0.97
    probabilities[:, 1] = 1 - probabilities[:, 0]
    found = measure_reliability(probabilities, np.array([0, 1, 0]))
    assert found.counts.tolist() == [0] * 9 + [2] + [0] * 4 + [1]
    assert found.confidences[[9, 14]] == pytest.approx([0.63, 0.97])
    assert found.accuracies[[9, 14]] == pytest.approx([0.5, 1])
    assert np.isnan(found.confidences).sum() == np.isnan(found.accuracies).sum() == 13


def test_selection_takes_equally_confident_images_together() -> None:
    confidences = np.array([0.5, 0.9, 0.7, 0.9], np.float32)
    found = measure_selection(confidences, np.array([False, True, True, False]))
    np.testing.assert_array_equal(found.thresholds, np.array([0.9, 0.7, 0.5], np.float32))
    np.testing.assert_array_equal(found.coverage, [0.5, 0.75, 1])
    np.testing.assert_allclose(found.accuracy, [1 / 2, 2 / 3, 1 / 2])
    assert found.at(0) == (1, 0.5)
    assert found.at(0.7) == (0.75, 2 / 3)
    assert found.at(0.8) == (0.5, 0.5)
    assert found.at(0.95) == (0, None)
