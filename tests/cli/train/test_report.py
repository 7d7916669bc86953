"""Progress on a terminal: stderr of the commands is a pseudo-terminal."""

import os
import pty
from pathlib import Path

import pytest

from tests.cli.conftest import Start

TINY = ["--hidden", "8", "--epochs", "4", "--lr", "6", "--validation", "200"]


def seen_on_a_terminal(start: Start, *args: object, **environment: str) -> str:
    """Run a command with a terminal of 80 columns as its stderr; return what it shows."""
    ours, theirs = pty.openpty()
    env = os.environ | {"TERM": "xterm", "COLUMNS": "80"} | environment
    process = start(*args, stderr=theirs, env=env)
    os.close(theirs)
    shown = b""
    try:
        while data := os.read(ours, 65536):
            shown += data
    except OSError:  # Linux says so when the other side has closed
        pass
    finally:
        os.close(ours)
    process.communicate(timeout=60)
    assert process.returncode == 0
    return shown.decode()


def test_training_shows_a_bar(start: Start, small: Path) -> None:
    shown = seen_on_a_terminal(start, "train", *TINY, "--data-dir", small)
    assert "━" in shown
    assert "epoch 4/4  loss " in shown
    assert "images/s" not in shown
    assert "saved brain.npz" in shown


@pytest.mark.parametrize("quiet", [[], ["--quiet"]], ids=str)
def test_a_dumb_terminal_gets_lines(start: Start, small: Path, quiet: list[str]) -> None:
    shown = seen_on_a_terminal(start, "train", *TINY, *quiet, "--data-dir", small, TERM="dumb")
    assert "\x1b" not in shown
    assert shown.count("images/s") == (0 if quiet else 4)


def test_downloading_shows_a_bar_a_file(start: Start, mnist: Path) -> None:
    shown = seen_on_a_terminal(start, "download", "--mirror", mnist.as_uri(), "--data-dir", "d")
    assert "━" in shown
    assert " MB" in shown
    assert shown.count(": fetched and verified") == 4
