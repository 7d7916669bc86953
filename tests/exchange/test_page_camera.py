"""The page's camera."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import BrowserType, expect

from mnistmlp.arrays import Bytes
from mnistmlp.data.datasets import load_dataset
from tests.browser import launch
from tests.exchange.conftest import (
    CAMERA,
    Open,
    answer,
    draw,
    give,
    keep,
    picture_of,
    until,
)

pytestmark = pytest.mark.browser
ROUNDS = 30_000  # ms: the film is shown five times, as a busy machine may miss a digit of it


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
            expect(page.locator("#digit")).to_have_text(str(data.labels[index]), timeout=ROUNDS)
            spoken = f"It is a {data.labels[index]}"
            expect(page.locator("#spoken")).to_have_text(spoken, timeout=ROUNDS)
        expect(page.locator("#reading")).to_have_text("No digit", timeout=ROUNDS)  # an empty sheet
        expect(page.locator("#digit")).to_have_text(str(data.labels[0]), timeout=ROUNDS)
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
        (None, "No camera was found."),
        (refused("NotAllowedError"), "Access to the camera was denied."),
        (refused("NotReadableError"), "The camera is in use elsewhere."),
        (
            "delete Navigator.prototype.mediaDevices",
            "The browser does not let this page use a camera",
        ),
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


RUNNING = """requests.map(({ stream }) =>
    stream.getTracks().some((track) => track.readyState === "live"))"""
FAILED = " Drawing and pictures work without it."


def test_of_two_starts_none_is_left_running(open_page: Open) -> None:
    page = open_page(script=CAMERA)
    button = page.locator("#camera")
    button.click()
    expect(page.locator("#reading")).to_have_text("Waiting for the camera")
    expect(button).to_have_text("Stop the camera")
    expect(button).to_have_css("background-color", "rgb(42, 86, 198)")  # under the pointer too
    button.click()
    expect(button).to_have_text("Camera")
    button.click()
    answer(page, 0)
    answer(page, 1)
    assert page.evaluate(RUNNING) == [False, True]
    expect(page.locator("#reading")).to_have_text("No digit")
    button.click()
    assert page.evaluate(RUNNING) == [False, False]
    expect(page.locator("#video")).to_be_hidden()


def test_a_double_click_starts_the_camera_and_no_more(open_page: Open) -> None:
    page = open_page(script=CAMERA)
    page.locator("#camera").dblclick()
    answer(page, 0)
    assert page.evaluate(RUNNING) == [True]
    expect(page.locator("#least")).to_have_value("60")


@pytest.mark.parametrize("how", ["allow", "refuse"])
@pytest.mark.parametrize("instead", ["key", "picture", "stop", "other page"])
def test_a_camera_that_comes_too_late_is_let_go(open_page: Open, instead: str, how: str) -> None:
    page = open_page(script=CAMERA)
    page.locator("#camera").click()
    if instead == "key":
        page.locator("#drawing").focus()
        page.keyboard.press(" ")
    elif instead == "picture":
        give(page, picture_of(3))
        expect(page.locator("#digit")).to_have_text("3")
    elif instead == "stop":
        page.locator("#camera").click()
    else:
        page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide'))")
    answer(page, 0, how)
    assert page.evaluate("mode") == ("picture" if instead == "picture" else "drawing")
    expect(page.locator("#message")).to_be_empty()
    if how == "allow":
        assert page.evaluate(RUNNING) == [False]


def test_a_camera_that_is_stopped_before_it_plays_says_nothing(open_page: Open) -> None:
    slow = """HTMLMediaElement.prototype.play = () =>
        new Promise((_, reject) => (window.interrupt = () => reject(new DOMException("no"))))"""
    page = open_page(script=CAMERA + slow)
    page.locator("#camera").click()
    answer(page, 0)
    until(page, "window.interrupt !== undefined")
    page.locator("#camera").click()
    page.evaluate("interrupt()")
    page.evaluate("new Promise((resolve) => setTimeout(resolve))")
    expect(page.locator("#message")).to_be_empty()
    assert page.evaluate(RUNNING) == [False]


def test_a_camera_that_does_not_play_is_let_go(open_page: Open) -> None:
    failing = "HTMLMediaElement.prototype.play = async () => { throw new DOMException('no') }"
    page = open_page(script=CAMERA + failing)
    page.locator("#camera").click()
    answer(page, 0)
    expect(page.locator("#message")).to_have_text("The camera cannot be used." + FAILED)
    assert page.evaluate(RUNNING) == [False]


def test_after_a_camera_that_ends_by_itself_there_is_what_was_there(open_page: Open) -> None:
    page = open_page(script=CAMERA)
    give(page, picture_of(3))
    expect(page.locator("#digit")).to_have_text("3")
    page.locator("#camera").click()
    answer(page, 0)
    expect(page.locator("#reading")).to_have_text("No digit")
    page.evaluate("requests[0].stream.getTracks()[0].dispatchEvent(new Event('ended'))")
    sentence = "The camera stopped: it was unplugged, or access was withdrawn."
    expect(page.locator("#message")).to_have_text(sentence + FAILED)
    expect(page.locator("#camera")).to_have_text("Camera")
    expect(page.locator("#picture")).to_be_visible()
    expect(page.locator("#digit")).to_have_text("3")
