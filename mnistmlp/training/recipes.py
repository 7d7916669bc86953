"""The named recipes, and what to expect from each.

Nothing here needs NumPy, so that the command line can show the choices
without loading it.
"""

from __future__ import annotations

from dataclasses import replace
from reprlib import repr as short
from typing import NamedTuple

from mnistmlp.errors import SettingError
from mnistmlp.training.recipe import (  # with what is public of it
    DEFAULTS as DEFAULTS,
    GUESSING as GUESSING,
    MAX_EPOCHS as MAX_EPOCHS,
    MAX_IMAGES as MAX_IMAGES,
    MAX_SYNTHETIC as MAX_SYNTHETIC,
    SETTINGS as SETTINGS,
    ActivationName as ActivationName,
    DtypeName as DtypeName,
    LossName as LossName,
    NormalizationName as NormalizationName,
    OptimizerName as OptimizerName,
    Recipe as Recipe,
    ScheduleName as ScheduleName,
    check_names as check_names,
    imply_augment as imply_augment,
    parse_recipe as parse_recipe,
    select_extras as select_extras,
    suggest,
)

MODERN = Recipe(
    name="modern",
    normalization="moments",
    hidden=(256, 128),
    activation="relu",
    loss="cross-entropy",
    receptive_field=2.0,
    adversarial=0.5,
    hardest=0.25,
    optimizer="adam",
    learning_rate=6e-3,
    schedule="one-cycle",
    batch_size=256,
    epochs=4,
)
RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe(),
        MODERN,
        replace(MODERN, name="quick-99", epochs=8),  # 99 % with every seed
        Recipe(
            name="plain-best",  # the best without augmentation
            normalization="moments",
            hidden=(1024, 1024),
            activation="relu",
            loss="cross-entropy",
            receptive_field=2.0,
            adversarial=1.0,
            hardest=0.3,
            label_smoothing=0.03,
            optimizer="adam",
            learning_rate=2e-3,
            batch_size=256,
            epochs=40,
            validation=0,
        ),
        Recipe(
            name="best",
            normalization="deslant",
            hidden=(2048, 1024),
            activation="relu",
            loss="cross-entropy",
            receptive_field=2.0,
            adversarial=0.5,
            hardest=0.3,
            label_smoothing=0.03,
            optimizer="adam",
            learning_rate=1e-3,
            weight_decay=0.1,
            batch_size=256,
            epochs=100,
            augment=True,
            displacement=0.8,
            rotation=8.0,
            shear=0.0,
            validation=0,
        ),
    )
}


class Expected(NamedTuple):
    """The expected result of a recipe, as measured by `benchmarks/accuracy.py`."""

    accuracy: float  # on the test set, mean over the seeds
    spread: float  # standard deviation over the seeds
    seconds: float  # median, on 2 cores; on one for the last two recipes


EXPECTED = {
    "classic": Expected(0.9534, 0.0022, 2.6),
    "modern": Expected(0.9902, 0.0007, 1.8),
    "quick-99": Expected(0.9916, 0.0005, 3.1),
    "plain-best": Expected(0.9924, 0.0005, 134),
    "best": Expected(0.9956, 0.0002, 883),
}


def find_recipe(name: str) -> Recipe:
    """Return the recipe with this name.

    Raises
    ------
    SettingError
        If there is no such recipe.
    """
    if not isinstance(name, str) or name not in RECIPES:
        known = ", ".join(RECIPES)
        raise SettingError(
            "recipe", f"{short(name)} is not one of {known}", hint=suggest(name, RECIPES)
        )
    return RECIPES[name]
