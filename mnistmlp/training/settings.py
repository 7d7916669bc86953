"""Training settings: fields of `Recipe` with metadata.

A field's metadata holds its help text, its check and its command-line option,
so that they are defined in one place.  Nothing here needs NumPy, so that the
command line can show the choices without loading it.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from reprlib import repr as short
from typing import Any, get_args

from mnistmlp.errors import SettingError

MAX_LAYERS = 100  # hidden layers
MAX_NAME_LENGTH = 1000  # characters
MAX_COUNT = 1_000_000  # images per batch, neurons per layer; more is probably a typo


@dataclass(frozen=True)
class Span:
    """Values to search: numbers from `low` to `high`, uniform on a logarithmic scale if `log`."""

    low: float
    high: float
    log: bool = False


@dataclass(frozen=True)
class Around:
    """Values to search: from a recipe's own value / `factor` to its own × `factor`, `log`."""

    factor: float


@dataclass(frozen=True)
class Choices:
    """Values to search: these."""

    values: tuple[Any, ...]


@dataclass(frozen=True)
class Setting:
    """The metadata of a setting; its name, default and type are those of the field."""

    help: str  # one line for the user
    kind: Any  # of the value: int, float, bool, tuple (of int), or a Literal of strings
    needed: str  # a description of valid values, which completes "… is not"
    in_range: Callable[[Any], bool]  # tells whether a value of this kind is valid
    optional: bool = False  # whether None is valid too
    metavar: str | None = None  # placeholder for the value in --help
    options: tuple[str, ...] = ()  # option names, unless "--" and the field's name
    basic: bool = False  # always listed; other settings are listed only if in use
    warp: bool = False  # in use only if images are augmented
    only_with: tuple[str, tuple[str, ...]] | None = (
        None  # in use only if that setting has such a value
    )
    search: Span | Around | Choices | None = None  # what `tune` tries; None if it stays fixed
    group: str = field(kw_only=True)  # heading of its option in --help

    def check(self, name: str, value: Any) -> None:
        """Raise SettingError unless the value has the right type and is in range."""
        if value is None and self.optional:
            return
        if not _has_kind(self.kind, value):
            raise SettingError(name, f"{short(value)} is not {self.needed}")
        if not self.in_range(value):
            shown = spell(value)
            shown = shown if len(shown) <= 60 else f"{shown[:57]}..."
            raise SettingError(name, f"{shown} is not {self.needed}")


def as_plain(value: Any) -> Any:
    """Return a NumPy number as a Python number, which JSON can hold; other values unchanged."""
    return value.item() if getattr(value, "ndim", None) == 0 else value


def _has_kind(kind: Any, value: Any) -> bool:
    if kind is float:
        return isinstance(value, float) or (type(value) is int and abs(value) < 1 << 53)
    if kind is tuple:
        return isinstance(value, tuple) and all(type(each) is int for each in value)
    return type(value) is (kind if kind in (int, bool) else str)


# --- Kinds of settings: each function returns a dataclass field ---------------


def whole(default: int | None, text: str, least: int, most: int, **more: Any) -> Any:
    """Return a field for a whole number; None is valid too if it is the default."""
    needed, optional = f"a whole number from {least} to {most:,}", default is None
    setting = Setting(text, int, needed, lambda n: least <= n <= most, optional, "N", **more)
    return _field(default, setting)


def number(default: float, text: str, least: float, most: float, **more: Any) -> Any:
    """Return a field for a number from `least` to `most`."""
    needed = f"a number from {least} to {most:,}"
    return number_where(default, text, needed, lambda x: least <= x <= most, **more)


def fraction(default: float, text: str, **more: Any) -> Any:
    """Return a field for a fraction, from 0 to below 1."""
    needed = "a number from 0 to below 1"
    return number_where(
        default, text, needed, lambda x: 0 <= x < 1, **{"metavar": "FRACTION"} | more
    )


def number_where(
    default: float, text: str, needed: str, in_range: Callable[[float], bool], **more: Any
) -> Any:
    """Return a field for a number for which `in_range` is true."""
    return _field(default, Setting(text, float, needed, in_range, **more))


def choice(default: str, names: Any, text: str, **more: Any) -> Any:
    """Return a field for one of the names in a Literal."""
    needed = f"one of {', '.join(get_args(names))}"
    return _field(default, Setting(text, names, needed, lambda x: x in get_args(names), **more))


def flag(default: bool, text: str, **more: Any) -> Any:
    """Return a field for a switch."""
    return _field(default, Setting(text, bool, "True or False", lambda x: True, **more))


def widths(default: tuple[int, ...], text: str, **more: Any) -> Any:
    """Return a field for the widths of layers."""
    needed = f"a list of up to {MAX_LAYERS} widths from 1 to {MAX_COUNT:,}"

    def in_range(value: tuple[int, ...]) -> bool:
        return len(value) <= MAX_LAYERS and all(1 <= width <= MAX_COUNT for width in value)

    return _field(default, Setting(text, tuple, needed, in_range, metavar="WIDTHS", **more))


def _field(default: Any, setting: Setting) -> Any:
    return field(default=default, metadata={"setting": setting})


# --- Values as text ----------------------------------------------------------


def spell(value: Any) -> str:
    """Return the value of a setting as a user would write it."""
    if isinstance(value, tuple):
        return ",".join(map(str, value)) or "none"
    words = {None: "none", True: "yes", False: "no"}
    return words[value] if value is None or isinstance(value, bool) else str(value)


def parse_hidden(text: str) -> tuple[int, ...]:
    """Parse the widths of hidden layers: ``"20,20,20"``, or ``"none"`` for no hidden layer.

    Raises
    ------
    SettingError
        If a width is not a whole number.
    """
    if text == "none":
        return ()
    if not re.fullmatch(r"\d{1,9}(,\d{1,9})*", text, re.ASCII):
        raise SettingError(
            "hidden", f"{short(text)} is not a list of widths such as 20,20,20, or none"
        )
    return tuple(map(int, text.split(",")))
