"""The page in a real browser, against Python."""

from __future__ import annotations

import base64
import csv
import io
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserType, Page, expect

from mnistmlp.arrays import Array, Bytes
from mnistmlp.brains.brain import PRETRAINED, load_brain
from mnistmlp.core.metrics import committee
from mnistmlp.core.normalization import NORMALIZATIONS, measure_moments, normalise
from mnistmlp.data.datasets import load_dataset
from mnistmlp.exchange import html
from mnistmlp.exchange.html import write_page
from mnistmlp.pictures.images import read_picture
from tests.exchange.conftest import Open, brain_of, launch, trained
from tests.exchange.strokes import DIGITS

pytestmark = pytest.mark.browser
KEPT = os.environ.get("MNISTMLP_PAGE_PICTURES")  # a folder to keep the screenshots in


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def draw(page: Page, digit: int) -> None:
    field = page.locator("#drawing").bounding_box()
    assert field
    unit = field["width"] / 256
    for stroke in DIGITS[digit]:
        points = [(field["x"] + x * unit, field["y"] + y * unit) for x, y in stroke]
        page.mouse.move(*points[0])
        page.mouse.down()
        for point in points[1:]:
            page.mouse.move(*point)
        page.mouse.up()


def at(page: Page, x: float, y: float) -> tuple[float, float]:
    """Return a place of the drawing field, 256 wide, on the screen."""
    field = page.locator("#drawing").bounding_box()
    assert field
    unit = field["width"] / 256
    return field["x"] + x * unit, field["y"] + y * unit


def until(page: Page, condition: str) -> None:
    """Wait for a condition: Playwright's own way of it goes against the page's policy."""
    give_up = time.monotonic() + 10
    while not page.evaluate(condition):
        assert time.monotonic() < give_up, condition
        page.wait_for_timeout(50)


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
        ("deslant", "28 × 28 pixels, upright"),
        ("moments", "28 × 28 pixels, upright and of one size"),
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


def test_pictures_of_other_kinds_become_the_same_too(open_page: Open) -> None:
    page = open_page()
    for number, picture in enumerate(pictures()):
        file = io.BytesIO()
        picture.save(file, "PNG")
        found = page.evaluate(READ, encoded(file.getvalue()))
        if picture.size == (60, 50):
            assert found is None
            continue
        file.seek(0)
        expected = read_picture(file).ravel()
        np.testing.assert_allclose(found, expected, atol=3, err_msg=f"picture {number}")


# --- Drawing -----------------------------------------------------------------


def test_digits_that_are_drawn_are_read(open_page: Open) -> None:
    page = open_page()
    for digit in DIGITS:
        page.keyboard.press("Escape")  # clears
        draw(page, digit)
        expect(page.locator("#digit")).to_have_text(str(digit))
        expect(page.locator("#reading")).to_contain_text(f"It is a {digit}: ")
        expect(page.locator("#bars .best .name")).to_have_text(str(digit))
    expect(page.locator("#spoken")).to_contain_text("9, ")
    assert page.locator("#spoken").get_attribute("aria-live") == "polite"


def test_the_prediction_follows_the_stroke(open_page: Open) -> None:
    page = open_page()
    expect(page.locator("#digit")).to_have_text("?")
    page.evaluate("window.seen = new Set()")
    page.evaluate("""new MutationObserver(() => seen.add(element("digit").textContent))
        .observe(element("digit"), { childList: true, characterData: true, subtree: true })""")
    draw(page, 3)
    expect(page.locator("#digit")).to_have_text("3")
    assert page.evaluate("seen.size") > 1  # it read other digits on the way


def test_a_finger_draws(open_page: Open) -> None:
    page = open_page(has_touch=True, viewport={"width": 360, "height": 740})
    field = page.locator("#drawing").bounding_box()
    assert field
    unit = field["width"] / 256
    touch = page.context.new_cdp_session(page)
    for at, (x, y) in enumerate(DIGITS[7][0]):
        point = {"x": field["x"] + x * unit, "y": field["y"] + y * unit}
        kind = "touchMove" if at else "touchStart"
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [point]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect(page.locator("#digit")).to_have_text("7")
    assert page.evaluate("scrollY") == 0


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


# --- Pictures ----------------------------------------------------------------

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


# --- The camera --------------------------------------------------------------


def film(path: Path, pictures: list[Bytes], seconds: int) -> None:
    """Write pictures (h, w) as a video of one frame a second, YUV4MPEG2."""
    height, width = pictures[0].shape
    with path.open("wb") as file:
        file.write(f"YUV4MPEG2 W{width} H{height} F1:1 Ip A1:1 C420\n".encode())
        for picture in pictures:
            colour = np.full(height * width // 2, 128, np.uint8)
            file.write((b"FRAME\n" + picture.tobytes() + colour.tobytes()) * seconds)


def test_the_camera_reads_digits(chromium: BrowserType, open_page: Open, mnist: Path) -> None:
    data = load_dataset(mnist, "test", limit=20)
    frames = [np.full((480, 640), 215, np.uint8) for _ in range(3)]
    shown = [0, 4]
    for frame, index in zip(frames, shown, strict=False):
        digit = np.kron(data.images[index], np.ones((9, 9), np.uint8))
        frame[114:366, 194:446] -= (digit * 0.7).astype(np.uint8)
        frame[10:60, 20:70] = 0  # outside of the guide
    film(Path("digits.y4m"), frames, seconds=2)
    options = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    file = f"--use-file-for-fake-video-capture={Path('digits.y4m').resolve()}"
    with launch(chromium, *options, file) as browser:
        page = open_page(used=browser)
        page.locator("#camera").click()
        for index in shown:
            expect(page.locator("#digit")).to_have_text(str(data.labels[index]))
        expect(page.locator("#reading")).to_have_text("No digit")  # an empty sheet
        expect(page.locator("#digit")).to_have_text(str(data.labels[0]))
        keep(page, "camera")
        page.locator("#least").fill("100")
        expect(page.locator("#reading")).to_have_text("No digit")
        assert page.evaluate("latest !== null")  # the bars show what it would be
        page.locator("#camera").click()
        expect(page.locator("#video")).to_be_hidden()
        assert page.evaluate("camera.stream === null && element('video').srcObject === null")
        page.close()


def refused(name: str) -> str:
    return f"""() => {{
        const refuse = async () => {{ throw new DOMException("", "{name}"); }};
        navigator.mediaDevices.getUserMedia = refuse;
    }}"""


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        (None, "There is no camera here."),
        (refused("NotAllowedError"), "The camera was refused."),
        (refused("NotReadableError"), "The camera is in use elsewhere."),
        ("delete Navigator.prototype.mediaDevices", "The browser gives pages from here no camera"),
    ],
    ids=["missing", "refused", "in use", "insecure"],
)
def test_without_a_camera_the_rest_works(
    open_page: Open, classic_page: Path, script: str | None, sentence: str
) -> None:
    page = open_page(classic_page, viewport={"width": 360, "height": 740})
    if script:
        page.evaluate(script)
    page.locator("#camera").click()
    expect(page.locator("#message")).to_contain_text(sentence)
    expect(page.locator("#message")).to_contain_text("Drawing and pictures work without it.")
    keep(page, "no-camera")
    draw(page, 7)
    expect(page.locator("#reading")).to_contain_text("It is a ")


# --- Inside ------------------------------------------------------------------


def test_pointing_at_a_neuron_shows_its_weights(open_page: Open) -> None:
    page = open_page()
    draw(page, 3)
    neurons = page.locator("#neurons button")
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


def test_a_hostile_brain_changes_nothing_of_the_page(open_page: Open) -> None:
    evil = "</script><img src=x onerror=alert(1)><script>alert(2)</script>"
    brain = brain_of(load_brain(PRETRAINED).network, recipe={"name": evil})
    write_page(Path("page.html"), brain, evil)
    page = open_page(Path("page.html").resolve())
    assert (page.locator("img").count(), page.locator("script").count()) == (0, 2)
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


# --- Looks -------------------------------------------------------------------


def keep(page: Page, name: str) -> None:
    """Keep a screenshot, where a folder for them is given."""
    if KEPT:
        page.wait_for_timeout(700)  # until nothing moves
        page.screenshot(path=Path(KEPT) / f"{name}.png", full_page=True)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [(360, 740), (800, 1000), (1440, 900)], ids=str)
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
