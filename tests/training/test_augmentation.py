import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from mnistmlp.arrays import Array, Bytes
from mnistmlp.core.normalization import NORMALIZATIONS, normalise
from mnistmlp.core.resampling import BLOCK
from mnistmlp.training.augmentation import Distortion, _basis_functions
from tests.conftest import blobs, peak_memory
from tests.core.test_resampling import interpolate

IMAGES = blobs(2 * BLOCK, seed=5)[0].reshape(-1, 784)
NOTHING: dict[str, Any] = {
    "displacement": 0.0,
    "rotation": 0.0,
    "scaling": 0.0,
    "shear": 0.0,
    "shift": 0.0,
}
MIDDLE = 13.5


def distort(images: Bytes, warp: dict[str, Any] = NOTHING, seed: int = 0) -> Bytes:
    result = images.copy()
    Distortion(**warp).apply(result, np.random.default_rng(seed))
    return result


def sources(count: int = 20, **warp: Any) -> Array:
    """Return the source of each pixel relative to the centre: (images, 2, 28, 28), x and y."""
    distortion, rng = Distortion(**NOTHING | warp), np.random.default_rng(1)
    blank, found = np.zeros((BLOCK, 784), np.uint8), []
    for _ in range(count):
        distortion.apply(blank, rng)
        by_row = distortion.resampler.source.transpose(2, 0, 1, 3)
        found.append(by_row / 256 - 1 - MIDDLE)  # undo fixed point and the border of one pixel
    return np.concatenate(found)


Y, X = np.mgrid[:28, :28] - MIDDLE
INSIDE = np.s_[10:18, 10:18]  # where no source is outside the image, so that none is clipped


def test_a_warp_of_nothing_changes_nothing() -> None:
    np.testing.assert_array_equal(distort(IMAGES), IMAGES)


@settings(deadline=None, max_examples=20)
@given(
    seed=st.integers(0, 1000),
    displacement=st.floats(0, 5),
    rotation=st.floats(0, 180),
    scaling=st.floats(0, 2),
    shear=st.floats(0, 1),
    shift=st.floats(0, 30),
)
def test_pixels_are_interpolated_bilinearly(seed: int, **warp: Any) -> None:
    images = IMAGES[:BLOCK].copy()
    distortion = Distortion(**warp)
    distortion.apply(images, np.random.default_rng(seed))
    x, y = distortion.resampler.source.transpose(0, 2, 1, 3).astype(float) / 256 - 1  # exact
    expected = interpolate(IMAGES[:BLOCK].reshape(-1, 28, 28), x, y)
    np.testing.assert_allclose(images.reshape(-1, 28, 28), expected, atol=0.51)


def test_displacement_has_its_standard_deviation_at_every_pixel() -> None:
    fields = sources(100, displacement=1.5) - np.stack([X, Y])
    spread = fields[..., 4:-4, 4:-4].std(axis=0)  # closer to the border some are clipped
    np.testing.assert_allclose(spread, 1.5, rtol=0.06)
    assert abs(fields[..., 4:-4, 4:-4].mean()) < 0.02


def test_displacement_is_smooth_and_independent_per_axis() -> None:
    field = sources(100, displacement=1)[..., INSIDE[0], INSIDE[1]]
    field = field - field.mean(axis=0)

    def correlation(a: Array, b: Array) -> float:
        return float((a * b).mean() / np.sqrt((a * a).mean() * (b * b).mean()))

    for distance in (1, 3, 5):  # white noise smoothed by a Gaussian of sigma 5
        expected = math.exp(-(distance**2) / (4 * 5**2))
        across = correlation(field[..., distance:], field[..., :-distance])
        along = correlation(field[..., distance:, :], field[..., :-distance, :])
        assert (across, along) == pytest.approx((expected, expected), abs=0.05)
    assert abs(correlation(field[:, 0], field[:, 1])) < 0.05


def test_displacement_is_as_smooth_at_the_border() -> None:
    bumps = _basis_functions()[:, 2:]
    for distance in range(6):
        expected = math.exp(-(distance**2) / (4 * 5**2))
        correlations = (bumps[distance:] * bumps[: len(bumps) - distance]).sum(axis=1)
        np.testing.assert_allclose(correlations, expected, atol=0.01)


def test_rotation_stays_within_its_angle() -> None:
    x, y = sources(rotation=30)[:, :, *INSIDE].transpose(1, 0, 2, 3)
    x0, y0 = X[INSIDE], Y[INSIDE]
    np.testing.assert_allclose(
        np.hypot(x, y), np.broadcast_to(np.hypot(x0, y0), x.shape), atol=0.01
    )
    angles = np.degrees(np.arctan2(x0 * y - y0 * x, x0 * x + y0 * y))
    np.testing.assert_allclose(angles, np.broadcast_to(angles[:, :1, :1], angles.shape), atol=0.5)
    assert -30.1 < angles.min() < -28
    assert 28 < angles.max() < 30.1


def test_scaling_is_independent_per_axis() -> None:
    x, y = sources(scaling=0.25)[:, :, *INSIDE].transpose(1, 0, 2, 3)
    across, along = x / X[INSIDE], y / Y[INSIDE]
    for scale in (across, along):
        assert 0.79 < scale.min() < 0.83
        assert 1.21 < scale.max() < 1.26
    assert abs(np.corrcoef(across[:, 0, 0], along[:, 0, 0])[0, 1]) < 0.1


def test_shear_and_shift() -> None:
    x, y = sources(shear=0.5)[:, :, *INSIDE].transpose(1, 0, 2, 3)
    np.testing.assert_allclose(y, np.broadcast_to(Y[INSIDE], y.shape), atol=0.01)
    slant = (x - X[INSIDE]) / Y[INSIDE]
    assert -0.51 < slant.min() < -0.48
    assert 0.48 < slant.max() < 0.51
    moved = (sources(shift=2) - np.stack([X, Y]))[:, :, *INSIDE]
    np.testing.assert_allclose(moved, np.broadcast_to(moved[:, :, :1, :1], moved.shape), atol=0.01)
    assert -2.01 < moved.min() < -1.95
    assert 1.95 < moved.max() < 2.01


def test_what_lies_outside_an_image_is_black() -> None:
    white = np.full((60 * BLOCK, 784), 255, np.uint8)
    warped = distort(white, NOTHING | {"shift": 28.0}).reshape(-1, 28, 28) / 255
    # of 28 pixels along an axis, a shift drawn from U(-28, 28) leaves 14 inside on average
    assert warped.sum(axis=(1, 2)).mean() == pytest.approx(14 * 14, rel=0.05)
    mean = warped.mean(axis=0)
    np.testing.assert_allclose(mean, mean[::-1, ::-1], atol=0.05)


WARP: dict[str, Any] = {
    "displacement": 1.0,
    "rotation": 10.0,
    "scaling": 0.1,
    "shear": 0.1,
    "shift": 1.0,
}


def test_the_generator_decides_and_no_two_warps_are_the_same() -> None:
    same = np.repeat(IMAGES[:1], 2 * BLOCK, axis=0)
    warped = distort(same, WARP)
    assert len(np.unique(warped, axis=0)) == len(same)
    np.testing.assert_array_equal(warped, distort(same, WARP))
    assert (warped != distort(same, WARP, seed=1)).any(axis=1).all()


@pytest.mark.parametrize("count", [1, BLOCK - 1, BLOCK + 1])
def test_any_number_of_images(count: int) -> None:
    np.testing.assert_array_equal(distort(IMAGES[:count], WARP), distort(IMAGES, WARP)[:count])


def test_almost_nothing_is_allocated() -> None:
    distortion, rng, images = Distortion(**WARP), np.random.default_rng(0), IMAGES.copy()
    distortion.apply(images, rng)
    assert (
        peak_memory(lambda: distortion.apply(images, rng)) < 50_000
    )  # one float32 per pixel takes 200,000


def test_ink_stays_ink() -> None:
    square: Any = np.zeros((BLOCK, 28, 28), np.uint8)
    square[:, 10:18, 10:18] = 255
    warped = distort(square.reshape(-1, 784), WARP)
    assert ((warped == 0).mean(axis=1) > 0.8).all()  # black stays black
    assert (warped.max(axis=1) == 255).all()
    np.testing.assert_allclose(warped.sum(axis=1) / 255, 64, rtol=0.6)


@pytest.mark.parametrize("normalization", NORMALIZATIONS)
def test_a_warp_of_nothing_normalises(normalization: str) -> None:
    images = IMAGES[: BLOCK + 3]  # the last block is short
    result = images.copy()
    Distortion(**NOTHING, normalization=normalization).apply(result, np.random.default_rng(0))
    expected = normalise(images, normalization)
    np.testing.assert_allclose(result.astype(int), expected.astype(int), atol=2)  # float32
    assert np.mean(result != expected) < 0.05


@pytest.mark.parametrize("normalization", NORMALIZATIONS)
def test_warps_are_composed_with_the_normalisation(
    normalization: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a warp finds at a place of the normalised image, it finds where that comes from."""
    warp: dict[str, Any] = {
        "displacement": 1.0,
        "rotation": 12.0,
        "scaling": 0.1,
        "shear": 0.1,
        "shift": 0.5,
    }
    found = []
    for name in ("none", normalization):
        distortion = Distortion(**warp, normalization=name)
        # without the resampling, which overwrites the places
        monkeypatch.setattr(distortion.resampler, "resample", lambda images, out: None)
        distortion.apply(IMAGES[:BLOCK].copy(), np.random.default_rng(3))
        found.append(distortion.resampler.source.transpose(0, 2, 1, 3) / 256 - 1)  # in pixels
    (x, y), (source_x, source_y) = found  # (n, 28, 28)
    x0, a, b, y0, d = (
        each[:, None, None] for each in NORMALIZATIONS[normalization](IMAGES[:BLOCK])
    )
    np.testing.assert_allclose(source_x, x0 + a * x + b * y, atol=1e-3)
    np.testing.assert_allclose(source_y, y0 + d * y, atol=1e-3)
