import hashlib

import numpy as np
import pytest

from mnistmlp.arrays import Bytes
from mnistmlp.data.skeletons import SAMPLES, WAYS, read_way
from mnistmlp.data.synthetic import CANVAS_SIZE, make_digits


@pytest.fixture(scope="module")
def digits() -> tuple[Bytes, Bytes]:
    return make_digits(3000, 7)


def test_the_same_seed_gives_the_same_bytes_on_any_machine() -> None:
    """No step of the drawing hangs on a library's rounding, so that the bytes themselves may."""
    images, labels = make_digits(100, 0)
    assert hashlib.sha256(images.tobytes() + labels.tobytes()).hexdigest() == (
        "bd1c4ec55c931fc1d01ebb0ccba455b9a1cf8da5a9f3dcf4634836bf96920b33"
    )


def test_another_seed_gives_other_digits(digits: tuple[Bytes, Bytes]) -> None:
    images, labels = make_digits(3000, 8)
    assert (labels != digits[1]).mean() > 0.8
    assert not (images == digits[0]).all(axis=(1, 2)).any()


@pytest.mark.parametrize("count", [0, 1, CANVAS_SIZE, CANVAS_SIZE + 1])
def test_the_first_are_the_same_however_many(digits: tuple[Bytes, Bytes], count: int) -> None:
    for found, array in zip(make_digits(count, 7), digits, strict=True):
        assert found.dtype == np.uint8
        assert len(found) == count
        np.testing.assert_array_equal(found, array[:count])


def test_every_digit_is_there_as_often(digits: tuple[Bytes, Bytes]) -> None:
    counts = np.bincount(digits[1], minlength=10)
    assert len(counts) == 10
    assert np.abs(counts - 300).max() < 100  # 6 standard deviations


def test_digits_lie_as_those_of_mnist(digits: tuple[Bytes, Bytes]) -> None:
    ink = digits[0].astype(float)
    rows, columns = ink.sum(axis=2), ink.sum(axis=1)
    for sums in (rows, columns):
        centres = sums @ np.arange(28) / sums.sum(axis=1)
        assert abs(centres.mean() - 14) < 0.2
        assert centres.std() < 1
    boxes = np.maximum(*((sums > 255).sum(axis=1) for sums in (rows, columns)))
    assert np.percentile(boxes, [1, 99]).tolist() == pytest.approx([20, 20], abs=2)
    assert (ink.max(axis=(1, 2)) > 200).mean() > 0.99


def test_a_network_of_a_line_tells_them_apart(digits: tuple[Bytes, Bytes]) -> None:
    """Least squares, a line each digit: far above chance, on digits that it has not seen."""
    images, labels = digits
    inputs = np.c_[images.reshape(-1, 784) / 255.0, np.ones(3000)]
    weights = np.linalg.lstsq(inputs[:2500], np.eye(10)[labels[:2500]], rcond=1e-3)[0]
    assert ((inputs[2500:] @ weights).argmax(axis=1) == labels[2500:]).mean() > 0.6


def test_a_curve_goes_through_its_points_and_straight_on_a_line() -> None:
    way = read_way(("0,0 10,0 20,0! 20,10 20,20",))
    np.testing.assert_array_equal(way.points[[0, 2]], [(-10, -10), (10, -10)])
    places = way.curve @ way.points
    on_top, on_side = places[:, 1] == -10, places[:, 0] == 10
    assert (on_top | on_side).all()  # the corner is one
    assert on_top.sum() == on_side.sum() == SAMPLES / 2
    np.testing.assert_allclose(way.curve.sum(axis=1), 1)


def test_all_numbers_of_a_curve_are_short_enough_to_be_summed_exactly() -> None:
    for ways in WAYS.values():
        for _, strokes in ways:
            way = read_way(strokes)
            scaled = way.curve * 2**19
            np.testing.assert_array_equal(scaled, np.rint(scaled))
