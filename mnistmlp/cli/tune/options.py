"""Options of `tune`: those below, and one for each setting of a recipe.

Typer reads the annotations, so their evaluation is not postponed here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from mnistmlp.blas import MAX_THREADS
from mnistmlp.cli import options
from mnistmlp.cli.completion import complete_brain
from mnistmlp.cli.settings import RecipeName
from mnistmlp.errors import SettingError
from mnistmlp.training.recipes import MAX_SYNTHETIC

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
            help="Trials of the study, those done before and by other workers included.",
        ),
    ] = 50
    recipe: RecipeName = None
    settings: Mapping[str, Any] = field(default_factory=dict)  # those given, which stay fixed
    search: Annotated[
        str | None,
        typer.Option(
            metavar="SPACE",
            show_default="see below",
            help="What to search, such as learning_rate=1e-4:1e-2:log,hidden=128|256,128,dropout; "
            "a setting without values has the range that is listed below.",
        ),
    ] = None
    sampler: Annotated[
        Literal["tpe", "random", "nsgaii"],
        typer.Option(help="What proposes settings: Optuna's sampler of this name."),
    ] = "tpe"
    pruner: Annotated[
        Literal["median", "hyperband", "none"] | None,
        typer.Option(
            show_default="median, or none with --pareto",
            help="What ends poor trials early: Optuna's pruner of this name.",
        ),
    ] = None
    pareto: Annotated[
        Literal["seconds", "parameters"] | None,
        typer.Option(
            help="Search for the best accuracy at each number of seconds of training, or of "
            "parameters: the Pareto front of the two. Every trial is trained to its end.",
        ),
    ] = None
    max_seconds: Annotated[
        float | None,
        typer.Option(
            parser=options.number(0.001, MAX_TIME),
            metavar="S",
            help="End a trial that takes longer; it cannot be the best.",
        ),
    ] = None
    max_parameters: Annotated[
        int | None,
        typer.Option(
            parser=options.whole(1, 10**9),
            metavar="N",
            help="Do not train networks with more parameters than this.",
        ),
    ] = None
    storage: Annotated[
        str,
        typer.Option(
            parser=_parse_storage,
            metavar="URL",
            help="Where the study is: an SQLite file, or the URL of a database, such as "
            "postgresql://USER@HOST/DATABASE, which workers on many machines can share.",
        ),
    ] = "tune.db"
    study: Annotated[
        str, typer.Option(parser=_parse_study, metavar="NAME", help="The name of the study in it.")
    ] = "tune"
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            parser=options.parse_file,
            metavar="FILE.toml",
            show_default="standard output",
            help="Recipe file to write, with the best settings; train --recipe takes it. With "
            "--pareto, {trial} in its name becomes the trial.",
        ),
    ] = None
    plots: Annotated[
        Path | None,
        typer.Option(
            parser=options.parse_folder,
            metavar="FOLDER",
            help="Write pictures of the search, its history and what mattered in it, as .svg and "
            ".png files.",
        ),
    ] = None
    seed: Annotated[
        int,
        typer.Option(
            parser=options.whole(0, 2**63 - 1),
            metavar="N",
            help="Seed of every training run, and of what proposes settings.",
        ),
    ] = 0
    init: Annotated[
        Path | None,
        typer.Option(
            parser=options.parse_file,
            metavar="BRAIN",
            autocompletion=complete_brain,
            help="Start every trial from this brain, or pretrained, as train --init does.",
        ),
    ] = None
    synthetic: Annotated[
        float,
        typer.Option(
            parser=options.number(0, MAX_SYNTHETIC),
            metavar="FRACTION",
            help="Mix synthetic digits into the training images, as train --synthetic does.",
        ),
    ] = 0.0
    prune: Annotated[
        float,
        typer.Option(
            parser=options.number(0, 0.99),
            metavar="FRACTION",
            help="Count the accuracy after this fraction of the weights is set to zero.",
        ),
    ] = 0.0
    half: Annotated[
        bool, typer.Option("--half", help="Count the accuracy of weights in half precision.")
    ] = False
    threads: Annotated[
        int | None,
        typer.Option(
            parser=options.whole(1, MAX_THREADS),
            metavar="N",
            show_default="the usable processors",
            help="Threads that share the work of large networks; give fewer where several workers "
            "share a machine.",
        ),
    ] = None
    dataset: options.DatasetName = None
    data_dir: options.DataDir = None
    force: options.Force = False
    as_json: options.Json = False
    quiet: options.Quiet = False
