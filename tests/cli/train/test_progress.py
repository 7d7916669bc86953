"""Progress on a terminal: stderr of the commands is a pseudo-terminal."""

import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from rich.text import Text

from mnistmlp.cli import console
from mnistmlp.cli.bar import INTERVAL
from mnistmlp.cli.train import progress
from mnistmlp.training.state import EpochReport
from tests.cli.conftest import Start
from tests.cli.terminal import Terminal, read_terminal, visible_lines

TINY = ["--hidden", "8", "--lr", "6", "--epochs", "4", "--validation", "200"]


@pytest.fixture
def epochs() -> list[EpochReport]:
    """Three epochs of four; the second has the best validation accuracy."""
    figures = [(0.4, 0.5), (0.1, 0.75), (0.05, 0.7)]
    return [
        EpochReport(number, loss, accuracy, 0.1, accuracy, 0.25, 100.0)
        for number, (loss, accuracy) in enumerate(figures, start=1)
    ]


# --- A line an epoch ---------------------------------------------------------


def lines_of(history: list[EpochReport], width: int, *, blocks: bool = True) -> list[str]:
    screen = console.make_console()
    screen.width = width
    lines = [
        console.render(screen, progress._epoch_line(history[:end], 4, width, blocks=blocks))
        for end in range(1, len(history) + 1)
    ]
    return [line.rstrip() for line in lines]


def test_an_epoch_has_its_loss_as_a_bar(epochs: list[EpochReport]) -> None:
    assert lines_of(epochs, 67) == [
        "epoch 1/4 loss 0.4000 ████████████████████ validation 50.00% 0.25 s",
        "epoch 2/4 loss 0.1000 █████                validation 75.00% 0.25 s",
        "epoch 3/4 loss 0.0500 ██▌                  validation 70.00% 0.25 s",
    ]


def test_an_epoch_in_fewer_columns(epochs: list[EpochReport]) -> None:
    assert lines_of(epochs[:1], 40) == ["1/4 loss 0.4000 50.00% 0.25 s"]
    assert lines_of(epochs[:1], 20) == ["1/4 0.4000 50.00%"]
    assert lines_of(epochs[:1], 80, blocks=False) == [
        "epoch 1/4 loss 0.4000 validation 50.00% 0.25 s"
    ]


@pytest.mark.parametrize("width", [*range(1, 70), 100])
def test_an_epoch_is_one_line_in_any_width(epochs: list[EpochReport], width: int) -> None:
    (line,) = lines_of(epochs[:1], width)
    assert len(line) <= width
    assert "\n" not in line


def test_the_best_accuracy_so_far_is_bold(epochs: list[EpochReport]) -> None:
    lines = [progress._epoch_line(epochs[:end], 4, 80, blocks=False) for end in (1, 2, 3)]
    cells = [next(iter(line.columns[2].cells)) for line in lines]
    assert [isinstance(cell, Text) and cell.style for cell in cells] == ["bold", "bold", ""]


def test_without_validation_images(epochs: list[EpochReport]) -> None:
    report = EpochReport(1, 0.5, 0.5, None, None, 0.25, 100.0)
    assert lines_of([report], 80, blocks=False) == ["epoch 1/4 loss 0.5000 0.25 s"]


# --- The bar -----------------------------------------------------------------


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, as the list's one item."""
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


@pytest.mark.usefixtures("clock")
def test_the_bar_begins_where_a_resumed_run_does(
    capsys: pytest.CaptureFixture[str], epochs: list[EpochReport]
) -> None:
    progress._Display(4, 4, epochs)
    (bar,) = visible_lines(capsys.readouterr().err, 80)
    console.footer.erase()
    assert bar.startswith("epoch 4/4 ━━━")
    assert " 75% 0:00:00 elapsed, -:--:-- left" in bar


def test_the_bar_moves_within_an_epoch_but_not_at_every_step(
    capsys: pytest.CaptureFixture[str], clock: list[float]
) -> None:
    display = progress._Display(4, 2, [])  # ends after two of four epochs
    for fraction in (0.1, 0.2, 0.3):
        display.move(fraction)
    assert capsys.readouterr().err.count("elapsed") == 1
    clock[0] += INTERVAL
    display.move(0.3)
    (bar,) = visible_lines(capsys.readouterr().err, 80)
    console.footer.erase()
    assert bar.startswith("epoch 2/4 ")
    assert " 60% " in bar


def test_a_run_that_can_be_interrupted_imports_nothing_and_starts_no_thread() -> None:
    code = """
import sys, threading
from mnistmlp.cli import console
from mnistmlp.cli.train.progress import _Display
from mnistmlp.training.state import EpochReport
display = _Display(4, 4, [])
before = set(sys.modules)
for number, width in enumerate((120, 80, 40, 20), start=1):
    console.terminal_width = lambda: width
    display.bar.next_time = 0
    display.move(number / 5)
    display.add_epoch(EpochReport(number, 1 / number, 0.9, 0.1, 0.9, 1.5, 2.5))
print(sorted(set(sys.modules) - before), threading.active_count())
"""
    command = [sys.executable, "-W", "error", "-c", code]
    assert subprocess.run(command, capture_output=True, check=True).stdout == b"[] 1\n"


# --- In a run ----------------------------------------------------------------


@pytest.mark.parametrize("width", [120, 80, 60, 40, 20])
def test_a_line_an_epoch_stays_and_nothing_else(start: Start, small: Path, width: int) -> None:
    terminal = Terminal(start, "train", *TINY, "--data-dir", small, width=width)
    lines = terminal.read()
    assert terminal.end() == (0, b"brain.npz\n")
    numbers = [re.match(r"(?:epoch )?(\d)/4 (?:loss )?0\.\d{4} ", line) for line in lines[:4]]
    assert [number and number[1] for number in numbers] == ["1", "2", "3", "4"]
    assert lines[4].startswith("classic: 784-8-10, "[:width])
    assert "━" in terminal.shown
    assert "━" not in "".join(lines)


def test_quiet_shows_nothing(start: Start, small: Path) -> None:
    assert read_terminal(start, "train", *TINY, "--quiet", "--data-dir", small) == [""]


@pytest.mark.parametrize(
    "environment",
    [{"TERM": "dumb"}, {"TERM": "unknown"}, {"TERM": ""}, {"TTY_COMPATIBLE": "0"}],
    ids=str,
)
def test_a_terminal_that_cannot_redraw_gets_lines(
    start: Start, small: Path, environment: dict[str, Any]
) -> None:
    terminal = Terminal(start, "train", *TINY, "--data-dir", small, **environment)
    terminal.read()
    assert terminal.end()[0] == 0
    assert "\x1b" not in terminal.shown
    assert terminal.shown.count("images/s") == 4


def test_warnings_are_above_the_bar(start: Start, small: Path) -> None:
    log = ["--log", "/dev/full"]
    lines = read_terminal(start, "train", *TINY, *log, "--data-dir", small, width=100)
    for number in range(1, 5):
        warning, epoch = lines[2 * number - 2 : 2 * number]
        text = f"warning: /dev/full: no space left on device: epoch {number} is not logged"
        assert warning == text
        assert epoch.startswith(f"epoch {number}/4 loss ")


def test_a_terminal_that_goes_away_does_not_end_the_run(start: Start, small: Path) -> None:
    terminal = Terminal(start, "train", *TINY, "--data-dir", small)
    terminal.read_until("epoch 1/4")
    terminal.close()
    assert terminal.end() == (0, b"brain.npz\n")


def test_ctrl_c_takes_the_bar_away(start: Start, small: Path) -> None:
    options = ["--hidden", 8, "--lr", 6, "--epochs", 10_000, "--validation", 200]
    terminal = Terminal(start, "train", *options, "--data-dir", small)
    terminal.read_until("epoch     2/10000 loss ")
    terminal.process.send_signal(signal.SIGINT)
    lines = terminal.read()
    assert terminal.end() == (130, b"brain.npz\n")
    assert "━" in terminal.shown
    assert "━" not in "".join(lines)
    assert "Traceback" not in terminal.shown
