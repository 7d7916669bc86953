"""What type checkers know: `make lint` reads this file, and running it runs the examples."""

from __future__ import annotations

from typing import Any, assert_type

import numpy as np
from numpy.typing import NDArray

import mnistmlp
from mnistmlp.arrays import Array, Bytes, Grey, Indices
from mnistmlp.brains.meta import Meta
from mnistmlp.core.metrics import DigitScore
from mnistmlp.pictures.images import Reading
from mnistmlp.pictures.numbers.reading import Digit
from tests.conftest import blobs, few_steps
from tests.test_paths import draw_digit

pytestmark = few_steps

QUICK: dict[str, Any] = {"epochs": 1, "validation": 0}


def test_the_types_of_recognition() -> None:
    brain = mnistmlp.pretrained()
    images = np.zeros((2, 28, 28), np.uint8)
    assert_type(brain, mnistmlp.Brain)
    assert_type(brain.predict(images), Indices)
    assert_type(brain.predict(images), NDArray[np.intp])
    assert_type(brain.predict(images.tolist()), Indices)
    assert_type(brain.predict_proba(images), Array)
    assert_type(brain.network.layers, tuple[tuple[Array, Array], ...])
    assert_type(brain.meta, Meta | None)
    assert_type(brain.temperature, float)
    committee = mnistmlp.Committee([brain, brain])
    assert_type(committee.predict(images), Indices)
    assert_type(committee.brains, tuple[mnistmlp.Brain, ...])


def test_the_types_of_an_evaluation() -> None:
    data = mnistmlp.Dataset(*blobs(20, seed=1), "test")
    for result in (
        mnistmlp.pretrained().evaluate(data),
        mnistmlp.pretrained().evaluate((data.images, data.labels.tolist())),
    ):
        assert_type(result, mnistmlp.Evaluation)
        assert_type(result.accuracy, float)
        assert_type(result.loss, float)
        assert_type(result.confusion, NDArray[np.int64])
        assert_type(result.per_digit, list[DigitScore])


def test_the_types_of_pictures() -> None:
    draw_digit()
    brain = mnistmlp.pretrained()
    found = brain.read("it")
    assert_type(found, mnistmlp.Recognition)
    assert_type(found.digit, int)
    assert_type(found.confidence, float)
    assert_type(found.probabilities, Array)
    assert_type(found.image, Bytes)
    assert_type(found.reading, Reading)
    assert_type(found.reading.grey, Grey)
    number = brain.read_number("it")
    assert_type(number, mnistmlp.NumberReading)
    assert_type(number.text, str)
    assert_type(number.lines[0][0], Digit)
    with open("it", "rb") as stream:  # noqa: PTH123
        assert_type(mnistmlp.read_picture(stream), Bytes)


def test_the_types_of_training(small: Any) -> None:
    training, test = mnistmlp.load(folder=small)
    assert_type(training, mnistmlp.Dataset)
    assert_type(test.images, Bytes)
    assert_type(test.labels, Bytes)
    checkpoints: list[mnistmlp.Checkpoint] = []
    brain = mnistmlp.train(
        "classic", test, on_epoch=print, on_checkpoint=checkpoints.append, **QUICK
    )
    assert_type(brain, mnistmlp.Brain)
    assert_type(mnistmlp.resume(checkpoints[0], test), mnistmlp.Brain)
    recipe = mnistmlp.Recipe(hidden=(20,), validation=0, epochs=1)
    assert_type(recipe.sizes, tuple[int, ...])
    result = mnistmlp.fit(recipe, test.images, test.labels)
    assert_type(result, mnistmlp.TrainingResult)
    assert_type(result.history, list[mnistmlp.EpochReport])
    assert_type(mnistmlp.RECIPES["classic"], mnistmlp.Recipe)


def test_the_types_of_the_parts() -> None:
    images, labels = mnistmlp.make_digits(8, seed=1)
    assert_type((images, labels), tuple[Bytes, Bytes])
    network = mnistmlp.Network((784, 20, 10), "relu", "cross-entropy")
    mnistmlp.initialise(network, np.random.default_rng(0))
    work = mnistmlp.Workspace(network, 8)
    for inputs, targets in mnistmlp.Batches(images, labels, 8).epoch(None):
        assert_type(mnistmlp.backpropagate(network, work, inputs, targets), float)
    assert_type(network.outputs(images), Array)
    assert_type(mnistmlp.SCHEDULES["cosine"](0.5), float)
    try:
        network.outputs(images / 255)
    except mnistmlp.InputError as error:
        assert_type(error.hint, str | None)
