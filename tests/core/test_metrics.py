import numpy as np
import pytest
from numpy.typing import NDArray

from mnistmlp.core.calibration import apply_temperature, measure_reliability
from mnistmlp.core.initialization import initialise
from mnistmlp.core.metrics import (
    Evaluation,
    committee,
    confusion_matrix,
    digit_scores,
    evaluate,
    probabilities,
)
from mnistmlp.core.network import Network
from tests.conftest import blobs


def make_evaluation(confusion: NDArray[np.int64]) -> Evaluation:
    """Return an evaluation with this confusion matrix, all of it certain."""
    labels, digits = (np.repeat(each, confusion.ravel()) for each in np.divmod(np.arange(100), 10))
    certain = np.eye(10)[digits]
    return Evaluation(0.25, labels, digits, certain, certain)


def test_confusion_matrix_has_a_row_per_label() -> None:
    labels = np.array([0, 0, 1, 9, 9, 9], np.uint8)
    predicted = np.array([0, 1, 1, 9, 9, 0])
    confusion = confusion_matrix(labels, predicted)
    assert confusion.shape == (10, 10)
    assert confusion.sum() == 6
    assert (confusion[0, 0], confusion[0, 1], confusion[9, 0], confusion[9, 9]) == (1, 1, 1, 2)


def test_scores_per_digit() -> None:
    confusion = np.zeros((10, 10), np.int64)
    confusion[3, 3], confusion[3, 5], confusion[5, 3] = 6, 2, 3
    scores = digit_scores(confusion)
    assert scores[3].precision == pytest.approx(6 / 9)
    assert scores[3].recall == pytest.approx(6 / 8)
    assert scores[3].f1 == pytest.approx(2 * (6 / 9) * (6 / 8) / (6 / 9 + 6 / 8))
    assert scores[3].support == 8
    assert (scores[5].precision, scores[5].recall, scores[5].f1) == (0, 0, 0)
    assert (scores[0].precision, scores[0].recall, scores[0].f1, scores[0].support) == (0, 0, 0, 0)


def test_probabilities_sum_to_one() -> None:
    found = probabilities(np.array([[0.2, 0.6] + [0.0] * 8, [0.0] * 10]))
    np.testing.assert_allclose(found[0, :2], [0.25, 0.75])
    np.testing.assert_allclose(found[1], 0.1)


def make_network(seed: int, loss: str) -> Network:
    network = Network((784, 10), "sigmoid", loss)
    initialise(network, np.random.default_rng(seed))
    return network


@pytest.mark.parametrize("loss", ["mse", "cross-entropy"])
def test_evaluation_of_one_network(loss: str) -> None:
    network = make_network(1, loss)
    images, labels = blobs(50, seed=2)
    outputs = network.outputs(images)
    found = evaluate([network], images, labels)
    right = int((outputs.argmax(axis=1) == labels).sum())
    assert (found.images, found.correct, found.accuracy) == (50, right, right / 50)
    assert found.per_digit == digit_scores(found.confusion)
    y = np.eye(10)[labels]
    if loss == "mse":
        assert found.loss == pytest.approx(0.5 * ((outputs - y) ** 2).sum() / 50, rel=1e-5)
    else:
        assert found.loss == pytest.approx(-np.log(outputs[y == 1]).mean(), rel=1e-5)


def test_committee_averages_probabilities() -> None:
    networks = [make_network(1, "mse"), make_network(2, "cross-entropy")]
    images, labels = blobs(50, seed=3)
    first, second = (probabilities(network.outputs(images)) for network in networks)
    mean = (first + second) / 2
    np.testing.assert_allclose(committee(networks, images), mean, rtol=1e-5)
    found = evaluate(networks, images, labels)
    assert found.loss == pytest.approx(-np.log(mean[np.arange(50), labels]).mean(), rel=1e-5)
    assert found.correct == (mean.argmax(axis=1) == labels).sum()


def test_a_committee_averages_calibrated_probabilities() -> None:
    networks = [make_network(1, "mse"), make_network(2, "cross-entropy")]
    images, labels = blobs(50, seed=3)
    first, second = (probabilities(network.outputs(images)) for network in networks)
    mean = (apply_temperature(first, 3) + apply_temperature(second, 0.2)) / 2
    digits = mean.argmax(axis=1)
    assert (digits != (first + second).argmax(axis=1)).any()
    np.testing.assert_allclose(committee(networks, images, [3, 0.2]), mean, rtol=1e-5)
    found = evaluate(networks, images, labels, [3, 0.2])
    assert found.loss == pytest.approx(-np.log(mean[np.arange(50), labels]).mean(), rel=1e-5)
    np.testing.assert_array_equal(found.confusion, confusion_matrix(labels, digits))
    assert found.calibration_error == pytest.approx(measure_reliability(mean, labels).error)
    before = measure_reliability((first + second) / 2, labels).error
    assert found.calibration_error_before == pytest.approx(before)


def test_a_committee_needs_a_temperature_for_each_network() -> None:
    networks = [make_network(1, "mse"), make_network(2, "mse")]
    with pytest.raises(ValueError, match="shorter"):
        committee(networks, blobs(5, seed=3)[0], [2])


def test_the_loss_of_one_network_is_that_of_its_outputs_whatever_its_temperature() -> None:
    network = make_network(1, "cross-entropy")
    images, labels = blobs(50, seed=2)
    found, plain = evaluate([network], images, labels, [3]), evaluate([network], images, labels)
    assert found.loss == plain.loss
    np.testing.assert_array_equal(found.confusion, plain.confusion)
    assert found.calibration_error_before == plain.calibration_error != found.calibration_error


def test_a_committee_keeps_what_each_member_does_alone() -> None:
    networks = [make_network(1, "mse"), make_network(2, "cross-entropy")]
    images, labels = blobs(50, seed=3)
    found = evaluate(networks, images, labels, [3, 0.2])
    for member, network, temperature in zip(found.members, networks, [3, 0.2], strict=True):
        alone = evaluate([network], images, labels, [temperature])
        assert (member.loss, member.accuracy) == (alone.loss, alone.accuracy)
        np.testing.assert_array_equal(member.probabilities, alone.probabilities)
        assert alone.members == ()


def test_the_interval_is_about_the_accuracy() -> None:
    found = make_evaluation(np.eye(10, dtype=np.int64) * 10 + 1)
    assert (found.correct, found.images) == (110, 200)
    assert found.interval == pytest.approx((0.4807, 0.6174), abs=1e-4)


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ({}, "no mistakes"),
        ({(3, 5): 1}, "most often misread: 3 as 5 (once)"),
        (
            {(9, 4): 2, (3, 5): 1, (4, 9): 1234, (0, 1): 1},
            "most often misread: 4 as 9 (1,234 times), 9 as 4 (2 times), 0 as 1 (once)",
        ),
    ],
)
def test_the_pairs_that_are_confused_most_in_words(
    counts: dict[tuple[int, int], int], words: str
) -> None:
    confusion = np.eye(10, dtype=np.int64) * 5000
    for cell, count in counts.items():
        confusion[cell] = count
    assert make_evaluation(confusion).describe_confusion() == words
