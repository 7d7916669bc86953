"""Pictures of several digits."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mnistmlp.data.datasets import load_dataset
from tests.cli.conftest import Run
from tests.pictures.numbers.drawn import draw_lines, save


@pytest.fixture
def page() -> str:
    """A picture of two lines of digits, which the bundled brain reads."""
    return save(draw_lines("0110", "10"), "page.png")


def test_a_line_of_text_for_each_line(run: Run, page: str) -> None:
    result = run("predict", "--brain", "pretrained", "--numbers", page)
    assert (result.exit_code, result.stdout, result.stderr) == (0, "0110\n10\n", "")


def test_several_pictures_print_the_source_and_the_confidence(run: Run, page: str) -> None:
    save(np.full((80, 200), 240, np.float32), "blank.png")
    result = run("predict", "--brain", "pretrained", "--numbers", page, "blank.png", page)
    rows = [line.split("\t") for line in result.stdout.splitlines()]
    assert [row[:2] for row in rows] == [["page.png", "0110"], ["page.png", "10"]] * 2
    assert all(0 < float(row[2]) <= 1 for row in rows)
    assert (result.exit_code, result.stderr) == (1, "error: blank.png: no ink found\n")


def test_json(run: Run, page: str) -> None:
    result = run("predict", "--brain", "pretrained", "--numbers", "--json", page)
    found = json.loads(result.stdout)
    assert list(found) == ["source", "number", "lines", "confidence", "digits"]
    assert (found["source"], found["number"]) == ("page.png", "0110\n10")
    assert found["lines"] == ["0110", "10"]
    assert [each["digit"] for each in found["digits"]] == [0, 1, 1, 0, 1, 0]
    for each in found["digits"]:
        assert list(each) == ["digit", "confidence", "box", "probabilities"]
        assert len(each["probabilities"]) == 10
    product = np.prod([each["confidence"] for each in found["digits"]])
    assert found["confidence"] == pytest.approx(product)


def test_unsure_digits_are_question_marks(run: Run, page: str) -> None:
    common = ("predict", "--brain", "pretrained", "--numbers", page, "--reject", "1")
    assert run(*common).stdout == "????\n??\n"
    found = json.loads(run(*common, "--json").stdout)
    assert found["number"] == "????\n??"
    assert [each["digit"] for each in found["digits"]] == [None] * 6


def test_boxes_are_drawn(run: Run, page: str) -> None:
    words = ["predict", "--brain", "pretrained", "--numbers", page, "--explain-png", "boxes.png"]
    assert run(*words).exit_code == 0
    with Image.open("boxes.png") as drawn, Image.open(page) as before:
        assert drawn.width >= before.width
        blue = (np.asarray(drawn) == (32, 96, 192)).all(axis=2)
    assert blue[:, 16 + 29 : 16 + 67].any(axis=1).sum() > 60  # the sides of the first box


@pytest.mark.parametrize(
    "option",
    ["--index=3", "--raw", "--no-centre", "--top=2", "--show", "--explain"],
)
def test_what_does_not_go_with_it(run: Run, page: str, option: str) -> None:
    result = run("predict", "--brain", "pretrained", "--numbers", page, option)
    assert result.exit_code == 2
    assert f"cannot be used with {option.split('=')[0]}" in result.stderr


def test_one_answer_to_several_digits_has_a_note(run: Run, brain: Path, page: str) -> None:
    note = "note: page.png: several digits (about 6); use --numbers to read them\n"
    result = run("predict", "--brain", brain, page)
    assert (result.exit_code, len(result.stdout), result.stderr) == (0, 2, note)
    assert run("predict", "--brain", brain, page, "--reject", "0.01").stdout == "?\n"
    found = json.loads(run("predict", "--brain", brain, page, "--json").stdout)
    assert found["several"] == 6
    assert found["digit"] is not None
    rejected = run("predict", "--brain", brain, page, "--json", "--reject", "0.01")
    assert json.loads(rejected.stdout)["digit"] is None


def test_a_single_digit_has_no_note(run: Run, brain: Path, mnist: Path) -> None:
    Image.fromarray(load_dataset(mnist, "train").images[0]).resize((280, 280)).save("five.png")
    result = run("predict", "--brain", brain, "five.png", "--json")
    assert result.stderr == ""
    assert "several" not in json.loads(result.stdout)


def test_the_steps_of_a_page_without_ink_are_written(run: Run) -> None:
    save(np.full((80, 200), 240, np.float32), "blank.png")
    words = ["predict", "--brain", "pretrained", "--numbers", "blank.png"]
    result = run(*words, "--explain-png", "steps.png")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "error: blank.png: no ink found\n"
    assert Image.open("steps.png").width > 600
