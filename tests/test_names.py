"""What a caller may name: settings and their values.  What is unknown is refused at once."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest

from mnistmlp import (
    RECIPES,
    Brain,
    Dataset,
    InputError,
    Network,
    Recipe,
    SettingError,
    fit,
    load,
    load_dataset,
    make_digits,
    make_optimizer,
    read_number,
    read_picture,
    train,
)
from mnistmlp.core.activations import ACTIVATIONS
from mnistmlp.core.losses import LOSSES
from mnistmlp.core.network import DTYPES
from mnistmlp.core.normalization import NORMALIZATION_NAMES
from mnistmlp.data.catalog import SPLITS, DatasetName
from mnistmlp.pictures.ink import INVERT
from mnistmlp.training.optim import OPTIMIZERS, SCHEDULES
from tests.conftest import blobs, few_steps

pytestmark = few_steps

DATA = blobs(40, seed=5)
QUICK: dict[str, Any] = {"validation": 0, "epochs": 1}


def make_network(**settings: Any) -> Network:
    given = {"sizes": (784, 20, 10), "activation": "relu", "loss": "mse"} | settings
    return Network(**given)


def quick(**settings: Any) -> Brain:
    return train("classic", DATA, **QUICK | settings)


def optimizer(name: Any) -> object:
    return make_optimizer(name, np.zeros(3), np.zeros(3))


def classify(images: Any) -> Any:
    return make_brain().predict_proba(images)


def make_brain() -> Brain:
    return Brain(make_network())


CHOICES: dict[str, tuple[Callable[[Any], object], str, Any]] = {
    "Network(activation)": (lambda x: make_network(activation=x), "activation", ACTIVATIONS),
    "Network(loss)": (lambda x: make_network(loss=x), "loss", LOSSES),
    "Network(dtype)": (lambda x: make_network(dtype=x), "dtype", DTYPES),
    "Network(normalization)": (
        lambda x: make_network(normalization=x),
        "normalization",
        NORMALIZATION_NAMES,
    ),
    "make_optimizer": (optimizer, "optimizer", OPTIMIZERS),
    "Dataset(split)": (lambda x: Dataset(*DATA, x), "split", SPLITS),
    "load_dataset(split)": (lambda x: load_dataset("none", x), "split", SPLITS),
    "load": (load, "dataset", get_args(DatasetName)),
    "Brain.read(invert)": (lambda x: make_brain().read("none", invert=x), "invert", INVERT),
    "Brain.read_number(invert)": (
        lambda x: make_brain().read_number("none", invert=x),
        "invert",
        INVERT,
    ),
    "read_picture(invert)": (lambda x: read_picture("none", invert=x), "invert", INVERT),
    "read_number(invert)": (lambda x: read_number("none", classify, invert=x), "invert", INVERT),
    "train": (lambda x: train(x, DATA), "recipe", RECIPES),
    **{
        f"Recipe({name})": (lambda x, name=name: Recipe(**{name: x}), name, choices)  # type: ignore[misc]
        for name, choices in {
            "activation": ACTIVATIONS,
            "loss": LOSSES,
            "optimizer": OPTIMIZERS,
            "schedule": SCHEDULES,
            "normalization": NORMALIZATION_NAMES,
            "dtype": DTYPES,
        }.items()
    },
}


@pytest.mark.parametrize("place", CHOICES)
@pytest.mark.parametrize("value", ["Relu", "", 3, True, ["relu"]], ids=repr)
def test_an_unknown_name_is_refused_with_the_choices(place: str, value: Any) -> None:
    call, setting, choices = CHOICES[place]
    with pytest.raises(SettingError, match=f"is not one of {', '.join(choices)}$") as caught:
        call(value)
    assert caught.value.setting == setting


def test_an_unknown_setting_is_refused_with_what_was_meant() -> None:
    with pytest.raises(SettingError, match="epoch: not a setting of a recipe") as caught:
        quick(epoch=3)
    assert caught.value.hint == "did you mean epochs?"
    with pytest.raises(SettingError, match="'modrn' is not one of") as caught:
        train("modrn", DATA)
    assert caught.value.hint == "did you mean modern?"


def test_a_name_is_a_setting_too() -> None:
    meta = quick(name="mine").meta
    assert meta
    assert meta.recipe_name == "mine"


@pytest.mark.parametrize("value", ["classic", None, {"epochs": 3}])
def test_fit_takes_a_recipe_and_no_name(value: Any) -> None:
    with pytest.raises(SettingError, match="is not a Recipe; RECIPES holds some by name"):
        fit(value, *DATA)


@pytest.mark.parametrize("prune", [-0.5, 1, float("nan")])
def test_fit_refuses_a_fraction_before_it_trains(prune: float) -> None:
    def fail(_: object) -> None:
        raise AssertionError

    with pytest.raises(SettingError, match=r"^prune: .* is not a number from 0 to below 1"):
        fit(Recipe(**QUICK), *DATA, prune=prune, on_step=fail)


@pytest.mark.parametrize("value", [3, "brain.npz", make_network()])
def test_training_starts_from_a_brain(value: Any) -> None:
    with pytest.raises(SettingError, match=r"is not a Brain; Brain\(network\) makes one"):
        quick(init=value)


@pytest.mark.parametrize(
    ("sizes", "found"),
    [
        (784, "784 is not a list of widths"),
        ("784", "'784' is not a list of widths"),
        (None, "None is not a list of widths"),
        ((784, 2.5, 10), "is not a list of widths"),
        ((784, "20", 10), "is not a list of widths"),
        ((), "are not the widths of at least two layers"),
        ((784,), "are not the widths of at least two layers"),
        ((784, 0, 10), "are not the widths of at least two layers"),
        ((784, -3, 10), "are not the widths of at least two layers"),
        ((28, 28), "28 inputs, but an image has 784 pixels"),
        ((784, 10**9, 10), "795,000,000,010 weights and biases, more than 100,000,000"),
    ],
)
def test_a_network_of_impossible_sizes_is_refused(sizes: Any, found: str) -> None:
    with pytest.raises(SettingError, match=f"^sizes: .*{found}"):
        make_network(sizes=sizes)


@pytest.mark.parametrize(
    "sizes", [[784, 20, 10], np.array([784, 20, 10]), (784, np.int16(20), np.uint8(10))], ids=repr
)
def test_sizes_are_any_sequence_of_integers(sizes: Any) -> None:
    network = make_network(sizes=sizes)
    assert network.sizes == (784, 20, 10)
    assert {type(each) for each in network.sizes} == {int}


# --- Numbers of NumPy -----------------------------------------------------------

SEEDED: dict[str, Callable[[Any], Any]] = {
    "train": lambda seed: quick(seed=seed).network.parameters,
    "fit": lambda seed: fit(Recipe(**QUICK), *DATA, seed=seed).network.parameters,
}


@pytest.mark.parametrize("place", SEEDED)
def test_a_seed_is_any_integer_from_0(place: str) -> None:
    wanted = SEEDED[place](3)
    integers: tuple[Any, ...] = (np.int64(3), np.uint8(3), np.array(3))
    for seed in integers:
        assert np.array_equal(SEEDED[place](seed), wanted)
    others: tuple[Any, ...] = (-1, 1.5, np.float64(3), "x", None, [3])
    for seed in others:
        with pytest.raises(SettingError, match=r"^seed: .* is not a whole number, 0 or more"):
            SEEDED[place](seed)


@pytest.mark.parametrize("seed", [-1, 1.5, "x"])
def test_digits_have_such_a_seed_too(seed: Any) -> None:
    with pytest.raises((ValueError, TypeError)):
        make_digits(1, seed)


def test_settings_are_numbers_of_numpy_as_well() -> None:
    made = Recipe(
        hidden=(np.int64(20), np.uint8(7)),  # type: ignore[arg-type]
        activation=np.str_("relu"),  # type: ignore[arg-type]
        epochs=np.int32(3),  # type: ignore[arg-type]
        learning_rate=np.float64(0.5),
        dropout=np.float32(0.25),  # type: ignore[arg-type]
        patience=np.int64(2),  # type: ignore[arg-type]
        shuffle=np.False_,  # type: ignore[arg-type]
        batch_size=np.array(16),  # type: ignore[arg-type]
    )
    plain = Recipe(
        hidden=(20, 7),
        activation="relu",
        epochs=3,
        learning_rate=0.5,
        dropout=0.25,
        patience=2,
        shuffle=False,
        batch_size=16,
    )
    assert made == plain
    assert hash(made) == hash(plain)
    assert repr(made) == repr(plain)
    assert json.dumps(asdict(made)) == json.dumps(asdict(plain))


@pytest.mark.parametrize("hidden", [[20, 7], [np.int64(20), np.int64(7)], (np.int64(20), 7)])
def test_hidden_layers_are_a_list_or_a_tuple(hidden: Any) -> None:
    assert Recipe(hidden=hidden).hidden == (20, 7)
    assert quick(hidden=hidden).network.sizes == (784, 20, 7, 10)


def test_a_brain_trained_with_numbers_of_numpy_is_the_same() -> None:
    numbers: dict[str, Any] = {"epochs": 1, "prune": 0.25, "synthetic": 0.5, "threads": 1}
    seed: Any = np.int64(7)
    plain = quick(seed=7, half=True, **numbers)
    other = quick(
        seed=seed, half=np.True_, **{name: np.array(each)[()] for name, each in numbers.items()}
    )
    plain.save("plain.npz")
    other.save("other.npz")
    assert Path("plain.npz").read_bytes() == Path("other.npz").read_bytes()


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("epochs", np.float64(3)),
        ("epochs", np.int64(0)),
        ("epochs", np.array([3])),
        ("hidden", (np.float64(20),)),
        ("hidden", np.array([20])),
        ("shuffle", np.int64(1)),
        ("learning_rate", np.float32("nan")),
        ("learning_rate", np.complex128(1)),
        ("threads", np.int64(0)),
        ("threads", 1.0),
        ("prune", np.float32(1)),
        ("half", np.int64(1)),
        ("synthetic", "0.5"),
    ],
)
def test_other_numbers_of_numpy_are_refused(setting: str, value: Any) -> None:
    with pytest.raises(SettingError, match=f"^{setting}: .* is not"):
        quick(**{setting: value})


def test_a_setting_error_is_no_input_error() -> None:
    assert not issubclass(SettingError, InputError)
