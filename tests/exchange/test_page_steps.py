"""The forward pass on the page, layer by layer."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from mnistmlp.exchange.html import write_page
from tests.exchange.conftest import Open, draw, random_brain, until

pytestmark = pytest.mark.browser


@pytest.fixture
def page(open_page: Open) -> Page:
    """The page of a network of 30 and 20 neurons, on which a 3 is drawn."""
    brain = random_brain(30, 20, activation="sigmoid", temperature=0.5)
    write_page(Path("page.html"), brain, "b.npz")
    page = open_page(Path("page.html").resolve(), viewport={"width": 1440, "height": 1000})
    expect(page.locator("#step-through")).to_be_disabled()  # nothing is drawn
    draw(page, 3)
    until(page, "view.later === null && latest !== null")
    return page


LIT = "view.columns.map(({ aim }) => aim.some((each) => each !== 0))"
LINED = "[...new Set([...view.lines.values()].filter(({ aim }) => aim).map(({ layer }) => layer))]"
EQUATIONS = [
    ("Step 1 of 5: the image", "a⁰ = pixels / 255"),
    ("Step 2 of 5: layer 1", "z¹ = W¹ a⁰ + b¹,   a¹ = σ(z¹)     (W¹: 30 × 784)"),
    ("Step 3 of 5: layer 2", "z² = W² a¹ + b²,   a² = σ(z²)     (W²: 20 × 30)"),
    ("Step 4 of 5: layer 3, the outputs", "z³ = W³ a² + b³,   a³ = exp(z³) / Σ exp(z³)"),
    ("Step 5 of 5: the probabilities", "q = a³,   calibrated: p = q^(1/T) / Σ q^(1/T),   T = 0.50"),
]


def check_step(page: Page, step: int) -> None:
    """Check that what is shown is that of a step, and no more."""
    title, equation = EQUATIONS[step]
    expect(page.locator("#equation")).to_contain_text(title)
    expect(page.locator("#equation")).to_contain_text(equation)
    assert page.evaluate(LIT) == [layer <= step for layer in (1, 2, 3)]
    until(page, "view.frame === null")
    assert sorted(page.evaluate(LINED)) == {0: [], 4: [1, 2, 3]}.get(step, [step])
    shares = page.locator("#bars .share").all_inner_texts()
    assert all(shares) if step == 4 else not any(shares)
    explained = page.locator("#explained")
    if step in (1, 2):  # one that is shown, with its numbers
        expect(explained).to_contain_text(f"in layer {step}")
        expect(page.locator("#sum")).to_contain_text(f"z{'⁰¹²'[step]} = Σ w")
    else:
        expect(explained).to_contain_text("Pixel" if step == 0 else "Output")


def test_buttons_step_forward_and_back(page: Page) -> None:
    start, back, forth = (page.locator(f"#step-{name}") for name in ("through", "back", "next"))
    expect(back).to_be_hidden()
    start.click()
    expect(back).to_be_disabled()
    for step in range(5):
        check_step(page, step)
        if step < 4:
            forth.click()
    expect(forth).to_be_disabled()
    back.click()
    check_step(page, 3)
    start.click()
    expect(page.locator("#equation")).to_be_hidden()
    assert page.evaluate(LIT) == [True] * 3


def test_the_keys_of_a_remote_control_step_too(page: Page) -> None:
    page.locator("#step-through").focus()
    page.keyboard.press("Enter")
    for step in (1, 2, 3, 4):
        page.keyboard.press("PageDown")
        check_step(page, step)
    page.keyboard.press("PageDown")  # there is no more
    page.keyboard.press("PageUp")
    check_step(page, 3)
    page.keyboard.press("Escape")
    expect(page.locator("#equation")).to_be_hidden()
    assert page.evaluate("drawing.isEmpty") is False
    page.keyboard.press("Escape")
    assert page.evaluate("drawing.isEmpty") is True


def test_a_neuron_of_a_step_can_be_selected_and_none_of_a_later(page: Page) -> None:
    page.locator("#step-through").click()
    page.keyboard.press("PageDown")
    first = page.locator('#neurons [data-layer="1"]').nth(2)
    first.hover()
    expect(page.locator("#explained")).to_have_text(first.get_attribute("aria-label") or "")
    page.locator('#neurons [data-layer="2"]').nth(2).hover()
    expect(page.locator("#explained")).to_contain_text("in layer 1")


def test_clearing_ends_the_steps(page: Page) -> None:
    page.locator("#step-through").click()
    draw(page, 1)  # they go on while there is an image
    expect(page.locator("#equation")).to_be_visible()
    page.locator("#clear").click()
    expect(page.locator("#equation")).to_be_hidden()
    expect(page.locator("#step-through")).to_be_disabled()


def test_sigmoid_outputs_are_scaled_to_probabilities(open_page: Open, classic_page: Path) -> None:
    page = open_page(classic_page)
    draw(page, 3)
    page.locator("#step-through").click()
    for _ in range(5):
        page.locator("#step-next").click()
    expect(page.locator("#equation")).to_contain_text("p = a⁴ / Σ a⁴")
