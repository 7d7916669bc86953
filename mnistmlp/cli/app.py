"""The program: its commands, and how every failure becomes a line and an exit code."""

from __future__ import annotations

import codecs
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from keyword import iskeyword
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from mnistmlp.cli import console
from mnistmlp.cli.interrupt import Terminated
from mnistmlp.errors import MnistMlpError, SettingError
from mnistmlp.version import __version__

FAULT, USAGE, INTERRUPTED, BROKEN_PIPE, TERMINATED = 1, 2, 130, 141, 143
COMMANDS = (  # each a module of this package
    *("download", "train", "recipes", "evaluate", "predict", "info", "export", "import", "draw"),
)


class _Program(TyperGroup):
    """A group of commands whose errors are one line on stderr, whatever goes wrong.

    A command's module is loaded when the command is asked for.
    """

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = dict.fromkeys(COMMANDS)  # type: ignore[assignment]  # None: not loaded

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a command, or None if there is none of that name."""
        if cmd_name in COMMANDS and self.commands[cmd_name] is None:
            name = cmd_name + "_" if iskeyword(cmd_name) else cmd_name  # PEP 8's: import_
            module = import_module(f"mnistmlp.cli.{name}")
            alone = typer.Typer(add_completion=False, rich_markup_mode=None)
            epilog = getattr(module, "EPILOG", None)
            alone.command(cmd_name, epilog=epilog)(getattr(module, name))
            self.commands[cmd_name] = typer.main.get_command(alone)
        return self.commands.get(cmd_name)

    def main(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Run, and exit with the code of the outcome."""
        _mend_streams()
        kwargs["standalone_mode"] = False
        try:
            code = super().main(*args, **kwargs)
        except typer.TyperException as error:
            context = getattr(error, "ctx", None)
            path = context.command_path if context else "mnistmlp"
            message = error.format_message().removesuffix(".").replace("Value error, ", "")
            console.fail(message[:1].lower() + message[1:], hint=f"{path} --help")
            code = USAGE
        sys.exit(code or 0)

    def make_context(self, *args: Any, **kwargs: Any) -> Any:
        """Parse the words before the command; --help and --version print here."""
        with _failures_reported():
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: Any) -> Any:
        """Run a command."""
        with _failures_reported():
            return super().invoke(ctx)


@contextmanager
def _failures_reported() -> Iterator[None]:
    """Turn failures into messages and exit codes."""
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except SettingError as error:
        option = "--" + error.setting.replace("_", "-")
        console.fail(f"{option}: {error.message}")
        raise typer.Exit(USAGE) from None
    except MnistMlpError as error:
        console.report(error)
        raise typer.Exit(FAULT) from None
    except Terminated:
        console.note("terminated")
        raise typer.Exit(TERMINATED) from None
    except KeyboardInterrupt:
        console.note("interrupted")
        raise typer.Exit(INTERRUPTED) from None
    except BrokenPipeError:
        _drop_output()
        raise typer.Exit(BROKEN_PIPE) from None
    except MemoryError:
        console.fail("not enough memory")
        raise typer.Exit(FAULT) from None
    except OSError as error:
        _drop_output()
        console.fail(f"{error.filename or 'output'}: {error.strerror or error}")
        raise typer.Exit(FAULT) from None


def _mend_streams() -> None:
    """Replace streams that are closed, and let any file's name be printed."""
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("r+"))  # noqa: SIM115
    if isinstance(sys.stdout, io.TextIOWrapper):
        utf8 = codecs.lookup(sys.stdout.encoding).name == "utf-8"  # also if it is spelt UTF8
        sys.stdout.reconfigure(errors="surrogateescape" if utf8 else "backslashreplace")


def _drop_output() -> None:
    """Send what is still to be written nowhere, so that the exit is quiet."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


app = typer.Typer(
    cls=_Program,
    rich_markup_mode=None,  # plain help: no Rich to load, and it pipes well
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"mnistmlp {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def main(
    context: typer.Context,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Fetch MNIST, train a multilayer perceptron in pure NumPy, judge it, recognise a digit."""
    if context.invoked_subcommand is None:
        print(context.get_help(), file=sys.stderr)
        raise typer.Exit(USAGE)
