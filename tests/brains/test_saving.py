"""`Brain.save` keeps what is there, gives the same bytes again, and says nothing untrue."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from mnistmlp import (
    Brain,
    BrainError,
    InputError,
    Network,
    WriteError,
    initialise,
    load_brain,
    train,
)
from mnistmlp.brains.meta import Meta
from tests.conftest import blobs, few_steps, names

pytestmark = few_steps

DATA = blobs(60, seed=1)


def small_brain() -> Brain:
    return train("classic", DATA, epochs=1, validation=20, hidden=(20,))


def own_network(**more: str) -> Network:
    network = Network((784, 20, 10), "relu", "cross-entropy", **more)
    initialise(network, np.random.default_rng(3))
    return network


def read_meta(path: str) -> dict[str, object]:
    with np.load(path) as archive:
        return dict(json.loads(archive["meta"].item()))


@pytest.mark.parametrize("there", ["a file", "a folder", "a link to nothing"])
def test_what_is_there_is_not_replaced(there: str) -> None:
    path = Path("brain.npz")
    if there == "a file":
        path.write_text("mine")
    elif there == "a folder":
        path.mkdir()
    else:
        path.symlink_to("nothing")
    with pytest.raises(WriteError, match=r"brain\.npz exists") as caught:
        small_brain().save("brain.npz")
    assert caught.value.hint == "overwrite=True replaces it"
    assert names() == ["brain.npz"]
    if there == "a file":
        assert path.read_text() == "mine"
        small_brain().save("brain.npz", overwrite=True)
        assert load_brain("brain.npz").meta
        assert names() == ["brain.npz"]


def test_a_folder_is_never_replaced() -> None:
    Path("brain.npz").mkdir()
    with pytest.raises(WriteError):
        small_brain().save("brain.npz", overwrite=True)
    assert Path("brain.npz").is_dir()


BRAINS: dict[str, Callable[[], Brain]] = {
    "trained": small_brain,
    "half": lambda: train("classic", DATA, epochs=1, validation=0, half=True, prune=0.5),
    "double": lambda: train("modern", DATA, epochs=1, validation=0, dtype="float64", hidden=(20,)),
    "own": lambda: Brain(own_network()),
    "own, double": lambda: Brain(own_network(normalization="moments", dtype="float64")),
}


@pytest.mark.parametrize("kind", BRAINS)
def test_a_round_trip_gives_the_same_bytes(kind: str) -> None:
    brain = BRAINS[kind]()
    brain.save("first.npz")
    loaded = load_brain("first.npz")
    loaded.save("second.npz")
    assert Path("first.npz").read_bytes() == Path("second.npz").read_bytes()
    assert np.array_equal(loaded.network.parameters, brain.network.parameters)
    assert np.array_equal(loaded.predict_proba(DATA[0]), brain.predict_proba(DATA[0]))
    assert repr(loaded.network) == repr(brain.network)


def test_weights_that_have_changed_take_their_figures_with_them() -> None:
    brain = small_brain()
    brain.network.layers[0][0][0, 0] += 1
    with pytest.warns(UserWarning, match="the weights have changed since training") as caught:
        brain.save("brain.npz")
    assert caught[0].filename == __file__
    meta = read_meta("brain.npz")
    assert meta["accuracy"] == {"validation": None}
    assert meta["history"] == []
    assert meta["dataset"] == {}
    assert meta["temperature"] == 1
    assert meta["recipe"] == {"name": "own"}
    loaded = load_brain("brain.npz")
    assert np.array_equal(loaded.network.parameters, brain.network.parameters)
    loaded.save("again.npz")  # whose figures are of these weights


def test_changed_weights_keep_their_temperature() -> None:
    trained = small_brain()
    assert trained.meta
    meta = Meta.parse(trained.meta.raw | {"temperature": 1.5}, Path("it"))
    brain = Brain(trained.network, meta)
    brain.network.parameters *= 1.01
    with pytest.warns(UserWarning, match="have changed"):
        brain.save("brain.npz")
    images = DATA[0][:50]
    expected = brain.predict_proba(images)
    np.testing.assert_array_equal(load_brain("brain.npz").predict_proba(images), expected)


def test_weights_that_cannot_be_loaded_are_not_saved() -> None:
    brain = Brain(own_network())
    brain.network.parameters[3] = np.nan
    with pytest.raises(BrainError, match=r"brain\.npz: not written, because a weight"):
        brain.save("brain.npz")
    assert names() == []


def test_a_description_of_another_network_is_refused() -> None:
    meta = small_brain().meta
    with pytest.raises(InputError, match="the meta describes another network than <Network 784-20"):
        Brain(Network((784, 20, 10), "relu", "cross-entropy"), meta)


def test_another_normalization_takes_the_figures_with_it() -> None:
    brain = small_brain()
    brain.network.normalization = "deslant"
    with pytest.warns(UserWarning, match="have changed"):
        brain.save("brain.npz")
    assert load_brain("brain.npz").network.normalization == "deslant"


def test_weights_that_are_changed_back_keep_their_figures() -> None:
    brain = small_brain()
    brain.network.parameters *= 2
    brain.network.parameters /= 2
    brain.save("brain.npz")
    meta = load_brain("brain.npz").meta
    assert meta
    assert meta.validation_accuracy is not None


def test_changed_weights_of_half_precision_are_saved_in_full() -> None:
    brain = train("classic", DATA, epochs=1, validation=0, half=True)
    brain.network.parameters += 1e-4
    with pytest.warns(UserWarning, match="have changed"):
        brain.save("brain.npz")
    loaded = load_brain("brain.npz")
    assert np.array_equal(loaded.network.parameters, brain.network.parameters)


@pytest.mark.filterwarnings("error")
def test_a_network_of_ones_own_can_be_saved() -> None:
    brain = Brain(own_network(normalization="deslant"))
    brain.save("brain.npz")
    brain.network.parameters += 1  # it has no figures, so that none become wrong
    brain.save("changed.npz")
    loaded = load_brain("brain.npz")
    assert loaded.network.normalization == "deslant"
    assert loaded.meta
    assert loaded.meta.validation_accuracy is None
    assert not np.array_equal(
        load_brain("changed.npz").network.parameters, loaded.network.parameters
    )


def test_a_brain_without_meta_loads_and_saves() -> None:
    rng = np.random.default_rng(0)
    sizes = (784, 20, 20, 20, 10)
    arrays = {}
    for number, (fan_in, fan_out) in enumerate(pairwise(sizes), start=1):
        arrays[f"w{number}"] = rng.normal(size=(fan_out, fan_in))
        arrays[f"b{number}"] = rng.normal(size=(fan_out, 1))
    np.savez("old.npz", **arrays)  # type: ignore[arg-type]
    old = load_brain("old.npz")
    assert old.meta is None
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        old.save("new.npz")
    new = load_brain("new.npz")
    assert np.array_equal(new.predict_proba(DATA[0]), old.predict_proba(DATA[0]))
    with np.load("new.npz") as archive:
        assert all(np.array_equal(archive[name], each) for name, each in arrays.items())


@pytest.mark.parametrize("path", ["nowhere/brain.npz", "file/brain.npz"])
def test_a_file_that_cannot_be_written_is_a_write_error(path: str) -> None:
    Path("file").touch()
    with pytest.raises(WriteError, match=path.split("/")[0]):
        small_brain().save(path)
