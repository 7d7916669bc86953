import io
import json
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mnistmlp.brain import load_brain
from mnistmlp.datasets import load_dataset
from mnistmlp.metrics import committee
from tests.cli.conftest import Run, Start
from tests.test_layers import loaded_by_command


@pytest.fixture
def picture(small: Path) -> Path:
    """A test image as a PNG: image 0, made larger."""
    image = load_dataset(small, "test").images[0]
    Image.fromarray(image).resize((280, 280)).save("digit.png")
    return Path("digit.png")


def test_one_image_prints_the_digit_alone(run: Run, small: Path, brain: Path) -> None:
    labels = load_dataset(small, "test").labels
    for index in (0, 42, 299):
        result = run("predict", "--brain", brain, "--data-dir", small, "--index", index)
        assert (result.exit_code, result.stdout, result.stderr) == (0, f"{labels[index]}\n", "")


def test_several_print_a_line_each_in_order(run: Run, small: Path, brain: Path) -> None:
    args = ["--index", "7", "--index", "3:5", "--split", "train"]
    result = run("predict", "--brain", brain, "--data-dir", small, *args)
    rows = [line.split("\t") for line in result.stdout.splitlines()]
    assert [row[0] for row in rows] == ["train:7", "train:3", "train:4"]
    labels = load_dataset(small, "train").labels
    assert [int(row[1]) for row in rows] == labels[[7, 3, 4]].tolist()
    assert all(0.5 < float(row[2]) <= 1 for row in rows)


def test_json_lines(run: Run, small: Path, brain: Path, picture: Path) -> None:
    result = run("predict", "--brain", brain, "--data-dir", small, "--index", "0:100", "--json")
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert len(lines) == 100
    data = load_dataset(small, "test")
    expected = committee([load_brain(brain).network], data.images[:100])
    np.testing.assert_allclose([line["probabilities"] for line in lines], expected, rtol=1e-6)
    assert [line["index"] for line in lines] == list(range(100))
    assert [line["label"] for line in lines] == data.labels[:100].tolist()
    for line in lines:
        assert list(line) == [
            "source", "digit", "confidence", "probabilities", "index", "split", "label",
        ]  # fmt: skip
        assert line["confidence"] == max(line["probabilities"])
        assert line["digit"] == line["probabilities"].index(line["confidence"])
    line = json.loads(run("predict", "--brain", brain, picture, "--json").stdout)
    assert list(line) == ["source", "digit", "confidence", "probabilities"]
    assert line["source"] == "digit.png"


def test_pictures_and_standard_input(run: Run, brain: Path, picture: Path) -> None:
    one = run("predict", "--brain", brain, picture).stdout
    assert one.strip() in "0123456789"
    piped = run("predict", "--brain", brain, "-", input=picture.read_bytes())
    assert (piped.exit_code, piped.stdout) == (0, one)
    both = run("predict", "--brain", brain, "-", picture, input=picture.read_bytes())
    assert [line.split("\t")[:2] for line in both.stdout.splitlines()] == [
        ["-", one.strip()],
        ["digit.png", one.strip()],
    ]


def test_what_is_no_picture_is_named_and_the_rest_done(
    run: Run, brain: Path, picture: Path
) -> None:
    Path("text.png").write_text("a letter")
    Image.new("L", (50, 50), 255).save("blank.png")
    os.mkfifo("fifo")
    names = ["none.png", picture, "text.png", ".", "blank.png", "fifo", picture]
    result = run("predict", "--brain", brain, *names)
    assert result.exit_code == 1
    assert [line.split("\t")[0] for line in result.stdout.splitlines()] == ["digit.png"] * 2
    assert [line.split(": ")[1] for line in result.stderr.splitlines()] == [
        "none.png", "text.png", ".", "blank.png", "fifo",
    ]  # fmt: skip
    assert result.stderr.startswith("error: none.png: No such file or directory\n")


def test_names_do_not_break_the_columns(run: Run, brain: Path, picture: Path) -> None:
    strange = picture.rename("a\tb\nc\x1b[2J.png")
    lines = run("predict", "--brain", brain, strange, strange).stdout.splitlines()
    assert [line.split("\t")[0] for line in lines] == [r"a\tb\nc\x1b[2J.png"] * 2


def test_top(run: Run, brain: Path, small: Path) -> None:
    common = ["predict", "--brain", brain, "--data-dir", small]
    three = run(*common, "--index", 1, "--top", 3).stdout.splitlines()
    likeliest = [line.split("\t") for line in three]
    assert len(likeliest) == 3
    shares = [float(share) for _, share in likeliest]
    assert shares == sorted(shares, reverse=True)
    assert likeliest[0][0] == run(*common, "--index", 1).stdout.strip()
    several = run(*common, "--index", "1:3", "--top", 2).stdout.splitlines()
    assert [line.split("\t")[0] for line in several] == ["test:1"] * 2 + ["test:2"] * 2
    document = json.loads(run(*common, "--index", 1, "--top", 3, "--json").stdout)
    assert len(document["probabilities"]) == 10


def test_show_draws_on_stderr(run: Run, brain: Path, small: Path) -> None:
    common = ["predict", "--brain", brain, "--data-dir", small, "--index", 0, "--show"]
    plain = run(*common)
    assert plain.stdout == run(*common[:-1]).stdout
    lines = plain.stderr.splitlines()
    assert len(lines) == 15
    assert max(map(len, lines)) <= 80
    assert {character for line in lines[1:] for character in line[:28]} <= set(" ▄▀█")
    best = next(line for line in lines if line.endswith("<"))
    assert best.split()[-2].endswith("%")
    assert f" {plain.stdout.strip()} " in best
    given = {"FORCE_COLOR": "1", "COLORTERM": "truecolor", "TERM": "xterm-256color"}
    coloured = run(*common, env=given).stderr
    assert "\x1b[38;2;" in coloured
    assert run(*common, env=given | {"NO_COLOR": "1"}).stderr == plain.stderr


@pytest.mark.parametrize(
    ("args", "error"),
    [
        ([], "--index: no image given"),
        (["--index", "-1"], "--index: '-1' is not a number"),
        (["--index", "x"], "--index: 'x' is not a number"),
        (["--index", "5:5"], "--index: '5:5' is not a number"),
        (["--index", "1:2:3"], "--index: '1:2:3' is not a number"),
        (["--index", "300"], "--index: 300 is past the test images, 0 to 299"),
        (["--index", "0:301"], "--index: 300 is past the test images, 0 to 299"),
        (["--index", "9" * 30], "--index: '999"),
    ],
)
def test_indices_that_are_none(
    run: Run, brain: Path, small: Path, args: list[str], error: str
) -> None:
    result = run("predict", "--brain", brain, "--data-dir", small, *args)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(f"error: {error}")


def test_several_brains(run: Run, brain: Path, small: Path) -> None:
    common = ["--data-dir", small, "--index", "0:20"]
    once = run("predict", "--brain", brain, *common).stdout
    assert run("predict", "--brain", brain, "--brain", brain, *common).stdout == once


def test_standard_input_of_a_process(start: Start, brain: Path, picture: Path) -> None:
    process = start("predict", "--brain", brain, "-")
    stdout, stderr = process.communicate(picture.read_bytes(), timeout=60)
    assert (process.returncode, stderr) == (0, b"")
    assert len(stdout) == 2
    process = start("predict", "--brain", brain, "-")
    stdout, stderr = process.communicate(io.BytesIO().getvalue(), timeout=60)
    assert (process.returncode, stdout) == (1, b"")
    assert stderr.startswith(b"error: -: not a picture")


def test_recognising_an_image_of_the_data_set_loads_no_more_than_it_needs(
    brain: Path, small: Path
) -> None:
    loaded = loaded_by_command("predict", "--brain", brain, "--data-dir", small, "--index", 7)
    assert "numpy" in loaded
    assert not loaded & {"rich", "requests", "PIL", "threadpoolctl"}
