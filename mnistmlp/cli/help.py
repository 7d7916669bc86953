"""Help: options in groups, as panels on a terminal that shows colours, else as plain text."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from textwrap import indent
from typing import TYPE_CHECKING, Any

from typer.core import TyperCommand, TyperGroup

from mnistmlp.cli import console

if TYPE_CHECKING:
    from types import ModuleType

GROUPS = (  # in the order in which they are shown
    *("Essentials", "Search", "Pictures", "Data", "Network", "Optimiser", "Regularisation"),
    *("Warps", "Run", "Output"),
)
FEW = 10  # so many options need no groups
Example = tuple[str, str]  # what commands do, and the commands, one per line


class _Help:
    """How a command or the program shows its help."""

    help: str | None
    examples: Sequence[Example] = ()
    tables: Mapping[str, Callable[[], str]] = {}  # below the options, by heading

    def describe(self, module: ModuleType) -> None:
        """Take the examples and the tables of the module that a command is in."""
        paragraphs = (self.help or "").split("\n\n")
        self.help = "\n\n".join(" ".join(each.split()) for each in paragraphs)  # Rich keeps lines
        self.examples = module.EXAMPLES
        self.tables = getattr(module, "TABLES", {})

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the parameters, options in the order of their groups if there are many."""
        params: list[Any] = super().get_params(ctx)  # type: ignore[misc]
        arguments = [each for each in params if each.param_type_name == "argument"]
        options = [each for each in params if each.param_type_name == "option"]
        for param in params:
            if param in arguments or param.is_flag:
                param.display_type_rich = lambda ctx: None  # <list[Path]>, <bool> tell nothing
        if len(options) > FEW:
            for option in options:
                option.rich_help_panel = option.rich_help_panel or GROUPS[-1]
            options.sort(key=lambda option: GROUPS.index(option.rich_help_panel))
        else:
            for option in options:
                option.rich_help_panel = "Options"
        return arguments + options

    def get_help(self, ctx: Any) -> str:
        """Return the help as plain text, or print it to a terminal that shows colours."""
        if console.shows_colours(sys.stdout):
            self._print_panels(ctx)
            return ""
        text: str = super().get_help(ctx)  # type: ignore[misc]
        return console.make_plain(text, sys.stdout.encoding)  # Typer takes UTF-8 in place of ASCII

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the parameters under the headings of their groups."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for param in self.get_params(ctx):
            if record := param.get_help_record(ctx):
                argument = param.param_type_name == "argument"
                heading = "Arguments" if argument else param.rich_help_panel
                sections.setdefault(heading, []).append(record)
        for heading, records in sections.items():
            with formatter.section(heading):
                formatter.write_dl(records)
        if isinstance(self, TyperGroup):
            self.format_commands(ctx, formatter)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write the tables and the examples."""
        for heading, text in self._blocks():
            with formatter.section(heading):
                formatter.write(indent(f"{text}\n", "  "))

    def _blocks(self) -> Iterator[tuple[str, str]]:
        """Yield what follows the options, each with its heading."""
        for heading, make_table in self.tables.items():
            yield heading, make_table()
        yield (
            "Examples",
            "\n".join(f"{purpose}:\n{indent(words, '  ')}" for purpose, words in self.examples),
        )

    def _print_panels(self, ctx: Any) -> None:
        from rich.console import Console
        from rich.panel import Panel
        from rich.text import Text
        from rich.theme import Theme
        from typer import rich_utils

        command: Any = self
        rich_utils.rich_format_help(obj=command, ctx=ctx, markup_mode="rich")
        theme = {"option": rich_utils.STYLE_OPTION, "switch": rich_utils.STYLE_SWITCH}
        terminal = Console(theme=Theme(theme))
        for heading, text in self._blocks():
            plain = console.make_plain(text, sys.stdout.encoding)  # before its columns are counted
            shown = rich_utils.highlighter(Text(plain))
            terminal.print(Panel(shown, title=heading, title_align="left", border_style="dim"))


class Command(_Help, TyperCommand):
    """A command with its help."""


class Group(_Help, TyperGroup):
    """A group of commands with its help."""
