"""Copies, pickles, other processes and several threads: each gives the same results."""

from __future__ import annotations

import copy
import inspect
import multiprocessing
import pickle
import traceback
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import numpy as np
import pytest

from mnistmlp import (
    RECIPES,
    Brain,
    Committee,
    Dataset,
    Evaluation,
    Network,
    Recipe,
    errors,
    initialise,
    load,
    train,
)
from mnistmlp.core.normalization import NORMALIZATION_NAMES
from mnistmlp.errors import MnistMlpError
from tests.conftest import blobs, few_steps

pytestmark = few_steps

IMAGES, LABELS = blobs(300, seed=4)

Copier = Callable[[Any], Any]
COPIERS: dict[str, Copier] = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    **{
        f"pickle {number}": lambda each, number=number: pickle.loads(pickle.dumps(each, number))  # type: ignore[misc]
        for number in range(2, pickle.HIGHEST_PROTOCOL + 1)
    },
}


def make_brain(normalization: str = "none", seed: int = 0) -> Brain:
    network = Network((784, 20, 10), "relu", "cross-entropy", normalization=normalization)
    initialise(network, np.random.default_rng(seed))
    return Brain(network)


def trained() -> Brain:
    return train("modern", (IMAGES, LABELS), hidden=(20,), epochs=1, validation=50)


def check_layers(network: Network) -> None:
    """Check that the layers are views of the network's own parameters."""
    for (weights, bias), matrix in zip(network.layers, network.matrices, strict=True):
        for view in (weights, bias, matrix):
            assert np.shares_memory(view, network.parameters)
    before = network.outputs(IMAGES)
    network.parameters[:] = 0
    assert not network.layers[0][0].any()
    network.layers[-1][1][3] = 1  # the bias of digit 3
    assert np.argmax(network.outputs(IMAGES[0])) == 3
    assert not np.array_equal(network.outputs(IMAGES), before)


@pytest.mark.parametrize("way", COPIERS)
def test_a_copy_of_a_network_computes_the_same_by_itself(way: str) -> None:
    network = make_brain("moments").network
    other = COPIERS[way](network)
    assert repr(other) == repr(network)
    outputs, parameters = network.outputs(IMAGES), network.parameters.copy()
    assert np.array_equal(other.outputs(IMAGES), outputs)
    check_layers(other)
    shared = way == "copy"  # as a shallow copy of a list shares its items
    assert np.array_equal(network.parameters, parameters) != shared


def test_a_pickle_holds_the_weights_once() -> None:
    network = make_brain().network
    assert len(pickle.dumps(network)) < network.parameters.nbytes + 1000


@pytest.mark.parametrize("way", COPIERS)
def test_a_copy_of_a_brain_is_as_good(way: str, tmp_path: Path) -> None:
    brain = trained()
    other = COPIERS[way](brain)
    assert repr(other) == repr(brain)
    assert np.array_equal(other.predict_proba(IMAGES), brain.predict_proba(IMAGES))
    brain.save(tmp_path / "brain")
    other.save(tmp_path / "other")  # its checksum goes with it: no warning
    assert (tmp_path / "brain").read_bytes() == (tmp_path / "other").read_bytes()
    other.network.parameters += 1
    with pytest.warns(UserWarning, match="have changed"):
        other.save(tmp_path / "changed")
    check_layers(other.network)


@pytest.mark.parametrize("way", COPIERS)
def test_a_copy_of_a_committee_is_as_good(way: str) -> None:
    committee = Committee([make_brain(), make_brain("deslant", seed=1)])
    other = COPIERS[way](committee)
    assert np.array_equal(other.predict_proba(IMAGES), committee.predict_proba(IMAGES))
    assert repr(other) == repr(committee)


@pytest.mark.parametrize("way", COPIERS)
def test_a_copy_of_an_evaluation_has_the_same_figures(way: str) -> None:
    result = make_brain().evaluate((IMAGES, LABELS))
    other: Evaluation = COPIERS[way](result)
    assert repr(other) == repr(result)
    assert other._repr_html_() == result._repr_html_()
    assert np.array_equal(other.confusion, result.confusion)
    assert np.array_equal(other.mistakes.indices, result.mistakes.indices)


@pytest.mark.parametrize("way", COPIERS)
@pytest.mark.parametrize("asked", [False, True])
def test_a_copy_of_a_data_set_is_the_same_data(way: str, asked: bool, small: Path) -> None:
    """Its images are mapped from a file; those of a pickle or a deep copy are in memory."""
    data, _ = load(folder=small)
    if asked:  # the digests are kept
        assert data.name == "custom"
    other: Dataset = COPIERS[way](data)
    assert np.array_equal(other.images, data.images)
    assert np.array_equal(other.labels, data.labels)
    assert (other.split, other.name, other.digests) == (data.split, data.name, data.digests)
    assert repr(other) == repr(data)
    assert np.shares_memory(other.images, data.images) == (way == "copy")


@pytest.mark.parametrize("way", COPIERS)
def test_a_copy_of_a_recipe_is_equal(way: str) -> None:
    for recipe in (*RECIPES.values(), Recipe(hidden=())):
        assert COPIERS[way](recipe) == recipe


# --- Errors ---------------------------------------------------------------------

HERE: Any = Path("here")
MORE: dict[str, dict[str, Any]] = {  # arguments besides the message
    "SettingError": {"setting": "epochs", "hint": "write 3"},
    "DataError": {"folder": HERE, "hint": "fetch it", "details": ("one", "two")},
    "IdxError": {"folder": HERE, "repair": "read(it) - 1"},
    "MissingDataError": {"folder": HERE, "dataset": "synthetic", "details": ("one",)},
    "ChangedDataError": {"folder": HERE, "dataset": "synthetic", "record": HERE},
    "NoInkError": {"source": "scan.png", "grey": np.ones((2, 3), np.float32), "reason": "faint"},
    "DivergenceError": {"learning_rate": 0.5},
    "MissingBrainError": {"path": HERE},
    "OtherFormatError": {"path": HERE, "kind": "a picture"},
    "OtherKindError": {"source": "test.csv"},
}
ERRORS = [
    each
    for each in vars(errors).values()
    if inspect.isclass(each) and issubclass(each, MnistMlpError)
]


def make_error(kind: type[MnistMlpError]) -> MnistMlpError:
    more = MORE.get(kind.__name__, {"hint": "write it"})
    if "message" in inspect.signature(kind).parameters:
        more = more | {"message": "it is wrong"}
    try:
        raise kind(**more)
    except MnistMlpError as error:
        return error


@pytest.mark.parametrize("kind", ERRORS)
@pytest.mark.parametrize("way", COPIERS)
def test_a_copy_of_an_error_says_the_same(kind: type[MnistMlpError], way: str) -> None:
    error = make_error(kind)
    error.add_note("in the test")
    other = COPIERS[way](error)
    assert type(other) is kind
    assert (str(other), other.args) == (str(error), error.args)
    assert vars(other).keys() == vars(error).keys()
    for name, value in vars(error).items():
        np.testing.assert_array_equal(getattr(other, name), value)
    wanted = traceback.format_exception_only(error)
    assert traceback.format_exception_only(other) == wanted


def test_all_errors_are_tried() -> None:
    names = {each.__name__ for each in ERRORS}
    assert names == {name for name in vars(errors) if name.endswith("Error")}
    assert MORE.keys() <= names


# --- Processes and threads --------------------------------------------------------


def fail(setting: str) -> None:
    raise errors.SettingError(setting, "is wrong", hint="mend it")


@pytest.mark.parametrize("method", ["spawn", "fork"])
def test_other_processes_predict_the_same(method: str) -> None:
    brain, images = make_brain("moments"), np.concatenate([IMAGES] * 8)  # more than one batch
    context = multiprocessing.get_context(method)
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        parts = list(pool.map(brain.predict_proba, [images, images[:1]]))
        result = pool.submit(brain.evaluate, (IMAGES, LABELS), threads=2).result()
        with pytest.raises(errors.SettingError, match="epochs: is wrong") as caught:
            pool.submit(fail, "epochs").result()
    assert caught.value.hint == "mend it"
    for part, own in zip(parts, (images, images[:1]), strict=True):  # whose BLAS may have threads
        np.testing.assert_allclose(part, brain.predict_proba(own), rtol=1e-5)
    assert repr(result) == repr(brain.evaluate((IMAGES, LABELS)))


@pytest.mark.parametrize("normalization", NORMALIZATION_NAMES)
def test_threads_may_share_a_brain(normalization: str) -> None:
    brain = make_brain(normalization)
    committee = Committee([brain, make_brain(normalization, seed=1)])
    counts = (1, 7, 64, 65, 300)
    calls: list[Callable[[Any], Any]] = [
        brain.network.outputs,
        brain.predict,
        brain.predict_proba,
        committee.predict_proba,
    ]
    wanted = [[call(IMAGES[:n]) for n in counts] for call in calls]
    start = Barrier(8)

    def work(thread: int) -> bool:
        start.wait()
        same = True
        for turn in range(40):
            k, n = (thread + turn) % len(calls), (thread * 3 + turn) % len(counts)
            same &= np.array_equal(calls[k](IMAGES[: counts[n]]), wanted[k][n])
        return same

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(8)))


def test_threads_may_read_pictures_with_one_brain(handwriting: Path) -> None:
    brain = make_brain("moments")
    pictures = sorted(handwriting.glob("*.png"))[:8]
    wanted = [brain.read(each).probabilities for each in pictures]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda each: brain.read(each).probabilities, pictures * 3))
    assert all(np.array_equal(*pair) for pair in zip(found, wanted * 3, strict=True))
