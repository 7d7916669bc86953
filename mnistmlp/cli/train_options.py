"""Options of `train`, beside those of recipe_options.py."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mnistmlp.blas import MAX_THREADS
from mnistmlp.cli import values
from mnistmlp.cli.options import parse_range
from mnistmlp.errors import SettingError
from mnistmlp.recipes import EPOCHS

MOST_SEEDS = 1000


def _seeds(text: str) -> range:
    seeds = parse_range("seeds", text)
    if len(seeds) > MOST_SEEDS:
        raise SettingError("seeds", f"{len(seeds):,} brains are more than {MOST_SEEDS:,}")
    return seeds


Output = Annotated[
    Path,
    typer.Option(
        "--output",
        "-o",
        parser=values.file,
        metavar="FILE",
        help="The brain file to write; {seed} is the seed.",
    ),
]
Seed = Annotated[
    int,
    typer.Option(parser=values.whole(0, 2**63 - 1), metavar="N", help="Of all that is random."),
]
Seeds = Annotated[
    range | None,
    typer.Option(
        parser=_seeds,
        metavar="N:M",
        help="Train a brain with each seed from N to M - 1, but for those that are there; "
        "the names of --output and --log need {seed} in them.",
    ),
]
Jobs = Annotated[
    int,
    typer.Option(
        parser=values.whole(1, MAX_THREADS), metavar="N", help="How many of --seeds at once."
    ),
]
Init = Annotated[
    Path | None,
    typer.Option(
        parser=values.file,
        metavar="BRAIN",
        help="Start from this brain, or pretrained: its weights, layers, activation and loss, "
        "and the settings of the recipe that it names, where no option says otherwise.",
    ),
]
Half = Annotated[bool, typer.Option("--half", help="Save weights in half precision, compressed.")]
Prune = Annotated[
    float,
    typer.Option(
        parser=values.number(0, 0.99),
        metavar="PART",
        help="Of all weights, the smallest, set to zero before saving: with --half a smaller file.",
    ),
]
Threads = Annotated[
    int | None,
    typer.Option(
        parser=values.whole(1, MAX_THREADS),
        metavar="N",
        show_default="the processors that this process may use, or 1 for a small network",
        help="Threads for matrix products.",
    ),
]
CheckpointEvery = Annotated[
    int | None,
    typer.Option(
        parser=values.whole(0, EPOCHS),
        metavar="N",
        show_default="once a minute",
        help="Keep a checkpoint, OUTPUT.ckpt, every N epochs until the brain is saved; 0 for none.",
    ),
]
Resume = Annotated[
    Path | None,
    typer.Option(
        parser=values.file,
        metavar="CHECKPOINT",
        help="Go on with the run that this is a checkpoint of.",
    ),
]
Like = Annotated[
    Path | None,
    typer.Option(
        parser=values.file,
        metavar="BRAIN",
        help="Train this brain again, by the settings in it, into NAME.again.npz, and say whether "
        "the weights came out the same; exits with 1 if not.",
    ),
]
Log = Annotated[
    Path | None,
    typer.Option(parser=values.file, metavar="FILE", help="Write a line of JSON an epoch here."),
]
