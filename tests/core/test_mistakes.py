import numpy as np
import pytest

from mnistmlp.core.mistakes import ConfusedPair, collect_mistakes, most_confused


def test_the_most_confident_mistake_comes_first_and_equal_ones_by_index() -> None:
    labels = np.array([3, 3, 7, 0, 7, 1], np.uint8)
    digits = np.array([3, 5, 2, 0, 9, 4])
    probabilities = np.full((6, 10), 0.01, np.float32)
    probabilities[np.arange(6), digits] = [0.9, 0.5, 0.8, 0.99, 0.5, 0.6]
    found = collect_mistakes(labels, digits, probabilities)
    assert found.indices.tolist() == [2, 5, 1, 4]
    assert found.labels.tolist() == [7, 1, 3, 7]
    assert found.digits.tolist() == [2, 4, 5, 9]
    np.testing.assert_array_equal(found.probabilities, probabilities[[2, 5, 1, 4]])
    assert found.confidences.tolist() == pytest.approx([0.8, 0.6, 0.5, 0.5])
    assert len(found) == 4


def test_there_may_be_no_mistakes() -> None:
    labels = np.array([3, 4])
    found = collect_mistakes(labels, labels.astype(np.intp), np.eye(10)[[3, 4]])
    assert (len(found), found.confidences.shape, found.probabilities.shape) == (0, (0,), (0, 10))


@pytest.mark.parametrize(
    ("count", "expected"), [(0, []), (1, [(9, 4, 7)]), (9, [(9, 4, 7), (0, 8, 2), (4, 9, 2)])]
)
def test_the_most_confused_pairs(count: int, expected: list[tuple[int, int, int]]) -> None:
    confusion = np.eye(10, dtype=np.int64) * 100
    confusion[9, 4], confusion[4, 9], confusion[0, 8] = 7, 2, 2
    assert most_confused(confusion, count) == [ConfusedPair(*each) for each in expected]
