"""Make the pictures of the README and of the docs anew: ``make pictures``.

Trains what `mnistmlp train` trains, draws it with `evaluate --plots`, draws a search with
`tune --plots`, and takes screenshots of the report and of the page in Debian's Chromium.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

ColorScheme = Literal["light", "dark"]
DOCS = Path(__file__).parent
BUILD = DOCS.parent / "build" / "pictures"
SEARCH = [  # as in docs/tuning.md
    *("--pareto", "parameters", "--trials", "30", "--epochs", "2", "--limit", "8000"),
    *("--activation", "relu", "--loss", "cross-entropy", "--optimizer", "adam"),
    *("--search", "hidden,learning_rate,dropout"),
]
PLOTS = {  # name in docs: what is drawn, and plot
    "learning-curve": ("classic.npz", "learning_curve"),
    "confusion-matrix": ("classic.npz", "confusion_matrix"),
    "misread": ("pretrained", "misread"),
    "weights": ("classic.npz", "weights"),
    "reliability": ("pretrained", "reliability"),
    "pareto-front": ("tune", "front"),
}
COLOURS = 256  # of a picture


def main() -> None:
    """Make them all."""
    shutil.rmtree(BUILD, ignore_errors=True)
    BUILD.mkdir(parents=True)
    run("train", "--output", "classic.npz", "--quiet")
    for brain in ("classic.npz", "pretrained"):
        run("evaluate", brain, "--plots", Path(brain).stem)
    run("evaluate", "classic.npz", "--report", "report.html")  # without times, which vary
    run("export", "classic.npz", "page.html")
    run("tune", *SEARCH, "--plots", "tune")
    for name, (drawn, plot) in PLOTS.items():
        shutil.copy(BUILD / Path(drawn).stem / f"{plot}.png", DOCS / f"{name}.png")
        reduce_colours(DOCS / f"{name}.png")
    with sync_playwright() as playwright:
        chromium = shutil.which("chromium") or sys.exit("needs Debian's chromium")
        with playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"]) as browser:
            show_report(browser)
            show_page(browser)


def run(*words: str) -> None:
    """Run a command in the folder for what is made."""
    given = os.environ.get("MNISTMLP_DATA_DIR")
    env = os.environ | ({"MNISTMLP_DATA_DIR": str(Path(given).resolve())} if given else {})
    command = [sys.executable, "-m", "mnistmlp", *words]
    subprocess.run(command, cwd=BUILD, env=env, stdout=subprocess.DEVNULL, check=True)


def show_report(browser: Browser) -> None:
    """Show the report as a telephone, a tablet and a desktop do, light and dark, and on paper."""
    for width in (360, 800, 1440):
        for scheme in ("light", "dark"):
            with open_page(browser, "report.html", width, 900, scheme) as page:
                take(page, f"report-{width}-{scheme}")
                if (width, scheme) == (800, "light"):
                    page.pdf(path=DOCS / "report.pdf")


def show_page(browser: Browser) -> None:
    """Show the page to draw on, and what can be done on it."""
    for width in (360, 800, 1440):
        for scheme in ("light", "dark"):
            with open_page(browser, "page.html", width, 900, scheme) as page:
                choose_sample(page)
                take(page, f"page-{width}-{scheme}")
    for name, (width, height, scheme, act) in SCENES.items():
        with open_page(browser, "page.html", width, height, scheme) as page:
            choose_sample(page)
            act(page)
            take(page, f"page-{name}")


@contextmanager
def open_page(
    browser: Browser, name: str, width: int, height: int, scheme: ColorScheme
) -> Iterator[Page]:
    """Open a page that was made, in a window of this size."""
    page = browser.new_page(
        viewport={"width": width, "height": height}, color_scheme=scheme, reduced_motion="reduce"
    )
    page.goto((BUILD / name).as_uri())
    page.wait_for_timeout(500)  # until the images are drawn, and the network is unpacked
    yield page
    page.close()


def choose_sample(page: Page) -> None:
    """Take the sample of a 3."""
    page.locator("#samples button").nth(3).click()
    page.wait_for_timeout(900)  # until the network has lit up


def step_through(page: Page) -> None:
    """Go to the second layer, one step at a time."""
    page.locator("#step-through").click()
    for _ in range(3):
        page.locator("#step-next").click()


def change_answer(page: Page) -> None:
    """Show the least change that makes it an 8."""
    page.locator("#wanted").select_option("8")
    page.locator("#change").click()


def teach(page: Page) -> None:
    """Say that it is a 5, and take ten steps."""
    page.locator("#labels label").nth(5).click()
    page.locator("#ten-steps").click()


def train(page: Page) -> None:
    """Train from scratch for some seconds."""
    page.locator("#train").click()
    page.wait_for_timeout(5000)
    page.locator("#train").click()


def present(page: Page) -> None:
    """Show it in large type."""
    page.locator("#present").click()


SCENES: dict[str, tuple[int, int, ColorScheme, Callable[[Page], None]]] = {
    "step": (1024, 768, "light", step_through),
    "change": (1024, 768, "light", change_answer),
    "learn": (1024, 768, "light", teach),
    "train": (1024, 768, "dark", train),
    "present-1024": (1024, 768, "light", present),
    "present-1920": (1920, 1080, "dark", present),
}


def take(page: Page, name: str) -> None:
    """Take a screenshot of the whole page, when nothing moves any more."""
    page.wait_for_timeout(500)
    path = DOCS / f"{name}.png"
    page.screenshot(path=path, full_page=True)
    reduce_colours(path)


def reduce_colours(path: Path) -> None:
    """Make a picture smaller by what nobody sees."""
    with Image.open(path) as picture:
        picture.convert("RGB").quantize(COLOURS).save(path, optimize=True)


if __name__ == "__main__":
    main()
