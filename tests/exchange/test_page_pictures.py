"""Pictures that are opened, dropped or pasted on the page."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from mnistmlp.data.datasets import load_dataset
from tests.exchange.conftest import Open, draw, encoded

pytestmark = pytest.mark.browser

GIVEN = """([how, text]) => {
    const data = new DataTransfer();
    data.items.add(new File([fromBase64(text)], "digit.png", { type: "image/png" }));
    const options = { bubbles: true, cancelable: true };
    document.body.dispatchEvent(how === "paste"
        ? new ClipboardEvent("paste", { ...options, clipboardData: data })
        : new DragEvent("drop", { ...options, dataTransfer: data }));
}"""


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
        page.evaluate(GIVEN, [how, encoded(Path("digit.png").read_bytes())])
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
