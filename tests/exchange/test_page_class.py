"""The page in front of a class: on a projector, with sample digits, and with what is no digit."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect

from mnistmlp.brains.brain import PRETRAINED, load_brain
from mnistmlp.brains.likeness import MIN_LIKENESS, measure_likeness
from mnistmlp.core.metrics import committee
from mnistmlp.data.datasets import load_dataset
from mnistmlp.data.synthetic import make_digits
from mnistmlp.exchange.html import SAMPLE_SEED, SAMPLED, TESTED, make_page
from tests.exchange.conftest import (
    CAMERA,
    Open,
    answer,
    at,
    draw,
    draw_strokes,
    random_brain,
    until,
)
from tests.exchange.strokes import DIGITS

pytestmark = pytest.mark.browser


# --- On a projector ----------------------------------------------------------


@pytest.mark.parametrize("pretrained", [False, True], ids=["classic", "pretrained"])
def test_on_a_small_projector_the_network_is_above_the_fold(
    open_page: Open, classic_page: Path, pretrained_page: Path, pretrained: bool
) -> None:
    path = pretrained_page if pretrained else classic_page
    page = open_page(path, viewport={"width": 1024, "height": 768})
    draw(page, 3)
    for button in (None, "edit", "change", "step-through", "step-next"):
        if button:
            page.locator(f"#{button}").click()
        for part in ("#digit", "#drawing", "#network", "#bars"):
            expect(page.locator(part)).to_be_in_viewport(ratio=1)
        assert page.evaluate("scrollY") == 0


@pytest.mark.parametrize("size", [(1440, 900), (1024, 768), (360, 740)], ids=str)
def test_nothing_moves_when_editing_or_stepping_begins(
    open_page: Open, classic_page: Path, size: tuple[int, int]
) -> None:
    width, height = size
    page = open_page(classic_page, viewport={"width": width, "height": height})
    if width == 1024:
        page.keyboard.press("F2")
    draw(page, 3)
    places = """(ids) => ids.map((id) => {
        const { x, y } = element(id).getBoundingClientRect();
        return [x, y + scrollY, element(id).clientHeight];
    })"""
    parts = ["step-through", "seen", "weights", "network", "bars", "explained"]
    before = page.evaluate(places, parts)
    for button in ("edit", "change", "step-through", *["step-next"] * 5):
        page.evaluate(f"element('{button}').click()")  # a mouse would scroll
        told = "#changed" if button == "change" else "#equation" if "step" in button else None
        expect(page.locator(told or "#edit-hint")).to_be_visible()
        assert page.evaluate(places, parts) == before, button
        assert page.evaluate("document.documentElement.scrollWidth") == width
        if width == 1024:
            expect(page.locator("#network")).to_be_in_viewport(ratio=1)
    expect(page.locator("#changed")).to_be_hidden()
    page.keyboard.press("Escape")
    expect(page.locator("#changed")).to_be_visible()
    page.evaluate("element('restore').click()")
    expect(page.locator("#shown")).to_be_visible()
    assert page.evaluate(places, parts) == before


def test_on_a_large_projector_it_fills_the_screen(open_page: Open, classic_page: Path) -> None:
    page = open_page(classic_page, viewport={"width": 1920, "height": 1080})
    draw(page, 3)
    for presenting in (False, True):
        if presenting:
            page.locator("#present").click()
        network, inside = (page.locator(name).bounding_box() for name in ("#network", "#inside"))
        assert network
        assert inside
        assert network["height"] > 750
        assert 1040 < inside["y"] + inside["height"] <= 1080
        assert inside["x"] + inside["width"] > 1880
        expect(page.locator("#terms-against")).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize("width", [360, 1024, 1920])
def test_presenting_makes_the_type_large(open_page: Open, classic_page: Path, width: int) -> None:
    page = open_page(classic_page, viewport={"width": width, "height": 768})
    size = "parseFloat(getComputedStyle(element('sum')).fontSize)"
    draw(page, 3)
    before = page.evaluate(size)
    page.keyboard.press("F2")
    assert page.evaluate(size) > 1.1 * before
    expect(page.locator("#present")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#about")).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") == width
    page.keyboard.press("F2")
    assert page.evaluate(size) == before
    if width > 960:
        page.locator("#present").press("Enter")
        assert page.evaluate(size) > 1.1 * before


# --- Sample digits -----------------------------------------------------------


def test_samples_are_read_without_drawing(open_page: Open) -> None:
    page, warned = open_page(), list[str]()
    page.on("console", lambda message: warned.append(message.text))
    samples = page.locator("#samples button")
    expect(samples).to_have_count(10)
    for digit in range(10):
        samples.nth(digit).click()
        expect(page.locator("#reading")).to_contain_text(page.evaluate(f"WORDS.digits[{digit}]"))
    for _ in range(4):
        samples.nth(4).press("Enter")
    expect(page.locator("#digit")).to_have_text("4")
    assert warned == []
    images, labels = make_digits(SAMPLED, SAMPLE_SEED)
    shown = page.evaluate("""Array.from(picture.data).filter((_, i) => i % 4 === 0)""")
    np.testing.assert_array_equal(shown, images[int((labels == 4).argmax())].ravel())
    page.keyboard.press("Escape")
    draw(page, 7)
    expect(page.locator("#digit")).to_have_text("7")
    expect(page.locator("#picture")).to_be_hidden()


def test_the_bundled_brain_says_how_well_it_was_measured_to_do(
    open_page: Open, mnist: Path
) -> None:
    brain, test = load_brain(PRETRAINED), load_dataset(mnist, "test")
    found = committee([brain.network], test.images).argmax(axis=1)
    ((_, accuracy),) = TESTED.items()
    assert np.mean(found == test.labels) == accuracy
    sentence = f"{100 * accuracy:.2f} % right on MNIST's test images"
    expect(open_page().locator("#about")).to_contain_text(sentence)
    brain.network.parameters[0] += 1  # another network, which nobody measured
    assert '"tested": null' in make_page(brain, "pretrained")


# --- What is no digit --------------------------------------------------------


def test_a_dot_is_no_digit(open_page: Open, classic_page: Path) -> None:
    for path in (None, classic_page):
        page = open_page(path) if path else open_page()
        page.mouse.click(*at(page, 128, 128))
        expect(page.locator("#reading")).to_have_text("No digit")
        expect(page.locator("#digit")).to_have_text("?")
        assert page.evaluate("view.selected") is None
        page.keyboard.press("Escape")
        expect(page.locator("#reading")).to_have_text("Draw a digit to begin")


LETTERS = {
    "E": [[(170, 50), (90, 50), (90, 205), (172, 205)], [(90, 128), (155, 128)]],
    "H": [[(85, 45), (85, 210)], [(170, 45), (170, 210)], [(85, 128), (170, 128)]],
    "K": [[(90, 45), (90, 210)], [(168, 45), (92, 130), (172, 210)]],
    "M": [[(70, 210), (75, 50), (128, 140), (180, 50), (186, 210)]],
    "N": [[(85, 210), (85, 50), (170, 205), (170, 48)]],
    "R": [[(90, 210), (90, 50), (150, 60), (150, 110), (92, 125), (165, 210)]],
    "X": [[(80, 50), (175, 205)], [(175, 50), (80, 205)]],
    "m": [[(60, 200), (62, 90), (110, 95), (118, 200), (122, 95), (180, 95), (188, 200)]],
    "w": [[(60, 90), (90, 190), (126, 100), (160, 190), (195, 90)]],
}


def test_most_letters_are_no_digits(open_page: Open, classic_page: Path) -> None:
    page = open_page(classic_page)
    refused = []
    for letter, strokes in LETTERS.items():
        draw_strokes(page, strokes)
        expect(page.locator("#reading")).to_have_text(re.compile("No digit|It is"))
        if page.locator("#digit").inner_text() == "?":
            refused.append(letter)
        page.keyboard.press("Escape")
        expect(page.locator("#reading")).to_have_text("Draw a digit to begin")
    assert len(refused) >= 7, refused  # of 9


def test_likeness_is_what_python_measures(open_page: Open, classic_page: Path) -> None:
    page = open_page(classic_page)
    images = np.random.default_rng(0).integers(0, 256, (20, 28, 28), dtype=np.uint8)
    images[10:] = make_digits(10, 8)[0]
    found = page.evaluate(
        """(images) => images.map((image) =>
            measureLikeness(network.likeness, Uint8Array.from(image)))""",
        images.reshape(-1, 784).tolist(),
    )
    assert np.allclose(found, measure_likeness(images), atol=1e-5)
    assert page.evaluate("network.likeness.least") == MIN_LIKENESS


def test_what_is_less_likely_than_not_is_no_digit(open_page: Open) -> None:
    brain = random_brain(5, scale=0.001)  # it is never sure
    Path("page.html").write_text(make_page(brain, "b.npz"), encoding="utf-8")
    page = open_page(Path("page.html").resolve())
    draw(page, 3)
    expect(page.locator("#reading")).to_have_text("No digit")
    expect(page.locator("#runner-up")).to_contain_text("Looks most like a")
    expect(page.locator("#runner-up")).to_contain_text("knows only digits")
    expect(page.locator("#spoken")).to_have_text("No digit")
    page.locator("#edit").click()  # what is edited by hand is shown as it is
    page.evaluate("editing.paint(0, 255)")
    expect(page.locator("#reading")).to_contain_text("It is ")


def test_digits_of_all_brushes_are_digits(open_page: Open, classic_page: Path) -> None:
    script = """([strokes, width]) => {
        drawing.strokes = strokes.map((points) => ({ width, points }));
        read();
        return element("digit").textContent;
    }"""
    for path, widths in ((None, (8, 18, 36)), (classic_page, (12, 18, 24))):
        page = open_page(path) if path else open_page()
        for width in widths:
            for digit, strokes in DIGITS.items():
                assert page.evaluate(script, [strokes, width]) == str(digit)


def test_of_a_number_the_last_digit_is_asked_for(open_page: Open) -> None:
    page = open_page()
    draw(page, 3)
    expect(page.locator("#what-is-it")).to_have_text("What did you draw?")
    page.evaluate("classroom.show(latest, true)")
    expect(page.locator("#what-is-it")).to_have_text("What is the last digit of your number?")


def test_a_camera_that_is_refused_leaves_what_was_edited(open_page: Open) -> None:
    page = open_page(script=CAMERA)
    draw(page, 3)
    page.evaluate("editing.paint(0, 255)")
    until(page, "scheduled === null")
    page.locator("#camera").click()
    answer(page, 0, "refuse")
    expect(page.locator("#video")).to_be_hidden()
    assert page.evaluate("editing.image && latest.seen[0]") == 255
