"""Options of `train`: those below, and one for each setting of a recipe.

Typer reads the annotations, so their evaluation is not postponed here.
"""

import functools
import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from inspect import Parameter
from pathlib import Path
from typing import Annotated, Any

import typer

from mnistmlp.blas import MAX_THREADS
from mnistmlp.cli import options
from mnistmlp.cli.brains import DEFAULT_BRAIN
from mnistmlp.cli.completion import complete_brain, complete_file, complete_recipe
from mnistmlp.cli.train.checkpoints import SUFFIX
from mnistmlp.errors import SettingError
from mnistmlp.training.recipes import MAX_EPOCHS, MAX_SYNTHETIC, RECIPES, SETTINGS
from mnistmlp.training.settings import Setting, parse_hidden, spell

MAX_SEEDS = 1000
PARSERS = {int: options.whole(), float: options.number(), tuple: parse_hidden}  # by kind of setting


def _parse_seeds(text: str) -> range:
    seeds = options.parse_range("seeds", text)
    if len(seeds) > MAX_SEEDS:
        raise SettingError("seeds", f"{len(seeds):,} brains are more than {MAX_SEEDS:,}")
    return seeds


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
        ),
    ] = DEFAULT_BRAIN
    recipe: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            autocompletion=complete_recipe,
            show_default="classic",
            help=f"Settings to start from: {', '.join(RECIPES)}; see below.",
        ),
    ] = None
    settings: Mapping[str, Any] = field(default_factory=dict)  # of the recipe, as far as given
    seed: Annotated[
        int,
        typer.Option(
            parser=options.whole(0, 2**63 - 1), metavar="N", help="Seed of everything random."
        ),
    ] = 0
    seeds: Annotated[
        range | None,
        typer.Option(
            parser=_parse_seeds,
            metavar="N:M",
            help="Train a brain with each seed from N to M - 1, except those already trained; "
            "the names in --output, --log and --tensorboard must contain {seed}.",
        ),
    ] = None
    jobs: Annotated[
        int,
        typer.Option(
            parser=options.whole(1, MAX_THREADS),
            metavar="N",
            help="How many of --seeds to train at once.",
        ),
    ] = 1
    init: Annotated[
        Path | None,
        typer.Option(
            parser=options.parse_file,
            metavar="BRAIN",
            autocompletion=complete_brain,
            help="Start from this brain, or pretrained: its weights, layers, activation and loss, "
            "and the settings of the recipe that it names, unless options override them.",
        ),
    ] = None
    like: Annotated[
        Path | None,
        typer.Option(
            parser=options.parse_file,
            metavar="BRAIN",
            autocompletion=complete_brain,
            help="Train this brain again with its own settings, write NAME.again.npz, and say "
            "whether the weights are the same; exit with 1 if not.",
        ),
    ] = None
    resume: Annotated[
        Path | None,
        typer.Option(
            parser=options.parse_file,
            metavar="CHECKPOINT",
            autocompletion=complete_file(SUFFIX),
            help="Continue the run of this checkpoint.",
        ),
    ] = None
    checkpoint_every: Annotated[
        int | None,
        typer.Option(
            parser=options.whole(0, MAX_EPOCHS),
            metavar="N",
            show_default="once a minute",
            help="Write a checkpoint, OUTPUT.ckpt, every N epochs until the brain is saved; "
            "0 for none.",
        ),
    ] = None
    synthetic: Annotated[
        float,
        typer.Option(
            parser=options.number(0, MAX_SYNTHETIC),
            metavar="FRACTION",
            help="Mix synthetic digits into the training images, as this fraction of them all; "
            "they have ways of writing that MNIST hardly has.",
        ),
    ] = 0.0
    prune: Annotated[
        float,
        typer.Option(
            parser=options.number(0, 0.99),
            metavar="FRACTION",
            help="Set this fraction of the weights, the smallest, to zero before saving; makes "
            "the file smaller with --half.",
        ),
    ] = 0.0
    half: Annotated[
        bool, typer.Option("--half", help="Save the weights in half precision, compressed.")
    ] = False
    threads: Annotated[
        int | None,
        typer.Option(
            parser=options.whole(1, MAX_THREADS),
            metavar="N",
            show_default="the usable processors",
            help="Threads that share the work of large networks, where that is faster; the result "
            "is the same.",
        ),
    ] = None
    dataset: options.DatasetName = None
    data_dir: options.DataDir = None
    log: Annotated[
        Path | None,
        typer.Option(
            parser=options.parse_file,
            metavar="FILE",
            help="Write a line of JSON per epoch to FILE.",
        ),
    ] = None
    tensorboard: Annotated[
        Path | None,
        typer.Option(
            parser=options.parse_folder,
            metavar="DIR",
            help="Write the learning curves to DIR, for TensorBoard; needs the extra tensorboard.",
        ),
    ] = None
    force: options.Force = False
    as_json: options.Json = False
    quiet: options.Quiet = False
    given: Mapping[str, str] = field(default_factory=dict)  # name -> word on the command line


def takes_options(command: Callable[[Options], None]) -> Callable[..., None]:
    """Return a Typer command with these options, which it passes on as one `Options`."""

    @functools.wraps(command)
    def run(context: typer.Context, **values: Any) -> None:
        settings = {name: values.pop(name) for name in SETTINGS}
        settings = {name: value for name, value in settings.items() if value is not None}
        command(Options(**values, settings=settings, given=_collect_given(context)))

    context = Parameter("context", Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)
    parameters = [context, *_parameters()]
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {each.name: each.annotation for each in parameters}
    return run


def _parameters() -> Iterator[Parameter]:
    """Yield a parameter for each option, as Typer reads it from a command's signature."""
    for each in fields(Options):
        if each.name == "settings":
            for name, setting in SETTINGS.items():
                annotation = _annotate(name, setting)
                yield Parameter(name, Parameter.KEYWORD_ONLY, default=None, annotation=annotation)
        elif each.name != "given":
            yield Parameter(
                each.name, Parameter.KEYWORD_ONLY, default=each.default, annotation=each.type
            )


def _annotate(name: str, setting: Setting) -> Any:
    """Return the annotated type of a setting's option; None, the default, keeps the recipe's."""
    flag = "--" + name.replace("_", "-")
    if setting.kind is bool:
        option = typer.Option(f"{flag}/{flag.replace('--', '--no-')}", help=setting.help)
        return Annotated[bool | None, option]
    parser = PARSERS.get(setting.kind)
    names = setting.options or (flag,)
    option = typer.Option(*names, parser=parser, metavar=setting.metavar, help=setting.help)
    return Annotated[str | None if parser else setting.kind | None, option]


def _collect_given(context: typer.Context) -> dict[str, str]:
    """Return the options that are on the command line, each as one equivalent word."""
    words = {}
    for option in context.command.params:
        name = str(option.name)
        source = context.get_parameter_source(name)
        if source is None or source.name != "COMMANDLINE":
            continue
        value = context.params[name]
        if isinstance(value, bool):
            words[name] = (option.opts if value else option.secondary_opts)[0]
        else:
            words[name] = f"{option.opts[0]}={spell(value)}"
    return words
