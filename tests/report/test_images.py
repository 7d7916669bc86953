import base64
import io

import numpy as np
from PIL import Image

from mnistmlp.data.datasets import Dataset
from mnistmlp.pictures.sheet import COLUMNS
from mnistmlp.report.comparison import list_readers
from mnistmlp.report.images import (
    MIDDLE,
    RIGHT_SHOWN,
    _colour,
    _make_palette,
    describe_images,
    select_images,
)
from mnistmlp.report.neurons import rank_neurons
from tests.report.conftest import make_subject, random_brain


def test_all_misread_images_are_there_and_all_on_which_brains_differ(data: Dataset) -> None:
    subject = make_subject(data, one=random_brain(1), two=random_brain(2))
    result, readers = subject.result, list_readers(subject)
    chosen = select_images(result, readers, [])
    one, two = (each.digits for each in result.members)
    assert set(result.mistakes.indices) | set(np.flatnonzero(one != two)) <= set(chosen)
    assert len(result.mistakes) > 200


def test_of_those_read_right_the_least_confident_are_there(data: Dataset) -> None:
    images = np.concatenate([data.images] * 4)
    brain = random_brain(1)
    digits = brain.predict(images)
    common = np.bincount(digits).argmax()
    labels = np.where(digits == common, common, (digits + 1) % 10).astype(np.uint8)
    result = make_subject(Dataset(images, labels, "test"), one=brain).result
    chosen = select_images(result, [], [])
    right = chosen[digits[chosen] == labels[chosen]]
    confidence = result.probabilities.max(axis=1)
    others = np.setdiff1d(np.flatnonzero(digits == common), right)
    assert len(right) == RIGHT_SHOWN < len(others)
    assert confidence[right].max() <= confidence[others].min()


def test_the_data_for_the_script(data: Dataset) -> None:
    subject = make_subject(data, one=random_brain(1))
    layer = rank_neurons(subject.brains[0].network, data.images, 4, 3)
    chosen = select_images(subject.result, [], [layer])
    found = describe_images(chosen, data.images, subject.result, [], [layer])
    images, result = found["images"], subject.result
    assert images["index"] == chosen.tolist()
    assert images["label"] == "".join(map(str, data.labels[chosen].tolist()))
    assert images["digit"] == "".join(map(str, result.digits[chosen].tolist()))
    parts = np.array(images["probabilities"]).reshape(-1, 10)
    np.testing.assert_array_equal(parts, np.rint(1e4 * result.probabilities[chosen]))
    assert found["right"] == np.diag(result.confusion).tolist()
    lit = [[chosen[place] for place in row] for row in found["layers"][0]["neurons"]["images"]]
    assert lit == layer.images.tolist()
    sheet = base64.b64decode(found["sheets"][0].removeprefix("data:image/png;base64,"))
    pixels = np.array(Image.open(io.BytesIO(sheet)))
    row, column = divmod(len(chosen) - 1, COLUMNS)
    last = pixels[28 * row : 28 * row + 28, 28 * column : 28 * column + 28]
    np.testing.assert_array_equal(last, data.images[chosen[-1]])


def test_weights_are_scaled_to_the_largest_of_their_neuron() -> None:
    weights = np.zeros((3, 784), np.float32)
    weights[0, :2], weights[1, 0] = (0.5, -0.25), -8
    found = _colour(weights)
    assert found[0, :3].tolist() == [MIDDLE + 127, MIDDLE - 64, MIDDLE]
    assert found[1, :2].tolist() == [1, MIDDLE]
    assert (found[2] == MIDDLE).all()


def test_positive_weights_are_blue_and_negative_ones_orange() -> None:
    palette = _make_palette()
    red, _, blue, opacity = palette.T.astype(int)
    assert (blue > red)[MIDDLE + 1 :].all()
    assert (red > blue)[:MIDDLE].all()
    assert (opacity[MIDDLE], opacity[1], opacity[255]) == (0, 254, 254)
