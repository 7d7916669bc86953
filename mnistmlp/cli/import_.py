"""``mnistmlp import``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mnistmlp.cli import console
from mnistmlp.cli.completion import complete_file
from mnistmlp.cli.options import Force, back_up_replaced, check_distinct, check_target
from mnistmlp.errors import SettingError
from mnistmlp.training.recipes import ActivationName, LossName

EXAMPLES = (
    ("Make a brain from a model of PyTorch", "mnistmlp import model.safetensors brain.npz"),
    (
        "Make one from a model that was trained on standardised pixels",
        "mnistmlp import model.safetensors brain.npz --normalized 0.1307,0.3081",
    ),
)


def import_(
    model: Annotated[
        Path,
        typer.Argument(
            metavar="MODEL",
            autocompletion=complete_file(".safetensors"),
            help="The .safetensors file to read.",
        ),
    ],
    brain: Annotated[Path, typer.Argument(metavar="BRAIN", help="The brain file to write.")],
    activation: Annotated[
        ActivationName | None,
        typer.Option(help="Activation of the hidden layers, if the file does not name it."),
    ] = None,
    loss: Annotated[
        LossName | None,
        typer.Option(
            show_default="cross-entropy",
            help="mse for sigmoid outputs, cross-entropy for softmax outputs.",
        ),
    ] = None,
    normalized: Annotated[
        str | None,
        typer.Option(
            metavar="MEAN,STD",
            help="Mean and standard deviation with which pixels from 0 to 1 were standardised in "
            "training, such as 0.1307,0.3081.",
        ),
    ] = None,
    force: Force = False,
) -> None:
    """Make a brain from a network of PyTorch, Keras or JAX.

    The network must be saved as safetensors, with linear layers only, from 784 pixels to 10
    digits. The order of the layers is taken from the numbers in their names, or else from
    their shapes; matrices of Keras and JAX, (fan_in, fan_out), are transposed, which a note
    reports. The path of the brain is printed.
    """
    from mnistmlp.exchange.safetensors import import_safetensors

    check_distinct("BRAIN", brain, {"MODEL": model})
    check_target("BRAIN", brain, force=force)
    imported = import_safetensors(
        model,
        activation=activation,
        loss=loss,
        normalized=_parse_normalized(normalized),
        on_note=lambda line: console.note(console.escape(line)),
    )
    back_up_replaced(brain)
    imported.save(brain, overwrite=True)
    print(brain)


def _parse_normalized(text: str | None) -> tuple[float, float] | None:
    """Parse a mean and a standard deviation."""
    if text is None:
        return None
    try:
        mean, deviation = map(float, text.split(","))
    except ValueError:
        message = f"{text!r} is not two numbers, such as 0.1307,0.3081"
        raise SettingError("normalized", message) from None
    return mean, deviation
