"""Options of `train` for the settings of a recipe; where one is not given, the recipe decides."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from mnistmlp.cli import values
from mnistmlp.recipes import (
    RECIPES,
    ActivationName,
    DtypeName,
    LossName,
    OptimizerName,
    ScheduleName,
)


def _whole(metavar: str, text: str, *names: str) -> Any:
    return typer.Option(*names, parser=values.whole(), metavar=metavar, help=text)


def _number(metavar: str, text: str, *names: str) -> Any:
    return typer.Option(*names, parser=values.number(), metavar=metavar, help=text)


RecipeName = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        show_default="classic",
        help=f"Settings to start from: {', '.join(RECIPES)}; see below.",
    ),
]
Hidden = Annotated[
    str | None, typer.Option(metavar="WIDTHS", help="Hidden layers, such as 20,20,20, or none.")
]
Epochs = Annotated[int | None, _whole("N", "Passes over the images.")]
LearningRate = Annotated[
    float | None, _number("RATE", "Highest learning rate.", "--learning-rate", "--lr")
]
BatchSize = Annotated[int | None, _whole("N", "Images in a batch.")]
Activation = Annotated[ActivationName | None, typer.Option(help="Of the hidden layers.")]
Loss = Annotated[
    LossName | None,
    typer.Option(help="Mean squared error on sigmoid outputs, or cross-entropy on softmax."),
]
ReceptiveField = Annotated[
    float | None,
    _number("PX", "Let each neuron of the first layer start with a place in the image."),
]
Dropout = Annotated[
    float | None, _number("PART", "Of the hidden neurons, left out of a step at random.")
]
LabelSmoothing = Annotated[
    float | None, _number("PART", "Of each target, spread evenly over the ten digits.")
]
HardestPart = Annotated[
    float | None, _number("PART", "Of a batch, learn only from its hardest images.", "--hardest")
]
Adversarial = Annotated[
    float | None,
    _number(
        "RADIUS",
        "Train on images moved so far, in all pixels together, to where the loss is higher.",
    ),
]
Optimizer = Annotated[OptimizerName | None, typer.Option(help="The optimiser.")]
Schedule = Annotated[
    ScheduleName | None, typer.Option(help="How the learning rate changes over the run.")
]
Momentum = Annotated[float | None, _number("M", "Of sgd and nesterov, from 0 to below 1.")]
WeightDecay = Annotated[float | None, _number("D", "Decoupled weight decay.")]
Validation = Annotated[
    int | None, _whole("N", "Images at the end of the set to validate on; 0 for none.")
]
Patience = Annotated[
    int | None,
    _whole(
        "N", "Stop after N epochs with no better validation accuracy, and keep the best weights."
    ),
]
Limit = Annotated[int | None, _whole("N", "Train on the first N images only.")]
Shuffle = Annotated[
    bool | None, typer.Option("--shuffle/--no-shuffle", help="A new order every epoch.")
]
Augment = Annotated[
    bool | None,
    typer.Option("--augment/--no-augment", help="Warp every image anew in every epoch."),
]
Displacement = Annotated[
    float | None, _number("PX", "Of the warp: standard deviation of its elastic part.")
]
Rotation = Annotated[float | None, _number("DEG", "Largest angle of the warp, either way.")]
Scaling = Annotated[float | None, _number("PART", "Largest change in size, such as 0.15.")]
Shear = Annotated[float | None, _number("PART", "Largest shear of the warp.")]
Shift = Annotated[float | None, _number("PX", "Largest shift of the warp along each axis.")]
Dtype = Annotated[DtypeName | None, typer.Option(help="Floating-point type.")]
