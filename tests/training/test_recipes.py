import json
from dataclasses import asdict, replace
from typing import Any, get_args

import numpy as np
import pytest

from mnistmlp.brains.archive import MAX_META
from mnistmlp.core.activations import ACTIVATIONS
from mnistmlp.core.losses import LOSSES
from mnistmlp.errors import SettingError
from mnistmlp.training import recipes
from mnistmlp.training.optim import SCHEDULES, make_optimizer
from mnistmlp.training.recipes import RECIPES, Recipe, find_recipe, parse_recipe
from mnistmlp.training.settings import parse_hidden, spell
from mnistmlp.training.state import EpochReport


def test_names_match_the_registries() -> None:
    assert list(get_args(recipes.ActivationName)) == list(ACTIVATIONS)
    assert list(get_args(recipes.LossName)) == list(LOSSES)
    assert list(get_args(recipes.ScheduleName)) == list(SCHEDULES)


def test_every_optimiser_can_be_made() -> None:
    names = get_args(recipes.OptimizerName)
    made = [make_optimizer(name, np.zeros(3), np.zeros(3)) for name in names]
    assert [type(each).__name__ for each in made] == ["SGD", "SGD", "Adam"]


def test_classic_has_the_ancestors_settings() -> None:
    classic = RECIPES["classic"]
    assert classic == Recipe()
    assert (classic.hidden, classic.activation, classic.loss) == ((20, 20, 20), "sigmoid", "mse")
    assert (classic.optimizer, classic.learning_rate, classic.momentum) == ("sgd", 6.0, 0.0)
    assert (classic.batch_size, classic.epochs) == (32, 30)
    assert classic.schedule == "cosine"  # the ancestor's was constant, half a percent less accurate


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("hidden", (0,)),
        ("hidden", (20, -1)),
        ("hidden", (1,) * 101),
        ("activation", "swish"),
        ("loss", "hinge"),
        ("optimizer", "lion"),
        ("schedule", "linear"),
        ("dtype", "float16"),
        ("learning_rate", 0.0),
        ("learning_rate", -1.0),
        ("learning_rate", float("nan")),
        ("learning_rate", float("inf")),
        ("momentum", 1.0),
        ("momentum", -0.1),
        ("weight_decay", -1e-9),
        ("weight_decay", float("nan")),
        ("dropout", 1.0),
        ("label_smoothing", -0.1),
        ("adversarial", float("inf")),
        ("hardest", 0.0),
        ("receptive_field", -1.0),
        ("receptive_field", 1e-320),
        ("receptive_field", 1e300),
        ("displacement", -1.0),
        ("rotation", float("nan")),
        ("batch_size", 0),
        ("epochs", 0),
        ("validation", -1),
        ("patience", 0),
        ("limit", 0),
        ("hidden", (1_000_001,)),
        ("weight_decay", 1e9),
        ("adversarial", 28.1),
        ("receptive_field", 0.09),
        ("receptive_field", 28.1),
        ("rotation", 180.1),
        ("scaling", 1e308),
        ("batch_size", 1_000_001),
        ("epochs", 10_001),
        ("epochs", 10**400),
        ("patience", 10_001),
        ("validation", 10**9 + 1),
        ("limit", 10**9 + 1),
    ],
)
def test_values_out_of_range_are_refused(setting: str, value: Any) -> None:
    with pytest.raises(SettingError, match="is not") as caught:
        replace(RECIPES["classic"], **{setting: value})
    assert caught.value.setting == setting
    assert len(str(caught.value)) < 150
    with pytest.raises(SettingError) as parsed:
        parse_recipe({setting: value})
    assert parsed.value.setting == setting


@pytest.mark.parametrize(
    "ends",
    [
        {"hidden": (1,) * 100},
        {"hidden": (1_000_000,), "batch_size": 1_000_000, "epochs": 10_000, "patience": 10_000},
        {"batch_size": 1, "epochs": 1, "patience": 1, "limit": 1, "validation": 1},
        {"validation": 0},
        {"validation": 10**9, "limit": 10**9, "weight_decay": 1e6},
        {"receptive_field": 0.1, "displacement": 0, "rotation": 0, "scaling": 0, "shift": 0},
        {"receptive_field": 28, "displacement": 28, "rotation": 180, "scaling": 10, "shift": 28},
        {"shear": 10, "adversarial": 28, "hardest": 1, "name": "n" * 1000},
        {"shear": 0, "adversarial": 0, "hardest": 5e-324, "learning_rate": 5e-324},
    ],
    ids=",".join,
)
def test_values_at_the_ends_of_their_ranges_are_accepted(ends: dict[str, Any]) -> None:
    recipe = Recipe(**ends)
    assert {name: getattr(recipe, name) for name in ends} == ends


def test_a_name_must_be_printable_and_short() -> None:
    for name in ("n" * 1001, "two\nlines"):
        with pytest.raises(SettingError) as caught:
            Recipe(name=name)
        assert caught.value.setting == "name"


def test_files_can_hold_the_history_of_the_longest_run() -> None:
    line = asdict(EpochReport(recipes.MAX_EPOCHS, *[-1.2345678901234567e-300] * 6))
    characters = len(json.dumps([line] * recipes.MAX_EPOCHS))
    assert np.dtype("U1").itemsize * characters < MAX_META


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"optimizer": "adam", "momentum": 0.9}, "momentum"),
        ({"optimizer": "nesterov"}, "momentum"),
        ({"patience": 3, "validation": 0}, "patience"),
    ],
)
def test_incompatible_settings_are_refused(settings: dict[str, Any], named: str) -> None:
    with pytest.raises(SettingError) as caught:
        Recipe(**settings)
    assert caught.value.setting == named


def test_parse_hidden() -> None:
    assert parse_hidden("20,20,20") == (20, 20, 20)
    assert parse_hidden("800") == (800,)
    assert parse_hidden("none") == ()


@pytest.mark.parametrize(
    "text", ["", "20,,20", "20,", "a", "20;20", "2.5", "None", "1_000", "٢٠", "9" * 20]
)
def test_parse_hidden_refuses_other_text(text: str) -> None:
    with pytest.raises(SettingError, match="list of widths"):
        parse_hidden(text)


@pytest.mark.parametrize(
    ("value", "text"),
    [((20, 10), "20,10"), ((), "none"), (None, "none"), (True, "yes"), (False, "no"), (1, "1")],
)
def test_values_are_spelt_as_a_user_writes_them(value: Any, text: str) -> None:
    assert spell(value) == text


def test_an_unknown_recipe_lists_the_known_ones() -> None:
    with pytest.raises(SettingError, match="'clasic' is not one of classic, ") as caught:
        find_recipe("clasic")
    assert caught.value.setting == "recipe"


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("epochs", 2.5),
        ("epochs", True),
        ("epochs", np.float64(3)),
        ("hidden", 512),
        ("hidden", (20.0,)),
        ("hidden", "20"),
        ("shuffle", "no"),
        ("shuffle", 1),
        ("learning_rate", "0.1"),
        ("learning_rate", True),
        ("learning_rate", 10**400),
        ("dropout", None),
        ("patience", 2.0),
        ("activation", None),
        ("name", 7),
    ],
)
def test_values_of_the_wrong_type(setting: str, value: Any) -> None:
    with pytest.raises(SettingError, match="is not") as caught:
        Recipe(**{setting: value})
    assert caught.value.setting == setting
    with pytest.raises(SettingError):
        parse_recipe({setting: value})


def test_what_python_users_pass_is_accepted() -> None:
    recipe = Recipe(hidden=[20, 10], learning_rate=np.float64(0.1), weight_decay=0)  # type: ignore[arg-type]
    assert (recipe.hidden, recipe.learning_rate) == ((20, 10), 0.1)
    assert parse_recipe(json.loads(json.dumps(asdict(recipe)))) == recipe


def test_an_unknown_setting_is_named() -> None:
    with pytest.raises(SettingError, match="not a setting of a recipe") as caught:
        parse_recipe({"epochs": 3, "widths": 20})
    assert caught.value.setting == "widths"


def test_extras_are_the_settings_in_use_beyond_the_basic() -> None:
    assert Recipe().extras == {}
    assert Recipe(dropout=0.1, epochs=3, shift=1.0).extras == {"dropout": 0.1}
    assert list(Recipe(augment=True).extras) == ["augment", *Recipe().warp]
