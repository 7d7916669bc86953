"""The commands of the README and of the documents run, and print what is shown there."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.console import BLOCK, MARKS, Command, find_commands
from tests.docs.props import put_files

ROOT = Path(__file__).parents[2]
DOCUMENTS = {
    path.relative_to(ROOT).as_posix(): path
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
}
WITH_COMMANDS = [name for name, path in DOCUMENTS.items() if any(find_commands(path))]


@pytest.mark.slow
@pytest.mark.skipif(
    not shutil.which("jq") and os.environ.get("CI") != "true", reason="needs jq, as readers do"
)
@pytest.mark.parametrize("name", WITH_COMMANDS)
def test_its_commands_print_what_it_shows(name: str, mnist: Path, numbers: Path) -> None:
    put_files(name, mnist, numbers)
    for command in find_commands(DOCUMENTS[name]):
        done = run(command.text)
        seen = f"$ {command.text}\n{done.stdout}"
        assert (done.returncode != 0) == command.fails, f"exit code {done.returncode}:\n{seen}"
        assert command.gives(done.stdout), f"{name} shows something else:\n{seen}"


def run(command: str) -> "subprocess.CompletedProcess[str]":
    """Run a command in a shell that finds mnistmlp, with both streams as one."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return subprocess.run(
        ["bash", "-c", command],
        env={**os.environ, "PATH": path},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=300,
    )


@pytest.mark.parametrize("name", DOCUMENTS)
def test_its_blocks_are_found_and_their_marks_known(name: str) -> None:
    text = DOCUMENTS[name].read_text("utf-8")
    blocks = list(BLOCK.finditer(text))
    assert len(blocks) == len(re.findall(r"```(?:console|sh|bash)\b", text))
    for block in blocks:
        assert (block["mark"] or MARKS[0]).startswith(MARKS), block["mark"]


@pytest.mark.parametrize(
    ("shown", "printed", "same"),
    [
        (["7"], "7\n", True),
        (["7"], "1\n", False),
        (["7"], "note: a seven\n7\n", False),
        (["...", "7"], "note: a seven\n7\n", True),
        (["a", "..."], "b\n7\n", False),
        (["in 3.8 s"], "in 21 s\n", True),
        (["0.9986"], "0.9981\n", True),  # the last digits are the processor's
        (["0.9986"], "0.9863\n", False),
        (["42 of 10,000"], "43 of 10,000\n", False),
    ],
)
def test_an_output_is_compared(shown: list[str], printed: str, same: bool) -> None:
    assert Command("", shown).gives(printed) is same


def test_figures_that_vary_are_not_compared_but_the_words_are() -> None:
    command = Command("", ["accuracy  ▁▄█  95.32% (9,532)"], figures_vary=True)
    assert command.gives("accuracy ▁▁▂█ 9% (1)\n")
    assert not command.gives("loss ▁▁▂█ 9% (1)\n")
