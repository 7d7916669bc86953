"""Learning rates that suit settings other than a recipe's own.

Nothing here needs NumPy, so that the command line can show the rates without loading it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from mnistmlp.training.recipes import (
    RECIPES,
    Recipe,
    check_names,
    find_recipe,
    imply_augment,
)

# Chosen on validation images, as docs/recipes.md says.  The slope of the sigmoid is at most
# 1/4, which shrinks the gradient in every layer.
RATES = {  # by optimiser and loss: with sigmoid layers; with others, or without hidden layers
    ("sgd", "mse"): (1.0, 0.3),
    ("sgd", "cross-entropy"): (1.0, 0.1),
    ("adam", "mse"): (0.003, 0.001),
    ("adam", "cross-entropy"): (0.003, 0.001),
}
BATCH_SIZE = 32  # for which these hold
MAX_BATCH_SIZE = 256  # up to which they grow; training is unstable beyond
WIDTH = 256  # wider layers need a lower rate
MOMENTUM = 0.9  # of nesterov by default
DECISIVE = ("optimizer", "activation", "loss", "hidden")  # settings on which RATES depend


def override(recipe: Recipe, settings: Mapping[str, Any]) -> Recipe:
    """Return a recipe with other settings, and a learning rate that suits them.

    A learning rate among the settings is kept.  Otherwise, the recipe's stays unless
    what it depends on has changed: with another optimiser, activation, loss or other
    hidden layers it is `suitable_rate`, and with another batch size or momentum it is
    scaled.  Nesterov momentum is 0.9 by default.

    Raises
    ------
    SettingError
        If a setting is invalid.
    """
    settings = dict(settings)
    if settings.get("optimizer") == "nesterov" and not recipe.momentum:
        settings.setdefault("momentum", MOMENTUM)
    changed = replace(recipe, **settings)
    if "learning_rate" in settings:
        return changed
    if any(getattr(changed, name) != getattr(recipe, name) for name in DECISIVE):
        return replace(changed, learning_rate=suitable_rate(changed))
    if _scale(changed) == _scale(recipe):
        return changed
    return replace(
        changed, learning_rate=_round(recipe.learning_rate * _scale(changed) / _scale(recipe))
    )


def customise(recipe: str | Recipe, settings: Mapping[str, Any]) -> Recipe:
    """Return a recipe with other settings.

    For one of `RECIPES`, the learning rate follows, as in `override`; other recipes keep
    theirs.  A setting of the warp turns augmentation on, unless ``augment`` is set.

    Raises
    ------
    SettingError
        If the recipe or a setting is unknown, or a setting is invalid.
    """
    check_names(settings)
    chosen = recipe if isinstance(recipe, Recipe) else find_recipe(recipe)
    settings = imply_augment(settings)
    if chosen in RECIPES.values():
        return override(chosen, settings)
    return replace(chosen, **settings)


def default_rate(recipe: Recipe) -> float:
    """Return the rate that `override` would choose for the settings of a recipe."""
    base = RECIPES.get(recipe.name, RECIPES["classic"])
    settings = {name: getattr(recipe, name) for name in (*DECISIVE, "batch_size", "momentum")}
    return override(base, settings).learning_rate


def suitable_rate(recipe: Recipe) -> float:
    """Return a learning rate that suits the settings of a recipe, ignoring its own."""
    optimizer = "adam" if recipe.optimizer == "adam" else "sgd"
    with_sigmoid, without = RATES[optimizer, recipe.loss]
    sigmoid = recipe.activation == "sigmoid" and recipe.hidden
    return _round((with_sigmoid if sigmoid else without) * _scale(recipe))


def _scale(recipe: Recipe) -> float:
    """Return the factor of the rate for batch size, momentum and width.

    It grows with the square root of the batch size, because gradient noise
    falls: Krizhevsky, "One weird trick for parallelizing convolutional neural
    networks", 2014, section 5; for Adam, Malladi, Lyu, Panigrahi and Arora, "On
    the SDEs and scaling rules for adaptive gradient algorithms", NeurIPS 2022,
    definition 5.2.  Momentum μ makes each gradient count 1 / (1 − μ) times.  The
    more neurons a layer has, the more their steps add up in the next: Yang et al.,
    "Tensor programs V: tuning large neural networks via zero-shot hyperparameter
    transfer", NeurIPS 2021, section 5.
    """
    batch = math.sqrt(min(recipe.batch_size, MAX_BATCH_SIZE) / BATCH_SIZE)
    return batch * (1 - recipe.momentum) * WIDTH / max(WIDTH, *recipe.hidden, 0)


def _round(rate: float) -> float:
    """Round to two significant digits: more would suggest false precision."""
    return float(f"{rate:.2g}")
