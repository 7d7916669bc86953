import json
from dataclasses import asdict
from pathlib import Path

import pytest

from mnistmlp.brains.brain import load_brain
from mnistmlp.cli.help import GROUPS
from mnistmlp.training.recipes import EXPECTED, RECIPES
from mnistmlp.training.settings import spell
from tests.cli.conftest import Run
from tests.test_layers import loaded_by_command


def test_the_table(run: Run) -> None:
    result = run("recipes")
    lines = result.stdout.splitlines()
    assert (result.exit_code, result.stderr) == (0, "")
    assert max(map(len, lines)) <= 76
    assert lines[0].split() == list(RECIPES)
    sections = [line for line in lines[1:] if line and line[0] != " "]
    assert sections == ["Results", *(group for group in GROUPS if group in sections)]
    rows = {line[2:22].rstrip(): line[22:].split() for line in lines if line[:3].strip()}
    assert rows["test accuracy"] == [f"{each.accuracy:.2%}" for each in EXPECTED.values()]
    assert rows["hidden"] == [spell(each.hidden) for each in RECIPES.values()]
    assert rows["loss"] == ["mse", *4 * ["cross-"]]
    assert rows["displacement"] == [*4 * ["-"], "0.8"]  # the others do not warp
    assert "dropout" not in rows  # none of them uses it


def test_as_json(run: Run) -> None:
    found = json.loads(run("recipes", "--json").stdout)
    assert list(found) == list(RECIPES)
    for name, recipe in RECIPES.items():
        assert found[name]["expected"] == EXPECTED[name]._asdict()
        assert found[name]["settings"] == json.loads(json.dumps(asdict(recipe)))


def test_the_help_of_train_has_what_to_expect_of_each(run: Run) -> None:
    shown = run("train", "--help").stdout
    for name, (accuracy, spread, _) in EXPECTED.items():
        row = f"\n  {name:12}{100 * accuracy:.2f} ± {100 * spread:.2f} %"
        assert row in shown


def test_numpy_is_not_needed() -> None:
    assert "numpy" not in loaded_by_command("recipes")
    assert "numpy" not in loaded_by_command("recipes", "modern", "--save", "modern.toml")


# --- Recipe files --------------------------------------------------------------


def test_a_recipe_is_saved_and_shown(run: Run) -> None:
    saved = run("recipes", "modern", "--hidden", "512", "--save", "mine.toml")
    assert (saved.exit_code, saved.stdout, saved.stderr) == (0, "mine.toml\n", "")
    shown = run("recipes", "mine.toml").stdout.splitlines()
    assert shown[0].split() == ["mine.toml"]
    # the rate suits the layers, as in train --recipe modern --hidden 512
    assert shown[2:5] == ["Essentials", f"{'  hidden':22}512", f"{'  learning rate':22}0.0014"]
    found = json.loads(run("recipes", "mine.toml", "--json", "--epochs", "2").stdout)
    assert (found["hidden"], found["epochs"], found["learning_rate"]) == ([512], 2, 0.0014)
    assert run("recipes", "modern").stdout.split()[0] == "modern"


def test_a_recipe_file_is_not_replaced_unasked(run: Run) -> None:
    Path("mine.toml").write_text("mine")
    refused = run("recipes", "--save", "mine.toml")
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert refused.stderr.startswith("error: --save: mine.toml exists\nhint: name another file")
    assert Path("mine.toml").read_text() == "mine"
    forced = run("recipes", "--save", "mine.toml", "--force")
    assert forced.stderr == "kept the old mine.toml as mine.toml.bak\n"
    assert Path("mine.toml.bak").read_text() == "mine"


def test_an_unknown_recipe(run: Run) -> None:
    result = run("recipes", "modrn")
    assert result.exit_code == 2
    assert result.stderr == (
        "error: RECIPE: 'modrn' is not one of classic, modern, quick-99, plain-best, best\n"
        "hint: did you mean modern?\n"
    )


def test_a_network_is_trained_by_a_recipe_file(run: Run, small: Path) -> None:
    Path("mine.toml").write_text(
        'hidden = [24]\nactivation = "relu"\nloss = "cross-entropy"\nvalidation = 200\nepochs = 2\n'
    )
    data = ["--data-dir", small]
    trained = run("train", "--recipe", "mine.toml", "--epochs", "1", *data)
    assert trained.exit_code == 0, trained.stderr
    assert "mine.toml: 784-24-10" in trained.stderr
    assert "learning rate 0.1" in trained.stderr  # that of the table, not classic's 6
    meta = load_brain(Path("brain.npz")).meta
    assert meta
    assert meta.recipe_name == "mine.toml"
    again = run("train", "--like", "brain.npz", "--recipe", "mine.toml", "--epochs", "1", *data)
    assert (again.exit_code, again.stdout) == (0, "brain.again.npz\n")
    other = run("train", "--like", "brain.npz", "--recipe", "mine.toml", "--force", *data)
    assert other.stderr == ("error: --recipe: brain.npz has epochs 1, not 2 as in mine.toml\n")


@pytest.mark.parametrize("command", [["recipes"], ["train", "--recipe"]], ids=str)
def test_a_faulty_recipe_file_is_one_line(run: Run, command: list[str]) -> None:
    missing = run(*command, "none.toml")
    assert (missing.exit_code, missing.stderr) == (1, "error: none.toml: no such file\n")
    Path("mine.toml").write_text("epoch = 3")
    unknown = run(*command, "mine.toml")
    assert (unknown.exit_code, unknown.stdout) == (1, "")
    assert unknown.stderr == (
        "error: mine.toml: epoch: not a setting of a recipe\nhint: did you mean epochs?\n"
    )
