"""``mnistmlp recipes``."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mnistmlp.brains.recipe_file import SUFFIX, named_recipe, save_recipe
from mnistmlp.cli.options import back_up_replaced, check_target
from mnistmlp.cli.recipes.options import Options
from mnistmlp.cli.recipes.table import format_recipe, format_recipes
from mnistmlp.cli.settings import takes_options
from mnistmlp.errors import SettingError
from mnistmlp.training.learning_rates import customise
from mnistmlp.training.recipes import EXPECTED, RECIPES, Recipe

EXAMPLES = (
    ("Compare all recipes", "mnistmlp recipes"),
    ("Show one", "mnistmlp recipes modern"),
    (
        "Write a recipe of your own, and train with it",
        "mnistmlp recipes modern --hidden 512 --save wide.toml\nmnistmlp train --recipe wide.toml",
    ),
)


@takes_options(Options)
def recipes(options: Options) -> None:
    """Show the recipes of `train`, or write one to a file.

    For each recipe: the accuracy on the test set (mean and standard deviation over several
    seeds), the training time on 2 cores (on one for the last two), and the settings.
    """
    if options.recipe is None and not (options.settings or options.save):
        print(json.dumps(_describe_all()) if options.as_json else format_recipes())
        return
    if options.save:
        check_recipe_file("save", options.save, force=options.force)
    recipe = _choose(options)
    if options.save:
        back_up_replaced(options.save)
        save_recipe(options.save, recipe)
        print(options.save)
    else:
        print(json.dumps(asdict(recipe)) if options.as_json else format_recipe(recipe))


def _choose(options: Options) -> Recipe:
    """Return the recipe that is named, with the settings given."""
    try:
        named = named_recipe("classic" if options.recipe is None else options.recipe)
        return customise(named, options.settings)
    except SettingError as error:
        if error.setting != "recipe":
            raise
        raise SettingError("RECIPE", error.message, hint=error.hint) from None  # an argument


def check_recipe_file(option: str, path: Path, *, force: bool) -> None:
    """Raise SettingError if no recipe can be written to `path`, or `--recipe` would not take it."""
    if path.suffix.lower() != SUFFIX:
        raise SettingError(option, f"{path} does not end in {SUFFIX}, as a recipe file does")
    check_target(option, path, force=force)


def _describe_all() -> dict[str, Any]:
    """Return the recipes, and what to expect of each, for JSON."""
    return {
        name: {"expected": EXPECTED[name]._asdict(), "settings": asdict(recipe)}
        for name, recipe in RECIPES.items()
    }
