"""What the README says is true."""

import re
from pathlib import Path

from mnistmlp.cli.app import COMMANDS
from mnistmlp.training.recipes import EXPECTED
from tests.cli.conftest import Run

README = (Path(__file__).parents[2] / "README.md").read_text()


def test_every_recipe_has_its_row() -> None:
    rows = re.findall(r"^\| `([\w-]+)` \|.*\| ([\d.]+) ± ([\d.]+) % \|", README, re.MULTILINE)
    assert rows == [
        (name, f"{100 * each.accuracy:.2f}", f"{100 * each.spread:.2f}")
        for name, each in EXPECTED.items()
    ]


def test_the_options_it_names_exist(run: Run) -> None:
    helps = "".join(run(*command, "--help").stdout for command in [[], *([c] for c in COMMANDS)])
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", README))
    assert named
    assert {option for option in named if option not in helps} == set()
