"""Help: groups of options, examples, panels on a terminal."""

import shlex
from typing import Any

import pytest
import typer

from mnistmlp.cli.app import COMMANDS, app
from mnistmlp.cli.help import FEW, GROUPS
from mnistmlp.training.recipes import SETTINGS
from tests.cli.conftest import Run, Start
from tests.cli.terminal import Terminal, read_terminal

PROGRAM: Any = typer.main.get_command(app)
GROUPED = ["convert", "train", "tune", "recipes", "evaluate", "predict"]


def headings(text: str) -> list[str]:
    """Return the headings in a plain help."""
    return [line[:-1] for line in text.splitlines() if line[:1].strip() and line.endswith(":")]


@pytest.mark.parametrize("name", COMMANDS)
def test_many_options_are_in_groups(run: Run, name: str) -> None:
    command = PROGRAM.get_command(None, name)
    options = [each for each in command.params if each.param_type_name == "option"]
    shown = [each for each in headings(run(name, "--help").stdout) if each in {*GROUPS, "Options"}]
    assert (len(options) >= FEW) == (name in GROUPED)
    if name in GROUPED:
        assert shown == [each for each in GROUPS if each in shown]
        assert len(shown) > 2
    else:
        assert shown == ["Options"]


def test_a_setting_is_in_its_group(run: Run) -> None:
    for command in ("train", "tune", "recipes"):
        shown = run(command, "--help").stdout
        for name, setting in SETTINGS.items():
            place = shown.index(f"\n  --{name.replace('_', '-')}")
            assert headings(shown[:place])[-1] == setting.group, name


@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_help_ends_with_examples_that_work(run: Run, name: str) -> None:
    shown = run(*filter(None, [name]), "--help").stdout.partition("\nExamples:\n")[2]
    lines = [line.strip() for line in shown.splitlines() if line.startswith("    ")]
    assert 2 <= len(lines) <= 4
    assert any(f"mnistmlp {name}" in line for line in lines)
    for line in lines:
        program, command, *words = shlex.split(line)
        assert program == "mnistmlp"
        PROGRAM.get_command(None, command).make_context(command, words)  # fails if they are wrong


def test_panels_on_a_terminal(start: Start) -> None:
    width = {"COLUMNS": "100"}  # in place of that of the tests
    terminal = Terminal(start, "train", "--help", width=100, interactive=True, **width)
    lines = terminal.read()
    assert terminal.end()[0] == 0
    assert max(map(len, lines)) <= 100
    panels = [line.split()[1] for line in lines if line.startswith("╭─")]
    assert panels == [
        *("Essentials", "Data", "Network", "Optimiser", "Regularisation", "Warps", "Run", "Output"),
        *("Recipes", "Learning", "Examples"),
    ]
    assert "\x1b[1;36m" in terminal.shown  # bold cyan, as Typer shows options


def test_panels_in_ascii(start: Start) -> None:
    given = {"COLUMNS": "80", "PYTHONIOENCODING": "ascii"}
    lines = read_terminal(start, "train", "--help", interactive=True, **given)
    rows = [line for line in lines if line.startswith("|")]
    assert {(len(row), row[-1]) for row in rows} == {(80, "|")}
    assert [row for row in rows if "+-" in row]
    assert "".join(lines).isascii()


@pytest.mark.parametrize("given", [{"NO_COLOR": "1"}, {"TERM": "dumb"}], ids=str)
def test_plain_help_on_a_terminal_without_colours(start: Start, given: dict[str, str]) -> None:
    piped, _ = start("evaluate", "--help").communicate(timeout=60)
    lines = read_terminal(start, "evaluate", "--help", interactive=True, **given)
    assert lines == piped.decode().split("\n")


def test_the_program_alone_shows_panels_on_stderr(start: Start) -> None:
    terminal = Terminal(start)
    lines = terminal.read()
    assert terminal.end() == (2, b"")
    assert [line.split()[1] for line in lines if line.startswith("╭─")] == [
        *("Options", "Commands", "Examples")
    ]
