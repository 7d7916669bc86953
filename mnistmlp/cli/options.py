"""Options as types, for the signatures of the commands."""

from __future__ import annotations

import re
from pathlib import Path
from reprlib import repr as short
from typing import Annotated, Literal

import typer

from mnistmlp.cli import values
from mnistmlp.errors import SettingError

DataDir = Annotated[
    Path | None,
    typer.Option(
        parser=values.folder,
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
    raise SettingError(option, f"{short(text)} is not a number, nor a range such as 0:100")


def for_seed(name: Path, seed: int) -> Path:
    """Return the name of a file with the seed in the place of ``{seed}``."""
    return Path(str(name).replace("{seed}", str(seed)))
