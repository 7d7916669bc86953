import numpy as np
import pytest

from mnistmlp.core.metrics import Evaluation
from mnistmlp.core.significance import mcnemar
from mnistmlp.data.datasets import Dataset
from mnistmlp.report.comparison import Pair, Reader, compare, list_readers
from tests.report.conftest import make_subject, random_brain


def read_as(labels: list[int], digits: list[int]) -> Evaluation:
    certain = np.eye(10)[digits]
    return Evaluation(0.0, np.array(labels), np.array(digits), certain, certain)


def test_what_only_one_of_two_reads_right() -> None:
    labels = [1, 2, 3, 4, 5]
    readers = [
        Reader("a", read_as(labels, [1, 2, 3, 0, 0])),
        Reader("b", read_as(labels, [1, 0, 0, 4, 0])),
        Reader("c", read_as(labels, [0, 0, 0, 4, 5])),
    ]
    found = compare(readers)
    assert found == [Pair(0, 1, ("a", "b"), (2, 1)), Pair(0, 2, ("a", "c"), (3, 2))]
    assert found[1].keys == ("only-0-2", "only-2-0")


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ((0, 0), "a and b read the same images right."),
        ((12, 9), "12 images are read right by a alone, and 9 by b alone. If"),
        ((1, 0), "1 image is read right by a alone, and 0 by b alone. If"),
        ((30, 0), "in less than 0.01% of cases (McNemar's test): a is better."),
        ((12, 9), f"in {mcnemar(12, 9):.2%} of cases (McNemar's test): no evidence that either"),
        ((3, 14), f"in {mcnemar(3, 14):.2%} of cases (McNemar's test): b is better."),
        ((14, 3), "(McNemar's test): a is better."),
        ((1234, 3), "in less than 0.01% of cases (McNemar's test): a is better."),
    ],
)
def test_a_difference_in_words(counts: tuple[int, int], words: str) -> None:
    assert words in str(Pair(0, 1, ("a", "b"), counts))


def test_a_committee_is_read_with_its_members(data: Dataset) -> None:
    one, two = random_brain(1), random_brain(2)
    subject = make_subject(data, one=one, two=two)
    readers = list_readers(subject)
    assert [each.name for each in readers] == ["one", "two", "the committee"]
    accuracies = [each.evaluate(data).accuracy for each in (one, two)]
    assert [each.result.accuracy for each in readers] == [*accuracies, subject.result.accuracy]
    assert list_readers(make_subject(data, one=one)) == []
