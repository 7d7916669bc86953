"""Numbers on the page: read as in Python, and shown."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from mnistmlp import load_brain, read_number
from mnistmlp.arrays import Array, Bytes
from mnistmlp.brains.brain import PRETRAINED
from mnistmlp.core.metrics import committee
from mnistmlp.data.datasets import load_dataset
from mnistmlp.errors import NoInkError, PictureError
from mnistmlp.pictures.images import examine_picture
from tests.exchange.conftest import Open, at, encoded, give, keep, until
from tests.exchange.strokes import DIGITS
from tests.pictures.numbers.drawn import HEIGHT, draw_lines
from tests.pictures.numbers.test_reading import row_of

pytestmark = pytest.mark.browser


# --- Against Python ----------------------------------------------------------


READ = """async text => {
    const pixels = await decode(new Blob([fromBase64(text)]));
    const found = readNumber(network, toGrey(pixels, PAGE_SIDE));
    const count = examinePicture(toGrey(pixels))?.count ?? null;
    return [count, found && [found.lines.join("\\n"), found.confidence]];
}"""


@pytest.fixture(scope="module")
def classify() -> Callable[[Bytes], Array]:
    brain = load_brain(PRETRAINED)
    return lambda images: committee([brain.network], images, [brain.temperature])


def read_there(data: bytes, classify: Callable[[Bytes], Array]) -> list[Any]:
    """Return what `READ` returns of a picture, found by Python."""
    try:
        count = examine_picture(io.BytesIO(data)).count
    except NoInkError:
        count = None
    try:
        found = read_number(io.BytesIO(data), classify)
    except PictureError:
        return [count, None]
    return [count, [found.text, pytest.approx(found.confidence, abs=0.03)]]


def png(grey: Array) -> bytes:
    file = io.BytesIO()
    Image.fromarray(grey.clip(0, 255).astype(np.uint8)).save(file, "PNG")
    return file.getvalue()


def ruled(page: Array) -> Array:
    """Return a page of two lines with rulings that its digits stand on."""
    for bottom in (30 + HEIGHT, 130 + HEIGHT):
        np.minimum(page[bottom - 2 : bottom + 1], 150, out=page[bottom - 2 : bottom + 1])
    return page


def pages() -> Iterator[tuple[str, Array, str]]:
    """Yield the name of a page, its grey levels, and what it shows."""
    yield "line", draw_lines("0101"), "0101"
    yield "lines", draw_lines("0101", "10", "111000"), "0101\n10\n111000"
    yield "column", draw_lines("1", "0", "11"), "1\n0\n11"
    yield "falling", draw_lines("010101", "101010", slope=0.2), "010101\n101010"
    yield "rising", draw_lines("010101", "101010", slope=-0.2), "010101\n101010"
    yield "light on dark", 255 - draw_lines("0110"), "0110"
    yield "small", np.pad(draw_lines("0110"), 400, constant_values=240), "0110"
    yield "ruled", ruled(draw_lines("0100", "0010")), "0100\n0010"
    desk = np.pad(draw_lines("0110", "10"), ((60, 40), (50, 90)), constant_values=90)
    yield "paper on a desk", desk, "0110\n10"
    specks = np.pad(draw_lines("0110"), ((0, 0), (0, 60)), constant_values=240)
    specks[85:90, 69:74] = specks[10:13, 100:103] = specks[52:58, 225:245] = 20
    yield "specks and a dash", specks, "0110"
    y, x = np.mgrid[-1:1:300j, -1:1:400j]
    noise = np.random.default_rng(0).normal(0, 3, x.shape)
    yield "shade", 210 - 80 / (1 + np.exp(-12 * (x + y))) + noise, ""
    yield "blank", np.full((80, 200), 240.0), ""


def test_drawn_pages_are_read_as_in_python(
    open_page: Open, classify: Callable[[Bytes], Array]
) -> None:
    page = open_page()
    for name, grey, text in pages():
        count, found = page.evaluate(READ, encoded(png(grey)))
        assert [count, found] == read_there(png(grey), classify), name
        assert (found[0] if found else "") == text, name


def rows(mnist: Path, overlap: int) -> Iterator[bytes]:
    """Yield pictures of rows of digits of MNIST."""
    images = load_dataset(mnist, "train").images
    for start in range(0, 45, 3):
        row = Image.fromarray(row_of(images[start : start + 3], overlap))
        yield png(np.asarray(row.resize((3 * row.width, 3 * row.height), Image.Resampling.BICUBIC)))


@pytest.mark.parametrize("overlap", [-3, 2], ids=["apart", "touching"])
def test_rows_of_digits_are_read_as_in_python(
    open_page: Open, mnist: Path, classify: Callable[[Bytes], Array], overlap: int
) -> None:
    page = open_page()
    for picture in rows(mnist, overlap):
        assert page.evaluate(READ, encoded(picture)) == read_there(picture, classify)


def test_numbers_that_people_wrote_are_read_as_in_python(
    open_page: Open, numbers: Path, classify: Callable[[Bytes], Array]
) -> None:
    page, other = open_page(), []
    with (numbers / "labels.csv").open() as file:
        for row in csv.DictReader(file):
            picture = (numbers / row["file"]).read_bytes()
            found, expected = page.evaluate(READ, encoded(picture)), read_there(picture, classify)
            if found != expected:
                other.append((row["file"], found, expected))
    assert len(other) <= 1, other


# --- What is shown -----------------------------------------------------------


def draw_beside(page: Page, digit: int, middle: float) -> None:
    """Draw a digit at half its size, in the middle of the field's height."""
    for stroke in DIGITS[digit]:
        places = [at(page, middle + (x - 128) / 2, 64 + y / 2) for x, y in stroke]
        page.mouse.move(*places[0])
        page.mouse.down()
        for place in places[1:]:
            page.mouse.move(*place)
        page.mouse.up()


@pytest.mark.parametrize("width", [360, 1280])
def test_a_digit_becomes_a_number_when_another_is_drawn(open_page: Open, width: int) -> None:
    page = open_page(viewport={"width": width, "height": 800})
    digit, reading = page.locator("#digit"), page.locator("#reading")
    draw_beside(page, 4, 70)
    expect(digit).to_have_text("4")
    top = page.locator("#drawing").bounding_box()
    draw_beside(page, 7, 150)
    expect(digit).to_have_text("47")
    expect(reading).to_contain_text("It is 47: ")
    expect(page.locator("#bars .best .name")).to_have_text("7")
    expect(page.locator("#runner-up")).to_have_text("Below is its last digit.")
    expect(page.locator("#spoken")).to_have_text(reading.inner_text())
    assert page.locator("#drawing").bounding_box() == top  # it stays under the pen
    keep(page, f"{width}-number")
    page.keyboard.press("Escape")
    draw_beside(page, 3, 128)
    expect(digit).to_have_text("3")
    expect(reading).to_contain_text("It is a 3: ")


def test_a_picture_of_lines(open_page: Open) -> None:
    page = open_page()
    give(page, png(draw_lines("0101", "10")))
    expect(page.locator("#reading")).to_contain_text("It is 0101, 10: ")
    assert page.locator("#digit").inner_text() == "0101\n10"
    give(page, png(draw_lines("0")))
    expect(page.locator("#digit")).to_have_text("0")


def test_a_number_stays_one_while_its_last_digit_is_edited(open_page: Open) -> None:
    page = open_page()
    give(page, png(draw_lines("0101", "10")))
    digit, reading = page.locator("#digit"), page.locator("#reading")
    expect(reading).to_contain_text("It is 0101, 10: ")
    sure = reading.inner_text()
    page.evaluate("editing.paint(0, 0)")  # it is black already
    until(page, "scheduled === null && editing.image !== null")
    assert reading.inner_text() == sure
    page.locator("#wanted").select_option("7")
    page.locator("#change").click()
    expect(reading).to_contain_text("It is 0101, 17: ")
    assert digit.inner_text() == "0101\n17"
    expect(page.locator("#bars .best .name")).to_have_text("7")
    expect(page.locator("#what-is-it")).to_contain_text("last digit")
    page.evaluate("network.layers.at(-1).weights.fill(0), read()")  # all have been learnt from
    assert digit.inner_text() == "0000\n00"
    page.evaluate("editing.image.fill(0), read()")
    expect(reading).to_have_text("No digit")
    page.keyboard.press("Escape")
    expect(page.locator("#what-is-it")).to_have_text("What did you draw?")


@pytest.mark.parametrize("width", [320, 390, 1280])
@pytest.mark.parametrize("lines", [["0123456789"], ["12345"] * 5], ids=["long", "lines"])
def test_a_number_fits_its_place(open_page: Open, width: int, lines: list[str]) -> None:
    page = open_page(viewport={"width": width, "height": 740})
    page.evaluate(
        """(lines) => showVerdict(element("verdict"), { lines, confidence: 0.987 }, null, "")""",
        lines,
    )
    expect(page.locator("#reading")).to_have_text(f"It is {', '.join(lines)}: 98.7 % sure")
    verdict, digit = (page.locator(name).bounding_box() for name in ("#verdict", "#digit"))
    assert verdict
    assert digit
    assert digit["width"] < verdict["width"] / 2
    assert verdict["height"] < 200
    for name in ("#digit", "#verdict"):
        fits = "(each) => each.scrollWidth <= each.clientWidth"
        assert page.locator(name).evaluate(fits), name
    assert page.evaluate("document.documentElement.scrollWidth") == width
