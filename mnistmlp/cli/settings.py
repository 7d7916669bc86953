"""The settings of a run of `train`: of a recipe, an initial brain, and the options given."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from mnistmlp.recipes import RECIPES, WARP, Recipe, find_recipe, parse_hidden

if TYPE_CHECKING:
    from mnistmlp.brain import Brain


def resolve(initial: Brain | None, params: dict[str, Any]) -> Recipe:
    """Return the recipe with what the initial brain and then the options say instead.

    `params` has all options of the command by name: those of a recipe's fields
    count.  An option of the warp turns augmentation on, unless that is said too.
    """
    recipe = params["recipe"]
    given = {field.name: params.get(field.name) for field in fields(Recipe)}
    if given["hidden"] is not None:
        given["hidden"] = parse_hidden(given["hidden"])
    settings = {name: value for name, value in given.items() if value is not None}
    if settings.keys() & set(WARP):
        settings.setdefault("augment", True)
    if initial:
        network = initial.network
        named = str((initial.meta or {}).get("recipe", {}).get("name"))
        if recipe is None and named in RECIPES:
            recipe = named
        settings = {
            "hidden": network.sizes[1:-1],
            "activation": network.activation,
            "loss": network.loss,
            "dtype": network.parameters.dtype.name,
        } | settings
    return replace(find_recipe("classic" if recipe is None else recipe), **settings)
