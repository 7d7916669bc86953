"""Notes, and the line below them."""

import os
import sys
from collections.abc import Iterator

import pytest

from mnistmlp.cli import console
from tests.cli.terminal import visible_lines


@pytest.fixture(autouse=True)
def _no_footer() -> Iterator[None]:
    yield
    console.footer.line = ""


def shown(capsys: pytest.CaptureFixture[str], width: int = 80) -> list[str]:
    return visible_lines(capsys.readouterr().err, width)


def test_notes_are_above_the_footer(capsys: pytest.CaptureFixture[str]) -> None:
    console.footer.draw("50 %")
    console.note("one")
    console.footer.draw("60 %")
    console.note("two")
    console.footer.draw("7 %")
    assert shown(capsys) == ["one", "two", "7 %"]


def test_erasing_leaves_the_notes(capsys: pytest.CaptureFixture[str]) -> None:
    console.footer.draw("50 %")
    console.note("one")
    console.footer.erase()
    console.note("two")
    assert shown(capsys) == ["one", "two", ""]


def test_without_a_footer_nothing_is_erased(capsys: pytest.CaptureFixture[str]) -> None:
    console.footer.erase()
    console.note("one")
    assert capsys.readouterr().err == "one\n"


def test_a_process_in_the_background_only_adds_lines(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stderr, "fileno", lambda: 2, raising=False)
    monkeypatch.setattr(os, "tcgetpgrp", lambda fd: os.getpgrp() + 1)
    console.footer.draw("50 %")
    console.note("one")
    console.footer.erase()
    assert capsys.readouterr().err == "one\n"
    monkeypatch.setattr(os, "tcgetpgrp", lambda fd: os.getpgrp())
    console.footer.draw("60 %")
    assert shown(capsys) == ["60 %"]


@pytest.mark.parametrize(
    ("term", "able"), [("xterm", True), ("tmux-256color", True), ("dumb", False), ("", False)]
)
def test_what_redraws_a_line(monkeypatch: pytest.MonkeyPatch, term: str, able: bool) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.delenv("TTY_COMPATIBLE", raising=False)
    monkeypatch.setenv("TERM", term)
    assert console.is_terminal() == able
    monkeypatch.setenv("TTY_COMPATIBLE", "0")
    assert not console.is_terminal()
    monkeypatch.delenv("TERM")
    monkeypatch.delenv("TTY_COMPATIBLE")
    assert not console.is_terminal()
