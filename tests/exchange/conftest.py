"""Brains, pages, and a real browser to test the pages in."""

from __future__ import annotations

import base64
import io
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, Page, expect

from mnistmlp.arrays import Array, Bytes
from mnistmlp.brains.brain import PRETRAINED, Brain, load_brain
from mnistmlp.brains.meta import Meta, describe_network
from mnistmlp.core.metrics import committee
from mnistmlp.core.network import Network
from mnistmlp.data.datasets import load_dataset
from mnistmlp.exchange.html import write_page
from mnistmlp.training.loop import fit
from mnistmlp.training.recipes import RECIPES
from tests.browser import collect_troubles
from tests.exchange.strokes import DIGITS

Open = Callable[..., Page]
KEPT = os.environ.get("MNISTMLP_PAGE_PICTURES")  # a folder to keep the screenshots in


@pytest.fixture(scope="session")
def pretrained_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of the pretrained brain."""
    path = tmp_path_factory.mktemp("page") / "pretrained.html"
    write_page(path, load_brain(PRETRAINED), "pretrained")
    return path


def trained(mnist: Path, **settings: Any) -> Brain:
    """Return a brain after a short training."""
    train = load_dataset(mnist, "train", limit=5000)
    rates = {"sigmoid": 6.0, "tanh": 1.0, "relu": 0.2}
    settings["learning_rate"] = rates[settings.get("activation", "sigmoid")]
    recipe = replace(RECIPES["classic"], epochs=10, validation=0, **settings)
    return Brain(fit(recipe, train.images, train.labels).network, None)


@pytest.fixture(scope="session")
def classic_page(mnist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a small network."""
    path = tmp_path_factory.mktemp("page") / "classic.html"
    given = os.environ.get("MNISTMLP_PAGE_BRAIN")  # for pictures of the page
    write_page(path, load_brain(Path(given)) if given else trained(mnist), "classic.npz")
    return path


@pytest.fixture
def open_page(browser: Browser, pretrained_page: Path) -> Iterator[Open]:
    """Open a page; at the end, check that it had no errors and made no outside requests."""
    troubles: list[str] = []
    contexts = []

    def visit(
        path: Path = pretrained_page,
        used: Browser = browser,
        script: str = "",  # run before the page's own
        loaded: bool = True,  # wait for the network
        **options: Any,
    ) -> Page:
        context = used.new_context(**options)
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        collect_troubles(page, path, troubles)
        page.add_init_script(script)
        page.goto(path.as_uri())
        if loaded:
            expect(page.locator("#shown")).not_to_be_empty()
        return page

    yield visit
    for context in contexts:
        context.close()
    assert troubles == []


# --- With a page -------------------------------------------------------------


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def at(page: Page, x: float, y: float) -> tuple[float, float]:
    """Return a place of the drawing field, 256 wide, on the screen."""
    field = page.locator("#drawing").bounding_box()
    assert field
    unit = field["width"] / 256
    return field["x"] + x * unit, field["y"] + y * unit


def draw(page: Page, digit: int) -> None:
    draw_strokes(page, DIGITS[digit])


def draw_strokes(page: Page, strokes: list[list[tuple[int, int]]]) -> None:
    """Draw strokes through points of a field of 256 x 256."""
    for stroke in strokes:
        page.mouse.move(*at(page, *stroke[0]))
        page.mouse.down()
        for point in stroke[1:]:
            page.mouse.move(*at(page, *point))
        page.mouse.up()


GIVEN = """([how, text]) => {
    const data = new DataTransfer();
    data.items.add(new File([fromBase64(text)], "digit.png", { type: "image/png" }));
    const options = { bubbles: true, cancelable: true };
    document.body.dispatchEvent(how === "paste"
        ? new ClipboardEvent("paste", { ...options, clipboardData: data })
        : new DragEvent("drop", { ...options, dataTransfer: data }));
}"""


def give(page: Page, data: bytes, how: str = "paste") -> None:
    """Paste a file on the page, or drop it there."""
    page.evaluate(GIVEN, [how, base64.b64encode(data).decode()])


def picture_of(digit: int) -> bytes:
    """Return a picture (PNG) of a digit, dark on light."""
    picture = Image.new("L", (256, 256), 230)
    pen = ImageDraw.Draw(picture)
    for stroke in DIGITS[digit]:
        pen.line(stroke, fill=30, width=16, joint="curve")
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


CAMERA = """
    window.requests = []; // for the camera, each to be allowed or refused
    navigator.mediaDevices.getUserMedia = () => new Promise((resolve, reject) => {
        const canvas = Object.assign(document.createElement("canvas"), { width: 64, height: 64 });
        canvas.getContext("2d").fillRect(0, 0, 64, 64);
        const stream = canvas.captureStream();
        const allow = () => resolve(stream);
        const refuse = () => reject(new DOMException("", "NotAllowedError"));
        requests.push({ stream, allow, refuse });
    });
"""


def answer(page: Page, number: int, how: str = "allow") -> None:
    """Answer a request for the camera, and let the page go on."""
    page.evaluate(f"requests[{number}].{how}()")
    page.evaluate("new Promise((resolve) => setTimeout(resolve))")


def until(page: Page, condition: str) -> None:
    """Wait for a condition: Playwright's own way of it goes against the page's policy."""
    give_up = time.monotonic() + 10
    while not page.evaluate(condition):
        assert time.monotonic() < give_up, condition
        page.wait_for_timeout(50)


def keep(page: Page, name: str) -> None:
    """Keep a screenshot, where a folder for them is given."""
    if KEPT:
        page.wait_for_timeout(700)  # until nothing moves
        page.screenshot(path=Path(KEPT) / f"{name}.png", full_page=True)


# --- Brains ------------------------------------------------------------------


def random_brain(
    *hidden: int,
    activation: str = "relu",
    loss: str = "cross-entropy",
    temperature: float = 1.0,
    dtype: str = "float32",
    scale: float = 0.3,
    normalization: str = "none",
) -> Brain:
    """Make a brain with random weights and the `meta` of a trained one."""
    network = Network((784, *hidden, 10), activation, loss, dtype, normalization)
    rng = np.random.default_rng(3)
    network.parameters[:] = rng.normal(scale=scale, size=network.parameters.size)
    return brain_of(network, temperature)


def brain_of(network: Network, temperature: float = 1.0, **changes: Any) -> Brain:
    """Return a brain with this network and the `meta` of a trained one, apart from `changes`."""
    meta: dict[str, Any] = describe_network(network, temperature) | {
        "recipe": {"name": "é \N{SNOWMAN}", "learning_rate": 0.1},
        "seed": 7,
        "epochs": 2,
        "history": [{"epoch": 1}, {"epoch": 2}],
        "accuracy": {"validation": 0.75},
        "dataset": {"name": "mnist", "digests": {}},
        "versions": {"numpy": "2"},
    }
    return Brain(network, Meta.parse(meta | changes, Path("random")))


def predicted(brain: Brain, images: Bytes) -> Array:
    """Return the probabilities (n, 10) that `predict` would show."""
    return committee([brain.network], images, [brain.temperature])
