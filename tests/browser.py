"""What tests that drive a real browser share; its fixtures are in `conftest`."""

from __future__ import annotations

import shutil
from pathlib import Path

from playwright.sync_api import Browser, BrowserType, Page


def launch(chromium: BrowserType, *args: str) -> Browser:
    return chromium.launch(
        executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu", *args]
    )


def collect_troubles(page: Page, path: Path, troubles: list[str]) -> None:
    """Add to `troubles` what goes wrong in a page, and what it requests outside of its file."""
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on(
        "console",
        lambda message: troubles.append(message.text) if message.type == "error" else None,
    )
    page.on(
        "request",
        lambda request: (
            troubles.append(request.url)
            if not request.url.startswith((path.as_uri(), "data:", "blob:"))
            else None
        ),
    )
