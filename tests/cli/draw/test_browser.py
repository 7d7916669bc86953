import os
import stat
from pathlib import Path

import pytest

from mnistmlp.cli.draw import browser
from mnistmlp.cli.draw.browser import open_in_browser

URL = "http://127.0.0.1:1/page"


def make_browser(monkeypatch: pytest.MonkeyPatch, *lines: str) -> None:
    """Write a shell script that takes the place of the user's browser."""
    script = Path("browser").absolute()
    script.write_text("\n".join(["#!/bin/sh", *lines, ""]))
    script.chmod(stat.S_IRWXU)
    monkeypatch.setenv("BROWSER", f"{script} %s")


def test_it_opens_the_page_and_keeps_out_of_the_output(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    Path("webbrowser.py").write_text("raise SystemExit('mine')")  # the user's file
    make_browser(monkeypatch, "echo $1 > asked", "echo out", "echo err >&2", "cat > read")
    open_in_browser(URL)
    assert Path("asked").read_text() == f"{URL}\n"
    assert Path("read").read_bytes() == b""
    assert capfd.readouterr() == ("", "")


def test_one_that_stays_in_the_foreground_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(browser, "PATIENCE", 0.2)
    os.mkfifo("end")
    make_browser(monkeypatch, "read line < end")
    open_in_browser(URL)
    assert capfd.readouterr() == ("", "")
    with Path("end").open("w") as end:  # it still runs
        end.write("now\n")


def test_without_a_browser(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    make_browser(monkeypatch, "exit 1")
    open_in_browser(URL)
    assert capfd.readouterr() == ("", "no browser found; open the page yourself\n")
    monkeypatch.setattr("sys.executable", "none")
    open_in_browser(URL)
    assert capfd.readouterr() == ("", "no browser found; open the page yourself\n")
