"""Pixels of the page's image are edited, and changed towards another digit."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from mnistmlp.arrays import Array, Bytes
from mnistmlp.brains.brain import Brain
from mnistmlp.core.backpropagation import Workspace, backpropagate
from mnistmlp.core.network import Network
from mnistmlp.data.synthetic import make_digits
from mnistmlp.exchange.html import write_page
from tests.exchange.conftest import CAMERA, Open, answer, draw, random_brain, trained, until

pytestmark = pytest.mark.browser


# --- Against Python ----------------------------------------------------------


@pytest.mark.parametrize("loss", ["mse", "cross-entropy"])
@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "relu"])
def test_gradients_by_the_image_are_those_of_python(
    open_page: Open, activation: str, loss: str
) -> None:
    brain = random_brain(30, 20, activation=activation, loss=loss, scale=0.1)
    network = brain.network
    write_page(Path("page.html"), brain, "b.npz")
    page = open_page(Path("page.html").resolve())
    images, labels = make_digits(4, seed=5)
    for image, label in zip(images.reshape(4, 784), labels, strict=True):
        inputs = np.append(image / np.float32(255), np.float32(1))[:, None].astype(np.float32)
        work = Workspace(network, 1)
        backpropagate(network, work, inputs, np.eye(10, dtype=np.float32)[:, [label]])
        deltas = [each[:, 0].copy() for each in work.deltas]
        found, gradient = page.evaluate(
            """([image, delta]) => {
                const layers = forward(network, Uint8Array.from(image));
                const deltas = backward(network, layers, Float64Array.from(delta));
                const gradient = inputGradient(network, deltas);
                return [deltas.map((each) => Array.from(each)), Array.from(gradient)];
            }""",
            [image.tolist(), deltas[-1].tolist()],
        )
        assert abs(deltas[0]).max() > 1e-4
        for one, other in zip(found, deltas, strict=True):
            np.testing.assert_allclose(one, other, rtol=0, atol=1e-5)
        expected = network.layers[0][0].T @ deltas[0]
        assert abs(expected).max() > 1e-4
        np.testing.assert_allclose(gradient, expected, rtol=0, atol=1e-5)


def towards(network: Network, x: Array, wanted: int) -> Array:
    """Return zᵗ − ln Σ exp zᶜ of images (n, 784), in double precision."""
    a = x.T
    for i, (weights, biases) in enumerate(network.layers):
        a = weights.astype(float) @ a + np.reshape(biases, (-1, 1))
        if i < len(network.layers) - 1:
            a = np.tanh(a)
    others = np.delete(a, wanted, axis=0)
    return np.asarray(a[wanted] - np.log(np.exp(others).sum(axis=0)))


def test_the_gradient_towards_a_digit_is_that_of_finite_differences(open_page: Open) -> None:
    brain = random_brain(30, 20, activation="tanh", scale=0.1)
    write_page(Path("page.html"), brain, "b.npz")
    page = open_page(Path("page.html").resolve())
    x = np.random.default_rng(0).uniform(0.1, 0.9, 784)
    script = "(x) => Array.from(gradientTowards(network, Float64Array.from(x), 4))"
    found = page.evaluate(script, x.tolist())
    step = 1e-4
    sides = [towards(brain.network, x + sign * step * np.eye(784), 4) for sign in (1, -1)]
    np.testing.assert_allclose(found, (sides[0] - sides[1]) / (2 * step), rtol=0, atol=1e-5)
    x[:3], x[3:6] = 0, 1  # these cannot go further, the others can
    ends = page.evaluate(script, x.tolist())
    assert min(ends[:3]) == 0
    assert max(ends[3:6]) == 0


@pytest.fixture(scope="module")
def brain(mnist: Path) -> Brain:
    return trained(mnist, normalization="deslant")


@pytest.fixture
def page(open_page: Open, brain: Brain) -> Page:
    """The page of a network that makes digits upright, on which a 3 is drawn."""
    write_page(Path("page.html"), brain, "b.npz")
    page = open_page(Path("page.html").resolve(), viewport={"width": 1440, "height": 1000})
    draw(page, 3)
    expect(page.locator("#digit")).to_have_text("3")
    return page


def seen(page: Page) -> Bytes:
    """Return the image that the network sees, as it is shown."""
    pixels = page.evaluate("""() => Array.from(
        element("seen").getContext("2d").getImageData(0, 0, 28, 28).data)""")
    return np.array(pixels, np.uint8).reshape(784, 4)[:, 0]


def test_what_would_change_it(page: Page, brain: Brain) -> None:
    before = seen(page)
    sizes, activation = brain.network.sizes, brain.network.activation
    plain = Network(sizes, activation, brain.network.loss)  # the image is upright already
    plain.parameters[:] = brain.network.parameters
    for wanted in (8, 0, 4):
        page.locator("#wanted").select_option(str(wanted))
        page.locator("#change").click()
        expect(page.locator("#digit")).to_have_text(str(wanted))
        after = seen(page)
        assert plain.outputs(after.reshape(1, 28, 28)).argmax() == wanted
        difference = after.astype(float) - before
        text = page.locator("#changed").inner_text()
        numbers = [int(each) for each in re.findall(r"\d+", text)]
        share = 100 * np.linalg.norm(difference) / np.linalg.norm(before.astype(float))
        expected = [wanted, (abs(difference) >= 26).sum(), abs(difference).max(), 255, round(share)]
        assert numbers[:5] == expected
        expect(page.locator("#weights-caption")).to_have_text("What was changed")
        page.locator("#restore").click()
        expect(page.locator("#digit")).to_have_text("3")
        np.testing.assert_array_equal(seen(page), before)
    expect(page.locator("#changed")).to_be_empty()
    assert page.locator("#wanted option[value='3']").is_disabled()


def test_a_change_is_no_larger_than_it_has_to_be(page: Page) -> None:
    shrunk = page.evaluate("""() => {
        const way = { length: 4, momentum: 0 }; // far too long a step
        const { image, difference } = goTowards(network, latest.seen, 8, way);
        const less = latest.seen.map((level, i) => Math.round(level + 0.95 * difference[i]));
        return [digitOf(network, image), digitOf(network, less)];
    }""")
    assert shrunk[0] == 8
    assert shrunk[1] != 8


def test_where_no_change_is_found_it_says_so(page: Page) -> None:
    page.evaluate("network.layers.at(-1).weights.fill(0)")
    page.locator("#wanted").select_option("8")
    page.locator("#change").click()
    expect(page.locator("#changed")).to_have_text("No change was found that makes it an 8.")


# --- By hand -----------------------------------------------------------------


def pixel(page: Page, row: int, column: int) -> tuple[float, float]:
    page.locator("#seen").scroll_into_view_if_needed()
    box = page.locator("#seen").bounding_box()
    assert box
    unit = box["width"] / 28
    return box["x"] + (column + 0.5) * unit, box["y"] + (row + 0.5) * unit


def test_pixels_are_edited_by_pointer(page: Page) -> None:
    shares = page.locator("#bars .share")
    before, bars = seen(page).reshape(28, 28), shares.all_inner_texts()
    page.locator("#edit").click()
    page.mouse.move(*pixel(page, 2, 4))
    page.mouse.down()
    page.mouse.move(*pixel(page, 2, 9), steps=20)
    page.mouse.up()
    page.mouse.move(*pixel(page, 20, 20))  # not pressed: nothing is painted
    until(page, "scheduled === null")
    after = seen(page).reshape(28, 28)
    expected = before.copy()
    expected[2, 4:10] = 255
    np.testing.assert_array_equal(after, expected)
    assert shares.all_inner_texts() != bars
    row, column = np.unravel_index(after.argmax(), after.shape)
    page.mouse.click(*pixel(page, int(row), int(column)))  # a bright one becomes black
    until(page, "scheduled === null")
    assert seen(page).reshape(28, 28)[row, column] == 0
    draw(page, 7)  # what is drawn takes over
    expect(page.locator("#restore")).to_be_disabled()
    assert page.evaluate("editing.image") is None


def test_pixels_are_edited_by_keyboard(page: Page) -> None:
    before = seen(page).reshape(28, 28)
    page.locator("#edit").press("Enter")
    expect(page.locator("#edit-hint")).to_be_visible()
    page.locator("#seen").focus()
    for key in ("ArrowLeft", "ArrowLeft", *["ArrowUp"] * 13, "+"):
        page.keyboard.press(key)
    until(page, "scheduled === null && editing.image !== null")
    expected = before.copy()
    expected[1, 12] = 32
    np.testing.assert_array_equal(seen(page).reshape(28, 28), expected)
    expect(page.locator("#sum")).to_have_text("a⁰ = 32 / 255 = 0.13")
    page.keyboard.press(" ")
    page.keyboard.press("ArrowRight")
    page.keyboard.press(" ")
    page.keyboard.press("-")
    until(page, "scheduled === null")
    expected[1, 12:14] = 255, 223
    np.testing.assert_array_equal(seen(page).reshape(28, 28), expected)
    page.locator("#restore").press("Enter")
    until(page, "scheduled === null")
    np.testing.assert_array_equal(seen(page).reshape(28, 28), before)


def test_an_image_is_made_of_pixels_alone(open_page: Open) -> None:
    page = open_page()
    expect(page.locator("#change")).to_be_disabled()
    edit, invitation = page.locator("#edit"), page.locator("#invitation")
    expect(invitation).to_be_visible()
    edit.click()
    page.mouse.move(*pixel(page, 5, 14))
    page.mouse.down()
    page.mouse.move(*pixel(page, 22, 14), steps=40)
    page.mouse.up()
    expect(page.locator("#reading")).to_contain_text("It is a 1")
    expect(invitation).to_be_hidden()
    page.mouse.click(*pixel(page, 14, 14))
    page.locator("#clear").click()
    expect(edit).to_have_attribute("aria-pressed", "false")
    expect(page.locator("#edit-hint")).to_be_hidden()
    expect(invitation).to_be_visible()
    expect(page.locator("#reading")).to_have_text("Draw a digit to begin")


def test_editing_stops_the_camera(open_page: Open) -> None:
    page = open_page(script=CAMERA)
    page.locator("#camera").click()
    answer(page, 0)
    expect(page.locator("#reading")).to_have_text("No digit")
    page.locator("#edit").click()
    page.mouse.click(*pixel(page, 5, 14))
    expect(page.locator("#video")).to_be_hidden()
    until(page, "scheduled === null")
    assert seen(page).argmax() == 5 * 28 + 14


def test_a_dot_that_is_edited_is_no_digit(open_page: Open) -> None:
    page = open_page()
    page.locator("#edit").click()
    page.mouse.click(*pixel(page, 14, 14))
    expect(page.locator("#reading")).to_have_text("No digit")
    assert seen(page).argmax() == 14 * 28 + 14


def test_a_change_starts_from_the_digit_and_not_from_the_last_change(open_page: Open) -> None:
    page = open_page()
    draw(page, 7)
    until(page, "latest !== null")
    page.locator("#wanted").select_option("0")
    page.locator("#change").click()
    until(page, "editing.change?.wanted === 0")
    alone = page.locator("#changed").inner_text()
    page.locator("#restore").click()
    for digit in ("4", "0"):
        page.locator("#wanted").select_option(digit)
        page.locator("#change").click()
        until(page, f"editing.change?.wanted === {digit}")
    assert page.locator("#changed").inner_text() == alone


def test_stepping_ends_painting(open_page: Open) -> None:
    page = open_page()
    draw(page, 7)
    page.locator("#edit").click()
    page.locator("#step-through").click()
    before = seen(page)
    page.mouse.click(*pixel(page, 2, 2))
    np.testing.assert_array_equal(seen(page), before)
