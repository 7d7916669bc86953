"""Make the pictures of the README and of the docs anew: ``make pictures``.

Trains what `mnistmlp train` trains, draws it with `evaluate --plots`, and takes screenshots of its
report in Debian's Chromium.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

DOCS = Path(__file__).parent
BUILD = DOCS.parent / "build" / "pictures"
PLOTS = {  # name in docs: brain and plot
    "learning-curve": ("classic.npz", "learning_curve"),
    "confusion-matrix": ("classic.npz", "confusion_matrix"),
    "misread": ("pretrained", "misread"),
    "weights": ("classic.npz", "weights"),
    "reliability": ("pretrained", "reliability"),
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
    for name, (brain, plot) in PLOTS.items():
        shutil.copy(BUILD / Path(brain).stem / f"{plot}.png", DOCS / f"{name}.png")
        reduce_colours(DOCS / f"{name}.png")
    with sync_playwright() as playwright:
        chromium = shutil.which("chromium") or sys.exit("needs Debian's chromium")
        with playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"]) as browser:
            take_screenshots(browser)


def run(*words: str) -> None:
    """Run a command in the folder for what is made."""
    given = os.environ.get("MNISTMLP_DATA_DIR")
    env = os.environ | ({"MNISTMLP_DATA_DIR": str(Path(given).resolve())} if given else {})
    command = [sys.executable, "-m", "mnistmlp", *words]
    subprocess.run(command, cwd=BUILD, env=env, stdout=subprocess.DEVNULL, check=True)


def take_screenshots(browser: Browser) -> None:
    """Show the report as a telephone, a tablet and a desktop do, light and dark, and on paper."""
    for width in (360, 800, 1440):
        for scheme in ("light", "dark"):
            page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
            page.goto((BUILD / "report.html").as_uri())
            page.wait_for_timeout(500)  # until the images are drawn
            path = DOCS / f"report-{width}-{scheme}.png"
            page.screenshot(path=path, full_page=True)
            reduce_colours(path)
            if (width, scheme) == (800, "light"):
                page.pdf(path=DOCS / "report.pdf")
            page.close()


def reduce_colours(path: Path) -> None:
    """Make a picture smaller by what nobody sees."""
    with Image.open(path) as picture:
        picture.convert("RGB").quantize(COLOURS).save(path, optimize=True)


if __name__ == "__main__":
    main()
