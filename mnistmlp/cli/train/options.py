"""Options of `train`: those below, and one for each setting of a recipe.

Typer reads the annotations, so their evaluation is not postponed here.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from reprlib import repr as short
from typing import Annotated, Any

import typer

from mnistmlp.blas import MAX_THREADS
from mnistmlp.cli import options
from mnistmlp.cli.brains import DEFAULT_BRAIN
from mnistmlp.cli.completion import complete_file
from mnistmlp.cli.settings import (
    RecipeName,
    brain_option,
    prune_option,
    seed_option,
    synthetic_option,
    threads_option,
)
from mnistmlp.cli.train.checkpoints import SUFFIX
from mnistmlp.errors import SettingError
from mnistmlp.training.recipes import MAX_EPOCHS

MAX_SEEDS = 1000
MAX_PORT = 65_535
ADDRESS = re.compile(r"(tcp|tls)://([\w.-]+|\[[0-9a-fA-F:.]+\]):([1-9][0-9]{0,4})", re.ASCII)


def _parse_seeds(text: str) -> range:
    seeds = options.parse_range("seeds", text)
    if len(seeds) > MAX_SEEDS:
        raise SettingError("seeds", f"{len(seeds):,} brains are more than {MAX_SEEDS:,}")
    return seeds


def _parse_address(text: str) -> str:
    match = ADDRESS.fullmatch(text)
    if not match or int(match[3]) > MAX_PORT:
        raise SettingError("scheduler", f"{short(text)} is not tcp://HOST:PORT or tls://HOST:PORT")
    return text


@dataclass(frozen=True)
class Options:
    """The options of a `train` command, parsed."""

    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            parser=options.parse_file,
            metavar="FILE",
            help="Brain file to write; {seed} in its name becomes the seed.",
            rich_help_panel="Essentials",
        ),
    ] = DEFAULT_BRAIN
    recipe: RecipeName = None
    dataset: options.DatasetName = None
    data_dir: options.DataDir = None
    settings: Mapping[str, Any] = field(default_factory=dict)  # of the recipe, as far as given
    seed: Annotated[
        int,
        seed_option("Seed of the random numbers."),
    ] = 0
    seeds: Annotated[
        range | None,
        typer.Option(
            parser=_parse_seeds,
            metavar="N:M",
            help="Train a brain with each seed from N to M - 1, skipping those that exist; the "
            "names in --output, --log and --tensorboard must contain {seed}.",
            rich_help_panel="Run",
        ),
    ] = None
    jobs: Annotated[
        int,
        typer.Option(
            parser=options.whole(1, MAX_THREADS),
            metavar="N",
            help="Number of --seeds to train at once.",
            rich_help_panel="Run",
        ),
    ] = 1
    scheduler: Annotated[
        str | None,
        typer.Option(
            parser=_parse_address,
            metavar="ADDRESS",
            help="Train --seeds on the Dask cluster of this scheduler, such as tcp://host:8786; "
            "needs the extra `cluster` here and on the workers.",
            rich_help_panel="Run",
        ),
    ] = None
    init: Annotated[
        Path | None,
        brain_option(
            "Start from the weights of this brain, or of pretrained: with its layers, activation "
            "and loss, and the settings of the recipe it names, unless options override them."
        ),
    ] = None
    like: Annotated[
        Path | None,
        brain_option(
            "Train this brain again with its own settings, write NAME.again.npz, and compare "
            "the weights; exit with 1 if they differ."
        ),
    ] = None
    resume: Annotated[
        Path | None,
        typer.Option(
            parser=options.parse_file,
            metavar="CHECKPOINT",
            autocompletion=complete_file(SUFFIX),
            help="Resume the run from this checkpoint.",
            rich_help_panel="Run",
        ),
    ] = None
    checkpoint_every: Annotated[
        int | None,
        typer.Option(
            parser=options.whole(0, MAX_EPOCHS),
            metavar="N",
            show_default="once a minute",
            help="Write a checkpoint, OUTPUT.ckpt, every N epochs until the brain is saved; 0 for "
            "none.",
            rich_help_panel="Run",
        ),
    ] = None
    synthetic: Annotated[
        float,
        synthetic_option(
            "Mix synthetic digits into the training images, as this fraction of the total; they "
            "include ways of writing that are rare in MNIST."
        ),
    ] = 0.0
    prune: Annotated[
        float,
        prune_option(
            "Set the smallest weights, this fraction of all, to zero before saving; with --half, "
            "this makes the file smaller."
        ),
    ] = 0.0
    half: Annotated[
        bool,
        typer.Option("--half", help="Save the weights in half precision, and compress the file."),
    ] = False
    threads: Annotated[
        int | None,
        threads_option(
            "Number of threads that share the work of large networks, where that is faster; the "
            "result is the same."
        ),
    ] = None
    log: Annotated[
        Path | None,
        typer.Option(
            parser=options.parse_file,
            metavar="FILE",
            help="Write one JSON line per epoch to FILE.",
        ),
    ] = None
    tensorboard: Annotated[
        Path | None,
        typer.Option(
            parser=options.parse_folder,
            metavar="DIR",
            help="Write the learning curves for TensorBoard to DIR; needs the extra `tensorboard`.",
        ),
    ] = None
    force: options.Force = False
    as_json: options.Json = False
    quiet: options.Quiet = False
    given: Mapping[str, str] = field(default_factory=dict)  # name -> word on the command line
