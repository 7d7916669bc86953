"""What the README says is true, and the options that the documents name exist."""

import re
from pathlib import Path

from mnistmlp.cli.app import COMMANDS
from mnistmlp.training.recipes import EXPECTED
from tests.cli.conftest import Run

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
OTHERS = {  # options of other programs
    *("--break-system-packages", "--find-links", "--no-index", "--reinstall", "--wheel-dir"),
    *("--group", "--logdir", "--numprocesses"),
    *("--host", "--nthreads", "--nworkers", "--no-dashboard", "--port", "--protocol"),  # Dask's
    *("--array", "--cpus-per-task", "--signal"),  # Slurm's
}


def test_every_recipe_has_its_row() -> None:
    rows = re.findall(r"^\| `([\w-]+)` \|.*\| ([\d.]+) ± ([\d.]+) % \|", README, re.MULTILINE)
    assert rows == [
        (name, f"{100 * each.accuracy:.2f}", f"{100 * each.spread:.2f}")
        for name, each in EXPECTED.items()
    ]


def test_it_fits_a_few_screens() -> None:
    assert len(README.splitlines()) <= 150


def test_the_options_that_are_named_exist(run: Run) -> None:
    helps = "".join(run(*command, "--help").stdout for command in [[], *([c] for c in COMMANDS)])
    for document in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md")):
        named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", document.read_text()))
        assert {name for name in named - OTHERS if name not in helps} == set(), document
