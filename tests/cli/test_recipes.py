import json
from dataclasses import asdict

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
