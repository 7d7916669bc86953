"""Time from a stroke on the drawing page to the answer, in headless Chromium.

    python benchmarks/page_speed.py [PAGE ...]

PAGE is what `mnistmlp export` wrote, the page of the bundled brain by default; several
pages are measured in turn.  What is measured of each event that draws on: the reading,
from the strokes to what is shown; and all from the event to then, which includes the wait
for the next frame.  It needs Chromium, and Playwright of the development group.
"""

from __future__ import annotations

import math
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from mnistmlp.brains.brain import PRETRAINED, load_brain
from mnistmlp.exchange.html import write_page

ROUNDS = 4
EVENTS = 60  # of a stroke
SETUP = """() => {
    window.times = [];
    let event = null;
    document.addEventListener("pointermove", ({ timeStamp }) => (event ??= timeStamp), true);
    const original = window.read;
    window.read = () => {
        const start = performance.now();
        original();
        const end = performance.now();
        if (event !== null) times.push([end - start, end - event]);
        event = null;
    };
}"""


def main() -> None:
    """Measure the pages, and print a table."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        paths = [Path(name).resolve() for name in sys.argv[1:]]
        if not paths:
            paths = [Path(folder) / "pretrained.html"]
            write_page(paths[0], load_brain(PRETRAINED), "pretrained")
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        pages = [_open(browser.new_page(), path) for path in paths]
        times: list[list[list[float]]] = [[] for _ in pages]
        for round_number in range(ROUNDS + 1):
            for page, kept in zip(pages, times, strict=True):
                page.bring_to_front()
                measured = _draw(page)
                kept.extend(measured if round_number else [])  # the first round warms up
        browser.close()
    print("| page | events | reading | event to answer |\n| --- | --- | --- | --- |")
    for path, found in zip(paths, times, strict=True):
        reading, answer = (statistics.median(each) for each in zip(*found, strict=True))
        print(f"| {path.name} | {len(found)} | {reading:.1f} ms | {answer:.1f} ms |")


def _open(page: Page, path: Path) -> Page:
    """Open a page, and wait for its network."""
    page.goto(path.as_uri())
    page.locator("#shown").filter(has_text="Lines").wait_for()
    page.evaluate(SETUP)
    return page


def _draw(page: Page) -> list[list[float]]:
    """Draw a spiral, one event after the other, and return the times of each in milliseconds."""
    field = page.locator("#drawing").bounding_box()
    assert field
    middle = field["x"] + field["width"] / 2, field["y"] + field["height"] / 2
    page.evaluate("times.length = 0")
    for i in range(EVENTS):
        angle, radius = 4 * math.pi * i / EVENTS, field["width"] * (0.4 - 0.3 * i / EVENTS)
        page.mouse.move(
            middle[0] + 0.6 * radius * math.cos(angle), middle[1] + radius * math.sin(angle)
        )
        if i == 0:
            page.mouse.down()
    page.mouse.up()
    page.wait_for_timeout(300)
    times: list[list[float]] = page.evaluate("times")
    page.locator("#clear").click()
    return times


if __name__ == "__main__":
    main()
