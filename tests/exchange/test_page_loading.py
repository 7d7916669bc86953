"""The page before its network is there, and without one."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.exchange.conftest import CAMERA, Open, answer, draw, give, picture_of

pytestmark = pytest.mark.browser

SLOW = """
    const unpack = Response.prototype.arrayBuffer;
    Response.prototype.arrayBuffer = async function () {
        await new Promise((go) => (window.load = go));
        return unpack.call(this);
    };
"""
FAILING = "delete window.DecompressionStream;"  # as in old browsers


def give_a_3(page: Page, how: str) -> None:
    if how == "stroke":
        draw(page, 3)
    elif how == "undo":
        draw(page, 3)
        page.locator("#clear").click()
        page.locator("#undo").click()
    elif how == "picture":
        give(page, picture_of(3))
        expect(page.locator("#picture")).to_be_visible()
    else:  # it shows none
        page.locator("#camera").click()
        answer(page, 0)
    page.emulate_media(color_scheme="dark")


@pytest.mark.parametrize("how", ["stroke", "undo", "picture", "camera"])
def test_what_is_given_before_the_network_is_there_is_read_then(open_page: Open, how: str) -> None:
    page = open_page(script=SLOW + CAMERA, loaded=False)
    expect(page.locator("#reading")).to_have_text("Unpacking the network")
    give_a_3(page, how)
    expect(page.locator("#spoken")).to_have_text("Unpacking the network")
    expect(page.locator("#reading")).to_have_text("Unpacking the network")
    page.evaluate("load()")
    expect(page.locator("#reading")).to_contain_text("No digit" if how == "camera" else "It is a 3")


@pytest.mark.parametrize("how", ["stroke", "undo", "picture", "camera"])
def test_without_a_network_the_page_goes_on_saying_so(open_page: Open, how: str) -> None:
    page = open_page(script=FAILING + CAMERA, loaded=False)
    sentence = "The network could not be unpacked"
    expect(page.locator("#reading")).to_have_text(sentence)
    give_a_3(page, how)
    expect(page.locator("#reading")).to_have_text(sentence)
    expect(page.locator("#runner-up")).to_contain_text("A newer browser may help.")
    expect(page.locator("#spoken")).to_have_text(sentence)
