"""Settings of a recipe as options of a command, and what else `train` and `tune` both take.

Typer reads the annotations, so their evaluation is not postponed here.
"""

import functools
import inspect
from collections.abc import Callable, Iterator
from dataclasses import fields
from inspect import Parameter
from typing import Annotated, Any, TypeVar

import typer

from mnistmlp.blas import MAX_THREADS
from mnistmlp.cli import options
from mnistmlp.cli.completion import complete_brain, complete_recipe
from mnistmlp.training.recipes import MAX_SYNTHETIC, RECIPES, SETTINGS
from mnistmlp.training.settings import Setting, parse_hidden, spell

Options = TypeVar("Options")
PARSERS = {int: options.whole(), float: options.number(), tuple: parse_hidden}  # by kind of setting
RecipeName = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        autocompletion=complete_recipe,
        show_default="classic",
        help=f"Settings to start from: {', '.join(RECIPES)}, or a recipe file (.toml).",
        rich_help_panel="Essentials",
    ),
]


def seed_option(text: str) -> Any:
    """Return the option for a seed, with this help."""
    return typer.Option(
        parser=options.parse_seed, metavar="N", help=text, rich_help_panel="Essentials"
    )


def brain_option(text: str) -> Any:
    """Return an option for the brain that a run is based on, with this help."""
    return typer.Option(
        parser=options.parse_file,
        metavar="BRAIN",
        autocompletion=complete_brain,
        help=text,
        rich_help_panel="Run",
    )


def synthetic_option(text: str) -> Any:
    """Return the option for the share of synthetic digits, with this help."""
    return typer.Option(
        parser=options.number(0, MAX_SYNTHETIC),
        metavar="FRACTION",
        help=text,
        rich_help_panel="Data",
    )


def prune_option(text: str, panel: str | None = None) -> Any:
    """Return the option for the share of weights to set to zero, with this help."""
    return typer.Option(
        parser=options.number(0, 0.99), metavar="FRACTION", help=text, rich_help_panel=panel
    )


def threads_option(text: str) -> Any:
    """Return the option for the number of threads, with this help."""
    return typer.Option(
        parser=options.whole(1, MAX_THREADS),
        metavar="N",
        show_default="the usable processors",
        help=text,
        rich_help_panel="Run",
    )


def takes_options(
    kind: type[Options],
) -> Callable[[Callable[[Options], None]], Callable[..., None]]:
    """Return a decorator that makes a Typer command of a function of these options.

    Parameters
    ----------
    kind : dataclass
        A field for each option, annotated for Typer.  In place of the field
        `settings` there is an option for each setting of a recipe.  A field
        `given` is filled in with the words on the command line.
    """

    def decorate(command: Callable[[Options], None]) -> Callable[..., None]:
        @functools.wraps(command)
        def run(context: typer.Context, **values: Any) -> None:
            settings = {name: values.pop(name) for name in SETTINGS}
            values["settings"] = {name: each for name, each in settings.items() if each is not None}
            if any(each.name == "given" for each in _fields(kind)):
                values["given"] = _collect_given(context)
            command(kind(**values))

        context = Parameter("context", Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)
        parameters = [context, *_parameters(kind)]
        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        run.__annotations__ = {each.name: each.annotation for each in parameters}
        return run

    return decorate


def _fields(kind: Any) -> Any:
    return fields(kind)


def _parameters(kind: type) -> Iterator[Parameter]:
    """Yield a parameter for each option, as Typer reads it from a command's signature."""
    for each in _fields(kind):
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
    shown: dict[str, Any] = {"help": setting.help, "rich_help_panel": setting.group}
    if setting.kind is bool:
        option = typer.Option(f"{flag}/{flag.replace('--', '--no-')}", **shown)
        return Annotated[bool | None, option]
    parser = PARSERS.get(setting.kind)
    names = setting.options or (flag,)
    option = typer.Option(*names, parser=parser, metavar=setting.metavar, **shown)
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
