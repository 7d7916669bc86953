"""Names of classes in the commands, with a small set that has them."""

import json
import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest
from PIL import Image
from safetensors import safe_open

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
    header, row = run(*words, 5, "--format", "csv", "--header").stdout.splitlines()
    assert header == "index,digit,name,confidence"
    assert row.startswith(f"5,{document['digit']},")
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
    assert any(line.startswith("  classes ") for line in lines)
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


def test_the_report_shows_names_and_escapes_them(run: Run, brain: str, named: Path) -> None:
    words = ["evaluate", brain, "--data-dir", named, "--report", "r.html", "--plots", "plots"]
    assert run(*words).exit_code == 0
    page = Path("r.html").read_text(encoding="utf-8")
    assert "<b>&amp;" not in page
    assert '<th scope="row">&lt;b&gt;&amp;amp;</th>' in page
    assert page.count("</script>") == 2
    assert "Actual class by row, predicted class by column." in page
    assert '<option value="4">na な</option>' in page
    drawing = Path("plots/confusion_matrix.svg").read_text()
    assert "actual class" in drawing
    assert Path("plots/misread.png").is_file()


def test_exports_carry_the_names(run: Run, brain: str) -> None:
    for path in ("named.onnx", "named.safetensors"):
        assert run("export", brain, path).exit_code == 0
    with safe_open("named.safetensors", "numpy") as file:
        assert json.loads(file.metadata()["class_names"]) == list(HOSTILE)
    props = {each.key: each.value for each in onnx.load("named.onnx").metadata_props}
    assert json.loads(props["class_names"]) == list(HOSTILE)
    assert run("import", "named.safetensors", "again.npz").exit_code == 0
    assert json.loads(run("info", "again.npz", "--json").stdout)["class_names"] == list(HOSTILE)


def test_pictures_need_not_show_a_digit(run: Run, brain: str) -> None:
    pixels = np.full((100, 200), 255, np.uint8)
    pixels[20:80, 50:56] = pixels[22:82, 130:136] = 0  # two digits, of a brain that reads digits
    Image.fromarray(pixels).save("two.png")
    result = run("predict", "--brain", brain, "two.png", "--reject", 0.01)
    assert result.stderr == ""
    assert result.stdout.strip() in HOSTILE


def test_the_explanation_draws_names(run: Run, brain: str) -> None:
    pixels = np.zeros((28, 28), np.uint8)
    pixels[8:20, 12:15] = 255
    Image.fromarray(pixels).save("one.png")
    result = run("predict", "--brain", brain, "one.png", "--raw", "--explain-png", "e.png")
    assert (result.exit_code, result.stderr) == (0, "")
    assert Path("e.png").is_file()
