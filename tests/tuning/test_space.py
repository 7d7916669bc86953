import re
from typing import Any

import pytest
from optuna import create_study
from optuna.samplers import RandomSampler

from mnistmlp.errors import SettingError
from mnistmlp.training.recipes import RECIPES, SETTINGS
from mnistmlp.training.settings import Around, Choices, Span
from mnistmlp.tuning.space import Space, make_space


def shown(space: Space) -> dict[str, str]:
    return {name: str(each) for name, each in space.dimensions.items()}


def test_every_setting_is_searched_or_fixed_on_purpose() -> None:
    fixed = {"normalization", "activation", "loss", "optimizer", "epochs", "validation"}
    fixed |= {"patience", "limit", "shuffle", "augment", "dtype"}
    assert {name for name, setting in SETTINGS.items() if setting.search is None} == fixed


@pytest.mark.parametrize("name", SETTINGS)
def test_the_ranges_are_of_valid_values(name: str) -> None:
    setting = SETTINGS[name]
    match setting.search:
        case Span(low, high, _):
            values: tuple[Any, ...] = (float(low), float(high))
        case Choices(values):
            pass
        case Around() | None:
            return
    for value in values:
        setting.check(name, value)


def test_by_default_what_is_in_use_is_searched_around_the_recipe() -> None:
    modern = shown(make_space("modern", {"dropout": 0.1, "adversarial": 2.0}))
    assert modern["learning_rate"] == "0.0006:0.06:log"
    assert "dropout" not in modern  # it is fixed
    assert not {"momentum", "rotation", "epochs"} & modern.keys()  # adam, no warp, no range
    assert shown(make_space("modern", {"weight_decay": 0.1, "epochs": 2}))["adversarial"] == "0:1.5"
    assert shown(make_space("classic", {}))["momentum"] == "0:0.98"
    assert shown(make_space("best", {}))["rotation"] == "0:20"


def test_the_recipes_own_values_are_in_the_space() -> None:
    for name, recipe in RECIPES.items():
        space = make_space(name, {})
        assert space.first.keys() == space.dimensions.keys()
        assert space.restore(space.first) == {
            each: getattr(recipe, each) for each in space.dimensions
        }
    wide = make_space("plain-best", {"validation": 5000})
    assert shown(wide)["hidden"].endswith("|1024,1024")
    narrow = make_space("modern", {}, "dropout=0.1:0.2,hidden=64|32")
    assert narrow.first == {}


@pytest.mark.parametrize("name", RECIPES)
def test_everything_that_is_proposed_is_a_recipe(name: str) -> None:
    free = "augment=yes|no,optimizer=sgd|nesterov|adam,activation=relu|tanh,patience=3|none"
    for search in (None, f"{free},learning-rate,momentum,rotation,epochs=1:5,batch_size=8:256:log"):
        space = make_space(name, {"validation": 100}, search)
        study = create_study(sampler=RandomSampler(seed=0))
        for _ in range(30):
            trial = study.ask()
            values = space.suggest(trial)
            recipe = space.customise(values)
            assert {each: getattr(recipe, each) for each in values} == values
            assert space.restore(trial.params) == values
            assert all(
                value == float(f"{value:.4g}") for value in values.values() if type(value) is float
            )
            assert ("momentum" in values) <= (recipe.optimizer != "adam")
            assert ("rotation" in values) <= recipe.augment


def test_a_rate_that_is_not_searched_suits_the_rest() -> None:
    space = make_space("modern", {}, "hidden=256,128|1024")
    assert space.customise({"hidden": (256, 128)}).learning_rate == 0.006
    assert space.customise({"hidden": (1024,)}).learning_rate == 0.00071


def test_values_are_parsed() -> None:
    text = (
        "hidden=none|256,128|64,learning-rate=1e-3:.5:log,epochs=2:8,dropout,schedule=step|cosine"
    )
    assert shown(make_space("modern", {}, text)) == {
        "hidden": "none|256,128|64",
        "dropout": "0:0.3",
        "learning_rate": "0.001:0.5:log",
        "schedule": "step|cosine",
        "epochs": "2:8",
    }
    warped = make_space("modern", {}, "rotation")
    assert warped.base.augment


@pytest.mark.parametrize(
    ("search", "message"),
    [
        ("epoch=1:3", "epoch: not a setting of a recipe"),
        ("name=a|b", "name: not a setting of a recipe"),
        ("epochs", "epochs needs values, such as epochs=LOW:HIGH"),
        ("shuffle", "shuffle needs values, such as shuffle=yes|no"),
        ("epochs=3", "epochs: '3' is one value only; try epochs=LOW:HIGH"),
        ("epochs=3|3", "epochs: '3|3' names a value twice"),
        ("epochs=3:3", "epochs: '3:3': 3 is not below 3"),
        ("epochs=0:3", "epochs: 0 is not a whole number from 1 to 10,000"),
        ("epochs=1:3:4", "epochs: '1:3:4' is not LOW:HIGH or LOW:HIGH:log"),
        ("epochs=1.5:3", "epochs: '1.5' is not a whole number"),
        ("dropout=0:.3:log", "dropout: '0:.3:log': a logarithmic scale cannot start at 0"),
        ("dropout=0:1", "dropout: 1.0 is not a number from 0 to below 1"),
        ("dropout=0:nan", "dropout: 'nan' is not a number"),
        ("dropout=0:1_0", "dropout: '1_0' is not a number"),
        ("schedule=step:cosine", "schedule: step:cosine is not one of constant"),
        ("hidden=20|20,0", "hidden: 20,0 is not a list of up to"),
        ("shuffle=yes|maybe", "shuffle: 'maybe' is not True or False"),
        ("dropout,dropout", "dropout: searched twice"),
        ("limit=100|200", "limit: is also fixed"),
        ("momentum", "momentum is not in use where optimizer is adam"),
        ("dropout,", "dropout,: not a setting of a recipe"),
        ("", ": not a setting of a recipe"),
    ],
)
def test_faults(search: str, message: str) -> None:
    with pytest.raises(SettingError, match=rf"^search: {re.escape(message)}"):
        make_space("modern", {"limit": 1000}, search)


def test_what_was_meant_is_named() -> None:
    with pytest.raises(SettingError) as caught:
        make_space("modern", {}, "droput")
    assert caught.value.hint == "did you mean dropout?"


def test_nothing_left_to_search() -> None:
    every = {name: getattr(RECIPES["modern"], name) for name in SETTINGS}
    with pytest.raises(SettingError, match="search: every setting with a range is fixed"):
        make_space("modern", every)
    with pytest.raises(SettingError, match="rotation is not in use where augment is no"):
        make_space("modern", {"augment": False}, "rotation")
