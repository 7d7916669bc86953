"""What the page says of a digit, to the eye and to a screen reader."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.exchange.conftest import Open, draw

pytestmark = pytest.mark.browser
NONE_NEAR = "No other digit comes close."


@pytest.mark.parametrize(
    ("digit", "confidence", "other", "reading", "runner_up", "bars"),
    [
        (8, 0.9, 0.1, "It is an 8: 90.0 % sure", "Runner-up: 7 (10.0 %).", ("90.0 %", "10.0 %")),
        (0, 0.5, 0.4, "It is a 0: 50.0 % sure", "Runner-up: 7 (40.0 %).", ("50.0 %", "40.0 %")),
        (1, 0.9994, 4e-4, "It is a 1: 99.9 % sure", NONE_NEAR, ("99.9 %", "< 0.1 %")),
        (1, 0.9996, 4e-4, "It is a 1: over 99.9 % sure", NONE_NEAR, ("> 99.9 %", "< 0.1 %")),
        (1, 1.0, 0.0, "It is a 1: over 99.9 % sure", NONE_NEAR, ("> 99.9 %", "< 0.1 %")),
    ],
)
def test_no_probability_is_rounded_to_none_or_all(
    open_page: Open,
    digit: int,
    confidence: float,
    other: float,
    reading: str,
    runner_up: str,
    bars: tuple[str, str],
) -> None:
    page = open_page()
    probabilities = [0.0] * 10
    probabilities[digit], probabilities[7] = confidence, other
    page.evaluate(
        """(found) => {
            showVerdict(element("verdict"), found, null, "");
            showBars(element("bars"), found);
        }""",
        {"digit": digit, "confidence": confidence, "probabilities": probabilities},
    )
    expect(page.locator("#reading")).to_have_text(reading)
    expect(page.locator("#runner-up")).to_have_text(runner_up)
    shares = page.locator("#bars .share")
    assert (shares.nth(digit).inner_text(), shares.nth(7).inner_text()) == bars


@pytest.mark.parametrize("width", [320, 360, 800, 1440])
def test_the_longest_percentage_fits_its_place(open_page: Open, width: int) -> None:
    page = open_page(viewport={"width": width, "height": 740})
    page.evaluate("""showBars(element("bars"), {
        digit: 8, probabilities: Array.from({ length: 10 }, (_, digit) => +(digit === 8)) })""")
    share = page.locator("#bars .best .share")
    expect(share).to_have_text("> 99.9 %")
    assert share.evaluate("(each) => each.scrollWidth <= each.clientWidth")
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_a_screen_reader_is_told_what_is_shown(open_page: Open) -> None:
    page = open_page()
    spoken = page.locator("#spoken")
    assert spoken.get_attribute("aria-live") == "polite"
    expect(spoken).to_have_text("Draw a digit to begin")
    draw(page, 8)
    expect(spoken).to_contain_text("It is an 8: ")
    assert spoken.inner_text() == page.locator("#reading").inner_text()
