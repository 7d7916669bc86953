"""Which brains a command means, and loading them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mnistmlp.cli import console
from mnistmlp.errors import OtherTaskError

if TYPE_CHECKING:
    from mnistmlp.brains.brain import Brain

OneBrain = Annotated[Path, typer.Argument(metavar="[BRAIN]", help="Brain file, or pretrained.")]
Brains = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="[BRAIN]...",
        show_default="brain.npz",
        help="Brain files, or pretrained; several are averaged by their probabilities, and "
        "their loss is cross-entropy.",
    ),
]
DEFAULT = Path("brain.npz")
SHIPPED = Path("pretrained")  # the name of the one that comes with the package


def brain_file(name: Path) -> Path:
    """Return the file that a name on the command line stands for."""
    from mnistmlp.brains.brain import PRETRAINED

    return PRETRAINED if name == SHIPPED else name


def here_or_shipped() -> Path:
    """Return brain.npz, or where there is none, the one that comes with the package."""
    if DEFAULT.exists():
        return DEFAULT
    console.note(f"no {DEFAULT} here: using the pretrained brain that comes with mnistmlp")
    return SHIPPED


def load_brains(names: list[Path], named_by: str) -> list[Brain]:
    """Load brains that are to judge together; `named_by` is the option or argument.

    Raises
    ------
    typer.BadParameter
        If there are several, and one is for other images or labels.
    BrainError
        If a file cannot be used by itself either.
    """
    from mnistmlp.brains.brain import load_brain

    try:
        return [load_brain(brain_file(name)) for name in names]
    except OtherTaskError as error:
        if len(names) == 1:
            raise
        message = f"{error}; all of a committee must have the same inputs and labels"
        raise typer.BadParameter(message, param_hint=f"'{named_by}'") from None
