"""Options of `train`: those below, and one for each setting of a recipe.

Their types become options as they stand, so annotations are not postponed here.
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
from mnistmlp.cli.brains import DEFAULT
from mnistmlp.errors import SettingError
from mnistmlp.training.recipes import MAX_EPOCHS, RECIPES, SETTINGS
from mnistmlp.training.settings import Setting, parse_hidden, spell

MAX_SEEDS = 1000
PARSERS = {int: options.whole(), float: options.number(), tuple: parse_hidden}  # by kind of setting


def _seeds(text: str) -> range:
    seeds = options.parse_range("seeds", text)
    if len(seeds) > MAX_SEEDS:
        raise SettingError("seeds", f"{len(seeds):,} brains are more than {MAX_SEEDS:,}")
    return seeds


@dataclass(frozen=True)
class Options:
    """What is asked of `train`."""

    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            parser=options.file,
            metavar="FILE",
            help="The brain file to write; {seed} is the seed.",
        ),
    ] = DEFAULT
    recipe: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            show_default="classic",
            help=f"Settings to start from: {', '.join(RECIPES)}; see below.",
        ),
    ] = None
    settings: Mapping[str, Any] = field(default_factory=dict)  # of the recipe, those given
    seed: Annotated[
        int,
        typer.Option(
            parser=options.whole(0, 2**63 - 1), metavar="N", help="Of all that is random."
        ),
    ] = 0
    seeds: Annotated[
        range | None,
        typer.Option(
            parser=_seeds,
            metavar="N:M",
            help="Train a brain with each seed from N to M - 1, but for those that are there; "
            "the names of --output and --log need {seed} in them.",
        ),
    ] = None
    jobs: Annotated[
        int,
        typer.Option(
            parser=options.whole(1, MAX_THREADS), metavar="N", help="How many of --seeds at once."
        ),
    ] = 1
    init: Annotated[
        Path | None,
        typer.Option(
            parser=options.file,
            metavar="BRAIN",
            help="Start from this brain, or pretrained: its weights, layers, activation and loss, "
            "and the settings of the recipe that it names, where no option says otherwise.",
        ),
    ] = None
    like: Annotated[
        Path | None,
        typer.Option(
            parser=options.file,
            metavar="BRAIN",
            help="Train this brain again, by the settings in it, into NAME.again.npz, and say "
            "whether the weights came out the same; exits with 1 if not.",
        ),
    ] = None
    resume: Annotated[
        Path | None,
        typer.Option(
            parser=options.file,
            metavar="CHECKPOINT",
            help="Go on with the run that this is a checkpoint of.",
        ),
    ] = None
    checkpoint_every: Annotated[
        int | None,
        typer.Option(
            parser=options.whole(0, MAX_EPOCHS),
            metavar="N",
            show_default="once a minute",
            help="Keep a checkpoint, OUTPUT.ckpt, every N epochs until the brain is saved; "
            "0 for none.",
        ),
    ] = None
    prune: Annotated[
        float,
        typer.Option(
            parser=options.number(0, 0.99),
            metavar="PART",
            help="Of all weights, the smallest, set to zero before saving: with --half a smaller "
            "file.",
        ),
    ] = 0.0
    half: Annotated[
        bool, typer.Option("--half", help="Save weights in half precision, compressed.")
    ] = False
    threads: Annotated[
        int | None,
        typer.Option(
            parser=options.whole(1, MAX_THREADS),
            metavar="N",
            show_default="the processors that this process may use, or 1 for a small network",
            help="Threads for matrix products.",
        ),
    ] = None
    dataset: options.DatasetName = "mnist"
    data_dir: options.DataDir = None
    log: Annotated[
        Path | None,
        typer.Option(
            parser=options.file, metavar="FILE", help="Write a line of JSON an epoch here."
        ),
    ] = None
    as_json: options.Json = False
    quiet: options.Quiet = False
    given: Mapping[str, str] = field(default_factory=dict)  # of each on the command line, the word


def takes_options(command: Callable[[Options], None]) -> Callable[..., None]:
    """Return a command with these options, which hands what they say to the function as one."""

    @functools.wraps(command)
    def run(context: typer.Context, **values: Any) -> None:
        settings = {name: values.pop(name) for name in SETTINGS}
        settings = {name: value for name, value in settings.items() if value is not None}
        command(Options(**values, settings=settings, given=_given(context)))

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
                annotation = _option_of(name, setting)
                yield Parameter(name, Parameter.KEYWORD_ONLY, default=None, annotation=annotation)
        elif each.name != "given":
            yield Parameter(
                each.name, Parameter.KEYWORD_ONLY, default=each.default, annotation=each.type
            )


def _option_of(name: str, setting: Setting) -> Any:
    """Return the type of the option for a setting; where it is not given, the recipe decides."""
    option = "--" + name.replace("_", "-")
    if setting.kind is bool:
        switch = typer.Option(f"{option}/{option.replace('--', '--no-')}", help=setting.help)
        return Annotated[bool | None, switch]
    parser = PARSERS.get(setting.kind)
    names = setting.options or (option,)
    said = typer.Option(*names, parser=parser, metavar=setting.metavar, help=setting.help)
    return Annotated[str | None if parser else setting.kind | None, said]


def _given(context: typer.Context) -> dict[str, str]:
    """Return each option that stands on the command line, as the one word that says the same."""
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
