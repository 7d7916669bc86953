"""Options as types, for the signatures of the commands."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal

import typer

from mnistmlp.errors import SettingError


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
    Literal["mnist", "synthetic"],
    typer.Option(help="The data set; synthetic is built in, and needs no network."),
]
SplitName = Annotated[Literal["test", "train"], typer.Option(help="Which images of the data set.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Errors only: no progress, no notes.")]


def parse_range(option: str, text: str) -> range:
    """Return the numbers that ``N`` or ``N:M`` stands for, given with an option."""
    match = re.fullmatch(r"(\d{1,9})(?::(\d{1,9}))?", text, re.ASCII)
    if match:
        first = int(match[1])
        end = int(match[2]) if match[2] else first + 1
        if first < end:
            return range(first, end)
    raise SettingError(option, f"{text!r} is not a number, nor a range such as 0:100")


def for_seed(name: Path, seed: int) -> Path:
    """Return the name of a file with the seed in the place of ``{seed}``."""
    return Path(str(name).replace("{seed}", str(seed)))


# --- Of `train`, beside those of recipe_options.py ---------------------------

Seeds = Annotated[
    str | None,
    typer.Option(
        metavar="N:M",
        help="Train a brain with each seed from N to M - 1, but for those that are there; "
        "the names of --output and --log need {seed} in them.",
    ),
]
Jobs = Annotated[
    int, typer.Option(min=1, max=1024, metavar="N", help="How many of --seeds at once.")
]
Init = Annotated[
    Path | None,
    typer.Option(
        metavar="BRAIN",
        help="Start from this brain, or pretrained: its weights, layers, activation and loss, "
        "and the settings of the recipe that it names, where no option says otherwise.",
    ),
]
Half = Annotated[bool, typer.Option("--half", help="Save weights in half precision, compressed.")]
Prune = Annotated[
    float,
    typer.Option(
        min=0,
        max=0.99,
        metavar="PART",
        help="Of all weights, the smallest, set to zero before saving: with --half a smaller file.",
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
CheckpointEvery = Annotated[
    int | None,
    typer.Option(
        min=0,
        metavar="N",
        show_default="once a minute",
        help="Keep a checkpoint, OUTPUT.ckpt, every N epochs until the brain is saved; 0 for none.",
    ),
]
Resume = Annotated[
    Path | None,
    typer.Option(metavar="CHECKPOINT", help="Go on with the run that this is a checkpoint of."),
]
Like = Annotated[
    Path | None,
    typer.Option(
        metavar="BRAIN",
        help="Train this brain again, by the settings in it, into NAME.again.npz, and say whether "
        "the weights came out the same; exits with 1 if not.",
    ),
]
