import sys
from copy import deepcopy
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mnistmlp.brains.brain import load_brain
from mnistmlp.data.datasets import load_dataset
from mnistmlp.data.idx import write_idx
from mnistmlp.report.plots import FORMATS, PLOTS
from mnistmlp.version import install_command
from tests.brains.test_brain import make_older
from tests.cli.conftest import Run
from tests.conftest import few_steps, names, save_brain

pytestmark = pytest.mark.slow

ALL = sorted(f"{name}.{suffix}" for name, suffix in product(PLOTS, FORMATS))


def without(*plots: str) -> list[str]:
    return [each for each in ALL if each.partition(".")[0] not in plots]


def test_the_pictures_are_written_beside_the_result(run: Run, small: Path, fallible: Path) -> None:
    common = ["evaluate", fallible, "--data-dir", small]
    plain, found = run(*common), run(*common, "--plots", "new/plots")
    assert (found.exit_code, found.stdout) == (0, plain.stdout)
    assert names("new/plots") == ALL
    assert found.stderr.splitlines() == [
        f"plots: new/plots/{name}.svg, new/plots/{name}.png" for name in PLOTS
    ]
    for name in PLOTS:
        with Image.open(f"new/plots/{name}.png") as picture:
            assert picture.info["dpi"] == pytest.approx((200, 200), abs=0.1)
            grey = np.asarray(picture.convert("L"))
            assert min(grey.shape) > 400
            for edge in (grey[0], grey[-1], grey[:, 0], grey[:, -1]):
                assert edge.min() > 200  # nothing is cut off
            assert grey.min() < 100
        svg = Path(f"new/plots/{name}.svg").read_text()
        assert "<text" not in svg
        assert "<dc:date>" not in svg


def test_what_cannot_be_drawn_is_left_out(run: Run, small: Path, brain: Path) -> None:
    make_older(Path("older.npz"))
    found = run("evaluate", "older.npz", "--data-dir", small, "--plots", "a")
    assert found.exit_code == 0
    assert names("a") == without("learning_curve")
    assert "a/learning_curve is left out: there is no training history\n" in found.stderr
    Path("a/misread.png").write_bytes(b"old")
    found = run("evaluate", brain, "--data-dir", small, "--plots", "a", "--force")
    words = "a/misread is left out: there are no misread images; the old one stays\n"
    assert words in found.stderr
    assert Path("a/misread.png").read_bytes() == b"old"


def test_a_committee(run: Run, small: Path, brain: Path, fallible: Path) -> None:
    make_older(Path("$older$.npz"))
    members = ["$older$.npz", brain, fallible]
    assert run("evaluate", *members, "--data-dir", small, "--plots", "a").exit_code == 0
    assert names("a") == ALL


def test_files_that_exist(run: Run, small: Path, fallible: Path) -> None:
    command = ["evaluate", fallible, "--data-dir", small, "--plots", "a"]
    Path("a").mkdir()
    Path("a/weights.svg").write_text("old")
    Path("a/other").write_text("other")
    refused = run(*command)
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "--plots" in refused.stderr
    assert "a/weights.svg exists" in refused.stderr
    assert "--force" in refused.stderr
    assert names("a") == ["other", "weights.svg"]
    forced = run(*command, "--force")
    assert forced.exit_code == 0
    assert "kept the old a/weights.svg as a/weights.svg.bak\n" in forced.stderr
    assert names("a") == sorted([*ALL, "other", "weights.svg.bak"])
    assert Path("a/weights.svg.bak").read_text() == "old"


def test_a_folder_that_cannot_be(run: Run, small: Path, brain: Path) -> None:
    Path("file").touch()
    Path("link").symlink_to("nowhere")
    for folder in ("file", "file/a", "link", "/proc/a", "n" * 300):
        refused = run("evaluate", brain, "--data-dir", small, "--plots", folder)
        assert (refused.exit_code, refused.stdout) == (2, ""), folder
        assert "--plots" in refused.stderr
    assert names() == ["file", "link"]


def test_the_brain_is_not_replaced(run: Run, small: Path, brain: Path) -> None:
    Path("misread.png").write_bytes(brain.read_bytes())
    command = ["evaluate", "misread.png", "--data-dir", small, "--plots", ".", "--force"]
    refused = run(*command)
    assert (refused.exit_code, refused.stdout, names()) == (2, "", ["misread.png"])
    assert "--plots" in refused.stderr


def test_without_the_extra(
    run: Run, small: Path, brain: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    refused = run("evaluate", brain, "--data-dir", small, "--plots", "a")
    assert (refused.exit_code, refused.stdout, names()) == (1, "", [])
    assert refused.stderr.endswith(f"\nhint: {install_command('report')}\n")
    assert refused.stderr.count("\n") == 2


@few_steps
def test_a_single_image_and_a_brain_without_hidden_layers(run: Run, small: Path) -> None:
    args = ["--hidden", "none", "--epochs", "1", "--limit", "50", "--validation", "0", "-q"]
    run("train", *args, "--data-dir", small, "-o", "flat.npz")
    data = load_dataset(small, "test")
    Path("one").mkdir()
    write_idx(Path("one/t10k-images-idx3-ubyte"), data.images[:1])
    write_idx(Path("one/t10k-labels-idx1-ubyte"), (data.labels[:1] + 1) % 10)
    found = run("evaluate", "flat.npz", "--data-dir", "one", "--plots", "a")
    assert found.exit_code == 0, found.stderr
    assert set(names("a")) >= set(without("misread"))


def test_a_diverged_run(run: Run, small: Path, fallible: Path) -> None:
    loaded = load_brain(fallible)
    assert loaded.meta
    raw = deepcopy(loaded.meta.raw)
    for line, loss in zip(raw["history"], (2.3, 1e30, 1e100), strict=False):
        line["loss"] = line["validation_loss"] = loss
    save_brain(Path("diverged.npz"), loaded.network, raw)
    found = run("evaluate", "diverged.npz", "--data-dir", small, "--plots", "a")
    assert (found.exit_code, names("a")) == (0, ALL)
