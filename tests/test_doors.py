"""Images and labels enter by many doors, each of which takes them in the same forms."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from mnistmlp import (
    Batches,
    Brain,
    Checkpoint,
    Committee,
    Dataset,
    InputError,
    Network,
    Recipe,
    fit,
    initialise,
    resume,
    train,
)
from mnistmlp.arrays import Bytes
from tests.conftest import blobs, few_steps

pytestmark = few_steps

IMAGES, LABELS = blobs(40, seed=5)
SETTINGS: dict[str, Any] = {"validation": 0, "epochs": 2}


def make_brain(seed: int = 0) -> Brain:
    network = Network((784, 20, 10), "relu", "cross-entropy")
    initialise(network, np.random.default_rng(seed))
    return Brain(network)


BRAIN, OTHER = make_brain(), make_brain(1)


def flattened(values: Any) -> Any:
    return np.asarray(values).tolist()


def resumed(images: Any, labels: Any) -> Any:
    kept: list[Checkpoint] = []

    def keep(checkpoint: Checkpoint) -> None:
        kept.append(checkpoint)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train("classic", (IMAGES, LABELS), on_checkpoint=keep, **SETTINGS)
    return flattened(resume(kept[0], (images, labels)).network.parameters)


def batches(images: Any, labels: Any) -> list[Any]:
    parts: Iterator[tuple[Any, Any]] = Batches(images, labels, 16).epoch(None)
    return [flattened(each) for pair in parts for each in pair]


def evaluation(result: Any) -> list[Any]:
    return [result.loss, result.confusion.tolist(), result.calibration_error]


def mistakes(found: Any) -> list[Any]:
    return [found.indices.tolist(), found.labels.tolist(), flattened(found.probabilities)]


def fitted(images: Any, labels: Any) -> Any:
    return flattened(fit(Recipe(**SETTINGS), images, labels).network.parameters)


OF_IMAGES: dict[str, Callable[[Any], Any]] = {
    "Network.outputs": lambda x: flattened(BRAIN.network.outputs(x)),
    "Brain.predict": lambda x: flattened(BRAIN.predict(x)),
    "Brain.predict_proba": lambda x: flattened(BRAIN.predict_proba(x)),
    "Committee.predict": lambda x: flattened(Committee([BRAIN, OTHER]).predict(x)),
    "Committee.predict_proba": lambda x: flattened(Committee([BRAIN, OTHER]).predict_proba(x)),
}
OF_PAIRS: dict[str, Callable[[Any, Any], Any]] = {
    "Brain.evaluate": lambda x, y: evaluation(BRAIN.evaluate((x, y))),
    "Brain.evaluate, a data set": lambda x, y: evaluation(BRAIN.evaluate(Dataset(x, y, "test"))),
    "Committee.evaluate": lambda x, y: evaluation(Committee([BRAIN, OTHER]).evaluate((x, y))),
    "Brain.find_mistakes": lambda x, y: mistakes(BRAIN.find_mistakes((x, y))),
    "fit": fitted,
    "train": lambda x, y: flattened(train("classic", (x, y), **SETTINGS).network.parameters),
    "train, a data set": lambda x, y: flattened(
        train("classic", Dataset(x, y, "train"), **SETTINGS).network.parameters
    ),
    "train, with synthetic digits": lambda x, y: flattened(
        train("classic", Dataset(x, y, "train"), synthetic=0.5, **SETTINGS).network.parameters
    ),
    "resume": resumed,
    "Batches": batches,
}

TAKEN: dict[str, Callable[[Bytes], Any]] = {
    "flat": lambda x: x.reshape(-1, 784),
    "a list": lambda x: x.tolist(),
    "other integers": lambda x: x.astype(">i4"),
    "reversed in memory": lambda x: x[::-1].copy()[::-1],
    "Fortran order": np.asfortranarray,
    "masked": np.ma.masked_array,
}
REFUSED: dict[str, tuple[Callable[[Bytes], Any], str]] = {
    "floats": (lambda x: x / 255, r"from 0 to 0\.9.* write np\.rint\("),
    "binary": (lambda x: x // 128, r"from 0 to 1, .* write .* \* 255"),
    "channels": (lambda x: x[:, None], "write images.reshape"),
    "columns": (lambda x: x.reshape(-1, 784).T, "write images.T"),
    "ragged": (lambda x: [x[0], x[0, 1:]], "cannot be converted to an array"),
    "a name": (lambda x: "images.npy", "are a name"),
}
LABELS_TAKEN: dict[str, Callable[[Bytes], Any]] = {
    "a list": lambda y: y.tolist(),
    "other integers": lambda y: y.astype(">i8"),
    "reversed in memory": lambda y: y[::-1].copy()[::-1],
}
LABELS_REFUSED: dict[str, tuple[Callable[[Bytes], Any], str]] = {
    "from 1 to 10": (lambda y: y + 1, "labels from 1 to 10, .*write labels - 1"),
    "negative": (lambda y: y.astype(int) - 1, "labels from -1 to 8"),
    "too few": (lambda y: y[1:], "39 labels, but 40 images"),
    "too many": (lambda y: np.append(y, y), "80 labels, but 40 images"),
    "floats": (lambda y: y / 1, r"float64.*write labels.astype\(int\)"),
    "strings": (lambda y: y.astype(str), r"<U3.*write labels.astype\(int\)"),
    "one-hot": (lambda y: np.eye(10)[y], "write labels.argmax"),
    "a column": (lambda y: y[:, None], r"write labels.ravel\(\)"),
}


@pytest.mark.parametrize("door", OF_IMAGES)
def test_each_door_takes_images_in_these_forms(door: str) -> None:
    enter = OF_IMAGES[door]
    wanted = enter(IMAGES)
    for name, form in TAKEN.items():
        assert enter(form(IMAGES)) == wanted, name
    assert enter(IMAGES[:0]) == []
    assert enter([]) == []
    np.testing.assert_allclose(enter(IMAGES[3]), wanted[3], rtol=1e-5)  # another sum in BLAS


@pytest.mark.parametrize("door", OF_IMAGES)
@pytest.mark.parametrize("form", REFUSED)
def test_each_door_refuses_images_in_these_forms(door: str, form: str) -> None:
    change, found = REFUSED[form]
    with pytest.raises(InputError, match=found):
        OF_IMAGES[door](change(IMAGES))


@pytest.mark.parametrize("door", OF_PAIRS)
def test_each_door_takes_labelled_images_in_these_forms(door: str) -> None:
    enter = OF_PAIRS[door]
    wanted = enter(IMAGES, LABELS)
    for name, form in TAKEN.items():
        assert enter(form(IMAGES), LABELS) == wanted, name
    for name, form in LABELS_TAKEN.items():
        assert enter(IMAGES, form(LABELS)) == wanted, name


@pytest.mark.parametrize("door", OF_PAIRS)
def test_each_door_refuses_labelled_images_in_these_forms(door: str) -> None:
    enter = OF_PAIRS[door]
    for change, found in REFUSED.values():
        with pytest.raises(InputError, match=found):
            enter(change(IMAGES), LABELS)
    for change, found in LABELS_REFUSED.values():
        with pytest.raises(InputError, match=found):
            enter(IMAGES, change(LABELS))
    with pytest.raises(InputError, match="no images"):
        enter(IMAGES[:0], LABELS[:0])
    with pytest.raises(InputError, match="a single image"):
        enter(IMAGES[0], LABELS[:1])


@pytest.mark.parametrize("data", [IMAGES, "train", None, (IMAGES,), (IMAGES, LABELS, 3)])
def test_a_pair_is_a_pair(data: Any) -> None:
    for enter in (BRAIN.evaluate, lambda given: train("classic", given)):
        with pytest.raises(InputError, match="expected a data set, or a pair"):
            enter(data)


def test_both_data_sets_are_one_too_many() -> None:
    both = (Dataset(IMAGES, LABELS, "train"), Dataset(IMAGES, LABELS, "test"))
    with pytest.raises(InputError, match=r"train, test = mnistmlp.load\(\)"):
        BRAIN.evaluate(both)  # type: ignore[arg-type]


def test_the_images_of_the_caller_stay_as_they_are() -> None:
    images, labels = IMAGES.copy(), LABELS.copy()
    train("modern", (images, labels), validation=4, epochs=1, augment=True)
    BRAIN.evaluate((images, labels))
    assert np.array_equal(images, IMAGES)
    assert np.array_equal(labels, LABELS)
