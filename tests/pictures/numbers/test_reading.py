import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mnistmlp import load_brain, read_number
from mnistmlp.arrays import Array, Bytes
from mnistmlp.brains.brain import PRETRAINED
from mnistmlp.core.metrics import committee
from mnistmlp.data.datasets import load_dataset
from mnistmlp.errors import PictureError
from mnistmlp.pictures.numbers import reading
from tests.pictures.numbers.drawn import HEIGHT, classify, draw_lines, save


@pytest.mark.parametrize("lines", [["01"], ["110"], ["0101", "10", "111000"], ["1", "0", "11"]])
def test_lines_of_digits(lines: list[str]) -> None:
    assert read_number(save(draw_lines(*lines), "page.png"), classify).text == "\n".join(lines)


@pytest.mark.parametrize("slope", [-0.2, 0.2])
def test_slanted_lines(slope: float) -> None:
    page = draw_lines("010101", "101010", slope=slope)
    assert read_number(save(page, "page.png"), classify).text == "010101\n101010"


def test_light_on_dark() -> None:
    name = save(255 - draw_lines("0110"), "page.png")
    found = read_number(name, classify)
    assert (found.text, found.dark) == ("0110", False)
    assert read_number(name, classify, invert="no").text == "0110"


def test_paper_on_a_desk() -> None:
    page = np.pad(draw_lines("0110", "10"), ((60, 40), (50, 90)), constant_values=90)
    found = read_number(save(page, "desk.png"), classify)
    assert found.text == "0110\n10"
    assert np.abs(np.subtract(found.lines[0][0].box, (90, 80, 90 + HEIGHT, 116))).max() <= 2


def test_shades_are_no_numbers() -> None:
    y, x = np.mgrid[-1:1:300j, -1:1:400j]
    noise = np.random.default_rng(0).normal(0, 3, x.shape)
    for shade in (1 / (1 + np.exp(-12 * (x + y))), np.exp(-8 * (x**2 + y**2))):
        with pytest.raises(PictureError, match="no ink found"):
            read_number(save(np.clip(210 - 80 * shade + noise, 0, 255), "shade.png"), classify)


def test_boxes_are_in_pixels_of_the_picture() -> None:
    page = draw_lines("01", slope=0.1)
    small = read_number(save(page, "page.png"), classify)
    (zero, one), *_ = small.lines
    assert np.abs(np.subtract(zero.box, (30, 30, 30 + HEIGHT, 66))).max() <= 2
    assert np.abs(np.subtract(one.box, (35, 82, 35 + HEIGHT, 90))).max() <= 2
    turned = (
        Image.open("page.png")
        .resize((page.shape[1] * 20, page.shape[0] * 20))
        .rotate(90, expand=True)
    )
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: upright again a quarter turn to the right
    turned.save("turned.jpg", exif=exif)
    large = read_number("turned.jpg", classify)
    assert large.text == "01"
    assert large.scale > 1
    for small_digit, large_digit in zip(small.lines[0], large.lines[0], strict=True):
        assert np.abs(np.subtract(large_digit.box, np.multiply(20, small_digit.box))).max() <= 45


def test_confidence_is_that_of_all_digits() -> None:
    found = read_number(save(draw_lines("0110", "10"), "page.png"), classify)
    digits = [digit for line in found.lines for digit in line]
    assert found.confidence == pytest.approx(np.prod([digit.confidence for digit in digits]))
    for digit in digits:
        assert digit.digit == digit.probabilities.argmax()
        assert digit.confidence <= digit.probabilities.max()


def test_specks_and_dots_are_left_out() -> None:
    page = draw_lines("0110")
    page[30 + HEIGHT - 5 : 30 + HEIGHT, 69:74] = 20  # a point between two digits
    page[10:13, 100:103] = 20
    page[50:56, 150:166] = 20
    page = np.pad(page, ((0, 0), (0, 60)), constant_values=240)
    page[52:58, 225:245] = 20  # a dash
    assert read_number(save(page, "page.png"), classify).text == "0110"


def test_what_is_no_number(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(PictureError, match="no ink found"):
        read_number(save(np.full((80, 200), 240, np.float32), "blank.png"), classify)
    monkeypatch.setattr(reading, "MAX_PIECES", 3)
    with pytest.raises(PictureError, match="no numbers: more than 3 pieces of ink"):
        read_number(save(draw_lines("0110"), "many.png"), classify)


def pretrained() -> Callable[[Bytes], Array]:
    brain = load_brain(PRETRAINED)
    return lambda images: committee([brain.network], images, [brain.temperature])


def row_of(images: Bytes, overlap: int) -> Bytes:
    """Return digits in a row, cut to their ink; those next to each other share columns."""
    cut = [image[:, image.any(axis=0)] for image in images]
    row = np.zeros((28, sum(each.shape[1] - overlap for each in cut) + overlap), np.uint8)
    left = 0
    for each in cut:
        part = row[:, left : left + each.shape[1]]
        np.maximum(part, each, out=part)
        left += each.shape[1] - overlap
    return np.pad(row, 8)


@pytest.mark.slow
@pytest.mark.parametrize(("overlap", "count", "least"), [(-3, 5, 28), (2, 2, 23)])
def test_digits_of_mnist(mnist: Path, overlap: int, count: int, least: int) -> None:
    data = load_dataset(mnist, "train")
    read, right = pretrained(), 0
    for start in range(0, 30 * count, count):
        row = Image.fromarray(row_of(data.images[start : start + count], overlap))
        row.resize((4 * row.width, 4 * row.height), Image.Resampling.BICUBIC).save("row.png")
        text = "".join(map(str, data.labels[start : start + count]))
        right += read_number("row.png", read).text == text
    assert right >= least


@pytest.mark.slow
def test_numbers_that_people_wrote(numbers: Path) -> None:
    read, wrong = pretrained(), []
    with (numbers / "labels.csv").open() as file:
        for row in csv.DictReader(file):
            try:
                found = read_number(numbers / row["file"], read).text
            except PictureError as error:
                found = str(error)
            if found.replace("\n", "/") != row["label"]:
                wrong.append((row["file"], found))
    assert len(wrong) <= 2, wrong
