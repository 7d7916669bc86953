"""Notes, the line below them, and the streams that they and the results go to."""

import ast
import io
import os
import pty
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import mnistmlp
from mnistmlp.cli import console
from mnistmlp.cli.app import COMMANDS
from tests.cli.conftest import Run, Start
from tests.cli.terminal import Terminal, visible_lines


@pytest.fixture(autouse=True)
def _no_footer() -> Iterator[None]:
    yield
    console.footer.text = ""


def shown(capsys: pytest.CaptureFixture[str], width: int = 80) -> list[str]:
    return visible_lines(capsys.readouterr().err, width)


def test_notes_are_above_the_footer(capsys: pytest.CaptureFixture[str]) -> None:
    console.footer.draw("50 %")
    console.note("one")
    console.footer.draw("60 %")
    console.note("two")
    console.footer.draw("7 %")
    assert shown(capsys) == ["one", "two", "7 %"]


def test_a_footer_of_several_lines(capsys: pytest.CaptureFixture[str]) -> None:
    console.footer.draw("one\ntwo\nthree")
    console.footer.draw("four\nfive")
    console.note("note")
    written = capsys.readouterr().err.replace("\n", "\r\n")  # as a terminal gets it
    assert visible_lines(written, 80) == ["note", "four", "five"]


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


# --- Labels ------------------------------------------------------------------


def test_errors_and_hints_are_coloured_and_errors_wrapped_on_a_terminal(start: Start) -> None:
    path = f"{59 * 'n'}/brain.npz"
    terminal = Terminal(start, "info", path)
    assert terminal.read() == [
        *(f"error: {path}: no", "  such file"),
        "hint: a brain is an .npz file written by train, or pretrained, the bundled brain",
        "",
    ]
    assert "\x1b[1;31merror\x1b[m:" in terminal.shown
    assert "\x1b[1;34mhint\x1b[m: a brain" in terminal.shown
    terminal.end()


def test_no_colour_is_wanted(start: Start) -> None:
    terminal = Terminal(start, "info", "none.npz", NO_COLOR="1")
    lines = terminal.read()
    assert lines[0] == "error: none.npz: no such file"
    assert "\x1b" not in terminal.shown
    terminal.end()


def test_only_labels_are_touched(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    long = 50 * "word "
    console.fail(long, hint=long)
    assert capsys.readouterr().err.splitlines() == [f"error: {long}", f"hint: {long}"]  # a pipe
    monkeypatch.setattr(console, "is_terminal", lambda stream=None: True)
    console.note(f"epoch 1: {long}")
    assert capsys.readouterr().err == f"epoch 1: {long}\n"
    console.note(f"note: {long}")
    first, *more = capsys.readouterr().err.splitlines()
    assert first.startswith("\x1b[1mnote\x1b[m: word")
    assert more
    assert all(len(line) <= 80 for line in more)
    console.note(f"hint: {long}")  # a command is copied whole
    assert capsys.readouterr().err == f"\x1b[1;34mhint\x1b[m: {long}\n"


# --- Whole lines -------------------------------------------------------------

TRAIN = ["train", "--hidden", "4", "--epochs", "2", "--validation", "200", "-o", "new.npz"]


@pytest.fixture
def picture() -> str:
    picture = Image.new("L", (60, 60), 255)
    picture.paste(0, (20, 10, 30, 50))
    picture.save("1.png")
    return "1.png"


def commands(brain: Path, small: Path, picture: str) -> list[list[object]]:
    """Return commands that write some of everything, each of which may end with 0 or 1."""
    data: list[object] = ["--data-dir", small]
    predict: list[object] = ["predict", "--brain", brain, picture]
    return [
        [*predict, "none.png", picture, "--top", 3],
        [*predict, "--show"],
        [*predict, "--explain", "--json"],
        ["predict", "-r", "."],
        ["evaluate", brain, *data],
        [*TRAIN, "--lr", 600, *data],
        ["recipes"],
        ["info", brain],
        ["train", "--help"],
    ]


def written_by(start: Start, *args: object, **options: Any) -> list[bytes]:
    """Return what a command writes to its streams, each write apart, but for empty ones."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        process = start(*args, stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs, **options)
        assert process.wait(timeout=60) in (0, 1)
        written = []
        try:
            while True:
                written.append(ours.recv(1 << 20, socket.MSG_DONTWAIT))
        except BlockingIOError:  # no more: the other end is open here
            return list(filter(None, written))


@pytest.mark.slow
@pytest.mark.parametrize("unbuffered", ["1", ""])
def test_whatever_is_printed_is_written_at_once(
    start: Start, brain: Path, small: Path, picture: str, unbuffered: str
) -> None:
    env = os.environ | {"PYTHONUNBUFFERED": unbuffered}
    for words in commands(brain, small, picture):
        written = written_by(start, *words, env=env)
        assert written
        assert {each[-1:] for each in written} == {b"\n"}, words
        assert not any(each.startswith((b"\n", b"hint", b"  left out")) for each in written), words


def test_a_terminal_gets_each_print_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[bytes] = []

    def record(self: object, data: Any) -> int:
        written.append(bytes(data))
        return len(written[-1])

    monkeypatch.setattr(console._Terminal, "write", record)
    ours, theirs = pty.openpty()
    with os.fdopen(ours), io.TextIOWrapper(io.FileIO(theirs, "w"), write_through=True) as terminal:
        for buffered in (True, False):
            stream = console.prepare(terminal, "strict", buffered=buffered)
            print("two\nlines", file=stream)
            print(2, "words", file=stream)
            assert written == [b"two\nlines\n", b"2 words\n"]
            written.clear()


def test_a_long_result_is_written_at_once(start: Start, brain: Path, picture: str) -> None:
    folder = Path("/".join(5 * [200 * "a"]))
    folder.mkdir(parents=True)
    name = Path(picture).rename(folder / picture)
    words = ["predict", "--brain", brain, "--top", 10, "-H", name]
    written = written_by(start, *words, env=os.environ | {"PYTHONUNBUFFERED": "1"})
    assert [each.count(b"\n") for each in written] == [10]
    assert len(written[0]) > io.DEFAULT_BUFFER_SIZE


# --- Encodings that lack characters ------------------------------------------

ASCII = [
    {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    {"PYTHONIOENCODING": "latin-1"},
]


@pytest.mark.slow
@pytest.mark.parametrize("given", ASCII, ids=str)
def test_every_output_has_a_form_in_ascii(
    start: Start, brain: Path, small: Path, picture: str, given: dict[str, str]
) -> None:
    for words in commands(brain, small, picture):
        process = start(*words, env=os.environ | given)
        output = b"".join(process.communicate(timeout=60))
        assert process.returncode in (0, 1)
        text = output.decode(given.get("PYTHONIOENCODING", "ascii"))
        assert {c for c in text if c > "~"} <= set("±")  # in Latin-1
        assert "\\" not in text, words
        assert "Traceback" not in text, words


def test_plain_characters_for_those_that_are_lacking() -> None:
    assert console.make_plain("1 − √2 ± 3 × 4 …", "ascii") == "1 - sqrt2 +- 3 x 4 ..."
    assert console.make_plain("1 − √2 ± 3 × 4 …", "latin-1") == "1 - sqrt2 ± 3 × 4 ..."
    assert console.make_plain("ïî\udcff", "ascii") == r"\xef\xee\udcff"
    assert console.make_plain("1 − √2 ± 3 × 4 …", "utf-8") == "1 − √2 ± 3 × 4 …"


def test_every_character_that_may_be_printed_has_a_plain_form(run: Run) -> None:
    blocks, page = set("▀▄█"), set("·")  # `show` has others; the page is UTF-8
    printed = {c for name in COMMANDS for c in run(name, "--help").stdout}
    for module in Path(mnistmlp.__file__).parent.rglob("*.py"):
        tree = ast.parse(module.read_text())
        documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
        docs = {ast.get_docstring(n, False) for n in ast.walk(tree) if isinstance(n, documented)}
        printed |= {
            c
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
            for c in node.value
            if node.value not in docs
        }
    other = {c for c in printed if "~" < c < "\udc80"}
    assert other - blocks - page <= console.PLAIN.keys()
