import numpy as np
import pytest
from hypothesis import given, strategies as st

from mnistmlp.pictures.filters import (
    otsu_threshold,
    running_extreme,
    separability,
    shrink,
    smooth,
    stretch,
)


def test_otsu_finds_the_gap() -> None:
    grey = np.array([10, 12, 14, 200, 205, 210], np.float32)
    assert 14 <= otsu_threshold(grey) <= 200
    assert separability(grey) > 0.99


def test_separability_of_one_kind() -> None:
    noise = np.random.default_rng(0).standard_normal(100_000).astype(np.float32)
    assert separability(noise) == pytest.approx(2 / np.pi, abs=0.01)
    assert separability(np.full(5, 3, np.float32)) == 0


@given(st.integers(1, 12), st.integers(1, 12), st.sampled_from([1, 3, 5, 9]), st.integers(0, 99))
def test_the_running_maximum_of_each_square(
    height: int, width: int, window: int, seed: int
) -> None:
    values = np.random.default_rng(seed).random((height, width), np.float32)
    found = running_extreme(values, window, np.maximum)
    reach = window // 2
    for y in range(height):
        for x in range(width):
            near = values[max(0, y - reach) : y + reach + 1, max(0, x - reach) : x + reach + 1]
            assert found[y, x] == near.max()


def test_smooth_keeps_the_mass_and_spreads_it() -> None:
    values = np.zeros((41, 41), np.float32)
    values[20, 20] = 1
    found = smooth(values, 2)
    assert found.sum() == pytest.approx(1)
    place = np.arange(41) - 20
    assert (found.sum(axis=0) * place**2).sum() == pytest.approx(4, rel=0.05)
    np.testing.assert_array_equal(smooth(values, 0), values)


@pytest.mark.parametrize("shape", [(96, 96), (100, 37), (5, 300), (1, 1), (47, 48)])
def test_shrink_and_stretch_keep_a_slope(shape: tuple[int, int]) -> None:
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    slope = 100 + x / 2 - y / 3
    small = shrink(slope, 48)
    assert max(small.shape) <= max(96, min(max(shape), 48))
    back = stretch(small, shape)
    assert back.shape == shape
    inner = np.s_[shape[0] // 8 : -shape[0] // 8 or None, shape[1] // 8 : -shape[1] // 8 or None]
    np.testing.assert_allclose(back[inner], slope[inner], atol=4)
