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
        article = "an" if digit == 8 else "a"
        expect(page.locator("#reading")).to_contain_text(f"It is {article} {digit}: ")
        expect(page.locator("#bars .best .name")).to_have_text(str(digit))


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
    """Return a way to touch the field: what a finger does, where, and which finger it is."""
    session = page.context.new_cdp_session(page)

    def touch(kind: str, place: tuple[float, float], finger: int = 0) -> None:
        point = dict(zip("xy", at(page, *place), strict=True)) | {"id": finger}
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [point]})

    return touch


def test_a_finger_draws(open_page: Open) -> None:
    page = open_page(has_touch=True, viewport={"width": 360, "height": 740})
    touch = fingers(page)
    touch("touchStart", DIGITS[7][0][0])
    for point in DIGITS[7][0][1:]:
        touch("touchMove", point)
    touch("touchEnd", DIGITS[7][0][-1])
    expect(page.locator("#digit")).to_have_text("7")
    assert page.evaluate("scrollY") == 0


def points(page: Page) -> list[list[tuple[int, int]]]:
    """Return the strokes on the field, as points of whole units."""
    script = "drawing.strokes.map(({ points }) => points.map((point) => point.map(Math.round)))"
    return [[(x, y) for x, y in stroke] for stroke in page.evaluate(script)]


def begin_stroke(page: Page) -> None:
    """Press the mouse at (60, 60) and move it down to 100."""
    page.mouse.move(*at(page, 60, 60))
    page.mouse.down()
    page.mouse.move(*at(page, 60, 100))


def test_a_second_finger_does_not_end_the_stroke(open_page: Open) -> None:
    page = open_page(has_touch=True, viewport={"width": 360, "height": 740})
    touch = fingers(page)
    touch("touchStart", (60, 60))
    touch("touchStart", (200, 60), finger=1)
    touch("touchMove", (200, 100), finger=1)
    touch("touchEnd", (200, 100), finger=1)
    touch("touchMove", (60, 200))
    touch("touchEnd", (60, 200))
    assert points(page) == [[(60, 60), (60, 200)]]


@pytest.mark.parametrize("key", ["ArrowLeft", " ", "Tab"])
def test_a_key_does_not_end_or_bend_the_stroke_of_a_mouse(open_page: Open, key: str) -> None:
    page = open_page()
    begin_stroke(page)
    page.keyboard.press(key)
    page.mouse.move(*at(page, 60, 200))
    page.mouse.up()
    assert points(page) == [[(60, 60), (60, 100), (60, 200)]]


def test_a_mouse_takes_over_from_the_keyboard(open_page: Open) -> None:
    page = open_page()
    page.locator("#drawing").focus()
    page.keyboard.press(" ")
    page.keyboard.press("ArrowDown")
    begin_stroke(page)
    page.mouse.up()
    assert points(page) == [[(128, 128), (128, 132)], [(60, 60), (60, 100)]]


LOST = "drawing.canvas.releasePointerCapture(drawing.open.pointer)"
UNTOLD = """drawing.canvas.dispatchEvent(
    new PointerEvent("pointermove", { pointerId: drawing.open.pointer, buttons: 0 }))"""


@pytest.mark.parametrize("event", [LOST, UNTOLD], ids=["capture lost", "let go of elsewhere"])
def test_a_stroke_ends_with_its_pointer(open_page: Open, event: str) -> None:
    page = open_page()
    begin_stroke(page)
    page.evaluate(event)
    page.mouse.move(*at(page, 60, 200))
    assert points(page) == [[(60, 60), (60, 100)]]


@pytest.mark.parametrize("key", ["Control+z", "Escape"])
def test_what_is_taken_back_in_mid_stroke_is_not_drawn_on(open_page: Open, key: str) -> None:
    page = open_page()
    begin_stroke(page)
    page.keyboard.press(key)
    page.mouse.move(*at(page, 60, 200))
    page.mouse.up()
    assert points(page) == []
    draw(page, 3)
    expect(page.locator("#digit")).to_have_text("3")


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
