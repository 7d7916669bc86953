"""Options as types, for the signatures of the commands."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from mnistmlp.recipes import (
    RECIPES,
    ActivationName,
    DtypeName,
    LossName,
    OptimizerName,
    ScheduleName,
)

# --- Of several commands -----------------------------------------------------


def _folder(text: str) -> Path:
    """Read the name of a folder; a variable that is not set must not stand for this one."""
    if not text:
        raise typer.BadParameter("the name is empty")
    return Path(text)


DataDir = Annotated[
    Path | None,
    typer.Option(
        parser=_folder,
        envvar="MNISTMLP_DATA_DIR",
        metavar="DIR",
        show_default="the user's cache folder",
        help="Folder with the four IDX files, plain or .gz.",
    ),
]
DatasetName = Annotated[
    Literal["mnist"], typer.Option("--dataset", metavar="NAME", help="The data set.")
]
SplitName = Annotated[Literal["test", "train"], typer.Option(help="Which images of the data set.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Errors only: no progress, no notes.")]

# --- Of `train`: the settings of a recipe; not given, the recipe decides -----

RecipeName = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        show_default="classic",
        help=f"Settings to start from: {' or '.join(RECIPES)}.",
    ),
]
Hidden = Annotated[
    str | None, typer.Option(metavar="WIDTHS", help="Hidden layers, such as 20,20,20, or none.")
]
Epochs = Annotated[int | None, typer.Option(metavar="N", help="Passes over the images.")]
LearningRate = Annotated[
    float | None,
    typer.Option("--learning-rate", "--lr", metavar="RATE", help="Highest learning rate."),
]
BatchSize = Annotated[int | None, typer.Option(metavar="N", help="Images in a batch.")]
Activation = Annotated[ActivationName | None, typer.Option(help="Of the hidden layers.")]
Loss = Annotated[
    LossName | None,
    typer.Option(help="Mean squared error on sigmoid outputs, or cross-entropy on softmax."),
]
Optimizer = Annotated[OptimizerName | None, typer.Option(help="The optimiser.")]
Schedule = Annotated[
    ScheduleName | None, typer.Option(help="How the learning rate changes over the run.")
]
Momentum = Annotated[
    float | None, typer.Option(metavar="M", help="Of sgd and nesterov, from 0 to below 1.")
]
WeightDecay = Annotated[float | None, typer.Option(metavar="D", help="Decoupled weight decay.")]
Validation = Annotated[
    int | None,
    typer.Option(metavar="N", help="Images at the end of the set to validate on; 0 for none."),
]
Patience = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        help="Stop after N epochs with no better validation accuracy, and keep the best weights.",
    ),
]
Limit = Annotated[int | None, typer.Option(metavar="N", help="Train on the first N images only.")]
Shuffle = Annotated[
    bool | None, typer.Option("--shuffle/--no-shuffle", help="A new order every epoch.")
]
Dtype = Annotated[DtypeName | None, typer.Option(help="Floating-point type.")]
Init = Annotated[
    Path | None,
    typer.Option(
        metavar="BRAIN",
        help="Start from this brain: its weights, layers, activation and loss, and the "
        "settings of the recipe that it names, where no option says otherwise.",
    ),
]
Threads = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=1024,
        metavar="N",
        show_default="the processors that this process may use, or 1 for a small network",
        help="Threads for matrix products.",
    ),
]
