"""Any neuron of the page can be explained, and the lines are what speaks for it and against it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from mnistmlp.arrays import Array
from mnistmlp.brains.brain import Brain
from mnistmlp.core.activations import ACTIVATIONS
from mnistmlp.exchange.html import write_page
from tests.exchange.conftest import Open, draw, random_brain, until

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def brain() -> Brain:
    return random_brain(30, 20, activation="tanh", loss="mse", scale=0.1)


@pytest.fixture
def page(open_page: Open, brain: Brain) -> Page:
    """The page of a network of 30 and 20 neurons, on which a 3 is drawn."""
    write_page(Path("page.html"), brain, "b.npz")
    page = open_page(Path("page.html").resolve(), viewport={"width": 1440, "height": 1000})
    draw(page, 3)
    until(page, "view.later === null && latest !== null")
    return page


def activations(page: Page) -> list[Array]:
    layers: list[list[float]] = page.evaluate("latest.layers.map((each) => Array.from(each))")
    return [np.array(each) for each in layers]


def button(page: Page, layer: int, neuron: int) -> Locator:
    return page.locator(f'#neurons [data-layer="{layer}"][data-neuron="{neuron}"]')


def numbers(text: str) -> list[float]:
    return [float(each) for each in re.findall(r"-?\d+\.\d+", text.replace("−", "-"))]


def rows(page: Page, name: str) -> list[tuple[str, list[float]]]:
    found = page.locator(f"#terms-{name} li:not([hidden])").all()
    return [
        (row.locator("button").inner_text(), numbers(row.locator("span").inner_text()))
        for row in found
    ]


@pytest.mark.parametrize("layer", [1, 2, 3])
def test_the_numbers_of_a_neuron_are_those_of_its_sum(page: Page, brain: Brain, layer: int) -> None:
    neuron = int(
        page.locator(f'#neurons [data-layer="{layer}"]').nth(3).get_attribute("data-neuron") or ""
    )
    button(page, layer, neuron).click()
    layers = activations(page)
    weights, biases = brain.network.layers[layer - 1]
    terms = weights[neuron] * layers[layer - 1]
    z = terms.sum() + biases[neuron]
    sum_line, activation_line = page.locator("#sum").inner_text().split("\n")
    raised, lowered = terms[terms > 0].sum(), -terms[terms < 0].sum()
    signs = sum_line.replace("+ ", "+").replace("− ", "−").split(" = ")[2]
    expected = [raised, -lowered, biases[neuron]]
    np.testing.assert_allclose(numbers(signs), expected, atol=0.0051)
    assert numbers(sum_line)[-1] == pytest.approx(z, abs=0.0051)
    assert numbers(activation_line) == [
        pytest.approx(z, abs=0.0051),
        pytest.approx(layers[layer][neuron], abs=0.0051),
    ]
    for name, sign in (("for", 1), ("against", -1)):
        largest = np.argsort(-sign * terms)[:4]
        found = rows(page, name)
        assert [each for _, each in found] == [
            [
                pytest.approx(weights[neuron, i], abs=0.0051),
                pytest.approx(layers[layer - 1][i], abs=0.0051),
                pytest.approx(abs(terms[i]), abs=0.0051)
                if sign > 0
                else pytest.approx(terms[i], abs=0.0051),
            ]
            for i in largest
        ]
        if layer > 1:
            assert [text for text, _ in found] == [f"neuron {i + 1}" for i in largest]
    if layer < 3:
        onward = brain.network.layers[layer][0][:, neuron] * layers[layer][neuron]
        largest = np.argsort(-abs(onward))[:4]
        named = "Output {}" if layer == 2 else "neuron {}"
        assert [text for text, _ in rows(page, "onward")] == [
            named.format(i + (layer == 1)) for i in largest
        ]
    else:
        expect(page.locator("#part-onward")).to_be_hidden()


@pytest.mark.parametrize("activation", ["sigmoid", "relu"])
def test_the_activation_is_written_as_it_is(open_page: Open, activation: str) -> None:
    write_page(Path("page.html"), random_brain(5, activation=activation), "b.npz")
    page = open_page(Path("page.html").resolve())
    draw(page, 3)
    expect(page.locator("#sum")).to_contain_text("a² = exp(")  # the output
    button(page, 1, 2).click()
    z, a = numbers(page.locator("#sum").inner_text().split("\n")[1])
    value = np.array([z])
    ACTIVATIONS[activation].apply(value)
    assert a == pytest.approx(float(value[0]), abs=0.01)
    expect(page.locator("#sum")).to_contain_text({"sigmoid": "σ(", "relu": "max(0, "}[activation])


def test_nothing_is_selected_before_anything_is_drawn(open_page: Open) -> None:
    page = open_page()
    assert page.evaluate("[view.selected, view.lines.size]") == [None, 0]
    expect(page.locator("#explained")).to_contain_text("Draw a digit")
    expect(page.locator("#sum")).to_be_hidden()
    draw(page, 3)
    expect(page.locator("#explained")).to_have_text("Output 3")
    page.locator("#neurons button").nth(3).click()
    page.keyboard.press("Escape")
    page.mouse.move(0, 0)
    until(page, "view.selected === null && view.chosen === null")


def test_pointing_explains_for_a_moment_and_a_click_for_longer(page: Page) -> None:
    explained, back = page.locator("#explained"), page.locator("#back")
    answer = explained.inner_text()
    assert answer == f"Output {page.evaluate('latest.digit')}"
    second = page.locator('#neurons [data-layer="2"]').nth(1)
    second.hover()
    expect(explained).to_have_text("Neuron 2 of 20 in layer 2")
    page.mouse.move(2, 2)
    expect(explained).to_have_text(answer)
    second.click()
    page.mouse.move(2, 2)
    page.locator("#drawing").focus()
    expect(explained).to_have_text("Neuron 2 of 20 in layer 2")
    assert second.get_attribute("aria-pressed") == "true"
    draw(page, 7)  # it goes on
    expect(explained).to_have_text("Neuron 2 of 20 in layer 2")
    back.click()
    expect(explained).to_contain_text("Output")
    expect(back).to_be_hidden()


def test_every_layer_is_reached_by_keyboard(page: Page) -> None:
    page.locator("#seen").focus()
    page.keyboard.press("Tab")
    explained = page.locator("#explained")
    expect(explained).to_contain_text("in layer 1")
    page.keyboard.press("Home")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    expect(explained).to_contain_text("in layer 2")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("End")
    expect(explained).to_have_text("Output 9")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")  # to the button that goes back
    expect(page.locator("#back")).to_be_focused()
    expect(explained).to_have_text("Output 9")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # the first of its terms
    expect(explained).to_contain_text("in layer 2")


def test_pixels_are_pointed_at_too(page: Page) -> None:
    image = activations(page)[0]
    brightest = int(image.argmax())
    box = page.locator("#seen").bounding_box()
    assert box
    unit = box["width"] / 28
    page.mouse.move(
        box["x"] + (brightest % 28 + 0.5) * unit, box["y"] + (brightest // 28 + 0.5) * unit
    )
    name = f"Pixel in row {brightest // 28 + 1}, column {brightest % 28 + 1}"
    expect(page.locator("#explained")).to_have_text(name)
    expect(page.locator("#sum")).to_have_text(
        f"a⁰ = {round(255 * image[brightest])} / 255 = {image[brightest]:.2f}"
    )
    assert page.evaluate("[...view.lines.values()].every(({ layer, aim }) => layer === 1 || !aim)")
    page.mouse.move(2, 2)
    page.locator("#drawing").focus()
    page.keyboard.press("Shift+Tab")
    page.locator("#seen").focus()
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#explained")).to_have_text("Pixel in row 15, column 14")


LINES = """[...view.lines.values()].filter(({ aim }) => aim)
    .map(({ layer, from, to, aim }) => [layer, from, to, aim])"""


def test_lines_are_the_contributions_to_the_answer(page: Page, brain: Brain) -> None:
    layers = activations(page)
    winner = int(layers[-1].argmax())
    contributions = brain.network.layers[2][0][winner] * layers[2]
    lines: list[list[Any]] = page.evaluate(LINES)
    into = {from_: (to, aim) for layer, from_, to, aim in lines if layer == 3}
    assert {to for to, _ in into.values()} == {winner}
    for neuron, (_, aim) in into.items():
        assert aim == pytest.approx(contributions[neuron] / abs(contributions).max(), abs=1e-4)
    # before that: what raises a neuron that raises the answer, or lowers one that lowers it
    terms = brain.network.layers[1][0] * layers[1]
    weights = brain.network.layers[2][0][winner]
    shares = contributions / abs(contributions).sum()
    for layer, from_, to, aim in lines:
        if layer == 2:
            share = abs(shares[to]) * terms[to, from_] / abs(terms[to]).sum()
            assert np.sign(aim) == np.sign(share * weights[to])
    paths = np.abs(shares[:, None] * terms / abs(terms).sum(axis=1, keepdims=True))
    shown = page.evaluate("view.samples[1]")
    drawn = [(to, from_) for layer, from_, to, _ in lines if layer == 2]
    assert min(paths[each] for each in drawn) >= np.sort(paths[:, shown].ravel())[-36] * (1 - 1e-6)


def test_of_wide_layers_those_are_shown_that_count_most(page: Page, brain: Brain) -> None:
    layers = activations(page)
    winner = int(layers[-1].argmax())
    contributions = brain.network.layers[2][0][winner] * layers[2]
    signed = (
        np.sign(brain.network.layers[2][0][winner]) * abs(contributions) / abs(contributions).sum()
    )
    terms = brain.network.layers[1][0] * layers[1]
    share = (
        signed[:, None]
        * np.sign(brain.network.layers[1][0])
        * abs(terms)
        / abs(terms).sum(axis=1, keepdims=True)
    ).sum(axis=0)
    expected = sorted(np.argsort(-abs(share))[:24].tolist())
    assert page.evaluate("view.samples[1]") == expected
    missing = next(i for i in range(30) if i not in expected)
    page.evaluate(f"view.choose({{ layer: 1, neuron: {missing} }})")
    expect(button(page, 1, missing)).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#shown")).to_contain_text("24 of 30, the most important ones")


def test_what_speaks_against_is_dashed(page: Page) -> None:
    drawn, against = page.evaluate("""() => {
        const context = view.canvas.getContext("2d"), drawn = [];
        let now = [];
        context.setLineDash = (dashes) => (now = dashes);
        context.stroke = () => drawn.push([now.length > 0, context.strokeStyle]);
        view.render();
        delete context.setLineDash, delete context.stroke;
        context.strokeStyle = rgb(theme().against);
        return [drawn, context.strokeStyle];
    }""")
    kinds = {(is_dashed, colour == against) for is_dashed, colour in drawn}
    assert kinds == {(True, True), (False, False)}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_is_accessible(open_page: Open, classic_page: Path, theme: Any) -> None:
    page = open_page(classic_page, color_scheme=theme)

    def explain_and_edit() -> None:
        draw(page, 3)
        page.locator("#edit").click()
        page.locator("#change").click()
        page.locator("#neurons button").nth(30).click()

    acts: list[Callable[[], None]] = [lambda: None, explain_and_edit]
    for act in [*acts, page.locator("#step-through").click]:
        act()
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("hidden", [(), (40,)], ids=str)
def test_networks_of_few_layers_are_explained_and_stepped_through(
    open_page: Open, hidden: tuple[int, ...]
) -> None:
    write_page(Path("page.html"), random_brain(*hidden), "b.npz")
    page = open_page(Path("page.html").resolve())
    draw(page, 3)
    expect(page.locator("#sum")).to_contain_text("z² = Σ w²·a¹" if hidden else "z¹ = Σ w¹·a⁰")
    assert page.evaluate("view.lines.size") > 10
    page.locator("#change").click()
    page.locator("#step-through").click()
    for _ in range(2 + len(hidden)):
        page.locator("#step-next").click()
    expect(page.locator("#step-next")).to_be_disabled()
    expect(page.locator("#equation")).to_contain_text("p = a²" if hidden else "p = a¹")
