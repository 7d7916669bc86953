"""Pictures that are opened, dropped or pasted on the page."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from mnistmlp.data.datasets import load_dataset
from tests.exchange.conftest import CAMERA, Open, at, draw, give, picture_of, until

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("how", ["choose", "drop", "paste"])
def test_a_picture_is_read(open_page: Open, mnist: Path, how: str) -> None:
    data = load_dataset(mnist, "test", limit=3)
    label = str(data.labels[2])
    Image.fromarray(255 - np.kron(data.images[2], np.ones((4, 4), np.uint8))).save("digit.png")
    page = open_page()
    draw(page, 7)
    if how == "choose":
        page.locator("#file").set_input_files("digit.png")
    else:
        give(page, Path("digit.png").read_bytes(), how)
    expect(page.locator("#digit")).to_have_text(label)
    expect(page.locator("#picture")).to_be_visible()
    page.locator("#clear").click()
    expect(page.locator("#picture")).to_be_hidden()
    expect(page.locator("#digit")).to_have_text("?")


def test_what_is_no_picture_or_shows_no_digit(open_page: Open) -> None:
    page = open_page()
    Path("text.png").write_text("not a picture")
    page.locator("#file").set_input_files("text.png")
    message = "text.png is not a picture that this browser can read."
    expect(page.locator("#message")).to_have_text(message)
    Image.new("L", (60, 60), 200).save("empty.png")
    page.locator("#file").set_input_files("empty.png")
    expect(page.locator("#reading")).to_have_text("No digit found in the picture")
    expect(page.locator("#message")).to_be_empty()


SLOW = """
    window.decoding = []; // to go on with each file
    window.decoded = 0;
    const decodes = createImageBitmap;
    window.createImageBitmap = async (...given) => {
        await new Promise((go) => decoding.push(go));
        return decodes(...given).finally(() => setTimeout(() => decoded++));
    };
"""


@pytest.mark.parametrize("first", [picture_of(7), b"not a picture"], ids=["picture", "other file"])
def test_of_two_files_the_one_given_last_is_shown(open_page: Open, first: bytes) -> None:
    page = open_page(script=SLOW)
    give(page, first)
    give(page, picture_of(3))
    until(page, "decoding.length === 2")
    page.evaluate("decoding[1]()")
    expect(page.locator("#digit")).to_have_text("3")
    page.evaluate("decoding[0]()")
    until(page, "decoded === 2")
    expect(page.locator("#digit")).to_have_text("3")
    expect(page.locator("#message")).to_be_empty()


@pytest.mark.parametrize("action", ["draw", "clear", "camera"])
def test_a_file_that_is_decoded_too_late_replaces_nothing(open_page: Open, action: str) -> None:
    page = open_page(script=SLOW + CAMERA)
    give(page, picture_of(3))
    until(page, "decoding.length === 1")
    page.evaluate("decoding[0]()")
    expect(page.locator("#digit")).to_have_text("3")
    give(page, picture_of(7))
    until(page, "decoding.length === 2")
    if action == "draw":
        page.locator("#drawing").press(" ")
    else:
        page.locator(f"#{action}").click()
    page.evaluate("decoding[1]()")
    until(page, "decoded === 2")
    expect(page.locator("#picture")).to_be_hidden()


def test_a_picture_that_comes_in_mid_stroke_stays(open_page: Open) -> None:
    page = open_page()
    page.mouse.move(*at(page, 60, 60))
    page.mouse.down()
    page.mouse.move(*at(page, 60, 90))
    give(page, picture_of(3))
    expect(page.locator("#digit")).to_have_text("3")
    page.mouse.move(*at(page, 60, 120))
    page.mouse.up()
    expect(page.locator("#picture")).to_be_visible()
    expect(page.locator("#digit")).to_have_text("3")
