"""Recipes and learning rates as lines of less than 80 columns."""

from __future__ import annotations

from collections.abc import Iterable
from textwrap import wrap
from typing import Any, get_args

from mnistmlp.training.learning_rates import BATCH_SIZE, MAX_BATCH_SIZE, RATES, WIDTH
from mnistmlp.training.recipes import EXPECTED, RECIPES, SETTINGS, LossName, Recipe
from mnistmlp.training.settings import Around, Choices, Span, spell


def format_recipes() -> str:
    """Return the recipes as lines of less than 80 columns."""
    lines = ["recipe      test accuracy      time"]
    for name, recipe in RECIPES.items():
        accuracy, spread, seconds = EXPECTED[name]
        time = f"{seconds:.1f} s" if seconds < 60 else f"{seconds / 60:.0f} min"
        lines.append(f"{name:11} {100 * accuracy:.2f} ± {100 * spread:.2f} %  {time:>6}")
        lines += _indent_settings(recipe)
    return "\n".join(lines)


def format_recipe(recipe: Recipe) -> str:
    """Return one recipe as lines of less than 80 columns."""
    return "\n".join([recipe.name, *_indent_settings(recipe)])


def _indent_settings(recipe: Recipe) -> list[str]:
    return [
        line
        for each in describe_settings(recipe)
        for line in wrap(each, 78, initial_indent="  ", subsequent_indent="  ")
    ]


def format_rates() -> str:
    """Return the learning rates that suit other settings as lines of less than 80 columns."""
    losses = get_args(LossName)
    lines = [
        "learning rate where optimizer, activation, loss or hidden are not the recipe's",
        f"{'':36}{'  '.join(losses)}",
    ]
    for optimizer, name in (("sgd", "sgd, nesterov"), ("adam", "adam")):
        for column, layers in enumerate(("sigmoid layers", "others, or none")):
            cells = (f"{RATES[optimizer, loss][column]:<{len(loss)}g}" for loss in losses)
            lines.append(f"  {name:15}{layers:19}{'  '.join(cells)}".rstrip())
    scaling = f"√(size / {BATCH_SIZE}) up to {MAX_BATCH_SIZE}"
    lines.append(f"  for batches of {BATCH_SIZE}; times {scaling}, times 1 − momentum,")
    lines.append(f"  and, for layers of over {WIDTH} neurons, times {WIDTH} / width")
    return "\n".join(lines)


def format_ranges() -> str:
    """Return what `tune` searches as lines of less than 80 columns."""
    lines = ["what is searched by default, where it is in use"]
    for name, setting in SETTINGS.items():
        match setting.search:
            case Around(factor):
                text = f"the recipe's / {factor:g} to its × {factor:g}, logarithmic"
            case Span(low, high, log):
                text = f"{low:g} to {high:g}{', logarithmic' if log else ''}"
            case Choices(values):
                text = "|".join(map(spell_value, values))
            case _:
                continue
        indent = f"  {name.replace('_', ' '):18}"
        lines += wrap(text, 78, initial_indent=indent, subsequent_indent=" " * 20)
    return "\n".join([*lines, "  and the recipe's own value of each"])


def describe_settings(recipe: Recipe) -> list[str]:
    """Return a recipe's settings as lines: network, training, extras, warp."""
    extras = [name for name in recipe.extras if name != "augment" and not SETTINGS[name].warp]
    lines = [
        f"hidden {','.join(map(str, recipe.hidden))}, {recipe.activation}, {recipe.loss}",
        f"{recipe.optimizer}, {recipe.schedule}, learning rate {recipe.learning_rate:g}, "
        f"batch {recipe.batch_size}, {recipe.epochs} epochs",
        _format_values(recipe, extras),
        f"warps: {_format_values(recipe, recipe.warp)}" if recipe.augment else "",
    ]
    return [line for line in lines if line]


def _format_values(recipe: Recipe, names: Iterable[str]) -> str:
    values = {name: getattr(recipe, name) for name in names}
    return ", ".join(
        f"{name.replace('_', ' ')} {spell_value(value)}" for name, value in values.items()
    )


def spell_value(value: Any) -> str:
    """Return a value as a user would write it, a number without needless digits."""
    return f"{value:g}" if isinstance(value, float) else spell(value)
