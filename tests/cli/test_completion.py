"""What Tab offers, in this process and in a real bash."""

import contextlib
import os
import pty
import select
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from mnistmlp.cli.app import COMMANDS, app
from mnistmlp.cli.completion import complete_brain, complete_file, complete_recipe
from mnistmlp.training.recipes import RECIPES
from tests.cli.conftest import Run
from tests.test_layers import loaded_by

Offer = Callable[..., list[str]]


# --- The names that are offered ----------------------------------------------


@pytest.fixture
def _files() -> None:
    """Make a folder with brains, and with what is none."""
    for name in ("models/old", "pictures", "empty"):
        Path(name).mkdir(parents=True)
    for name in ("a.npz", "b.txt", ".hidden.npz", "models/x.npz", "models/y.npz", "c.ckpt"):
        Path(name).touch()
    Path("models/old/z.npz").touch()


@pytest.mark.parametrize(
    ("incomplete", "offered"),
    [
        ("", ["pretrained", "a.npz", "empty/", "models/", "pictures/"]),
        ("p", ["pretrained", "pictures/"]),
        ("pre", ["pretrained"]),
        ("a", ["a.npz"]),
        (".", [".hidden.npz"]),
        ("./a", ["./a.npz"]),
        ("m", ["models/old/", "models/x.npz", "models/y.npz"]),  # not models/ and a space
        ("models/", ["models/old/", "models/x.npz", "models/y.npz"]),
        ("models/o", ["models/old/z.npz"]),
        ("e", []),
        ("b", []),
        ("none/", []),
        ("~/", []),  # the shell knows better
    ],
)
@pytest.mark.usefixtures("_files")
def test_brains_and_folders_are_offered(incomplete: str, offered: list[str]) -> None:
    assert complete_brain(incomplete) == offered


@pytest.mark.usefixtures("_files")
def test_other_suffixes() -> None:
    assert complete_file(".ckpt")("c") == ["c.ckpt"]
    assert complete_file(".ckpt")("a") == []


@pytest.mark.parametrize("name", ["my brain.npz", "$(touch x).npz", "*.npz", "a:b.npz", "a\n.npz"])
def test_a_name_that_must_be_quoted_is_left_to_the_shell(name: str) -> None:
    Path(name).touch()
    Path("plain.npz").touch()
    assert complete_brain("") == ["pretrained", "plain.npz"]
    assert complete_brain(name[0]) == []


def test_a_folder_in_itself_comes_to_an_end() -> None:
    Path("loop").symlink_to(".")
    assert complete_brain("l") == []


def test_recipes_say_what_they_give() -> None:
    assert [name for name, _ in complete_recipe("")] == list(RECIPES)
    assert all("% on the test set" in text for _, text in complete_recipe(""))


def test_recipe_files_are_offered_where_a_recipe_is_taken(offer: Offer) -> None:
    Path("mine.toml").touch()
    for words in (["train", "--recipe"], ["recipes"]):
        assert offer(*words, "mi") == ["mine.toml"]
        assert offer(*words, "mo") == ["modern"]


# --- The options and arguments that offer them -------------------------------


@pytest.fixture
def offer(run: Run) -> Offer:
    """Return what Tab offers in bash after these words, of which the last may be incomplete."""

    def complete(*words: str) -> list[str]:
        typed = {"COMP_WORDS": "\n".join(["mnistmlp", *words]), "COMP_CWORD": str(len(words))}
        result = run(env={"_MNISTMLP_COMPLETE": "complete_bash"} | typed)
        assert (result.exit_code, result.stderr) == (0, "")
        return result.stdout.split()

    return complete


def test_commands(offer: Offer) -> None:
    assert offer("") == list(COMMANDS)
    assert offer("--version", "") == list(COMMANDS)  # and not the version
    assert offer("--ver") == ["--version"]
    assert offer("e") == ["evaluate", "export"]


@pytest.mark.parametrize(
    "words",
    [
        *(["info"], ["evaluate"], ["evaluate", "a.npz"], ["draw"], ["export"]),
        *(["predict", "--brain"], ["train", "--init"], ["train", "--like"]),
        *(["predict", "--brain", "="], ["draw", "--output", "=", "x.html"]),
    ],
)
def test_brains_are_offered_where_one_is_taken(offer: Offer, words: list[str]) -> None:
    Path("b.npz").touch()
    assert offer(*words, "b") == ["b.npz"]
    assert offer(*words, "pre") == ["pretrained"]


def test_files_of_other_kinds_are_offered_where_they_are_taken(offer: Offer) -> None:
    for name in ("b.npz", "b.npz.ckpt", "b.safetensors"):
        Path(name).touch()
    assert offer("train", "--resume", "b") == ["b.npz.ckpt"]
    assert offer("import", "b") == ["b.safetensors"]
    assert offer("predict", "--data", "b") == ["b.npz"]
    for words in (["export", "b.npz"], ["import", "b.safetensors"], ["train", "--output"]):
        assert offer(*words, "b") == []  # so that the shell offers all files


def test_recipes(offer: Offer) -> None:
    assert offer("train", "--recipe", "") == list(RECIPES)
    assert offer("train", "--recipe", "=", "mo") == ["modern"]
    assert offer("train", "--hidden", "20,,20", "--seeds", "2:1", "--recipe", "q") == ["quick-99"]


def test_every_option_with_choices_offers_them(offer: Offer) -> None:
    program: Any = typer.main.get_command(app)
    count = 0
    for command in COMMANDS:
        for each in program.get_command(None, command).params:
            if each.type_descriptor.is_choice:
                count += 1
                assert offer(command, each.opts[0], "") == list(each.type_descriptor.choices)
    assert count > 10


@pytest.mark.parametrize("words", [["tr"], ["train", "--recipe", ""], ["predict", "--brain", ""]])
def test_tab_loads_little(words: list[str]) -> None:
    typed = {"COMP_WORDS": "\n".join(["mnistmlp", *words]), "COMP_CWORD": str(len(words))}
    loaded = loaded_by(f"""
import contextlib, os
os.environ |= {{"_MNISTMLP_COMPLETE": "complete_bash"}} | {typed}
from mnistmlp.cli.app import app
with contextlib.suppress(SystemExit):
    app(prog_name="mnistmlp")
""")
    assert not loaded & {"numpy", "rich", "requests", "PIL"}


# --- In bash -----------------------------------------------------------------


class Bash:
    """An interactive bash on a terminal."""

    def __init__(self, **environment: str) -> None:
        self.ours, theirs = pty.openpty()
        options = ["--norc", "--noprofile", "-i"]
        self.process = subprocess.Popen(
            ["bash", *options],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            env=os.environ | {"TERM": "dumb", "HISTFILE": ""} | environment,
        )
        os.close(theirs)
        self.lines = 0

    def run(self, keys: str) -> str:
        """Press keys and Enter, and return what the terminal shows until the command has ended."""
        self.lines += 1
        os.write(self.ours, f"{keys}; echo end-of-$(({self.lines}))\n".encode())
        shown = ""
        while f"end-of-{self.lines}" not in shown:
            assert select.select([self.ours], [], [], 60)[0], shown
            shown += os.read(self.ours, 65536).decode(errors="replace")
        return shown

    def complete(self, keys: str) -> str:
        """Press keys, and return the line that they make."""
        self.run(f'{keys}\x01printf %s "\x05" > line')  # Ctrl-A: to the start, Ctrl-E: the end
        return Path("line").read_text()

    def close(self) -> None:
        os.close(self.ours)
        self.process.wait(60)


@pytest.fixture
def bash(tmp_path: Path) -> Iterator[Bash]:
    """A bash whose user has installed completion."""
    if not shutil.which("bash"):
        pytest.skip("needs bash")
    program = tmp_path / "bin" / "mnistmlp"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -W error -m mnistmlp "$@"\n')
    program.chmod(stat.S_IRWXU)
    path = f"{program.parent}:{os.environ['PATH']}"
    shell = Bash(PATH=path, HOME=str(tmp_path / "bin"))
    try:
        assert "completion installed" in shell.run("mnistmlp --install-completion")
        shell.run("source ~/.bashrc")
        yield shell
    finally:
        with contextlib.suppress(OSError):
            shell.close()


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        ("mnistmlp exp\t", "mnistmlp export "),
        ("mnistmlp train --recipe mo\t", "mnistmlp train --recipe modern "),
        ("mnistmlp train --recipe=mo\t", "mnistmlp train --recipe=modern "),
        ("mnistmlp train --recipe \x1b*", f"mnistmlp train --recipe {' '.join(sorted(RECIPES))} "),
        ("mnistmlp info pr\t", "mnistmlp info pretrained "),
        ("mnistmlp info mo\tx\t", "mnistmlp info models/x.npz "),
        ("mnistmlp info my\t", r"mnistmlp info my\ brain.npz "),
        ("mnistmlp export models/o\ta\t", "mnistmlp export models/old/z.npz a.npz "),
        ("mnistmlp predict --brain a\t", "mnistmlp predict --brain a.npz "),
        ("mnistmlp train --resume c\t", "mnistmlp train --resume c.ckpt "),
        ("mnistmlp train --log b.\t", "mnistmlp train --log b.txt "),
    ],
)
@pytest.mark.usefixtures("_files")
def test_tab_in_bash(bash: Bash, keys: str, line: str) -> None:
    Path("my brain.npz").touch()
    assert bash.complete(keys) == line
