"""The synthetic data set in the commands, with no mirror."""

import json
import shutil
from pathlib import Path

import pytest

from mnistmlp.brains.brain import load_brain
from mnistmlp.data import download, load
from mnistmlp.data.catalog import SYNTHETIC
from mnistmlp.data.folder import cache_folder_of
from mnistmlp.data.record import RECORD
from tests.cli.conftest import Run
from tests.conftest import names

TINY = ["--hidden", "none", "--epochs", "1", "--limit", "2000", "--validation", "500"]


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "MIRRORS", ())


def test_it_is_made_once_and_every_report_names_it(run: Run) -> None:
    trained = run("train", "--dataset", "synthetic", *TINY, "--json")
    assert trained.exit_code == 0
    first, *rest = trained.stderr.splitlines()
    assert first == f"making synthetic digits in {cache_folder_of('synthetic')}"
    assert any(" on synthetic in " in line for line in rest)
    assert json.loads(trained.stdout)["dataset"] == "synthetic"
    meta = load_brain(Path("brain.npz")).meta
    assert meta
    assert meta.raw["dataset"]["name"] == "synthetic"
    assert names(str(cache_folder_of("synthetic"))) == sorted(
        [RECORD, *(file.name for file in SYNTHETIC)]
    )

    evaluated = run("evaluate", "--dataset", "synthetic")
    assert evaluated.stdout.startswith("brain.npz on synthetic test\n")
    assert evaluated.stderr == ""
    evaluated = run("evaluate", "--data-dir", cache_folder_of("synthetic"))  # files like any others
    assert evaluated.stdout.startswith("brain.npz on synthetic test\n")
    evaluated = run("evaluate", "--dataset", "synthetic", "--json")
    assert json.loads(evaluated.stdout)["dataset"] == "synthetic"
    shown = run("predict", "--dataset", "synthetic", "--index", 3, "--json")
    assert json.loads(shown.stdout)["dataset"] == "synthetic"


def test_it_is_written_to_the_folder_given(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "SIZES", {"train": (6, 1), "test": (3, 2)})
    result = run("download", "--dataset", "synthetic", "--data-dir", "d", "--quiet")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "d\n", "")
    assert names("d") == sorted([RECORD, *(file.name for file in SYNTHETIC)])
    assert names() == ["d"]


def test_only_the_cache_folder_is_filled_on_first_use(run: Run) -> None:
    result = run("train", "--dataset", "synthetic", "--data-dir", "d", *TINY)
    assert (result.exit_code, result.stdout, names()) == (1, "", [])
    assert result.stderr.splitlines() == [
        "error: d: no such folder",
        "hint: mnistmlp download --dataset synthetic --data-dir d",
    ]


def test_other_data_are_neither_taken_for_it_nor_replaced(run: Run, small: Path) -> None:
    before = {path.name: path.read_bytes() for path in small.iterdir()}
    for words, message in (
        (["download"], "other files have the names of the data set"),
        (["train", *TINY], "does not hold the synthetic digits"),
    ):
        result = run(*words, "--dataset", "synthetic", "--data-dir", small)
        assert (result.exit_code, result.stdout) == (1, "")
        assert result.stderr.startswith(f"error: {small}: {message}")
        assert "hint: use another folder" in result.stderr
    assert {path.name: path.read_bytes() for path in small.iterdir()} == before


def test_it_does_not_replace_mnist_that_was_fetched(run: Run, mnist: Path) -> None:
    run("download", "--mirror", mnist.as_uri(), "--data-dir", "d")
    before = names("d")
    result = run("download", "--dataset", "synthetic", "--data-dir", "d")
    assert (result.exit_code, result.stdout, names("d")) == (1, "", before)
    assert result.stderr.startswith("error: d: other files have the names of the data set")


def test_force_keeps_what_is_replaced(
    run: Run, small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load, "SIZES", {"train": (6, 1), "test": (3, 2)})
    folder = shutil.copytree(small, tmp_path / "own")
    result = run("download", "--dataset", "synthetic", "--data-dir", folder, "--force")
    assert (result.exit_code, result.stdout) == (0, f"{folder}\n")
    assert result.stderr.count("made and verified; the old file is kept as .bak") == 4
    for file in SYNTHETIC:
        kept = (folder / f"{file.name}.bak").read_bytes()
        assert kept == (small / file.name).read_bytes()


def test_a_folder_that_cannot_be_written_gets_a_hint(run: Run) -> None:
    result = run("download", "--dataset", "synthetic", "--data-dir", "/proc/d")
    assert (result.exit_code, result.stdout) == (1, "")
    error, hint = result.stderr.splitlines()[-2:]
    assert error.startswith("error: /proc/d/")
    assert hint == (
        "hint: use another folder: "
        "mnistmlp download --dataset synthetic --data-dir DIR, then --data-dir DIR"
    )


def test_it_has_no_mirror(run: Run) -> None:
    result = run("download", "--dataset", "synthetic", "--mirror", "http://127.0.0.1:1")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("error: --mirror: is for what is fetched")


def test_no_command_falls_back_to_it(run: Run) -> None:
    result = run("train")
    assert (result.exit_code, names()) == (1, [])
    assert "--dataset synthetic" in result.stderr
