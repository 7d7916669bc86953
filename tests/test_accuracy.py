"""What the recipes reach on real MNIST; the figures of the README are means over more seeds."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mnistmlp.cli.app import app

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("recipe", "least"), [("classic", 0.940), ("modern", 0.987), ("quick-99", 0.989)]
)
def test_recipe(mnist: Path, recipe: str, least: float) -> None:
    runner, data = CliRunner(), ["--data-dir", str(mnist)]
    trained = runner.invoke(app, ["train", "--recipe", recipe, *data])
    assert (trained.exit_code, trained.stdout) == (0, "brain.npz\n")
    judged = runner.invoke(app, ["evaluate", "brain.npz", "--json", *data])
    assert json.loads(judged.stdout)["accuracy"] >= least
    digit = runner.invoke(app, ["predict", "--index", "42", *data])
    assert (digit.stdout, digit.stderr) == ("4\n", "")
    many = runner.invoke(app, ["predict", "--index", "0:1000", "--json", *data])
    assert many.stdout.count("\n") == 1000
