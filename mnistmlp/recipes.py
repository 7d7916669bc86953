"""Recipes: every setting of a training run, and the named sets of them.

Nothing here needs NumPy, so that the command line can show the choices
without loading it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from reprlib import repr as short
from typing import Any, Literal, NamedTuple, get_args

from mnistmlp.errors import SettingError

ActivationName = Literal["sigmoid", "tanh", "relu"]
LossName = Literal["mse", "cross-entropy"]
OptimizerName = Literal["sgd", "nesterov", "adam"]
ScheduleName = Literal["constant", "step", "cosine", "one-cycle"]
DtypeName = Literal["float32", "float64"]
LAYERS, MAX_NAME = 100, 1000  # hidden layers; characters of a name
WARP = ("displacement", "rotation", "scaling", "shear", "shift")  # the settings of `augment`


@dataclass(frozen=True)
class Recipe:
    """The settings of a training run; the defaults are the recipe `classic`.

    Raises
    ------
    SettingError
        If a value is out of its range, or does not go with another.
    """

    name: str = "classic"
    hidden: tuple[int, ...] = (20, 20, 20)  # widths of the hidden layers, none for ()
    activation: ActivationName = "sigmoid"  # of the hidden layers
    loss: LossName = "mse"  # mse: sigmoid outputs; cross-entropy: softmax outputs
    receptive_field: float = 0.0  # pixels: of a first-layer neuron to begin with; 0 for all
    dropout: float = 0.0  # of the hidden layers: the part of their neurons left out in a step
    label_smoothing: float = 0.0  # the part of a target that is spread over all digits
    adversarial: float = 0.0  # how far images are moved up the slope of their loss
    optimizer: OptimizerName = "sgd"
    hardest: float = 1.0  # the part of a batch that is learnt from: its hardest images
    learning_rate: float = 6.0  # the highest, where the schedule changes it
    schedule: ScheduleName = "cosine"
    momentum: float = 0.0  # of sgd and nesterov
    weight_decay: float = 0.0  # decoupled: a step shrinks weights by learning rate x this
    batch_size: int = 32
    epochs: int = 30
    validation: int = 5000  # images at the end of the training set that are kept aside
    patience: int | None = None  # epochs with no better validation accuracy before stopping
    limit: int | None = None  # train on the first so many images only
    shuffle: bool = True  # a new order every epoch
    augment: bool = False  # a fresh random warp of every image in every epoch, of
    displacement: float = 1.0  # standard deviation of the elastic displacement, in pixels
    rotation: float = 12.0  # degrees, either way at most; so are the next three
    scaling: float = 0.15  # of width and of height, each by itself: 1 / 1.15 to 1.15
    shear: float = 0.15  # pixels to the side for each of height
    shift: float = 0.5  # pixels along each axis
    dtype: DtypeName = "float32"

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            valid, needed = RULES.get(field.name, (None, ""))
            if valid and not valid(value):
                shown = spell(value)
                shown = shown if len(shown) <= 60 else f"{shown[:57]}..."
                raise SettingError(field.name, f"{shown} is not {needed}")
        if self.momentum and self.optimizer == "adam":
            raise SettingError(
                "momentum", "adam has no momentum setting; it goes with sgd and nesterov"
            )
        if self.optimizer == "nesterov" and not self.momentum:
            raise SettingError("momentum", "nesterov needs a momentum above 0, such as 0.9")
        if self.patience is not None and not self.validation:
            raise SettingError("patience", "needs validation images, and validation is 0")


Rule = tuple[Callable[[Any], bool], str]

# Bounds that no run meets, but a slip of the key does.
MOST = 1_000_000  # images in a batch, neurons in a layer, weight decay
EPOCHS = 10_000  # whose history a brain file and a checkpoint can hold
IMAGES = 1_000_000_000  # in a data set
SIDE = 28  # pixels: beyond it nothing is left of an image that is moved, or to look at


def _one_of(names: Any) -> Rule:
    return (lambda value: value in get_args(names)), f"one of {', '.join(get_args(names))}"


def _between(least: int, most: int) -> Rule:
    return (lambda number: least <= number <= most), f"a number from {least} to {most:,}"


def _if_any(rule: Rule) -> Rule:
    valid, needed = rule
    return (lambda value: value is None or valid(value)), needed


BELOW_ONE: Rule = (lambda number: 0 <= number < 1, "a number from 0 to below 1")

RULES: dict[str, Rule] = {
    "name": (str.isprintable, "a name that can be printed"),
    "hidden": (
        lambda widths: len(widths) <= LAYERS and all(1 <= width <= MOST for width in widths),
        f"a list of up to {LAYERS} widths from 1 to {MOST:,}",
    ),
    "activation": _one_of(ActivationName),
    "loss": _one_of(LossName),
    "optimizer": _one_of(OptimizerName),
    "schedule": _one_of(ScheduleName),
    "dtype": _one_of(DtypeName),
    "learning_rate": (lambda rate: 0 < rate < math.inf, "a finite number above 0"),
    "momentum": BELOW_ONE,
    "weight_decay": _between(0, MOST),
    "receptive_field": (
        lambda sigma: sigma == 0 or 0.1 <= sigma <= SIDE,
        f"0, nor a number from 0.1 to {SIDE}",
    ),
    "dropout": BELOW_ONE,
    "label_smoothing": BELOW_ONE,
    "hardest": (lambda part: 0 < part <= 1, "a number above 0, up to 1"),
    "adversarial": _between(0, SIDE),  # from a black image to a white one
    "batch_size": _between(1, MOST),
    "epochs": _between(1, EPOCHS),
    "validation": _between(0, IMAGES),
    "patience": _if_any(_between(1, EPOCHS)),
    "limit": _if_any(_between(1, IMAGES)),
    "displacement": _between(0, SIDE),
    "rotation": _between(0, 180),
    "scaling": _between(0, 10),
    "shear": _between(0, 10),
    "shift": _between(0, SIDE),
}

RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe(),
        Recipe(
            name="modern",
            hidden=(256, 128),
            activation="relu",
            loss="cross-entropy",
            optimizer="adam",
            learning_rate=6e-3,
            schedule="one-cycle",
            batch_size=320,
            epochs=5,
        ),
        Recipe(
            name="plain-best",  # of those that see MNIST's own images alone
            hidden=(1024, 1024),
            activation="relu",
            loss="cross-entropy",
            receptive_field=3.0,
            adversarial=1.5,
            dropout=0.4,
            optimizer="adam",
            learning_rate=1e-3,
            batch_size=256,
            epochs=60,
            validation=0,
        ),
        Recipe(
            name="best",
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
            epochs=200,
            augment=True,
            validation=0,
        ),
    )
}


class Expected(NamedTuple):
    """What a recipe comes to; `benchmarks/accuracy.py` measures it."""

    accuracy: float  # on the test set: the mean over the seeds
    spread: float  # standard deviation over the seeds
    seconds: float  # median, on 2 cores; of the last two recipes on one


EXPECTED = {
    "classic": Expected(0.9534, 0.0022, 4.3),
    "modern": Expected(0.9825, 0.0007, 2.5),
    "plain-best": Expected(0.9917, 0.0006, 738),
    "best": Expected(0.9956, 0.0002, 3014),
}


def find_recipe(name: str) -> Recipe:
    """Return the recipe of that name.

    Raises
    ------
    SettingError
        If there is none.
    """
    if name not in RECIPES:
        import difflib  # for this alone

        closest = difflib.get_close_matches(name, RECIPES, n=len(RECIPES), cutoff=0)
        raise SettingError("recipe", f"{short(name)} is not one of {', '.join(closest)}")
    return RECIPES[name]


def parse_recipe(settings: Mapping[str, Any]) -> Recipe:
    """Make a recipe of its settings as JSON has them; those that are not there are `classic`'s.

    Raises
    ------
    SettingError
        If a name is unknown, or a value of another type or out of its range.
    """
    defaults = {field.name: field.default for field in fields(Recipe)}
    values = {}
    for name, value in settings.items():
        if name not in defaults:
            raise SettingError(short(name), "is not a setting of a recipe")
        default = defaults[name]
        if isinstance(default, tuple) and isinstance(value, list):
            value = tuple(value)  # noqa: PLW2901
        if not _is_like(default, value):
            raise SettingError(name, f"{short(value)} is not like {spell(default)}")
        values[name] = value
    return Recipe(**values)


def _is_like(default: Any, value: Any) -> bool:
    """Tell whether a value has the type of a setting's default, or of None a number's."""
    if isinstance(default, tuple):
        short_enough = isinstance(value, tuple) and len(value) <= LAYERS
        return short_enough and all(_is_like(0, width) for width in value)
    if default is None and value is None:
        return True
    if isinstance(default, str):
        return isinstance(value, str) and len(value) <= MAX_NAME
    if isinstance(default, bool):
        return isinstance(value, bool)
    if isinstance(default, float) and type(value) is float:
        return True
    return type(value) is int and abs(value) < 1 << 53


def spell(value: Any) -> str:
    """Return the value of a setting as a user would write it."""
    if isinstance(value, tuple):
        return ",".join(map(str, value)) or "none"
    words = {None: "none", True: "yes", False: "no"}
    return words[value] if value is None or isinstance(value, bool) else str(value)


def parse_hidden(text: str) -> tuple[int, ...]:
    """Read the widths of hidden layers: ``"20,20,20"``, or ``"none"`` for no hidden layer.

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
