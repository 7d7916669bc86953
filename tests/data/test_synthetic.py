import hashlib

import numpy as np
import pytest

from mnistmlp.arrays import Bytes
from mnistmlp.data.skeletons import SAMPLES, SKELETONS, parse_strokes
from mnistmlp.data.synthetic import CANVAS_SIZE, add_digits, make_digits


@pytest.fixture(scope="module")
def digits() -> tuple[Bytes, Bytes]:
    return make_digits(3000, 7)


def test_the_same_seed_gives_the_same_bytes_on_any_machine() -> None:
    """No step depends on a library's rounding, so the test can compare bytes."""
    images, labels = make_digits(100, 0)
    assert hashlib.sha256(images.tobytes() + labels.tobytes()).hexdigest() == (
        "bd1c4ec55c931fc1d01ebb0ccba455b9a1cf8da5a9f3dcf4634836bf96920b33"
    )


def test_another_seed_gives_other_digits(digits: tuple[Bytes, Bytes]) -> None:
    images, labels = make_digits(3000, 8)
    assert (labels != digits[1]).mean() > 0.8
    assert not (images == digits[0]).all(axis=(1, 2)).any()


@pytest.mark.parametrize("count", [0, 1, CANVAS_SIZE, CANVAS_SIZE + 1])
def test_a_larger_count_starts_with_the_same_images(
    digits: tuple[Bytes, Bytes], count: int
) -> None:
    for found, array in zip(make_digits(count, 7), digits, strict=True):
        assert found.dtype == np.uint8
        assert len(found) == count
        np.testing.assert_array_equal(found, array[:count])


def test_every_digit_is_about_equally_frequent(digits: tuple[Bytes, Bytes]) -> None:
    counts = np.bincount(digits[1], minlength=10)
    assert len(counts) == 10
    assert np.abs(counts - 300).max() < 100  # 6 standard deviations


def test_digits_are_placed_as_in_mnist(digits: tuple[Bytes, Bytes]) -> None:
    ink = digits[0].astype(float)
    rows, columns = ink.sum(axis=2), ink.sum(axis=1)
    for sums in (rows, columns):
        centres = sums @ np.arange(28) / sums.sum(axis=1)
        assert abs(centres.mean() - 14) < 0.2
        assert centres.std() < 1
    boxes = np.maximum(*((sums > 255).sum(axis=1) for sums in (rows, columns)))
    assert np.percentile(boxes, [1, 99]).tolist() == pytest.approx([20, 20], abs=2)
    assert (ink.max(axis=(1, 2)) > 200).mean() > 0.99


def test_a_linear_classifier_tells_the_digits_apart(digits: tuple[Bytes, Bytes]) -> None:
    """Least squares scores far above chance on held-out digits."""
    images, labels = digits
    inputs = np.c_[images.reshape(-1, 784) / 255.0, np.ones(3000)]
    weights = np.linalg.lstsq(inputs[:2500], np.eye(10)[labels[:2500]], rcond=1e-3)[0]
    assert ((inputs[2500:] @ weights).argmax(axis=1) == labels[2500:]).mean() > 0.6


def test_a_curve_passes_through_its_points_and_keeps_straight_lines() -> None:
    skeleton = parse_strokes(("0,0 10,0 20,0! 20,10 20,20",))
    np.testing.assert_array_equal(skeleton.points[[0, 2]], [(-10, -10), (10, -10)])
    places = skeleton.basis @ skeleton.points
    on_top, on_side = places[:, 1] == -10, places[:, 0] == 10
    assert (on_top | on_side).all()  # the corner is not rounded
    assert on_top.sum() == on_side.sum() == SAMPLES / 2
    np.testing.assert_allclose(skeleton.basis.sum(axis=1), 1)


def test_basis_matrices_can_be_summed_exactly() -> None:
    for ways in SKELETONS.values():
        for _, strokes in ways:
            skeleton = parse_strokes(strokes)
            scaled = skeleton.basis * 2**19
            np.testing.assert_array_equal(scaled, np.rint(scaled))


def test_added_digits_come_first_and_are_the_fraction_asked_for(
    digits: tuple[Bytes, Bytes],
) -> None:
    given, names = digits[0][:90], digits[1][:90]
    images, labels = add_digits(given, names, 0.1)
    np.testing.assert_array_equal(images[10:], given)
    np.testing.assert_array_equal(labels[10:], names)
    assert len(images) == len(labels) == 100
    for added, built_in in zip((images[:10], labels[:10]), make_digits(10, 1), strict=True):
        assert not np.array_equal(added, built_in)
    more = add_digits(given, names, 0.5)
    np.testing.assert_array_equal(more[0][:10], images[:10])
    np.testing.assert_array_equal(more[1][:10], labels[:10])


def test_no_fraction_adds_nothing(digits: tuple[Bytes, Bytes]) -> None:
    assert add_digits(*digits, 0.0) == digits
