"""The brains that a command names, and how they are loaded."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mnistmlp.cli import console, hints
from mnistmlp.cli.completion import complete_brain
from mnistmlp.errors import OtherTaskError, SettingError
from mnistmlp.training.recipes import GUESSING

if TYPE_CHECKING:
    from mnistmlp.brains.brain import Brain, Committee

OneBrain = Annotated[
    Path,
    typer.Argument(
        metavar="BRAIN",
        autocompletion=complete_brain,
        help="Brain file, or `pretrained`, the bundled brain.",
    ),
]
Brains = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="BRAIN",
        autocompletion=complete_brain,
        show_default="brain.npz",
        help="Brain files, or `pretrained`, the bundled brain. The probabilities of several are "
        "averaged, and the loss is then cross-entropy.",
    ),
]
DEFAULT_BRAIN = Path("brain.npz")
BUNDLED = Path(hints.BUNDLED)


def brain_file(name: Path) -> Path:
    """Return the file that a name on the command line stands for."""
    from mnistmlp.brains.brain import PRETRAINED

    return PRETRAINED if name == BUNDLED else name


def choose_default_brain(dataset: str | None = None) -> Path:
    """Return brain.npz if it exists, else the bundled brain.

    Raises
    ------
    SettingError
        If only the bundled brain is there, and the data set has other classes than digits.
    """
    if DEFAULT_BRAIN.exists():
        return DEFAULT_BRAIN
    from mnistmlp.data.catalog import NAMES

    if dataset in NAMES:
        lack = f"no {DEFAULT_BRAIN} here, and the bundled brain knows digits only"
        raise SettingError("brain", lack, hint=f"mnistmlp train --dataset {dataset}")
    console.note(f"no {DEFAULT_BRAIN} here: using the bundled brain ({BUNDLED})")
    return BUNDLED


def load_named(name: Path, *, warn: bool = True) -> Brain:
    """Load the brain that a name stands for, and warn if its file says that it has learnt nothing.

    Raises
    ------
    BrainError
        If the file cannot be loaded.
    """
    from mnistmlp.brains.brain import load_brain

    brain = load_brain(brain_file(name))
    accuracy = brain.meta.validation_accuracy if brain.meta else None
    if warn and accuracy is not None and accuracy < GUESSING:
        found = f"hardly better than guessing: {accuracy:.2%} on validation images"
        console.note(f"warning: {console.escape(str(name))}: {found}")
    return brain


def load_classifier(names: list[Path], named_by: str, *, warn: bool = True) -> Brain | Committee:
    """Load a brain, or a committee; `named_by` is the option or argument that names them.

    Raises
    ------
    typer.BadParameter
        If there are several, and one has other inputs or labels.
    BrainError
        If a file cannot be loaded, or a single brain has other inputs or labels.
    """
    if len(names) == 1:
        return load_named(names[0], warn=warn)
    from mnistmlp.brains.brain import Committee

    try:
        loaded = {name: load_named(name, warn=warn) for name in dict.fromkeys(names)}
        return Committee(loaded[name] for name in names)
    except OtherTaskError as error:
        message = f"{error}; all brains of a committee must have the same inputs and labels"
        raise typer.BadParameter(message, param_hint=f"'{named_by}'") from None
