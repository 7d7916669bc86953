"""The benchmarks run, and the page shows what they measured."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BENCHMARKS = ROOT / "benchmarks"
PAGE = ROOT / "docs" / "performance.md"


@pytest.mark.parametrize("contender", ["mnistmlp", "textbook", "products"])
def test_contenders_train(small: Path, contender: str) -> None:
    task = ["12", "32", "sgd", "3", "1"]
    done = subprocess.run(
        [sys.executable, BENCHMARKS / "contenders.py", contender, small, *task],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=True,
    )
    epochs = json.loads(done.stdout)
    assert len(epochs) == 3
    assert all(seconds > 0 for seconds, _ in epochs)
    assert contender == "products" or epochs[-1][1] > 0.9


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


def test_the_page_shows_what_was_measured(tmp_path: Path) -> None:
    copy = tmp_path / "benchmarks" / "table.py"
    copy.parent.mkdir()
    (tmp_path / "docs").mkdir()
    copy.write_bytes((BENCHMARKS / "table.py").read_bytes())
    copy.with_name("results.json").write_bytes((BENCHMARKS / "results.json").read_bytes())
    page = tmp_path / "docs" / "performance.md"
    page.write_bytes(PAGE.read_bytes())
    subprocess.run([sys.executable, copy], check=True)
    assert page.read_text() == PAGE.read_text()
