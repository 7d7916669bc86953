"""Drawing on the page, with mouse, finger and keyboard."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.exchange.conftest import Open, at, draw
from tests.exchange.strokes import DIGITS

pytestmark = pytest.mark.browser


def test_digits_that_are_drawn_are_read(open_page: Open) -> None:
    page = open_page()
    for digit in DIGITS:
        page.keyboard.press("Escape")  # clears
        draw(page, digit)
        expect(page.locator("#digit")).to_have_text(str(digit))
        expect(page.locator("#reading")).to_contain_text(f"It is a {digit}: ")
        expect(page.locator("#bars .best .name")).to_have_text(str(digit))
    expect(page.locator("#spoken")).to_contain_text("9, ")
    assert page.locator("#spoken").get_attribute("aria-live") == "polite"


def test_the_prediction_follows_the_stroke(open_page: Open) -> None:
    page = open_page()
    expect(page.locator("#digit")).to_have_text("?")
    page.evaluate("window.seen = new Set()")
    page.evaluate("""new MutationObserver(() => seen.add(element("digit").textContent))
        .observe(element("digit"), { childList: true, characterData: true, subtree: true })""")
    draw(page, 3)
    expect(page.locator("#digit")).to_have_text("3")
    assert page.evaluate("seen.size") > 1  # it read other digits on the way


def fingers(page: Page) -> Callable[..., None]:
    """Return a way to touch the field: an event, and where the fingers then are."""
    session = page.context.new_cdp_session(page)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        places = [dict(zip("xy", at(page, *point), strict=True)) for point in points]
        touches = [place | {"id": finger} for finger, place in enumerate(places)]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})

    return touch


def test_a_finger_draws(open_page: Open) -> None:
    page = open_page(has_touch=True, viewport={"width": 360, "height": 740})
    touch = fingers(page)
    touch("touchStart", DIGITS[7][0][0])
    for point in DIGITS[7][0][1:]:
        touch("touchMove", point)
    touch("touchEnd")
    expect(page.locator("#digit")).to_have_text("7")
    assert page.evaluate("scrollY") == 0


def test_the_keyboard_draws(open_page: Open) -> None:
    page = open_page()
    page.locator("#drawing").focus()
    for _ in range(5):
        page.keyboard.press("Shift+ArrowUp")
    page.keyboard.press(" ")
    for _ in range(10):
        page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press(" ")
    page.keyboard.press("ArrowLeft")  # the pen is up
    expect(page.locator("#digit")).to_have_text("1")
    assert page.evaluate("drawing.strokes.length") == 1
    page.keyboard.press("Control+z")
    expect(page.locator("#digit")).to_have_text("?")


def test_undo_clear_and_brush(open_page: Open) -> None:
    page = open_page()
    undo, clear = page.locator("#undo"), page.locator("#clear")
    expect(undo).to_be_disabled()
    expect(page.locator("#invitation")).to_be_visible()
    draw(page, 1)
    expect(page.locator("#invitation")).to_be_hidden()
    page.locator("#brush").fill("36")
    draw(page, 7)
    assert page.evaluate("drawing.strokes.map(({ width }) => width)") == [18, 36]
    undo.click()
    expect(page.locator("#digit")).to_have_text("1")
    clear.click()
    expect(page.locator("#digit")).to_have_text("?")
    expect(page.locator("#invitation")).to_be_visible()
    undo.click()  # clearing can be undone
    expect(page.locator("#digit")).to_have_text("1")
    undo.click()
    expect(undo).to_be_disabled()
    expect(clear).to_be_disabled()
