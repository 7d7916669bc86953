"""A setting is said once: one field of `Recipe` is all that a new one takes."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import mnistmlp
from mnistmlp.training.recipes import SETTINGS
from tests.cli.conftest import Run

RunPython = Callable[..., "subprocess.CompletedProcess[str]"]

NEW_FIELD = '    warmth: float = fraction(0.0, "How warm the neurons are.", group="Network")\n'
OPTIONS = ["--hidden", "4", "--epochs", "2", "--validation", "100"]
SAVE_CHECKPOINT = """
import os
import mnistmlp as m
recipe = m.Recipe(hidden=(4,), epochs=2, validation=100, warmth=0.25)
data = m.load_dataset(os.environ["MNISTMLP_DATA_DIR"], "train")
def save(checkpoint):
    if len(checkpoint.state.history) == 1:
        m.save_checkpoint("warm.npz.ckpt", checkpoint)
m.train(recipe, data, on_checkpoint=save)
"""


@pytest.fixture
def python(tmp_path: Path, small: Path) -> RunPython:
    """Run Python with a copy of the package whose `Recipe` has one more field."""
    package = shutil.copytree(
        Path(mnistmlp.__file__).parent,
        tmp_path / "copy" / "mnistmlp",
        ignore=shutil.ignore_patterns("__pycache__", "pretrained.npz"),
    )
    recipes = package / "training" / "recipe.py"
    text = recipes.read_text()
    place = text.index("    label_smoothing: float")
    recipes.write_text(text[:place] + NEW_FIELD + text[place:])
    surroundings = {"PYTHONPATH": str(package.parent), "MNISTMLP_DATA_DIR": str(small)}

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-W", "error", *words],
            capture_output=True,
            text=True,
            check=False,
            env=os.environ | surroundings,
        )

    return run


def test_a_new_field_is_an_option_with_help_and_a_check(python: RunPython) -> None:
    lines = python("-m", "mnistmlp", "train", "--help").stdout.splitlines()
    (line,) = (each for each in lines if "warmth" in each)
    assert " ".join(line.split()) == "--warmth FRACTION How warm the neurons are."
    refused = python("-m", "mnistmlp", "train", "--warmth", "1")
    assert refused.returncode == 2
    assert refused.stderr == "error: --warmth: 1.0 is not a number from 0 to below 1\n"


def test_a_new_field_is_recorded_shown_and_compared(python: RunPython) -> None:
    train = ("-m", "mnistmlp", "train", "-q")
    trained = python(*train, *OPTIONS, "--warmth", "0.25", "-o", "warm.npz")
    assert (trained.returncode, trained.stdout, trained.stderr) == (0, "warm.npz\n", "")
    info = python("-m", "mnistmlp", "info", "warm.npz").stdout
    assert "  warmth               0.25" in info.splitlines()
    assert python(*train, *OPTIONS, "-o", "cold.npz").returncode == 0
    assert "warmth" not in python("-m", "mnistmlp", "info", "cold.npz").stdout
    like = python(*train, "--like", "warm.npz", "--warmth", "0.5")
    assert (like.returncode, like.stderr) == (2, "error: --warmth: warm.npz has 0.25, not 0.5\n")
    made = python("-c", SAVE_CHECKPOINT)
    assert (made.returncode, made.stderr) == (0, "")
    resumed = python(*train, "--resume", "warm.npz.ckpt", "--warmth", "0.5")
    assert resumed.returncode == 2
    assert resumed.stderr == "error: --warmth: warm.npz.ckpt has 0.25, not 0.5\n"


def test_a_new_field_is_in_the_list_of_recipes(python: RunPython) -> None:
    code = (
        "from mnistmlp.cli.recipes.table import format_recipe; "
        "from mnistmlp.training.recipes import Recipe; "
        "print(format_recipe(Recipe(warmth=0.5)))"
    )
    assert "  warmth              0.5" in python("-c", code).stdout.splitlines()


def test_every_setting_is_in_the_help_of_train(run: Run) -> None:
    shown = " ".join(run("train", "--help").stdout.split())
    for name, setting in SETTINGS.items():
        names = setting.options or ("--" + name.replace("_", "-"),)
        assert all(each in shown for each in names)
        assert setting.help in shown
