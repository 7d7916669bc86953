"""`watch` in a pipe and on a terminal."""

import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run, Start
from tests.cli.terminal import Terminal
from tests.training.logs import line, write_log


def lines_of(process: "subprocess.Popen[bytes]", count: int) -> list[str]:
    assert process.stdout
    return [process.stdout.readline().decode() for _ in range(count)]


def test_in_a_pipe_each_epoch_is_a_line(start: Start) -> None:
    process = start("watch", "log")
    assert process.stderr
    assert process.stderr.readline() == b"waiting for log\n"
    write_log("log", 1)
    figures = "accuracy 0.00%, validation loss 2.0000, validation accuracy 92.00%, 0.50 s"
    assert lines_of(process, 1) == [f"log: epoch 1: loss 1.0000, {figures}\n"]
    write_log("log", 3)
    assert [each[:12] for each in lines_of(process, 2)] == ["log: epoch 2", "log: epoch 3"]
    write_log("log", 2)
    write_log("log", 2, end=line(3, seconds=9.0))
    assert lines_of(process, 1)[0].endswith(" 9.00 s\n")
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=60)
    assert (process.returncode, stdout) == (0, b"")
    assert stderr == b"log: restarted from epoch 3\n"


def test_a_closed_pipe_is_silent(start: Start) -> None:
    write_log("log", 1)
    with start("watch", "log", stdin=subprocess.DEVNULL) as process:
        assert process.stdout
        assert process.stderr
        lines_of(process, 1)
        process.stdout.close()
        write_log("log", 2)
        assert process.wait(60) == 141
        assert process.stderr.read() == b""


@pytest.mark.parametrize("width", [80, 120])
def test_on_a_terminal_the_curves_are_drawn_in_place(start: Start, width: int) -> None:
    terminal = Terminal(start, "watch", "log", "other", width=width, interactive=True)
    terminal.read_until("waiting for this file")
    write_log("log", 2)
    terminal.read_until("best                 94.00% in epoch 2")
    write_log("log", 4)
    terminal.read_until("best                 98.00% in epoch 4")
    terminal.process.send_signal(signal.SIGINT)
    lines = terminal.read()
    assert terminal.end()[0] == 0
    assert [each.strip().split("  ")[0] for each in lines] == [
        *("log", "epoch", "training loss", "validation loss", "training accuracy"),
        *("validation accuracy", "best", "", "other", "waiting for this file", ""),
    ]


@pytest.mark.parametrize("environment", [{"TERM": "dumb"}, {"TTY_COMPATIBLE": "0"}], ids=str)
def test_a_terminal_that_cannot_redraw_gets_lines(
    start: Start, environment: dict[str, Any]
) -> None:
    write_log("log", 1)
    terminal = Terminal(start, "watch", "log", interactive=True, **environment)
    terminal.read_until("0.50 s\r\n")
    terminal.process.send_signal(signal.SIGTERM)
    terminal.read()
    assert terminal.end()[0] == 143
    assert "\x1b" not in terminal.shown


def test_an_error_takes_the_curves_away(start: Start) -> None:
    write_log("a b", 2)
    terminal = Terminal(start, "watch", "a b", interactive=True)
    terminal.read_until("best")
    write_log("a b", 2, end="text\n")
    lines = terminal.read()
    assert terminal.end()[0] == 1
    assert lines == ["error: a b: line 3 is not a record of epoch 3", ""]


def test_once(run: Run) -> None:
    write_log("log", 3)
    result = run("watch", "--once", "log")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines()[0] == "log"
    assert len(result.stdout.splitlines()) == 7
    result = run("watch", "--once", "log", "none")
    assert (result.exit_code, result.stdout) == (1, "")
    hint = "hint: without --once, watch waits for it"
    assert result.stderr.splitlines() == ["error: none: no such file", hint]


def test_the_log_of_a_run(run: Run, small: Path) -> None:
    tiny = ["--hidden", "8", "--lr", "6", "--epochs", "2", "--validation", "200"]
    assert run("train", *tiny, "--data-dir", small, "--log", "log").exit_code == 0
    shown = run("watch", "--once", "log").stdout
    assert "\n  epoch                2, " in shown
    assert "\n  training accuracy    " in shown
