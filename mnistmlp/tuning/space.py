"""The space of a search: the settings to vary, and the values of each."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from reprlib import repr as short
from typing import TYPE_CHECKING, Any

from mnistmlp.errors import SettingError
from mnistmlp.training.learning_rates import customise
from mnistmlp.training.recipes import SETTINGS, Recipe, check_names
from mnistmlp.training.settings import Around, Choices, Setting, Span, parse_hidden, spell

if TYPE_CHECKING:
    from optuna.trial import Trial

WHOLE = re.compile(r"[0-9]{1,10}")
NUMBER = re.compile(r"([0-9]+(\.[0-9]*)?|\.[0-9]+)(e[+-]?[0-9]+)?", re.IGNORECASE)
DIGITS = 4  # significant ones of a number tried: more would suggest false precision


@dataclass(frozen=True)
class Dimension:
    """A setting to search, and its values: a span of numbers, or choices as text."""

    name: str
    span: Span | None = None
    choices: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.span:
            low, high = (f"{each:.{DIGITS}g}" for each in (self.span.low, self.span.high))
            return f"{low}:{high}{':log' if self.span.log else ''}"
        return "|".join(self.choices)

    def suggest(self, trial: Trial) -> Any:
        """Let the sampler of a trial choose a value, as stored in the database."""
        if not self.span:
            return trial.suggest_categorical(self.name, self.choices)
        low, high, log = self.span.low, self.span.high, self.span.log
        if SETTINGS[self.name].kind is int:
            return trial.suggest_int(self.name, int(low), int(high), log=log)
        return trial.suggest_float(self.name, low, high, log=log)

    def store(self, value: Any) -> Any:
        """Return a setting's value as stored in the database, or None if outside this space."""
        if not self.span:
            return spell(value) if spell(value) in self.choices else None
        return value if self.span.low <= value <= self.span.high else None

    def restore(self, stored: Any) -> Any:
        """Return the value of the setting stored in the database."""
        if not self.span:
            return read_value(self.name, stored)
        return stored if isinstance(stored, int) else float(f"{stored:.{DIGITS}g}")


@dataclass(frozen=True)
class Space:
    """What a search varies around a recipe.

    Parameters
    ----------
    recipe : str or Recipe
        A name, or your own recipe.
    settings : mapping
        What stays fixed, overriding the recipe.
    dimensions : mapping
        What to search, by name.
    """

    recipe: str | Recipe
    settings: Mapping[str, Any]
    dimensions: Mapping[str, Dimension]

    @property
    def base(self) -> Recipe:
        """The recipe with the fixed settings: that of the first trial."""
        return customise(self.recipe, self.settings)

    @property
    def first(self) -> dict[str, Any]:
        """The recipe's own values, as stored in the database."""
        own = {name: each.store(getattr(self.base, name)) for name, each in self.dimensions.items()}
        return {name: value for name, value in own.items() if value is not None}

    def suggest(self, trial: Trial) -> dict[str, Any]:
        """Let the sampler of a trial choose values for the settings in use together."""
        values: dict[str, Any] = {}
        for name, dimension in self.dimensions.items():  # settings that others depend on come first
            if _applies(SETTINGS[name], values, self.base):
                values[name] = dimension.restore(dimension.suggest(trial))
        return values

    def restore(self, stored: Mapping[str, Any]) -> dict[str, Any]:
        """Return the settings stored in the database."""
        return {
            name: each.restore(stored[name])
            for name, each in self.dimensions.items()
            if name in stored
        }

    def customise(self, values: Mapping[str, Any]) -> Recipe:
        """Return the recipe with these values; a rate that is not searched is adapted to them.

        Raises
        ------
        SettingError
            If they cannot be combined.
        """
        return customise(self.recipe, {**self.settings, **values})


# --- Making a space ------------------------------------------------------------


def make_space(
    recipe: str | Recipe, settings: Mapping[str, Any], search: str | None = None
) -> Space:
    """Return the space of a search around a recipe.

    Parameters
    ----------
    recipe : str or Recipe
    settings : mapping
        What stays fixed, overriding the recipe.
    search : str, optional
        What to search, such as ``"learning_rate=1e-4:1e-2:log,hidden=128|256,128,dropout"``;
        without values, the range in the setting's metadata.  By default, all settings in
        use that have a range there.

    Raises
    ------
    SettingError
        If a name or a value is invalid.
    """
    base = customise(recipe, settings)
    fixed = dict(settings)
    if search is None:
        names = [
            name
            for name, setting in SETTINGS.items()
            if setting.search and name not in fixed and _applies(setting, {}, base)
        ]
        dimensions = {name: _default_dimension(name, base) for name in names}
    else:
        dimensions = _parse_search(search, fixed, base)
        warps = any(SETTINGS[name].warp for name in dimensions)
        if warps and "augment" not in {*fixed, *dimensions}:
            fixed["augment"] = True
    if not dimensions:
        raise SettingError(
            "search", "every setting with a range is fixed, so there is nothing to search"
        )
    space = Space(
        recipe, fixed, {name: dimensions[name] for name in SETTINGS if name in dimensions}
    )
    _check_use(space)
    return space


def _applies(setting: Setting, values: Mapping[str, Any], base: Recipe) -> bool:
    """Tell whether a setting is in use with these values of the others."""
    if setting.warp:
        return bool(values.get("augment", base.augment))
    if setting.only_with:
        name, needed = setting.only_with
        return values.get(name, getattr(base, name)) in needed
    return True


def _check_use(space: Space) -> None:
    """Raise SettingError if a dimension can never be in use."""
    for name in space.dimensions:
        other = "augment" if SETTINGS[name].warp else (SETTINGS[name].only_with or ("",))[0]
        if other and other not in space.dimensions and not _applies(SETTINGS[name], {}, space.base):
            value = spell(getattr(space.base, other))
            raise SettingError("search", f"{name} is not in use where {other} is {value}")


def _default_dimension(name: str, base: Recipe) -> Dimension:
    """Return the range in a setting's metadata, extended to the recipe's own value."""
    own = getattr(base, name)
    match SETTINGS[name].search:
        case Choices(values):
            spelt = [spell(each) for each in values]
            return Dimension(name, choices=tuple(dict.fromkeys([*spelt, spell(own)])))
        case Around(factor):
            return Dimension(name, Span(own / factor, own * factor, log=True))
        case Span(low, high, log):
            return Dimension(name, Span(min(low, own), max(high, own), log))
        case _:
            raise SettingError("search", f"{name} needs values, such as {_example(name)}")


def _example(name: str) -> str:
    kind = SETTINGS[name].kind
    if kind is bool:
        return f"{name}=yes|no"
    if kind in (int, float):
        return f"{name}=LOW:HIGH, {name}=LOW:HIGH:log or {name}=A|B|C"
    return f"{name}=A|B"


def _parse_search(text: str, fixed: Collection[str], base: Recipe) -> dict[str, Dimension]:
    """Parse ``NAME=LOW:HIGH[:log]``, ``NAME=A|B|…`` and ``NAME``, separated by commas."""
    found: dict[str, Dimension] = {}
    for part in re.split(r",(?=[A-Za-z])", text):  # a value after a comma is a width
        typed, sign, values = part.partition("=")
        name = typed.replace("-", "_")
        try:
            check_names({name: values})
            if name not in SETTINGS:
                raise SettingError(name, "not a setting of a recipe")
            if name in found or name in fixed:
                raise SettingError(name, "searched twice" if name in found else "is also fixed")
            made = _parse_values(name, values) if sign else _default_dimension(name, base)
        except SettingError as error:
            if error.setting == "search":
                raise
            raise SettingError("search", str(error), hint=error.hint) from None
        found[name] = made
    return found


def _parse_values(name: str, text: str) -> Dimension:
    """Parse the values of a setting to search."""
    if SETTINGS[name].kind in (int, float) and ":" in text:
        return Dimension(name, _parse_span(name, text))
    choices = tuple(spell(read_value(name, each)) for each in text.split("|"))
    if len(set(choices)) < len(choices):
        raise SettingError(name, f"{short(text)} names a value twice")
    if len(choices) < 2:
        raise SettingError(name, f"{short(text)} is one value only; try {_example(name)}")
    return Dimension(name, choices=choices)


def _parse_span(name: str, text: str) -> Span:
    """Parse ``LOW:HIGH`` or ``LOW:HIGH:log``."""
    low, high, *scale = text.split(":")
    if scale not in ([], ["log"]):
        raise SettingError(name, f"{short(text)} is not LOW:HIGH or LOW:HIGH:log")
    span = Span(read_value(name, low), read_value(name, high), log=bool(scale))
    if not span.low < span.high:
        raise SettingError(name, f"{short(text)}: {low} is not below {high}")
    if span.log and not span.low > 0:
        raise SettingError(name, f"{short(text)}: a logarithmic scale cannot start at 0")
    return span


def read_value(name: str, text: str) -> Any:
    """Parse the value of a setting as a user would write it.

    Raises
    ------
    SettingError
        If it is invalid.
    """
    setting = SETTINGS[name]
    value: Any = text
    if setting.optional and text == "none":
        value = None
    elif setting.kind is tuple:
        value = parse_hidden(text)
    elif setting.kind is bool:
        value = {"yes": True, "no": False}.get(text, text)
    elif setting.kind is int and WHOLE.fullmatch(text):
        value = int(text)
    elif setting.kind is float and NUMBER.fullmatch(text):
        value = float(text)
    setting.check(name, value)
    return value
