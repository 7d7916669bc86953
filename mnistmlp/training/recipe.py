"""A recipe: the settings of a training run.

Nothing here needs NumPy, so that the command line can show the choices
without loading it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from reprlib import repr as short
from typing import TYPE_CHECKING, Any, Literal

from mnistmlp.arrays import DIGITS, PIXELS, SIDE
from mnistmlp.errors import SettingError
from mnistmlp.training.settings import (
    MAX_COUNT,
    MAX_NAME_LENGTH,
    Around,
    Choices,
    Setting,
    Span,
    as_plain,
    choice,
    flag,
    fraction,
    number,
    number_where,
    whole,
    widths,
)

ActivationName = Literal["sigmoid", "tanh", "relu"]
LossName = Literal["mse", "cross-entropy"]
OptimizerName = Literal["sgd", "nesterov", "adam"]
ScheduleName = Literal["constant", "step", "cosine", "one-cycle"]
DtypeName = Literal["float32", "float64"]
NormalizationName = Literal["none", "deslant", "moments"]

GUESSING = 0.2  # a lower accuracy is hardly better than guessing among ten digits
MAX_EPOCHS = 10_000  # so that the history fits in a brain file and a checkpoint
MAX_IMAGES = 1_000_000_000  # in a data set
MAX_SYNTHETIC = 0.9  # of the images trained on: nine synthetic digits per image of the data set


@dataclass(frozen=True)
class Recipe:
    """The settings of a training run; the defaults are the recipe `classic`.

    Raises
    ------
    SettingError
        If a value has the wrong type, is out of range, or does not go with
        another.
    """

    name: str = "classic"
    normalization: NormalizationName = choice(
        "none",
        NormalizationName,
        "Make digits upright (deslant), or upright, centred and equal in size (moments), before "
        "the network sees them.",
        group="Network",
    )
    hidden: tuple[int, ...] = widths(
        (20, 20, 20),
        "Widths of the hidden layers, such as 20,20,20, or none.",
        basic=True,
        search=Choices(
            ((64,), (128,), (256,), (512,), (128, 64), (256, 128), (512, 256), (256, 128, 64))
        ),
        group="Essentials",
    )
    activation: ActivationName = choice(
        "sigmoid", ActivationName, "Activation of the hidden layers.", basic=True, group="Network"
    )
    loss: LossName = choice(
        "mse",
        LossName,
        "Mean squared error on sigmoid outputs, or cross-entropy on softmax.",
        basic=True,
        group="Network",
    )
    receptive_field: float = number_where(
        0.0,
        "Give each neuron of the first layer a receptive field of this size at first; 0 for none.",
        f"0, nor a number from 0.1 to {SIDE}",
        lambda sigma: sigma == 0 or 0.1 <= sigma <= SIDE,
        metavar="PX",
        search=Choices((0.0, 1.0, 2.0, 3.0)),
        group="Network",
    )
    dropout: float = fraction(
        0.0,
        "Fraction of the hidden neurons to drop at random in each step.",
        search=Span(0.0, 0.3),
        group="Regularisation",
    )
    label_smoothing: float = fraction(
        0.0,
        "Fraction of each target to spread evenly over the ten digits.",
        search=Span(0.0, 0.1),
        group="Regularisation",
    )
    adversarial: float = number(
        0.0,
        "Train on adversarial images, moved this far (Euclidean distance) to raise the loss.",
        0,
        SIDE,  # from a black image to a white one
        metavar="RADIUS",
        search=Span(0.0, 1.5),
        group="Regularisation",
    )
    optimizer: OptimizerName = choice(
        "sgd", OptimizerName, "Optimisation algorithm.", basic=True, group="Optimiser"
    )
    hardest: float = number_where(
        1.0,
        "Train only on this fraction of each batch: the images with the highest loss.",
        "a number above 0, up to 1",
        lambda share: 0 < share <= 1,
        metavar="FRACTION",
        search=Span(0.2, 1.0),
        group="Optimiser",
    )
    learning_rate: float = number_where(
        6.0,
        "Highest learning rate; by default the recipe's, or one that suits the other settings if "
        "they differ from the recipe's.",
        "a finite number above 0",
        lambda rate: 0 < rate < math.inf,
        metavar="RATE",
        options=("--learning-rate", "--lr"),
        basic=True,
        search=Around(10),
        group="Essentials",
    )
    schedule: ScheduleName = choice(
        "cosine",
        ScheduleName,
        "How the learning rate changes over the run.",
        basic=True,
        search=Choices(("step", "cosine", "one-cycle")),
        group="Optimiser",
    )
    momentum: float = fraction(
        0.0,
        "Momentum of sgd and nesterov, from 0 to below 1; by default 0.9 for nesterov.",
        metavar="M",
        only_with=("optimizer", ("sgd", "nesterov")),
        search=Span(0.0, 0.98),
        group="Optimiser",
    )
    weight_decay: float = number(  # a step shrinks weights by learning rate × this
        0.0,
        "Weight decay, decoupled from the gradient as in AdamW.",
        0,
        MAX_COUNT,
        metavar="D",
        search=Span(0.0, 0.3),
        group="Regularisation",
    )
    batch_size: int = whole(
        32,
        "Images per batch.",
        1,
        MAX_COUNT,
        basic=True,
        search=Choices((32, 64, 128, 256, 512)),
        group="Essentials",
    )
    epochs: int = whole(
        30, "Passes over the training images.", 1, MAX_EPOCHS, basic=True, group="Essentials"
    )
    validation: int = whole(
        5000,
        "Hold out the last N training images for validation; 0 for none.",
        0,
        MAX_IMAGES,
        group="Data",
    )
    patience: int | None = whole(
        None,
        "Stop after N epochs without a better validation accuracy, and keep the best weights.",
        1,
        MAX_EPOCHS,
        group="Regularisation",
    )
    limit: int | None = whole(
        None, "Train on the first N images only.", 1, MAX_IMAGES, group="Data"
    )
    shuffle: bool = flag(True, "Shuffle the images in every epoch.", group="Optimiser")
    augment: bool = flag(False, "Warp every image differently in every epoch.", group="Warps")
    displacement: float = number(
        1.0,
        "Standard deviation of the elastic distortion.",
        0,
        SIDE,
        metavar="PX",
        warp=True,
        search=Span(0.0, 2.0),
        group="Warps",
    )
    rotation: float = number(
        12.0,
        "Largest rotation, in either direction.",
        0,
        180,
        metavar="DEG",
        warp=True,
        search=Span(0.0, 20.0),
        group="Warps",
    )
    scaling: float = number(
        0.15,
        "Largest scaling of each axis; 0.15 means from 1/1.15 to 1.15.",
        0,
        10,
        metavar="AMOUNT",
        warp=True,
        search=Span(0.0, 0.3),
        group="Warps",
    )
    shear: float = number(  # pixels sideways per pixel of height
        0.15,
        "Largest shear.",
        0,
        10,
        metavar="AMOUNT",
        warp=True,
        search=Span(0.0, 0.3),
        group="Warps",
    )
    shift: float = number(
        0.5,
        "Largest shift along each axis.",
        0,
        SIDE,
        metavar="PX",
        warp=True,
        search=Span(0.0, 2.0),
        group="Warps",
    )
    dtype: DtypeName = choice("float32", DtypeName, "Floating-point type.", group="Network")

    if not TYPE_CHECKING:  # type checkers know the names

        def __new__(cls, *values: Any, **settings: Any) -> Any:
            """Refuse unknown names in the same way as invalid values."""
            check_names(settings)
            return super().__new__(cls)

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name.isprintable():
            raise SettingError("name", f"{short(self.name)} is not a name that can be printed")
        if len(self.name) > MAX_NAME_LENGTH:
            raise SettingError("name", f"is longer than {MAX_NAME_LENGTH:,} characters")
        if isinstance(self.hidden, list | tuple):
            object.__setattr__(self, "hidden", tuple(map(as_plain, self.hidden)))
        for name, setting in SETTINGS.items():
            value = as_plain(getattr(self, name))
            setting.check(name, value)
            object.__setattr__(self, name, float(value) if setting.kind is float else value)
        if self.momentum and self.optimizer == "adam":
            raise SettingError(
                "momentum", "adam has no momentum setting; it goes with sgd and nesterov"
            )
        if self.optimizer == "nesterov" and not self.momentum:
            raise SettingError("momentum", "nesterov needs a momentum above 0, such as 0.9")
        if self.patience is not None and not self.validation:
            raise SettingError("patience", "needs validation images, and validation is 0")

    @property
    def sizes(self) -> tuple[int, ...]:
        """The widths of all layers, input and output included."""
        return (PIXELS, *self.hidden, DIGITS)

    @property
    def warp(self) -> dict[str, float]:
        """The settings of the warp and their values."""
        return {name: getattr(self, name) for name, setting in SETTINGS.items() if setting.warp}

    @property
    def extras(self) -> dict[str, Any]:
        """The settings in use that are not basic, and their values."""
        return select_extras(vars(self))


SETTINGS: dict[str, Setting] = {  # the metadata of all fields except `name`
    each.name: each.metadata["setting"] for each in fields(Recipe) if each.metadata
}
DEFAULTS = {each.name: each.default for each in fields(Recipe)}


def check_names(settings: Mapping[str, Any]) -> None:
    """Raise SettingError unless a name is that of a setting."""
    for name in settings:
        if name not in DEFAULTS:
            shown = short(name)[1:-1]  # without quotes, but escaped
            raise SettingError(shown, "not a setting of a recipe", hint=suggest(name, DEFAULTS))


def imply_augment(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings, with augmentation on if one is of the warp and none says otherwise."""
    warps = any(SETTINGS[name].warp for name in settings if name in SETTINGS)
    return {"augment": True, **settings} if warps else dict(settings)


def suggest(name: Any, names: Iterable[str]) -> str | None:
    """Return a hint with the name that was probably meant."""
    import difflib  # needed only here

    close = difflib.get_close_matches(str(name)[:100], names, n=1)  # one from a file may be long
    return f"did you mean {close[0]}?" if close else None


def select_extras(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return a recipe's settings that are in use and not basic; the warp's if augmented."""
    return {
        name: values[name]
        for name, setting in SETTINGS.items()
        if name in values and not setting.basic
        if (values.get("augment") if setting.warp else values[name] != DEFAULTS[name])
    }


def parse_recipe(settings: Mapping[str, Any]) -> Recipe:
    """Make a recipe from settings parsed from JSON; missing ones are those of `classic`.

    Raises
    ------
    SettingError
        If a name is unknown, or a value has the wrong type or is out of range.
    """
    check_names(settings)
    return Recipe(**settings)
