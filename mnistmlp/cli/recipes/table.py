"""Recipes, learning rates and ranges as tables of less than 80 columns."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from itertools import zip_longest
from textwrap import wrap
from typing import Any, get_args

from mnistmlp.cli import console
from mnistmlp.cli.help import GROUPS
from mnistmlp.training.learning_rates import BATCH_SIZE, MAX_BATCH_SIZE, RATES, WIDTH
from mnistmlp.training.recipes import EXPECTED, RECIPES, SETTINGS, LossName, Recipe
from mnistmlp.training.settings import Around, Choices, Setting, Span, spell

LABELS, TOTAL = 20, 76  # columns: of the names of settings, and of all; a panel adds four
GAP = "  "


def format_recipes() -> str:
    """Return the recipes side by side: what to expect of each, and their settings in sections."""
    results = {
        "test accuracy": [f"{each.accuracy:.2%}" for each in EXPECTED.values()],
        "standard deviation": [f"{each.spread:.2%}" for each in EXPECTED.values()],
        "training time": [_format_time(each.seconds) for each in EXPECTED.values()],
    }
    return _format_sections({"Results": results, **_list_settings(RECIPES)}, list(RECIPES))


def format_recipe(recipe: Recipe) -> str:
    """Return the settings of one recipe in sections."""
    return _format_sections(_list_settings({recipe.name: recipe}), [recipe.name])


def summarise_recipes() -> str:
    """Return the recipes, a line each: what to expect of it, and its layers."""
    lines = ["recipe      test accuracy    time    hidden layers"]
    for name, (accuracy, spread, seconds) in EXPECTED.items():
        time, hidden = _format_time(seconds), spell(RECIPES[name].hidden)
        percent = f"{100 * accuracy:.2f} ± {100 * spread:.2f} %"
        lines.append(f"{name:12}{percent:17}{time:8}{hidden}")
    return "\n".join([*lines, "`mnistmlp recipes` shows all their settings."])


def _format_time(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 60 else f"{seconds / 60:.0f} min"


def _list_settings(recipes: Mapping[str, Recipe]) -> dict[str, dict[str, list[str]]]:
    """Return the settings in use in any of the recipes, by section and name: a value for each."""
    used = {name for recipe in recipes.values() for name in recipe.extras}
    sections: dict[str, dict[str, list[str]]] = {group: {} for group in GROUPS}
    for name, setting in SETTINGS.items():
        if setting.basic or name in used:
            cells = [_format_cell(recipe, name, setting) for recipe in recipes.values()]
            sections[setting.group][name.replace("_", " ")] = cells
    return {group: rows for group, rows in sections.items() if rows}


def _format_cell(recipe: Recipe, name: str, setting: Setting) -> str:
    """Return a recipe's value of a setting, or a dash if nothing is warped by it."""
    return "-" if setting.warp and not recipe.augment else spell_value(getattr(recipe, name))


def _format_sections(sections: Mapping[str, Mapping[str, list[str]]], names: list[str]) -> str:
    """Return rows in sections, in columns under these names."""
    most = max((TOTAL - LABELS) // len(names) - len(GAP), *map(len, names))
    cells = [names, *(row for rows in sections.values() for row in rows.values())]
    widths = [
        max(len(line) for cell in column for line in _wrap(cell, most))
        for column in zip(*cells, strict=True)
    ]
    lines = _format_row("", names, widths)
    for heading, rows in sections.items():
        lines += ["", console.paint(heading, "heading", sys.stdout)]
        for label, row in rows.items():
            lines += _format_row(f"  {label}", row, widths)
    return "\n".join(lines)


def _wrap(text: str, width: int) -> list[str]:
    return wrap(text, width, break_long_words=False)


def _format_row(label: str, cells: list[str], widths: list[int]) -> list[str]:
    """Return a row as lines, of which all but one continue its cells."""
    columns = [_wrap(cell, width) for cell, width in zip(cells, widths, strict=True)]
    lines = []
    for parts in zip_longest(*columns, fillvalue=""):
        row = (f"{part:{width}}" for part, width in zip(parts, widths, strict=True))
        lines.append(f"{label:{LABELS}}{GAP}{GAP.join(row)}".rstrip())
        label = ""
    return lines


def format_rates() -> str:
    """Return the learning rates that suit other settings."""
    losses = get_args(LossName)
    lines = [
        "Where optimizer, activation, loss or hidden differ from the recipe's:",
        f"{'':36}{losses[0]:7}{losses[1]}",
    ]
    for optimizer, name in (("sgd", "sgd, nesterov"), ("adam", "adam")):
        for column, layers in enumerate(("sigmoid layers", "others, or none")):
            first, second = (RATES[optimizer, loss][column] for loss in losses)
            lines.append(f"  {name:15}{layers:19}{first:<7g}{second:g}")
    scaling = f"√(size / {BATCH_SIZE}) up to {MAX_BATCH_SIZE}"
    lines.append(f"For batches of {BATCH_SIZE}; multiplied by {scaling}, by 1 − momentum,")
    lines.append(f"and, for layers of over {WIDTH} neurons, by {WIDTH} / width.")
    return "\n".join(lines)


def format_ranges() -> str:
    """Return what `tune` searches."""
    lines = []
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
        lines += wrap(
            text, TOTAL, initial_indent=f"{name.replace('_', ' '):18}", subsequent_indent=" " * 18
        )
    lines.append("Only settings in use are searched; the recipe's own values are included.")
    return "\n".join(lines)


def spell_value(value: Any) -> str:
    """Return a value as a user would write it, a number without needless digits."""
    return f"{value:g}" if isinstance(value, float) else spell(value)
