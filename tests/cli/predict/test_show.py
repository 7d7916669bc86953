import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mnistmlp.arrays import Bytes
from mnistmlp.brains.brain import Brain, load_brain
from mnistmlp.core.network import Network
from mnistmlp.core.normalization import normalise
from mnistmlp.data.datasets import load_dataset
from mnistmlp.data.idx import write_idx
from tests.cli.conftest import Run, Start
from tests.conftest import save_brain


def test_show_draws_on_stderr(run: Run, brain: Path, small: Path) -> None:
    common = ["predict", "--brain", brain, "--data-dir", small, "--index", 0, "--show"]
    plain = run(*common)
    assert plain.stdout == run(*common[:-1]).stdout
    lines = plain.stderr.splitlines()
    assert len(lines) == 15
    assert lines[-1][31:] == "predicted {0}, label {0}: right".format(plain.stdout.strip())
    assert max(map(len, lines)) <= 80
    assert {character for line in lines[1:] for character in line[:28]} <= set(" ▄▀█")
    best = next(line for line in lines if line.endswith("<"))
    assert best.split()[-2].endswith("%")
    assert f" {plain.stdout.strip()} " in best
    given = {"FORCE_COLOR": "1", "COLORTERM": "truecolor", "TERM": "xterm-256color"}
    coloured = run(*common, env=given).stderr
    assert "\x1b[38;2;" in coloured
    assert run(*common, env=given | {"NO_COLOR": "1"}).stderr == plain.stderr


def test_show_in_ascii(start: Start, brain: Path, small: Path) -> None:
    words = ["predict", "--brain", brain, "--data-dir", small, "--index", 0, "--show"]
    shown = {}
    for encoding in ("utf-8", "ascii"):
        env = os.environ | {"PYTHONIOENCODING": encoding, "FORCE_COLOR": "1", "NO_COLOR": "1"}
        _, stderr = start(*words, env=env).communicate(timeout=60)
        shown[encoding] = stderr.decode(encoding)
    image = load_dataset(small, "test").images[0].astype(int)
    means = (image[::2] + image[1::2]) / 2
    lines = [line[:28] for line in shown["ascii"].splitlines()[1:]]
    assert lines == ["".join(" .:+#"[int(mean / 51.2)] for mean in row) for row in means]
    bars = [line[28:] for line in shown["utf-8"].replace("█", "#").splitlines()[1:]]
    assert [line[28:] for line in shown["ascii"].splitlines()[1:]] == bars


def test_explain(run: Run, brain: Path, picture: Path) -> None:
    plain = run("predict", "--brain", brain, picture)
    result = run("predict", "--brain", brain, picture, "--explain", "--explain-png", "steps.png")
    assert (result.exit_code, result.stdout) == (0, plain.stdout)
    lines = result.stderr.splitlines()
    assert lines[1].split() == ["picture", "ink", "28", "x", "28"]
    assert max(map(len, lines)) <= 80
    assert "light ink on a dark background" in lines[16]
    assert sum(line.endswith("<") for line in lines) == 1
    with Image.open("steps.png") as page:
        assert page.format == "PNG"


def test_explain_shows_the_steps_up_to_a_refusal(run: Run, brain: Path) -> None:
    Image.new("L", (60, 40), 200).save("blank.png")
    command = ["predict", "--brain", brain, "blank.png"]
    plain = run(*command)
    result = run(*command, "--explain", "--explain-png", "steps.png")
    assert (plain.exit_code, result.exit_code, result.stdout) == (1, 1, "")
    lines = result.stderr.splitlines()
    assert "\n".join(lines[-1:]) == plain.stderr.strip() == "error: blank.png: no ink found"
    assert lines[1].split("  ")[0] == "picture"
    assert lines[1].endswith("what stands out         ")
    assert lines[-2] == "the contrast is below 12 of 255 grey levels"
    assert max(map(len, lines)) <= 80
    with Image.open("steps.png") as page:
        assert page.format == "PNG"


def test_explain_of_the_data_set_is_show(run: Run, brain: Path, small: Path) -> None:
    common = ["predict", "--brain", brain, "--data-dir", small, "--index", 0]
    assert run(*common, "--explain").stderr == run(*common, "--show").stderr


def explained(stderr: str, title: str) -> list[str]:
    """Return the lines of the panel with this title, drawn without colour."""
    lines = stderr.splitlines()
    top = next(n for n, line in enumerate(lines) if title in line)
    left = lines[top].index(title)
    return [line[left : left + 28] for line in lines[top + 1 : top + 15]]


def drawn(image: Bytes) -> list[str]:
    """Return an image of 28 x 28 as half blocks."""
    light = (image > 127).astype(int)
    return ["".join(" ▄▀█"[2 * a + b] for a, b in zip(*light[n : n + 2], strict=True))
            for n in range(0, 28, 2)]  # fmt: skip


TITLES = {"deslant": "upright  ", "moments": "upright, one size"}


def test_explain_shows_what_a_network_sees(run: Run, normalised: Path) -> None:
    image = np.zeros((28, 28), np.uint8)
    for row in range(4, 20):
        image[row, 22 - row // 2 : 25 - row // 2] = 255
    Image.fromarray(image).save("slanted.png")
    seen = normalise(image[None], normalised.stem)[0]
    assert drawn(seen) != drawn(image)
    command = ["predict", "--brain", normalised, "slanted.png", "--raw", "--explain"]
    for columns in (80, 120):
        stderr = run(*command, env={"COLUMNS": str(columns)}).stderr
        assert explained(stderr, "28 x 28   ") == drawn(image)
        assert explained(stderr, TITLES[normalised.stem]) == drawn(seen)
        assert max(len(line.rstrip()) for line in stderr.splitlines()) <= 80
        assert sum(line.endswith("<") for line in stderr.splitlines()) == 1


def test_explain_of_the_data_set_shows_what_a_network_sees(
    run: Run, small: Path, normalised: Path
) -> None:
    common = ["predict", "--brain", normalised, "--data-dir", small, "--index", 0]
    image = load_dataset(small, "test").images[0]
    seen = normalise(image[None], normalised.stem)[0]
    stderr = run(*common, "--explain").stderr
    assert explained(stderr, "28 x 28") == drawn(image)
    assert explained(stderr, TITLES[normalised.stem]) == drawn(seen)
    assert "upright" not in run(*common, "--show").stderr


def test_panels_wrap_where_the_terminal_ends(run: Run, normalised: Path, picture: Path) -> None:
    command = ["predict", "--brain", normalised, picture, "--explain"]
    for columns, together in ((80, False), (109, False), (110, True)):
        stderr = run(*command, env={"COLUMNS": str(columns)}).stderr
        titles = stderr.splitlines()[1]
        assert titles.startswith("picture  ")
        assert ("upright" in titles) == together
        assert max(map(len, stderr.splitlines())) == (110 if together else 80)


def test_explain_shows_each_normalisation_once(
    run: Run, brain: Path, normalised: Path, picture: Path
) -> None:
    other = "deslant" if normalised.stem == "moments" else "moments"
    loaded = load_brain(normalised)
    assert loaded.meta
    scaling = loaded.meta.raw["input"] | {"normalization": other}
    save_brain(Path("other.npz"), loaded.network, loaded.meta.raw | {"input": scaling})
    brains = [f"--brain={each}" for each in (brain, normalised, "other.npz", normalised)]
    result = run("predict", *brains, picture, "--explain", "--explain-png", "steps.png")
    titles = [line for line in result.stderr.splitlines() if "upright" in line]
    assert len(titles) == 1
    assert titles[0].split("  ")[0] == TITLES[normalised.stem].strip()
    assert titles[0].count("upright") == 2
    assert max(map(len, result.stderr.splitlines())) <= 80
    run("predict", *brains[:1], picture, "--explain-png", "plain.png")
    with Image.open("steps.png") as page, Image.open("plain.png") as plain:
        assert page.width - plain.width == 2 * (plain.width - 16) / 4


@pytest.mark.parametrize(
    ("args", "line"),
    [([], "predicted 3, label 5: wrong"), (["--reject", 1], "predicted ?, label 5")],
    ids=str,
)
@pytest.mark.parametrize("drawing", ["--show", "--explain"])
def test_the_label_beside_a_wrong_answer_or_none(
    run: Run, tmp_path: Path, drawing: str, args: list[str], line: str
) -> None:
    write_idx(tmp_path / "t10k-images-idx3-ubyte", np.zeros((1, 28, 28), np.uint8))
    write_idx(tmp_path / "t10k-labels-idx1-ubyte", np.array([5], np.uint8))
    network = Network((784, 10), "relu", "cross-entropy", normalization="deslant")
    network.layers[0][1][3] = 4.0
    Brain(network).save("three.npz")
    words = ["predict", "--brain", "three.npz", "--data-dir", tmp_path, "--index", 0]
    assert run(*words, drawing, *args).stderr.splitlines()[-1].strip() == line


def test_a_picture_has_no_label(run: Run, brain: Path, picture: Path) -> None:
    for drawing in ("--show", "--explain"):
        assert "label" not in run("predict", "--brain", brain, picture, drawing).stderr
