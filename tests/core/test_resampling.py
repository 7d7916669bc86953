import numpy as np
import pytest
from numpy.typing import NDArray

from mnistmlp.arrays import SIDE, Bytes
from mnistmlp.core.resampling import BLOCK, UNIT, Resampler

Numbers = NDArray[np.float64]


def interpolate(images: Bytes, x: Numbers, y: Numbers) -> Numbers:
    """Interpolate images (n, 28, 28) at places (n, 28, 28) in pixels, with black around them."""
    x, y = (np.clip(np.floor((each + 1) * 256) / 256, 0, 29 - 1 / 256) for each in (x, y))
    padded = np.pad(images.astype(float), ((0, 0), (1, 1), (1, 1)))
    column, row, image = x.astype(int), y.astype(int), np.arange(len(images))[:, None, None]
    right, down = x - column, y - row
    upper = padded[image, row, column] * (1 - right) + padded[image, row, column + 1] * right
    lower = (
        padded[image, row + 1, column] * (1 - right) + padded[image, row + 1, column + 1] * right
    )
    return np.asarray(upper * (1 - down) + lower * down)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("count", [1, 7, BLOCK])
def test_pixels_are_interpolated_within_and_beyond_the_image(dtype: str, count: int) -> None:
    rng = np.random.default_rng(count)
    images = rng.integers(0, 256, (count, SIDE, SIDE), np.uint8)
    x, y = rng.integers(-10 * UNIT, 40 * UNIT, (2, count, SIDE, SIDE)) / UNIT  # exact
    resampler, source = Resampler(dtype), UNIT * (np.stack([x, y]).transpose(0, 2, 1, 3) + 1)
    resampler.source[:, :, :count] = source
    result = np.empty_like(images)
    resampler.resample(images, out=result)
    np.testing.assert_allclose(result, interpolate(images, x, y), atol=0.51)
    resampler.source[:, :, :count] = source
    resampler.resample(images, out=images)
    np.testing.assert_array_equal(images, result)


def test_beyond_the_image_it_is_black() -> None:
    resampler, white = Resampler("float64"), np.full((1, SIDE, SIDE), 255, np.uint8)
    for place, most in ((-1, 0), (-50, 0), (SIDE, 1), (100, 1)):  # 1/256 of the last pixel
        resampler.source[:] = UNIT * (place + 1)
        result = np.empty_like(white)
        resampler.resample(white, out=result)
        assert result.max() <= most
