"""The page of a brain whose classes have names."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from mnistmlp.brains.brain import Brain
from mnistmlp.brains.provenance import describe_foreign
from mnistmlp.exchange.html import make_page
from tests.exchange.conftest import Open, random_brain

NAMES = ("<b>bold</b>", "</script>", "o お", "{digit}", "T-shirt/top", *"abcde")


@pytest.mark.browser
def test_names_are_shown_and_what_is_made_of_digits_is_not(open_page: Open) -> None:
    network = random_brain(20).network
    named = Brain(network, describe_foreign(network, "own", Path("x"), class_names=NAMES))
    path = Path("page.html").resolve()
    path.write_text(make_page(named, "b.npz"), encoding="utf-8")
    image = np.full((100, 200), 255, np.uint8)
    image[20:80, 50:56] = image[22:82, 130:136] = 0  # apart, as two digits are
    Image.fromarray(image).save("two.png")
    expected = named.read("two.png").digit

    page = open_page(path)
    expect(page.locator("h1")).to_have_text("Draw something, or open a picture")
    page.set_input_files("#file", "two.png")
    answer = page.locator("#reading")
    expect(answer).to_contain_text(NAMES[expected])
    assert page.locator("#bars .name").all_text_contents() == list(NAMES)
    assert page.locator("#labels span").all_text_contents() == list(NAMES)
    assert page.locator("#wanted option").all_text_contents() == list(NAMES)
    button = page.locator('#neurons button[data-layer="2"][data-neuron="1"]')
    assert button.get_attribute("aria-label") == "Output </script>"
    for name in ("#samples", "#keep", "#train"):
        expect(page.locator(name)).to_be_hidden()
    assert page.locator("b").count() == 0
