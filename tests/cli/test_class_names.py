"""Names of classes in the commands, with a small set that has them."""

import json
import shutil
from pathlib import Path

import pytest

from mnistmlp.cli.drawing import cell_width
from mnistmlp.data.catalog import NAMES
from tests.cli.conftest import Run

LONG = "a name as long as a name may be, or near"
KANA = NAMES["kmnist"]
HOSTILE = ("<b>&amp;", "</script>", "cat", LONG, *KANA[4:9], "猫" * 20)


@pytest.fixture(scope="module")
def named(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the small data set, with names that may break a page or a table."""
    folder = Path(shutil.copytree(small, tmp_path_factory.mktemp("named") / "data"))
    (folder / "labels.txt").write_text("\n".join(HOSTILE), encoding="utf-8")
    return folder


@pytest.fixture
def brain(run: Run, named: Path) -> str:
    """A brain that is trained on it."""
    words = ["--recipe", "modern", "--hidden", "none", "--epochs", 2, "--validation", 100]
    words += ["--normalization", "none", "--adversarial", 0, "--quiet"]
    assert run("train", "--data-dir", named, "--output", "named.npz", *words).exit_code == 0
    return "named.npz"


def test_predict_prints_names(run: Run, brain: str, named: Path) -> None:
    words = ["predict", "--brain", brain, "--data-dir", named, "--index"]
    document = json.loads(run(*words, 5, "--json").stdout)
    name = HOSTILE[document["digit"]]
    assert document["name"] == name
    assert run(*words, 5).stdout == f"{name}\n"
    several = run(*words, "5:7").stdout.splitlines()
    assert several[0].split("\t")[:2] == ["test:5", name]
    assert {line.split("\t")[0] for line in run(*words, 5, "--top", 10).stdout.splitlines()} == {
        *HOSTILE
    }
    unsure = run(*words, 5, "--json", "--reject", 1)
    assert [json.loads(unsure.stdout)[key] for key in ("digit", "name")] == [None, None]
    shown = run(*words, 5, "--show").stderr
    assert max(map(cell_width, shown.splitlines()[:14])) <= 80
    assert "predicted a name as l…, label a name as l…: right" in shown
    assert "\n                               ma ま            " in shown


def test_evaluate_and_info_show_names(run: Run, brain: str, named: Path) -> None:
    words = ["evaluate", brain, "--data-dir", named]
    shown = run(*words).stdout
    table = shown[shown.index("confusion") : shown.index("scores")].splitlines()
    assert {cell_width(line) for line in table[2:12]} == {cell_width(table[1])}  # straight columns
    assert table[2].startswith("0 <b>&amp;")
    assert table[5].startswith("3 a name as long a…")
    assert "\n a name as long as a name may be, …   " in shown
    document = json.loads(run(*words, "--json").stdout)
    assert document["class_names"] == list(HOSTILE)
    assert [each["name"] for each in document["per_digit"]] == list(HOSTILE)
    lines = run("info", brain).stdout.splitlines()
    assert any(line.startswith("classes ") for line in lines)
    assert max(map(cell_width, lines)) <= 80
    assert json.loads(run("info", brain, "--json").stdout)["class_names"] == list(HOSTILE)


def test_mistakes_have_names(run: Run, brain: str, named: Path) -> None:
    words = ["evaluate", brain, "--data-dir", named, "--split", "train", "--mistakes"]
    rows = [line.split("\t") for line in run(*words).stdout.splitlines()]
    assert rows
    assert {label for _, label, _, _ in rows} <= set(HOSTILE)
    documents = [json.loads(line) for line in run(*words, "--json").stdout.splitlines()]
    assert [HOSTILE[each["digit"]] for each in documents] == [row[2] for row in rows]
    assert all(each["name"] == HOSTILE[each["digit"]] for each in documents)
    drawn = run(*words, "--show").stderr
    assert max(map(cell_width, drawn.splitlines())) <= 80
