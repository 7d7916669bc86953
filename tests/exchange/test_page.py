"""The page in a real browser, against Python; and that nothing gets into it, or out of it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from mnistmlp.arrays import Array, Bytes
from mnistmlp.brains.brain import PRETRAINED, load_brain
from mnistmlp.core.metrics import committee
from mnistmlp.core.normalization import NORMALIZATIONS, measure_moments, normalise
from mnistmlp.data.datasets import load_dataset
from mnistmlp.errors import NoInkError
from mnistmlp.exchange import html
from mnistmlp.exchange.html import write_page
from mnistmlp.pictures.images import read_picture
from tests.exchange.conftest import Open, at, brain_of, encoded, trained, until
from tests.pictures.drawings import DRAWINGS, draw_page

pytestmark = pytest.mark.browser


# --- Against Python ----------------------------------------------------------


def probabilities_of(page: Page, images: Bytes) -> Array:
    """Return what the page makes of images."""
    script = """text => {
        const bytes = fromBase64(text), found = [];
        for (let i = 0; i < bytes.length; i += 784)
            found.push(recognise(network, bytes.subarray(i, i + 784)).probabilities);
        return found;
    }"""
    return np.array(page.evaluate(script, encoded(images.tobytes())))


@pytest.mark.parametrize(
    ("activation", "loss", "temperature", "dtype"),
    [
        ("sigmoid", "mse", 0.6, "float32"),
        ("tanh", "mse", 1.0, "float64"),
        ("relu", "cross-entropy", 1.7, "float32"),
    ],
)
def test_probabilities_are_those_of_python(
    open_page: Open,
    mnist: Path,
    monkeypatch: pytest.MonkeyPatch,
    activation: str,
    loss: str,
    temperature: float,
    dtype: str,
) -> None:
    brain = trained(mnist, activation=activation, loss=loss, dtype=dtype)
    brain = brain_of(brain.network, temperature)
    images = load_dataset(mnist, "test", limit=1000).images
    for half in (False, True):
        if half:
            monkeypatch.setattr(html, "MAX_SINGLE_PRECISION", 0)
            brain.network.parameters[:] = brain.network.parameters.astype(np.float16)
        write_page(Path("page.html"), brain, "brain.npz")
        found = probabilities_of(open_page(Path("page.html").resolve()), images)
        expected = committee([brain.network], images, [brain.temperature])
        np.testing.assert_array_equal(found.argmax(axis=1), expected.argmax(axis=1))
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)


def test_the_brain_that_ships_says_what_it_says_in_python(open_page: Open, mnist: Path) -> None:
    brain = load_brain(PRETRAINED)
    images = load_dataset(mnist, "test", limit=1000).images
    expected = committee([brain.network], images, [brain.temperature])
    found = probabilities_of(open_page(), images)
    np.testing.assert_array_equal(found.argmax(axis=1), expected.argmax(axis=1))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-3)


def normalised_by(page: Page, images: Bytes, normalization: str) -> Bytes:
    """Return images as the page normalises them."""
    script = """([text, normalization]) => {
        const bytes = fromBase64(text), found = [];
        for (let i = 0; i < bytes.length; i += 784)
            found.push(...normaliseByMoments(bytes.subarray(i, i + 784), normalization));
        return found;
    }"""
    found = page.evaluate(script, [encoded(images.tobytes()), normalization])
    return np.array(found, np.uint8).reshape(images.shape)


def odd_images() -> Bytes:
    """Return images that handwriting leaves out: noise, points, lines, edges, and nothing."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (300, 28, 28), np.uint8)
    images[100:200] *= rng.random((100, 28, 28)) < 0.02
    images[200:] = 0
    for image in images[202:]:
        (top, left), (height, width) = rng.integers(0, 28, 2), rng.integers(1, 28, 2)
        image[top : top + height, left : left + width] = rng.integers(1, 256)
    images[200] = 255  # and 201 is blank
    for i in range(28):
        images[202, i, i] = images[203, 27 - i, i] = images[204, i, 9] = images[205, 20, i] = 255
        images[206, i // 2, i] = 255  # flatter than 45°
    return images


@pytest.mark.parametrize("normalization", ["none", *NORMALIZATIONS])
def test_images_are_normalised_to_the_byte(
    open_page: Open, mnist: Path, normalization: str
) -> None:
    page = open_page()
    for images in (odd_images(), np.array(load_dataset(mnist, "test", limit=1000).images)):
        found = normalised_by(page, images, normalization)
        np.testing.assert_array_equal(found, normalise(images, normalization))


@pytest.mark.parametrize(
    ("normalization", "words"),
    [
        ("none", "28 × 28 pixels"),
        ("deslant", "28 × 28 pixels, straightened"),
        ("moments", "28 × 28 pixels, straightened and resized"),
    ],
)
def test_a_normalised_brain_says_what_it_says_in_python(
    open_page: Open, mnist: Path, normalization: str, words: str
) -> None:
    brain = trained(mnist, normalization=normalization)
    images = np.array(load_dataset(mnist, "test", limit=1000).images)
    write_page(Path("page.html"), brain, "brain.npz")
    page = open_page(Path("page.html").resolve())
    found = probabilities_of(page, images)
    np.testing.assert_allclose(found, committee([brain.network], images), rtol=0, atol=1e-5)
    expect(page.locator("#seen-caption")).to_have_text(f"What the network sees: {words}")
    page.locator("#drawing").focus()  # a slanted stroke
    page.mouse.move(*at(page, 150, 50))
    page.mouse.down()
    page.mouse.move(*at(page, 100, 200))
    page.mouse.up()
    until(page, "latest !== null")
    pixels = page.evaluate("""() => Array.from(
        element("seen").getContext("2d").getImageData(0, 0, 28, 28).data)""")
    shown = np.array(pixels, np.uint8).reshape(28, 28, 4)[..., 0]
    layer = page.evaluate("Array.from(latest.layers[0])")
    np.testing.assert_allclose(shown.ravel() / 255, layer, atol=1e-6)
    _, _, _, slant, _ = measure_moments(shown.reshape(1, 784))
    assert (abs(float(slant[0])) < 0.2) == (normalization != "none")


READ = """async text => {
    const reading = examinePicture(toGrey(await decode(new Blob([fromBase64(text)]))));
    return reading && Array.from(reading.image);
}"""


def test_pictures_become_the_images_that_python_makes(open_page: Open, handwriting: Path) -> None:
    page = open_page()
    network = load_brain(PRETRAINED).network
    with (handwriting / "labels.csv").open() as file:
        names = [row["file"] for row in csv.DictReader(file)]
    there = [read_picture(handwriting / name) for name in names]
    read = [page.evaluate(READ, encoded((handwriting / name).read_bytes())) for name in names]
    here = np.array([image or [0] * 784 for image in read], np.uint8).reshape(-1, 28, 28)
    pairs = zip(*(committee([network], images) for images in (np.array(there), here)), strict=True)
    same = sum(one.argmax() == other.argmax() for one, other in pairs)
    assert same >= 66, f"{same} of {len(names)}"


def test_what_surrounds_a_digit_goes_on_the_page_too(open_page: Open) -> None:
    page = open_page()
    for kind in DRAWINGS:
        for digit in ("two", "seven"):
            file = io.BytesIO()
            draw_page(digit, kind).save(file, "PNG")
            found = page.evaluate(READ, encoded(file.getvalue()))
            file.seek(0)
            expected = read_picture(file).ravel()
            np.testing.assert_allclose(found, expected, atol=3, err_msg=f"{digit}, {kind}")


def test_cases_are_read_right_in_python_and_on_the_page(open_page: Open, cases: Path) -> None:
    page = open_page()
    network = load_brain(PRETRAINED).network
    folders = ("form-box", "squared-paper", "thumb-in-corner", "photos")
    paths = [path for folder in folders for path in sorted((cases / folder).glob("*_[0-9]*.*"))]
    labels = [int(path.stem.split("_")[1]) for path in paths]
    there = np.array([read_picture(path) for path in paths])
    read = [page.evaluate(READ, encoded(path.read_bytes())) for path in paths]
    here = np.array(read, np.uint8).reshape(-1, 28, 28)
    for images in (there, here):
        assert committee([network], images).argmax(axis=1).tolist() == labels


Y_WIDE, X_WIDE = np.mgrid[:900, :1200].astype(np.float32)


def pictures() -> Iterator[Image.Image]:
    """Yield pictures that take the ways through the steps that handwriting leaves out."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:300, :400].astype(np.float32)
    seven = ((y > 60) & (y < 75) & (x > 150) & (x < 250)) | (
        (abs(x - 250 + (y - 60) * 0.5) < 9) & (y > 60) & (y < 240)
    )
    light = 90 + 0.3 * x + 0.1 * y
    shadow = np.where(x + 0.3 * y > 330, 0.5, 1)
    noise = rng.normal(0, 2, y.shape)
    yield Image.fromarray(np.where(seven, 40, light).clip(0, 255).astype(np.uint8))
    yield Image.fromarray((np.where(seven, 60, 220) * shadow + noise).clip(0, 255).astype(np.uint8))
    colours = np.where(seven[..., None], (230, 210, 60), (240, 240, 235)).astype(np.uint8)
    yield Image.fromarray(colours)
    yield Image.fromarray(np.dstack([np.full((300, 400, 3), 30, np.uint8), seven * np.uint8(255)]))
    yield Image.fromarray(np.dstack([np.full((300, 400, 3), 250, np.uint8), seven * np.uint8(255)]))
    desk = np.full((1200, 1600), 50, np.uint8)  # large: reduced; and a sheet on it
    desk[300:1000, 400:1200] = 230
    desk[350:650, 600:1000][seven] = 40
    yield Image.fromarray(desk)
    yield Image.fromarray(np.full((50, 60), 128, np.uint8))  # nothing
    yield Image.fromarray(np.where(x + 0.2 * y > 250, 90, 210).astype(np.uint8))  # a shadow's edge
    yield Image.fromarray(np.where(np.hypot(x - 200, y - 150) < 60, 20, 230).astype(np.uint8))
    page = 120 + 0.1 * X_WIDE - 0.0001 * (Y_WIDE - 400) ** 2
    page[300:600, 500:900] *= np.where(seven, 0.6, 1)  # small on a large shaded page
    yield Image.fromarray((page + rng.normal(0, 1, page.shape)).astype(np.uint8))
    rows, columns = np.flatnonzero(seven.any(axis=1)), np.flatnonzero(seven.any(axis=0))
    tight = np.repeat(seven, 3, axis=1)[
        rows[0] : rows[-1] + 1, 3 * columns[0] : 3 * columns[-1] + 3
    ]
    yield Image.fromarray(np.where(tight, 0, 255).astype(np.uint8))
    card = Image.new("RGBA", (900, 700))
    card.paste(Image.fromarray(np.where(seven, 30, 240).astype(np.uint8)).convert("RGBA"), (300, 9))
    yield card


def test_pictures_of_other_kinds_become_the_same_too(open_page: Open) -> None:
    page, refused = open_page(), 0
    for number, picture in enumerate(pictures()):
        file = io.BytesIO()
        picture.save(file, "PNG")
        found = page.evaluate(READ, encoded(file.getvalue()))
        file.seek(0)
        try:
            expected = read_picture(file).ravel()
        except NoInkError:
            assert found is None, f"picture {number}"
            refused += 1
            continue
        np.testing.assert_allclose(found, expected, atol=3, err_msg=f"picture {number}")
    assert refused == 3


# --- What gets in and out ----------------------------------------------------


def test_a_hostile_brain_changes_nothing_of_the_page(open_page: Open) -> None:
    evil = "</script><img src=x onerror=alert(1)><script>alert(2)</script>"
    brain = brain_of(load_brain(PRETRAINED).network, recipe={"name": evil})
    write_page(Path("page.html"), brain, evil)
    page = open_page(Path("page.html").resolve())
    assert (page.locator("img").count(), page.locator("script").count()) == (0, 5)
    assert page.locator("#about").inner_text().count(evil) == 2


def test_the_policy_lets_nothing_out(browser: Browser, pretrained_page: Path) -> None:
    page = browser.new_page()
    page.goto(pretrained_page.as_uri())
    sent: list[str] = []
    page.on("requestfinished", lambda request: sent.append(request.url))
    broken = page.evaluate("""async () => {
        const broken = [];
        document.addEventListener("securitypolicyviolation", (event) =>
            broken.push(event.effectiveDirective));
        await fetch("http://127.0.0.1:9/").catch(() => {});
        document.body.append(Object.assign(new Image(), { src: "http://127.0.0.1:9/x.png" }));
        document.body.setAttribute("style", "color: red");
        document.body.setAttribute("onclick", "alert(1)");
        document.body.click();
        await new Promise((resolve) => setTimeout(resolve, 100));
        return broken;
    }""")
    assert sorted(broken) == ["connect-src", "img-src", "script-src-attr", "style-src-attr"]
    assert sent == []
    page.close()
