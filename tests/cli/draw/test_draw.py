import os
import signal
import socket
import subprocess
import urllib.request
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from mnistmlp.brains.brain import PRETRAINED
from mnistmlp.cli.draw.server import PageServer
from tests.cli.conftest import Run, Start
from tests.cli.draw.test_browser import make_browser
from tests.conftest import names

SERVED = "served to this machine only; press Ctrl-C to stop"


@pytest.fixture(autouse=True)
def _buffered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)


def read_url(process: "subprocess.Popen[bytes]", *notes: str) -> str:
    """Return the first line on stdout, when the notes on stderr are there too."""
    assert process.stdout
    assert process.stderr
    url = process.stdout.readline().decode().removesuffix("\n")
    for note in (*notes, SERVED):
        assert process.stderr.readline().decode() == f"{note}\n"
    return url


def end(process: "subprocess.Popen[bytes]", number: signal.Signals) -> tuple[int, str, str]:
    """Send a signal; return the exit code, and the rest of stdout and of stderr."""
    process.send_signal(number)
    stdout, stderr = process.communicate(timeout=60)
    return process.returncode, stdout.decode(), stderr.decode()


def test_it_serves_the_page_until_ctrl_c(start: Start, brain: Path) -> None:
    process = start("draw", brain, "--no-browser")
    url = read_url(process)
    address = ("127.0.0.1", int(url.split(":")[2].split("/")[0]))
    with socket.create_connection(address) as idle:
        idle.sendall(b"GET / HT")  # is not waited for
        with urllib.request.urlopen(url, timeout=30) as answer:  # after that was accepted
            page = answer.read().decode()
        assert page.startswith("<!doctype html>")
        assert f'"name": "{brain.name}"' in page
        assert end(process, signal.SIGINT) == (0, "", "")
    assert names() == []  # nothing is written


def test_sigterm_ends_it_as_elsewhere(start: Start, brain: Path) -> None:
    process = start("draw", brain, "--no-browser")
    read_url(process)
    assert end(process, signal.SIGTERM) == (128 + signal.SIGTERM, "", "terminated\n")


def test_the_browser_finds_the_page_and_ends_nothing(
    start: Start, brain: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo("asked")
    os.mkfifo("close")
    make_browser(monkeypatch, "echo noise", "echo $1 > asked", "read line < close")
    process = start("draw", brain)
    url = read_url(process)
    assert Path("asked").read_text() == f"{url}\n"
    with urllib.request.urlopen(url, timeout=30) as answer:  # while the browser is in front
        assert answer.status == 200
    assert end(process, signal.SIGINT) == (0, "", "")
    with Path("close").open("w") as close:  # the browser is the user's, and still open
        close.write("now\n")


def test_without_a_brain_or_a_browser(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    make_browser(monkeypatch, "exit 1")
    process = start("draw")
    url = read_url(process, "no brain.npz here: using the bundled brain (pretrained)")
    with urllib.request.urlopen(url, timeout=30) as answer:
        assert '"name": "pretrained"' in answer.read().decode()
    assert process.stderr
    assert process.stderr.readline() == b"no browser found; open the page yourself\n"
    assert end(process, signal.SIGINT) == (0, "", "")


def test_a_file_is_written_opened_and_not_served(
    run: Run, brain: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_browser(monkeypatch, "echo $1 > asked")
    result = run("draw", brain, "--output", "my digits.html")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "my digits.html\n", "")
    page = Path("my digits.html")
    assert f'"name": "{brain.name}"' in page.read_text()
    assert Path("asked").read_text() == f"{page.absolute().as_uri()}\n"


def test_a_file_without_a_browser(run: Run, brain: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_browser(monkeypatch, "touch asked")
    assert run("draw", brain, "-o", "A.HTML", "--no-browser").stdout == "A.HTML\n"
    assert names() == ["A.HTML", "browser"]


def test_a_file_of_the_user_is_kept(run: Run, brain: Path) -> None:
    Path("a.html").write_text("old")
    result = run("draw", brain, "--output", "a.html", "--no-browser")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        "error: --output: a.html exists\n"
        "hint: name another file, or use --force, which keeps this one as a.html.bak\n"
    )
    result = run("draw", brain, "--output", "a.html", "--no-browser", "--force")
    assert (result.stdout, result.stderr) == ("a.html\n", "kept the old a.html as a.html.bak\n")
    assert Path("a.html.bak").read_text() == "old"


@pytest.mark.parametrize(
    ("output", "error"),
    [
        ("a.htm", "a.htm does not end in .html"),
        ("a", "a does not end in .html"),
        ("none/a.html", "none: no such folder"),
        ("brain.html", "brain.html is the same file as BRAIN"),
        ("other.html", "other.html would be kept as other.html.bak, the file of BRAIN"),
    ],
)
def test_an_output_that_will_not_do(run: Run, output: str, error: str) -> None:
    Path("other.html").touch()
    brain = Path("other.html.bak" if output == "other.html" else "brain.html")
    brain.write_bytes(PRETRAINED.read_bytes())
    before = names()
    result = run("draw", brain, "--output", output, "--force")
    assert (result.exit_code, result.stdout) == (2, "")
    first = result.stderr.splitlines()[0]
    assert first.startswith("error: --output: ")
    assert first.endswith(error)
    assert names() == before


def test_no_port(run: Run, brain: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def bind(self: PageServer) -> None:
        raise OSError(99, "Cannot assign requested address")

    monkeypatch.setattr(PageServer, "server_bind", bind)
    result = run("draw", brain)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        "error: 127.0.0.1: cannot open a port: cannot assign requested address\n"
        "hint: mnistmlp draw --output page.html\n"
    )


@pytest.mark.browser
def test_chromium_runs_the_page(start: Start, brain: Path, browser: Browser) -> None:
    process = start("draw", brain, "--no-browser")
    page = browser.new_page()
    page.goto(read_url(process))
    expect(page.locator("#shown")).not_to_be_empty()  # its script has run
    page.close()
    assert end(process, signal.SIGINT) == (0, "", "")
