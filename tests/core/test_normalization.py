import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.extra import numpy as arrays

from mnistmlp.arrays import Bytes
from mnistmlp.core.normalization import (
    HEIGHT,
    MAX_SCALE,
    MIN_SCALE,
    NORMALIZATIONS,
    WIDTH,
    measure_moments,
    normalise,
)
from mnistmlp.core.resampling import BLOCK
from mnistmlp.data.datasets import load_dataset
from tests.conftest import blobs
from tests.core.test_resampling import interpolate

IMAGES = blobs(3 * BLOCK + 5, seed=5)[0].reshape(-1, 784)
Y, X = np.mgrid[:28, :28].astype(float)


def ellipse(
    *, x: float = 13.5, y: float = 13.5, width: float = 3.0, height: float = 5.0, slant: float = 0.0
) -> Bytes:
    """Return a smooth blob (1, 784) with these standard deviations, and slope of x on y."""
    v = Y - y
    u = X - x - slant * v
    mass = 255 * np.exp(-((u / width) ** 2 + (v / height) ** 2) / 2)
    image: Bytes = np.rint(mass).astype(np.uint8).reshape(1, 784)
    return image


def spread(images: Bytes) -> dict[str, float]:
    """Return the moments of one image in the terms of `ellipse`."""
    x, y, xx, xy, yy = (float(each[0]) for each in measure_moments(images))
    width = math.sqrt(xx - xy * xy / yy)
    return {"x": x, "y": y, "width": width, "height": math.sqrt(yy), "slant": xy / yy}


def test_moments_are_those_of_the_definition() -> None:
    image = IMAGES[0].reshape(28, 28).astype(float)
    mass = image.sum()
    x, y = (image * X).sum() / mass, (image * Y).sum() / mass
    second = ((X - x) ** 2, (X - x) * (Y - y), (Y - y) ** 2)
    expected = [x, y, *((each * image).sum() / mass for each in second)]
    np.testing.assert_allclose([each[0] for each in measure_moments(IMAGES[:1])], expected)


@pytest.mark.parametrize("slant", [-0.8, -0.3, 0.0, 0.5])
def test_deslanted_images_are_upright_and_else_as_they_were(slant: float) -> None:
    before = ellipse(x=12, y=14.5, width=2, height=3, slant=slant)
    after = spread(normalise(before, "deslant"))
    assert after["slant"] == pytest.approx(0, abs=0.01)
    for name in ("x", "y", "height"):
        assert after[name] == pytest.approx(spread(before)[name], abs=0.03), name


@pytest.mark.parametrize("height", [3.8, 5.0, 6.5])
@pytest.mark.parametrize("slant", [-0.6, 0.0, 0.4])
def test_moments_make_images_upright_centred_and_of_one_height(height: float, slant: float) -> None:
    before = ellipse(x=15, y=12, width=2, height=height, slant=slant)
    after = spread(normalise(before, "moments"))
    assert after["slant"] == pytest.approx(0, abs=0.01)
    assert (after["x"], after["y"]) == pytest.approx((13.5, 13.5), abs=0.1)
    assert after["height"] == pytest.approx(HEIGHT, rel=0.03)  # some of it is cut off


def test_moments_bring_the_width_half_way_to_that_of_most_digits() -> None:
    for width in (2.0, WIDTH, 5.0):
        after = spread(normalise(ellipse(width=width, height=4), "moments"))
        assert after["width"] == pytest.approx(math.sqrt(width * WIDTH), rel=0.03)


def test_the_size_changes_by_no_more_than_its_bounds() -> None:
    small = spread(normalise(ellipse(width=1.2, height=2.5), "moments"))
    assert small["height"] == pytest.approx(2.5 * MAX_SCALE, rel=0.03)
    assert small["width"] == pytest.approx(1.2 * MAX_SCALE, rel=0.1)
    frame = np.zeros((28, 28), np.uint8)
    frame[[0, -1]] = 255
    rows = np.flatnonzero(normalise(frame.reshape(1, 784), "moments").reshape(28, 28).any(axis=1))
    assert np.diff(rows).max() == pytest.approx(27 * MIN_SCALE, abs=1.5)


def test_a_slant_above_45_degrees_is_reduced_by_45_degrees() -> None:
    flat = ellipse(width=1, height=2, slant=2)
    assert spread(normalise(flat, "deslant"))["slant"] == pytest.approx(1, abs=0.1)


def test_an_upright_image_is_not_changed_by_deslanting() -> None:
    symmetric = ellipse(width=2, height=4)
    np.testing.assert_array_equal(normalise(symmetric, "deslant"), symmetric)


@pytest.mark.parametrize("normalization", NORMALIZATIONS)
def test_a_blank_image_stays_blank(normalization: str) -> None:
    assert not normalise(np.zeros((2, 784), np.uint8), normalization).any()


@pytest.mark.parametrize("normalization", NORMALIZATIONS)
def test_a_white_image_is_upright(normalization: str) -> None:
    maps = NORMALIZATIONS[normalization](np.full((1, 784), 255, np.uint8))
    assert maps.b[0] == 0


def test_a_point_and_lines_are_enlarged_by_the_most_there_is() -> None:
    places: dict[str, Any] = {"point": (20, 9), "row": np.s_[20], "column": np.s_[:, 9]}
    for name, where in places.items():
        image = np.zeros((28, 28), np.uint8)
        image[where] = 255
        np.testing.assert_array_equal(normalise(image[None], "deslant")[0], image, err_msg=name)
        maps = NORMALIZATIONS["moments"](image.reshape(1, 784))
        assert maps.b[0] == 0
        assert (1 / maps.d[0] == MAX_SCALE) == (name != "column")
        assert (1 / maps.a[0] == MAX_SCALE) == (name != "row")


@settings(deadline=None, max_examples=50)
@given(arrays.arrays(np.uint8, (1, 784)), st.sampled_from(list(NORMALIZATIONS)))
def test_pixels_are_interpolated_at_the_mapped_places(image: Bytes, normalization: str) -> None:
    x0, a, b, y0, d = (float(each[0]) for each in NORMALIZATIONS[normalization](image))
    places = (x0 + a * X + b * Y, y0 + d * Y)
    expected = interpolate(image.reshape(1, 28, 28), *(each[None] for each in places))
    found = normalise(image, normalization).reshape(1, 28, 28)
    # where a place is within rounding of a multiple of 1/256, the one or the other may be taken
    np.testing.assert_allclose(found, expected, atol=2.5)


@pytest.mark.parametrize("normalization", ["none", *NORMALIZATIONS])
def test_images_do_not_depend_on_their_neighbours(normalization: str) -> None:
    together = normalise(IMAGES, normalization)
    alone = np.concatenate([normalise(image[None], normalization) for image in IMAGES])
    np.testing.assert_array_equal(together, alone)
    in_place = IMAGES.copy()
    assert normalise(in_place, normalization, out=in_place) is in_place
    np.testing.assert_array_equal(in_place, together)
    square = normalise(IMAGES.reshape(-1, 28, 28), normalization)
    np.testing.assert_array_equal(square, together.reshape(-1, 28, 28))


def test_no_normalization_copies_nothing() -> None:
    assert normalise(IMAGES, "none") is IMAGES


def test_handwriting_becomes_upright_and_of_one_size(mnist: Path) -> None:
    images = load_dataset(mnist, "test").images[:1000].reshape(-1, 784)
    _, _, _, before, rows_before = measure_moments(images)
    x, y, _, after, rows = measure_moments(normalise(images, "moments"))
    assert np.abs(after).mean() < np.abs(before).mean() / 10
    assert np.sqrt(rows).std() < np.sqrt(rows_before).std() / 3
    np.testing.assert_allclose([x, y], 13.5, atol=0.5)


def test_grey_levels_that_are_divided_by_255_are_refused() -> None:
    with pytest.raises(TypeError, match="uint8, not float32"):
        normalise(np.zeros((1, 784), np.float32), "deslant")
