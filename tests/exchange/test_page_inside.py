"""What the page shows of the network, and how it looks."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from mnistmlp.brains.brain import PRETRAINED, load_brain
from tests.exchange.conftest import Open, draw, keep, until

pytestmark = pytest.mark.browser


def test_pointing_at_a_neuron_shows_its_weights(open_page: Open) -> None:
    page = open_page()
    draw(page, 3)
    neurons = page.locator('#neurons [data-layer="1"]')
    assert neurons.count() == 24
    expect(page.locator("#shown")).to_contain_text("24 of 2,048, then 24 of 1,024")
    until(page, "view.later === null && latest.digit === 3")  # those that count are shown
    neurons.nth(3).hover()
    number = neurons.nth(3).get_attribute("aria-label")
    assert number
    neuron = int(number.split()[1]) - 1
    expect(page.locator("#weights-caption")).to_contain_text(f"Weights of neuron {neuron + 1}, ")
    pixels = page.evaluate("""() => Array.from(
        element("weights").getContext("2d").getImageData(0, 0, 28, 28).data)""")
    red, _, blue, _ = np.array(pixels, int).reshape(28 * 28, 4).T
    weights = load_brain(PRETRAINED).network.layers[0][0][neuron]
    strong = np.abs(weights) > np.abs(weights).max() / 3
    np.testing.assert_array_equal((blue > red)[strong], (weights > 0)[strong])
    neurons.nth(3).focus()
    page.keyboard.press("ArrowDown")
    expect(neurons.nth(4)).to_be_focused()
    caption = page.locator("#weights-caption").inner_text()
    assert (neurons.nth(4).get_attribute("aria-label") or "").split()[1] in caption


def test_calm_motion_or_none(open_page: Open) -> None:
    arrived = """() => new Promise((resolve) => requestAnimationFrame(() =>
        requestAnimationFrame(() => requestAnimationFrame(() =>
            resolve(view.columns.every(({ now, aim }) => now.every((each, i) => each === aim[i])))
    ))))"""
    image = "view.show(recognise(network, new Uint8Array(784).fill(90)).layers)"
    for motion, expected in (("reduce", True), ("no-preference", False)):
        page = open_page(reduced_motion=motion)
        page.evaluate(image)
        assert page.evaluate(arrived) is expected
    until(page, "view.frame === null")  # it comes to rest


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(
    "size", [(360, 740), (800, 1000), (1024, 768), (1440, 900), (1920, 1080)], ids=str
)
def test_it_fits_the_screen(
    open_page: Open, classic_page: Path, size: tuple[int, int], theme: Any
) -> None:
    width, height = size
    page = open_page(classic_page, viewport={"width": width, "height": height}, color_scheme=theme)
    keep(page, f"{width}-{theme}-empty")
    draw(page, 3)
    expect(page.locator("#digit")).to_be_in_viewport()
    expect(page.locator("#drawing")).to_be_in_viewport(ratio=1)
    keep(page, f"{width}-{theme}")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    corner = Image.open(io.BytesIO(page.screenshot())).convert("L").crop((0, 0, 4, 4))
    assert (np.asarray(corner).mean() > 128) == (theme == "light")
