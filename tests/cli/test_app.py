import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import BinaryIO

import pytest
from PIL import Image

import mnistmlp
from mnistmlp.cli.interrupt import SIGNALS
from mnistmlp.data.catalog import MNIST
from mnistmlp.training.recipes import RECIPES
from tests.cli.conftest import Run, Start
from tests.conftest import names
from tests.test_layers import loaded_by_command

COMMANDS = [
    *("download", "convert", "train", "tune", "recipes", "evaluate", "predict", "info", "watch"),
    *("export", "import", "draw"),
]


@pytest.mark.parametrize("command", [[], *([name] for name in COMMANDS)], ids=str)
@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help_fits_80_columns(run: Run, command: list[str], option: str) -> None:
    result = run(*command, option)
    assert result.exit_code == 0
    assert result.stderr == ""
    assert result.stdout.startswith(" ".join(["Usage: mnistmlp", *command]))
    assert max(map(len, result.stdout.splitlines())) <= 80


def test_help_names_every_command(run: Run) -> None:
    listed = run("--help").stdout.partition("Commands:\n")[2].partition("\n\n")[0].splitlines()
    assert [line.split()[0] for line in listed if line[2] != " "] == COMMANDS
    assert not any(line.endswith("...") for line in listed)  # none is cut


def test_version(run: Run) -> None:
    assert run("--version").stdout == f"mnistmlp {mnistmlp.__version__}\n"


def test_a_command_is_loaded_when_it_is_asked_for() -> None:
    modules = {f"mnistmlp.cli.{name}" for name in [*COMMANDS, "import_"]}
    assert loaded_by_command("--version") & modules == set()
    assert loaded_by_command("info", "none.npz") & modules == {"mnistmlp.cli.info"}


def test_the_shell_can_complete_commands_and_options(start: Start) -> None:
    for words, expected in (("mnistmlp ev", "evaluate"), ("mnistmlp train --lea", "--learning")):
        complete = {"COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
        env = os.environ | {"_MNISTMLP_COMPLETE": "complete_bash"} | complete
        stdout, stderr = start(env=env).communicate(timeout=60)
        assert (expected in stdout.decode(), stderr) == (True, b"")


@pytest.mark.parametrize(
    "words", [["train"], ["evaluate"], ["predict", "--index", "0"], ["info", "--system"]], ids=str
)
def test_kernels_and_threads_are_settled_before_numpy_loads(words: list[str], small: Path) -> None:
    code = f"""
import sys
from mnistmlp import blas
def settle():
    print("settled", "numpy" in sys.modules)
    sys.exit()
blas.configure = settle
from mnistmlp.cli.app import app
app({words}, prog_name="mnistmlp")
"""
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "settled False\n"


@pytest.mark.parametrize("command", [[], *([name] for name in COMMANDS)], ids=str)
def test_help_is_the_same_under_double_o(start: Start, command: list[str]) -> None:
    expected, _ = start(*command, "--help").communicate(timeout=60)
    stripped = start(*command, "--help", env=os.environ | {"PYTHONOPTIMIZE": "2"})
    assert stripped.communicate(timeout=60) == (expected, b"")


def test_without_docstrings_and_source_there_is_only_less_help() -> None:
    code = """
import inspect
def getsource(command):
    raise OSError("could not get source code")
inspect.getsource = getsource
from mnistmlp.cli.app import app
app(["export", "--help"])
"""
    words = [sys.executable, "-OO", "-c", code]
    done = subprocess.run(words, check=True, capture_output=True, text=True)
    assert "--force" in done.stdout
    assert "Write a brain" not in done.stdout


def test_no_command_shows_help_on_stderr(run: Run) -> None:
    result = run()
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("Usage: mnistmlp")


@pytest.mark.parametrize(
    ("args", "error", "hint"),
    [
        (["xyzzy"], "no such command 'xyzzy'", "mnistmlp --help"),
        ([""], "no such command ''", "mnistmlp --help"),
        (["a' is not one of 'b"], "no such command", "mnistmlp --help"),
        (["--colour"], "no such option: --colour", "mnistmlp --help"),
        (["train", "--dataset", ""], "'' is not one of", "mnistmlp train --help"),
        (["train", "--dataset", "it's"], "is not one of", "mnistmlp train --help"),
        (["train", "--colour"], "no such option: --colour", "mnistmlp train --help"),
        (["train", "--loss", "hinge"], "'hinge' is not one of", "mnistmlp train --help"),
        (["train", "--seed", "-1"], "'--seed'", "mnistmlp train --help"),
        (["train", "--epochs", "many"], "'--epochs'", "mnistmlp train --help"),
        (["evaluate", "--fail-under", "nan"], "'--fail-under'", "mnistmlp evaluate --help"),
        (["predict", "--top", "11"], "'--top'", "mnistmlp predict --help"),
        (["train", "--threads", "0"], "'--threads'", "mnistmlp train --help"),
        (["info", "a", "b"], "unexpected extra argument", "mnistmlp info --help"),
    ],
)
def test_usage_errors_are_a_line_and_a_hint(
    run: Run, args: list[str], error: str, hint: str
) -> None:
    result = run(*args)
    assert (result.exit_code, result.stdout) == (2, "")
    first, second = result.stderr.splitlines()
    assert first.startswith("error: ")
    assert error in first
    assert second == f"hint: {hint}"


def test_a_long_word_is_not_searched_for_ever(run: Run) -> None:
    """In a quadratic search this would take an hour."""
    result = run("train", "--dataset", "'" * 1_000_000)
    assert (result.exit_code, result.stdout) == (2, "")


@pytest.mark.parametrize(
    ("args", "error", "meant"),
    [
        (["trian"], "no such command 'trian'", "train"),
        (["--vresion"], "no such option: --vresion", "--version"),
        (["train", "--epoch", "3"], "no such option: --epoch", "--epochs"),
        (["train", "--datset", "mnist"], "no such option: --datset", "--dataset"),
        (
            ["train", "--dataset", "mnsit"],
            "invalid value for '--dataset': 'mnsit' is not one of "
            "'mnist', 'fashion', 'kmnist', 'synthetic'",
            "mnist",
        ),
        (
            ["import", "a", "b", "--activation", "rellu"],
            "invalid value for '--activation': 'rellu' is not one of 'sigmoid', 'tanh', 'relu'",
            "relu",
        ),
        *(
            (
                ["train", "--recipe", "moderm", *more],
                f"--recipe: 'moderm' is not one of {', '.join(RECIPES)}",
                "modern",
            )
            for more in ([], ["--seeds", "0:2", "--output", "{seed}.npz"])
        ),
    ],
)
def test_a_misspelt_word_is_answered_by_the_one_that_is_meant(
    run: Run, args: list[str], error: str, meant: str
) -> None:
    result = run(*args)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f"error: {error}\nhint: did you mean {meant}?\n"


def test_a_name_that_would_break_a_line_is_escaped(run: Run) -> None:
    result = run("info", "a\nb\x1b[31m.npz")
    assert result.exit_code == 1
    assert result.stderr.splitlines()[0] == r"error: a\nb\x1b[31m.npz: no such file"


@pytest.mark.parametrize("args", [["--help"], ["--version"], ["predict"]], ids=str)
def test_a_full_disk_on_stdout(start: Start, brain: Path, small: Path, args: list[str]) -> None:
    if args == ["predict"]:
        args += ["--brain", str(brain), "--data-dir", str(small), "--index", "0:9"]
    with Path("/dev/full").open("w") as full:
        process = start(*args, stdout=full)
        _, stderr = process.communicate(timeout=60)
    assert process.returncode == 1
    assert stderr.decode().splitlines() == ["error: output: no space left on device"]


def test_a_closed_pipe_is_silent(
    start: Start, closed_pipe: BinaryIO, brain: Path, fallible: Path, small: Path
) -> None:
    for command in (
        ["evaluate", brain],
        ["evaluate", fallible, "--mistakes", "--show"],
        ["predict", "--brain", brain, "--index", "0:300"],
        ["predict", "--brain", brain, "--data", small / MNIST[2].name],
    ):
        process = start(*command, "--data-dir", small, stdout=closed_pipe)
        _, stderr = process.communicate(timeout=60)
        assert (process.returncode, stderr) == (141, b"")


def test_a_closed_pipe_on_stderr_does_not_end_the_work(
    start: Start, closed_pipe: BinaryIO, brain: Path, small: Path
) -> None:
    command = ["predict", "--brain", brain, "--data-dir", small, "--index", 0, "--show"]
    process = start(*command, stderr=closed_pipe)
    stdout, _ = process.communicate(timeout=60)
    assert (process.returncode, len(stdout)) == (0, 2)
    process = start("predict", "none.png", "--brain", brain, stderr=closed_pipe)
    assert process.communicate(timeout=60)[0] == b""
    assert process.returncode == 1


@pytest.mark.parametrize("number", [each for each in SIGNALS if each != signal.SIGTERM])
def test_a_signal_ends_a_command_with_a_line(
    start: Start, brain: Path, number: signal.Signals
) -> None:
    process = start("predict", "--brain", brain, "--files-from", "-")
    assert process.stdin
    assert process.stderr
    process.stdin.write(b"none.png\n")
    process.stdin.flush()
    assert process.stderr.readline() == b"error: none.png: no such file\n"
    process.send_signal(number)  # while it waits for names
    stdout, stderr = process.communicate(timeout=60)
    line = "interrupted" if number == signal.SIGINT else f"ended by {number.name}"
    assert (process.returncode, stdout) == (128 + number, b"")
    assert stderr.decode() == f"{line}\n"


@pytest.mark.parametrize("stream", ["stdin", "stdout", "stderr"])
def test_a_closed_stream(brain: Path, small: Path, stream: str) -> None:
    number = ("stdin", "stdout", "stderr").index(stream)
    command = f"{sys.executable} -m mnistmlp predict --brain {brain} --data-dir {small} --index 0"
    done = subprocess.run(
        ["/bin/sh", "-c", f"exec {command} {number}>&-"], check=False, capture_output=True
    )
    assert done.returncode == 0
    assert done.stderr == b""
    assert len(done.stdout) == (0 if stream == "stdout" else 2)


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [("utf-8", b"\xff.png\t"), ("UTF8", b"\xff.png\t"), ("ascii", rb"\udcff.png" + b"\t")],
)
def test_any_name_can_be_printed(start: Start, brain: Path, encoding: str, shown: bytes) -> None:
    name = os.fsdecode(b"\xff.png")
    picture = Image.new("L", (60, 60), 255)
    picture.paste(0, (20, 10, 30, 50))
    picture.save(name)
    env = os.environ | {"PYTHONIOENCODING": encoding}
    stdout, stderr = start("predict", "--brain", brain, name, name, env=env).communicate(timeout=60)
    assert stderr == b""
    assert [line[: len(shown)] for line in stdout.splitlines()] == [shown] * 2


def test_python_dash_m(start: Start) -> None:
    stdout, _ = start("--help").communicate(timeout=60)
    assert stdout.startswith(b"Usage: mnistmlp ")


def test_nothing_is_left_behind(run: Run) -> None:
    run("train", "--hidden", "0")
    run("train", "--output", "none/brain.npz")
    assert names() == []
