from dataclasses import replace
from typing import Any

import pytest

from mnistmlp.errors import SettingError
from mnistmlp.training.learning_rates import MOMENTUM, RATES, override, suitable_rate
from mnistmlp.training.recipes import RECIPES, Recipe

CLASSIC, MODERN = RECIPES["classic"], RECIPES["modern"]


@pytest.mark.parametrize(
    ("recipe", "settings", "expected"),
    [
        (CLASSIC, {}, 6),
        (CLASSIC, {"epochs": 3, "optimizer": "sgd", "hidden": (20, 20, 20)}, 6),
        (CLASSIC, {"activation": "relu"}, 0.3),
        (CLASSIC, {"activation": "tanh", "loss": "cross-entropy"}, 0.1),
        (CLASSIC, {"loss": "cross-entropy"}, 1),
        (CLASSIC, {"hidden": (20, 20)}, 1),
        (CLASSIC, {"hidden": ()}, 0.3),
        (CLASSIC, {"optimizer": "adam"}, 0.003),
        (CLASSIC, {"optimizer": "adam", "activation": "relu"}, 0.001),
        (CLASSIC, {"optimizer": "adam", "loss": "cross-entropy"}, 0.003),
        (CLASSIC, {"optimizer": "nesterov", "activation": "relu"}, 0.03),
        (CLASSIC, {"optimizer": "nesterov", "momentum": 0.5}, 0.5),
        (CLASSIC, {"activation": "relu", "batch_size": 128}, 0.6),
        (CLASSIC, {"activation": "relu", "batch_size": 256}, 0.85),
        (CLASSIC, {"activation": "relu", "batch_size": 60_000}, 0.85),
        (MODERN, {"optimizer": "sgd"}, 0.28),
        (MODERN, {"hidden": (512, 256)}, 0.0014),
        (CLASSIC, {"hidden": (1024,)}, 0.25),
        (CLASSIC, {"momentum": 0.9}, 0.6),  # the recipe's own, scaled
        (CLASSIC, {"batch_size": 8}, 3),
        (MODERN, {"batch_size": 64}, 0.003),
        (MODERN, {"batch_size": 512}, 0.006),
        (CLASSIC, {"activation": "relu", "learning_rate": 6.0}, 6),
        (CLASSIC, {"batch_size": 8, "learning_rate": 2.0}, 2),
    ],
    ids=str,
)
def test_the_rate_follows_the_settings(
    recipe: Recipe, settings: dict[str, Any], expected: float
) -> None:
    changed = override(recipe, settings)
    assert changed.learning_rate == pytest.approx(expected)
    kept = {"learning_rate": changed.learning_rate, "momentum": changed.momentum}
    assert changed == replace(recipe, **settings | kept)


def test_nesterov_gets_a_momentum_unless_one_is_given() -> None:
    assert override(CLASSIC, {"optimizer": "nesterov"}).momentum == MOMENTUM
    assert override(CLASSIC, {"optimizer": "nesterov", "momentum": 0.5}).momentum == 0.5
    assert override(CLASSIC, {"optimizer": "sgd"}).momentum == 0
    with pytest.raises(SettingError, match="nesterov needs a momentum"):
        override(CLASSIC, {"optimizer": "nesterov", "momentum": 0.0})


def test_every_recipe_keeps_its_rate_and_has_a_suitable_one() -> None:
    for recipe in RECIPES.values():
        assert override(recipe, {}) == recipe
        assert suitable_rate(recipe) > 0
    assert {optimizer for optimizer, _ in RATES} == {"sgd", "adam"}
