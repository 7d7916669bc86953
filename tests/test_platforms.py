"""What Windows and macOS lack is done without, as shown by removing it here."""

import errno
import io
import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any, NoReturn

import pytest

from mnistmlp.brains.brain import PRETRAINED
from mnistmlp.cli import console
from mnistmlp.cli.app import app
from mnistmlp.cli.options import is_same_file
from mnistmlp.data import placing
from tests.cli.predict.conftest import seven
from tests.conftest import POSIX_ONLY

# Run before anything is imported: removes what Python has on POSIX alone
AS_ON_WINDOWS = """
import os, signal, sys
sys.modules |= dict.fromkeys(["fcntl", "grp", "pwd", "pty", "resource", "termios", "tty"])
for name in ("O_NONBLOCK", "O_TMPFILE", "O_CLOEXEC", "chown", "fchmod", "fchown", "fork", "forkpty",
             "getgid", "getpgrp", "getuid", "killpg", "mkfifo", "nice", "register_at_fork",
             "sched_getaffinity", "set_blocking", "setsid", "statvfs", "sync", "tcgetpgrp"):
    delattr(os, name)
for name in ("SIGHUP", "SIGUSR1", "SIGUSR2", "SIGXCPU", "alarm", "pthread_sigmask", "setitimer"):
    delattr(signal, name)
"""
RUN_COMMANDS = """
from mnistmlp.cli.predict import readers
readers.START = "spawn"
from mnistmlp.cli.app import app
for words in COMMANDS:
    try:
        app(words, prog_name="mnistmlp")
    except SystemExit as end:
        print(words[0], end.code, flush=True)
"""


def run_as_on_windows(*commands: list[object]) -> list[str]:
    """Run commands in one process, where no file may be opened in the system's encoding either."""
    words = [[str(word) for word in command] for command in commands]
    code = AS_ON_WINDOWS + RUN_COMMANDS.replace("COMMANDS", repr(words))
    Path("program.py").write_text(f"if __name__ == '__main__':\n{textwrap.indent(code, '    ')}")
    strict = ["-X", "warn_default_encoding", "-W", "error"]
    done = subprocess.run(
        [sys.executable, *strict, "program.py"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr
    return done.stdout.splitlines()


@pytest.mark.slow
def test_training_a_committee_and_evaluating(small: Path) -> None:
    train = ["train", "--hidden", "8", "--epochs", "1", "--validation", "200", "--force"]
    found = run_as_on_windows(
        [*train, "--data-dir", small, "--output", "b-{seed}.npz", "--seeds", "0:2", "--jobs", "2"],
        [*train, "--data-dir", small, "--output", "b-0.npz", "--log", "log"],
        ["evaluate", "--data-dir", small, "b-0.npz", "--json"],
        ["info", "b-0.npz", "--json"],
    )
    assert found[:4] == ["b-0.npz", "b-1.npz", "train 0", "b-0.npz"]
    assert found[4::2] == ["train 0", "evaluate 0", "info 0"]
    assert json.loads(found[5])["images"] == 300


@pytest.mark.slow
def test_reading_pictures_and_converting(small: Path) -> None:
    names = [f"{number}.png" for number in range(20)]
    for name in names:
        seven(100).save(name)
    found = run_as_on_windows(
        ["predict", "--brain", PRETRAINED, "--jobs", "2", *names],
        ["convert", small, "pictures", "--to", "png"],
        ["convert", "pictures", "converted", "--raw"],
    )
    assert [line.split("\t")[:2] for line in found[:20]] == [[name, "7"] for name in names]
    assert found[20] == "predict 0"
    assert found[-4:] == ["pictures", "convert 0", "converted", "convert 0"]


@pytest.mark.slow
def test_pytest_can_collect_the_tests() -> None:
    folder = Path(__file__).parent
    paths = [path.relative_to(folder) for path in sorted(folder.rglob("test_*.py"))]
    left = [path for path in paths if path.as_posix() not in POSIX_ONLY]
    assert len(left) == len(paths) - len(POSIX_ONLY)  # which has no names of other files
    modules = [".".join(("tests", *path.with_suffix("").parts)) for path in left]
    code = f"{AS_ON_WINDOWS}\nimport importlib\nlist(map(importlib.import_module, {modules}))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder.parent, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_a_file_is_set_aside_without_links_to_links(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **options: object) -> NoReturn:
        raise NotImplementedError

    Path("there").write_bytes(b"content")
    monkeypatch.setattr(os, "link", refuse)
    assert placing._set_aside(Path("there")) == Path("there.bak")
    assert Path("there.bak").read_bytes() == b"content"


@pytest.mark.parametrize(("platform", "same"), [("linux", False), ("darwin", True)])
def test_names_that_differ_in_case(
    platform: str, same: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    assert is_same_file(Path("Brain.npz"), Path("brain.npz")) is same


def test_the_console_of_windows_is_left_as_it_is() -> None:
    class Console(io.RawIOBase):
        def writable(self) -> bool:
            return True

    stream = io.TextIOWrapper(io.BufferedWriter(Console()), "utf-8")
    assert console.prepare(stream, "surrogateescape", buffered=True) is stream
    assert stream.errors == "backslashreplace"


def test_nothing_is_in_the_background_without_process_groups(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delattr(os, "tcgetpgrp")
    assert not console._is_in_background()


@pytest.mark.parametrize(("platform", "code"), [("linux", 1), ("win32", 141)])
def test_what_windows_says_of_a_closed_pipe(
    platform: str, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any) -> NoReturn:
        raise OSError(errno.EINVAL, "Invalid argument")

    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr("mnistmlp.cli.app._discard_output", lambda: None)
    monkeypatch.setattr("mnistmlp.cli.recipes.format_recipes", fail)
    with pytest.raises(SystemExit) as end:
        app(["recipes"], prog_name="mnistmlp")
    assert end.value.code == code
