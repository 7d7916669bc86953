import json
from dataclasses import asdict
from pathlib import Path

import pytest

from mnistmlp.brains.brain import load_brain
from mnistmlp.training.recipes import EXPECTED, RECIPES
from tests.cli.conftest import Run
from tests.test_layers import loaded_by_command


def test_the_table(run: Run) -> None:
    result = run("recipes")
    lines = result.stdout.splitlines()
    assert (result.exit_code, result.stderr) == (0, "")
    assert max(map(len, lines)) < 80
    assert [line.split()[0] for line in lines if line[0] != " "] == ["recipe", *RECIPES]
    classic = lines[1 : 1 + 3]
    assert f"{100 * EXPECTED['classic'].accuracy:.2f} ± " in classic[0]
    assert classic[1:] == [
        "  hidden 20,20,20, sigmoid, mse",
        "  sgd, cosine, learning rate 6, batch 32, 30 epochs",
    ]
    assert lines[-1].startswith(f"  warps: displacement {RECIPES['best'].displacement:g}, ")


def test_as_json(run: Run) -> None:
    found = json.loads(run("recipes", "--json").stdout)
    assert list(found) == list(RECIPES)
    for name, recipe in RECIPES.items():
        assert found[name]["expected"] == EXPECTED[name]._asdict()
        assert found[name]["settings"] == json.loads(json.dumps(asdict(recipe)))


def test_the_help_of_train_has_the_table(run: Run) -> None:
    shown = run("train", "--help").stdout
    for line in run("recipes").stdout.splitlines():
        assert f"  {line}\n" in shown


def test_numpy_is_not_needed() -> None:
    assert "numpy" not in loaded_by_command("recipes")
    assert "numpy" not in loaded_by_command("recipes", "modern", "--save", "modern.toml")


# --- Recipe files --------------------------------------------------------------


def test_a_recipe_is_saved_and_shown(run: Run) -> None:
    saved = run("recipes", "modern", "--hidden", "512", "--save", "mine.toml")
    assert (saved.exit_code, saved.stdout, saved.stderr) == (0, "mine.toml\n", "")
    shown = run("recipes", "mine.toml").stdout.splitlines()
    assert shown[:2] == ["mine.toml", "  hidden 512, relu, cross-entropy"]
    # the rate suits the layers, as in train --recipe modern --hidden 512
    assert shown[2] == "  adam, one-cycle, learning rate 0.0014, batch 256, 4 epochs"
    found = json.loads(run("recipes", "mine.toml", "--json", "--epochs", "2").stdout)
    assert (found["hidden"], found["epochs"], found["learning_rate"]) == ([512], 2, 0.0014)
    assert run("recipes", "modern").stdout.splitlines()[0] == "modern"


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
