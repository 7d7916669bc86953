import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from mnistmlp.brains.brain import Brain, Committee, pretrained
from mnistmlp.brains.train import train
from mnistmlp.core.metrics import evaluate
from mnistmlp.core.network import Network
from mnistmlp.errors import InputError, OtherTaskError, PictureError
from tests.conftest import blobs
from tests.pictures.drawings import draw_page

IMAGES, LABELS = blobs(900, 1)


@pytest.fixture(scope="module")
def brains() -> list[Brain]:
    settings: dict[str, Any] = {"hidden": (16,), "activation": "relu", "epochs": 8}
    settings["validation"] = 200
    return [train("classic", (IMAGES, LABELS), seed=seed, **settings) for seed in (0, 1)]


def test_a_brain_agrees_with_its_network(brains: list[Brain]) -> None:
    (brain, _) = brains
    outputs = brain.network.outputs(IMAGES)
    np.testing.assert_array_equal(brain.predict(IMAGES), outputs.argmax(axis=1))
    probabilities = brain.predict_proba(IMAGES)
    np.testing.assert_array_equal(probabilities.argmax(axis=1), outputs.argmax(axis=1))
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
    found = brain.evaluate((IMAGES, LABELS), threads=2)
    assert found.accuracy == np.mean(brain.predict(IMAGES) == LABELS) > 0.6
    np.testing.assert_array_equal(found.confusion.sum(axis=1), np.bincount(LABELS, minlength=10))


def test_probabilities_are_calibrated(brains: list[Brain]) -> None:
    (brain, _) = brains
    assert brain.temperature != 1
    assert brain.meta
    plain = Brain(brain.network)
    np.testing.assert_array_equal(plain.predict(IMAGES), brain.predict(IMAGES))
    before, after = (each.predict_proba(IMAGES[-200:]) for each in (plain, brain))
    right = np.arange(200), LABELS[-200:]
    assert np.log(after[right]).mean() > np.log(before[right]).mean()


def test_a_committee_averages(brains: list[Brain]) -> None:
    committee = Committee(iter(brains))
    mean = np.mean([brain.predict_proba(IMAGES) for brain in brains], axis=0)
    np.testing.assert_array_equal(committee.predict_proba(IMAGES), mean)
    np.testing.assert_array_equal(committee.predict(IMAGES), mean.argmax(axis=1))
    temperatures = [brain.temperature for brain in brains]
    expected = evaluate([brain.network for brain in brains], IMAGES, LABELS, temperatures)
    found = committee.evaluate((IMAGES, LABELS))
    assert (found.loss, found.correct) == (expected.loss, expected.correct)
    alone = Committee(brains[:1])
    np.testing.assert_array_equal(alone.predict_proba(IMAGES), brains[0].predict_proba(IMAGES))


def test_mistakes_are_found(brains: list[Brain]) -> None:
    images, labels = blobs(900, 5)
    images = np.maximum(images, np.random.default_rng(0).integers(0, 256, images.shape, np.uint8))
    for classifier in (*brains, Brain(brains[0].network), Committee(brains)):
        found = classifier.find_mistakes((images, labels), threads=2)
        digits, confusion = classifier.predict(images), np.zeros((10, 10), np.int64)
        assert sorted(found.indices) == np.flatnonzero(digits != labels).tolist() != []
        np.testing.assert_array_equal(found.labels, labels[found.indices])
        np.testing.assert_array_equal(found.digits, digits[found.indices])
        probabilities = classifier.predict_proba(images)[found.indices]
        np.testing.assert_allclose(found.probabilities, probabilities, rtol=1e-5)
        assert (np.diff(found.confidences) <= 0).all()
        np.add.at(confusion, (found.labels, found.digits), 1)
        expected = classifier.evaluate((images, labels)).confusion
        np.testing.assert_array_equal(confusion, expected - np.diag(np.diag(expected)))


@pytest.mark.parametrize("members", [[], ["brain.npz"], [None]])
def test_a_committee_is_of_brains(members: list[Brain]) -> None:
    with pytest.raises(InputError, match="needs at least one brain, and nothing but brains"):
        Committee(members)


def test_a_brain_has_ten_outputs() -> None:
    with pytest.raises(OtherTaskError, match="a network with 7 outputs, expected 10"):
        Brain(Network((784, 7), "relu", "mse"))


def test_pictures_are_read() -> None:
    draw_page("seven").save("seven.png")
    brain = pretrained()
    for classifier in (brain, Committee([brain, brain])):
        seen = classifier.read("seven.png")
        assert (seen.digit, seen.count) == (7, 1)
        assert seen.confidence == seen.probabilities.max() > 0.9
        np.testing.assert_array_equal(seen.probabilities, classifier.predict_proba(seen.image))
        with Path("seven.png").open("rb") as file:
            assert classifier.read(file).digit == 7
        assert classifier.read_number(Path("seven.png")).text == "7"
    with pytest.raises(PictureError, match=r"^stream: not a picture in a supported format"):
        brain.read(io.BytesIO(b"text"))


def test_a_light_background_is_warned_of(brains: list[Brain]) -> None:
    images = np.zeros((3, 28, 28), np.uint8)
    images[:, 8:20, 13:15] = 255
    light = 255 - images
    for classifier in (*brains, Committee(brains)):
        for action in (classifier.predict, classifier.predict_proba):
            for each in (light, light[0], light.reshape(3, 784), light[0].ravel(), light.tolist()):
                with pytest.warns(UserWarning, match="light background.*write 255 - i") as caught:
                    action(each)
                assert caught[0].filename == __file__
            action(images)
            action(np.concatenate([images, light]))  # some are dark
            action(images[:0])
            action(np.roll(images, (-8, -13), (1, 2)))  # the digit is in the corner
    Image.fromarray(light[0]).save("light.png")
    with pytest.warns(UserWarning, match="the picture has a light background.*invert="):
        brains[0].read("light.png", raw=True)
    brains[0].read("light.png", raw=True, invert="yes")
