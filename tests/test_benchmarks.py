"""The benchmarks run, and the page shows what they measured."""

import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import mean, median, stdev

import pytest

from mnistmlp.training.recipes import EXPECTED, RECIPES

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
BENCHMARKS = ROOT / "benchmarks"


def run_contender(contender: str, folder: Path, *task: str) -> list[tuple[float, float]]:
    done = subprocess.run(
        [sys.executable, BENCHMARKS / "contenders.py", contender, folder, *task],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=True,
    )
    epochs: list[tuple[float, float]] = json.loads(done.stdout)
    assert len(epochs) == 3
    assert all(seconds > 0 for seconds, _ in epochs)
    return epochs


@pytest.mark.parametrize("contender", ["mnistmlp", "textbook", "products"])
def test_contenders_train(small: Path, contender: str) -> None:
    epochs = run_contender(contender, small, "12", "32", "sgd", "3", "1")
    assert contender == "products" or epochs[-1][1] > 0.9


def test_contenders_race_on_normalised_images(mnist: Path) -> None:
    race = ("0", "one-cycle", "moments")
    epochs = run_contender("mnistmlp", mnist, "128", "256", "adam", "3", "1", *race)
    assert epochs[-1][1] > 0.979  # 0.974 on the images as they are


def test_library(small: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", BENCHMARKS / "library.py", "1"],
        env=os.environ | {"PYTHONPATH": str(ROOT), "MNISTMLP_DATA_DIR": str(small)},
        capture_output=True,
        check=True,
        text=True,
    )
    lines = done.stdout.splitlines()
    assert [line.rpartition(":")[0] for line in lines[:2]] == [
        "import mnistmlp",
        "one image, forward pass",
    ]
    assert lines[-1].startswith("10,000 single images: memory grows by ")


def test_memory(small: Path) -> None:
    done = subprocess.run(
        [sys.executable, BENCHMARKS / "memory.py", "7000"],
        env=os.environ | {"PYTHONPATH": str(ROOT), "MNISTMLP_DATA_DIR": str(small)},
        capture_output=True,
        check=True,
        text=True,
    )
    first, second = done.stdout.splitlines()
    assert first.split(":")[0].strip() == "1,200 images"
    assert second.split(":")[0].strip() == "7,000 images"


def test_optimizer() -> None:
    done = subprocess.run(
        [sys.executable, BENCHMARKS / "optimizer.py", "1000", "300000"],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=True,
        text=True,
    )
    *_, head, line, first, second = done.stdout.splitlines()
    assert head.count("|") == line.count("|") == first.count("|") == second.count("|") == 8
    assert (first.split("|")[1].strip(), second.split("|")[1].strip()) == ("1,000", "300,000")


@pytest.mark.parametrize(
    ("script", "figures", "page"),
    [
        ("table.py", "results.json", "performance.md"),
        ("accuracy_table.py", "accuracy.json", "recipes.md"),
    ],
)
def test_pages_show_what_was_measured(tmp_path: Path, script: str, figures: str, page: str) -> None:
    (tmp_path / "benchmarks").mkdir()
    (tmp_path / "docs").mkdir()
    for name in (script, figures, "page.py"):
        (tmp_path / "benchmarks" / name).write_bytes((BENCHMARKS / name).read_bytes())
    copy, real = tmp_path / "docs" / page, ROOT / "docs" / page
    copy.write_bytes(real.read_bytes())
    subprocess.run([sys.executable, tmp_path / "benchmarks" / script], check=True)
    assert copy.read_text() == real.read_text()


def test_recipes_expect_what_was_measured() -> None:
    measured = json.loads((BENCHMARKS / "accuracy.json").read_text())["recipes"]
    assert list(measured) == list(EXPECTED) == list(RECIPES)
    for name, rows in measured.items():
        accuracy = [row["accuracy"] for row in rows]
        most = max(row["threads"] for row in rows)
        seconds = median(row["seconds"] for row in rows if row["threads"] == most)
        expected = EXPECTED[name]
        assert expected.accuracy == pytest.approx(mean(accuracy), abs=6e-5)
        assert expected.spread == pytest.approx(stdev(accuracy), abs=6e-5)
        assert expected.seconds == pytest.approx(seconds, rel=0.05)
