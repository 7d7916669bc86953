"""The program: its commands, and how each failure becomes an error line and an exit code."""

from __future__ import annotations

import errno
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from importlib import import_module
from keyword import iskeyword
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar, cast

import typer

from mnistmlp.cli import console
from mnistmlp.cli.completion import separate_values
from mnistmlp.cli.help import Command, Group
from mnistmlp.cli.interrupt import Terminated
from mnistmlp.errors import MnistMlpError, SettingError
from mnistmlp.version import __version__

Function = TypeVar("Function", bound=Callable[..., Any])
FAULT, USAGE, INTERRUPTED, BROKEN_PIPE = 1, 2, 130, 141
STREAMS = {  # and how they write file names that are not UTF-8
    "stdin": None,
    "stdout": "surrogateescape",
    "stderr": "backslashreplace",
}
MISSPELT = re.compile(r"No such command '(.{,99})'\.|'(.{,99})' is not one of (.*)")
COMMANDS = (  # each is a module of this package
    *("download", "convert", "train", "tune", "recipes", "evaluate", "predict"),
    *("info", "watch", "export", "import", "draw"),
)


EXAMPLES = (
    ("Train a network that reads 99 % of the test images", "mnistmlp train --recipe modern"),
    ("Evaluate it", "mnistmlp evaluate brain.npz"),
    ("Recognise the digit in a picture", "mnistmlp predict scan.png"),
)


class _Program(Group):
    """The group of commands; it reports every failure as one line on stderr.

    A command's module is imported when the command is first used.
    """

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = dict.fromkeys(COMMANDS)  # type: ignore[assignment]  # None: not imported
        self.suggest_commands = False  # in the error line: the hint says it
        self.examples = EXAMPLES

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return the command of that name, or None if there is none."""
        if cmd_name in COMMANDS and self.commands[cmd_name] is None:
            name = cmd_name + "_" if iskeyword(cmd_name) else cmd_name  # PEP 8's: import_
            module = import_module(f"mnistmlp.cli.{name}")
            single = typer.Typer(add_completion=False, rich_markup_mode=None)
            single.command(cmd_name, cls=Command)(_keep_help(getattr(module, name)))
            command = cast(Command, typer.main.get_command(single))
            command.describe(module)
            self.commands[cmd_name] = command
        return self.commands.get(cmd_name)

    def main(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Run the program, and exit with its exit code."""
        _prepare_streams()
        if os.environ.get("_MNISTMLP_COMPLETE") == "complete_bash":
            separate_values()
        kwargs["standalone_mode"] = False
        try:
            code = super().main(*args, **kwargs)
        except typer.TyperException as error:
            context, meant = getattr(error, "ctx", None), _find_meant(error)
            path = context.command_path if context else "mnistmlp"
            message = error.format_message().partition(" (Possible options: ")[0]
            message = message.removesuffix(".").replace("Value error, ", "")
            hint = f"did you mean {meant}?" if meant else f"{path} --help"
            console.fail(message[:1].lower() + message[1:], hint=hint)
            code = USAGE
        sys.exit(code or 0)

    def make_context(self, *args: Any, **kwargs: Any) -> Any:
        """Parse the arguments before the command; --help and --version print here."""
        with _report_failures():
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: Any) -> Any:
        """Run a command."""
        with _report_failures():
            return super().invoke(ctx)


def _find_meant(error: Any) -> str | None:
    """Return the command, option or choice that a usage error has found misspelt."""
    if options := getattr(error, "possibilities", None):
        typed, names = error.option_name, options
    elif misspelt := MISSPELT.search(error.message):
        typed = misspelt[1] or misspelt[2] or ""
        names = re.findall("'([^']*)'", misspelt[3]) if misspelt[3] else COMMANDS
    else:
        return None
    from difflib import get_close_matches  # only needed here

    bare = {each.lstrip("-"): each for each in names}  # the dashes are no likeness
    return next((bare[each] for each in get_close_matches(typed.lstrip("-"), bare)), None)


def _keep_help(command: Function) -> Function:
    """Return a command with its docstring, from the source if `python -OO` has stripped it."""
    if command.__doc__ is None:
        import ast  # only needed here
        import inspect

        with suppress(OSError):  # without its source, it has no help
            (tree,) = ast.parse(inspect.getsource(command)).body
            command.__doc__ = ast.get_docstring(cast(ast.FunctionDef, tree))
    return command


@contextmanager
def _report_failures() -> Iterator[None]:
    """Report a failure within the block, and exit with the code for it."""
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except SettingError as error:
        argument = error.setting.isupper()
        option = error.setting if argument else "--" + error.setting.replace("_", "-")
        console.fail(f"{option}: {error.message}", hint=error.hint)
        raise typer.Exit(USAGE) from None
    except MnistMlpError as error:
        console.report(error)
        raise typer.Exit(FAULT) from None
    except Terminated as end:
        console.note(str(end))
        raise typer.Exit(128 + end.number) from None
    except KeyboardInterrupt:
        console.note("interrupted")
        raise typer.Exit(INTERRUPTED) from None
    except BrokenPipeError:
        _discard_output()
        raise typer.Exit(BROKEN_PIPE) from None
    except (MemoryError, ImportError, RuntimeError) as error:
        shortage = _find_shortage(error)
        if shortage is None:
            raise
        console.fail(shortage)
        raise typer.Exit(FAULT) from None
    except OSError as error:
        from mnistmlp.atomic import cause_of  # only needed here

        _discard_output()
        if sys.platform == "win32" and error.errno == errno.EINVAL and not error.filename:
            raise typer.Exit(BROKEN_PIPE) from None  # what Windows says of a closed pipe
        console.fail(f"{error.filename or 'output'}: {cause_of(error)}")
        raise typer.Exit(FAULT) from None


def _find_shortage(error: Exception) -> str | None:
    """Return what the system has too little of, or None if the error has another cause."""
    if isinstance(error, MemoryError) or "failed to map segment" in str(error):  # of a library
        return "not enough memory"
    if "can't start new thread" in str(error):
        return "cannot start more threads: the limit on processes or memory is reached"
    return None


def _prepare_streams() -> None:
    """Replace closed streams, and let the others write whole lines, and every file name."""
    for name, errors in STREAMS.items():
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, Path(os.devnull).open("r+", encoding="utf-8"))  # noqa: SIM115
        elif errors and stream is getattr(sys, f"__{name}__"):
            setattr(sys, name, console.prepare(stream, errors, buffered=name == "stdout"))


def _discard_output() -> None:
    """Discard the output that is still buffered, so that the exit is silent."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


app = typer.Typer(
    cls=_Program,
    rich_markup_mode=None,  # `Group` decides
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(context: typer.Context, wanted: bool) -> None:
    if wanted and not context.resilient_parsing:  # as on Tab
        print(f"mnistmlp {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
@_keep_help
def main(
    context: typer.Context,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Train a multilayer perceptron in pure NumPy, and recognise handwritten digits."""
    if context.invoked_subcommand is None:
        with redirect_stdout(sys.stderr):
            print(context.get_help())
        raise typer.Exit(USAGE)
