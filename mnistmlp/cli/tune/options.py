"""Options of `tune`: those below, and one for each setting of a recipe.

Typer reads the annotations, so their evaluation is not postponed here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from mnistmlp.cli import options
from mnistmlp.cli.settings import (
    RecipeName,
    brain_option,
    prune_option,
    seed_option,
    synthetic_option,
    threads_option,
)
from mnistmlp.errors import SettingError

MAX_TRIALS = 100_000
MAX_TIME = 1e6  # seconds


def _parse_study(text: str) -> str:
    if not 0 < len(text) <= 100 or not text.isprintable():
        raise SettingError("study", f"{text[:100]!r} is not a name of up to 100 characters")
    return text


def _parse_storage(text: str) -> str:
    return text if "://" in text else options.parse_name(text)


@dataclass(frozen=True)
class Options:
    """The options of a `tune` command, parsed."""

    trials: Annotated[
        int,
        typer.Option(
            parser=options.whole(1, MAX_TRIALS),
            metavar="N",
            help="Total number of trials in the study, over all runs and workers.",
            rich_help_panel="Essentials",
        ),
    ] = 50
    recipe: RecipeName = None
    dataset: options.DatasetName = None
    data_dir: options.DataDir = None
    settings: Mapping[str, Any] = field(default_factory=dict)  # those given, which stay fixed
    search: Annotated[
        str | None,
        typer.Option(
            metavar="SPACE",
            show_default="see below",
            help="What to search, such as learning_rate=1e-4:1e-2:log,hidden=128|256,128,dropout; "
            "a setting without values has the range listed below.",
            rich_help_panel="Essentials",
        ),
    ] = None
    sampler: Annotated[
        Literal["tpe", "random", "nsgaii"],
        typer.Option(help="Optuna's sampler, which proposes settings.", rich_help_panel="Search"),
    ] = "tpe"
    pruner: Annotated[
        Literal["median", "hyperband", "none"] | None,
        typer.Option(
            show_default="median, or none with --pareto",
            help="Optuna's pruner, which ends poor trials early.",
            rich_help_panel="Search",
        ),
    ] = None
    pareto: Annotated[
        Literal["seconds", "parameters"] | None,
        typer.Option(
            help="Search for the best accuracy at each number of seconds of training, or of "
            "parameters: the Pareto front of the two. Every trial is trained to the end.",
            rich_help_panel="Search",
        ),
    ] = None
    max_seconds: Annotated[
        float | None,
        typer.Option(
            parser=options.number(0.001, MAX_TIME),
            metavar="S",
            help="End trials that take longer than S seconds; they cannot be the best.",
            rich_help_panel="Search",
        ),
    ] = None
    max_parameters: Annotated[
        int | None,
        typer.Option(
            parser=options.whole(1, 10**9),
            metavar="N",
            help="Do not train networks with more than N parameters.",
            rich_help_panel="Search",
        ),
    ] = None
    storage: Annotated[
        str,
        typer.Option(
            parser=_parse_storage,
            metavar="URL",
            help="Where to keep the study: an SQLite file, or the URL of a database, such as "
            "postgresql://USER@HOST/DATABASE, which workers on many machines can share.",
            rich_help_panel="Run",
        ),
    ] = "tune.db"
    study: Annotated[
        str,
        typer.Option(
            parser=_parse_study,
            metavar="NAME",
            help="Name of the study in the database.",
            rich_help_panel="Run",
        ),
    ] = "tune"
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            parser=options.parse_file,
            metavar="FILE.toml",
            show_default="standard output",
            help="Recipe file to write with the best settings, for train --recipe. With --pareto, "
            "{trial} in its name becomes the trial.",
            rich_help_panel="Essentials",
        ),
    ] = None
    plots: Annotated[
        Path | None,
        typer.Option(
            parser=options.parse_folder,
            metavar="FOLDER",
            help="Write pictures of the search, its history and what mattered in it, as .svg and "
            ".png files.",
            rich_help_panel="Essentials",
        ),
    ] = None
    seed: Annotated[
        int,
        seed_option("Seed of every training run, and of the sampler."),
    ] = 0
    init: Annotated[
        Path | None,
        brain_option("Start every trial from this brain, or pretrained, as train --init does."),
    ] = None
    synthetic: Annotated[
        float,
        synthetic_option(
            "Mix synthetic digits into the training images, as train --synthetic does."
        ),
    ] = 0.0
    prune: Annotated[
        float,
        prune_option(
            "Count the accuracy after this fraction of the weights is set to zero.", "Run"
        ),
    ] = 0.0
    half: Annotated[
        bool,
        typer.Option(
            "--half",
            help="Count the accuracy of weights in half precision.",
            rich_help_panel="Run",
        ),
    ] = False
    threads: Annotated[
        int | None,
        threads_option(
            "Number of threads that share the work of large networks; use fewer if several "
            "workers share a machine."
        ),
    ] = None
    force: options.Force = False
    as_json: options.Json = False
    quiet: options.Quiet = False
