"""What `make` does where Python is too old, not whole or missing, with uv and without.

Python and uv are stand-ins that write down how they were called, and install nothing.
"""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MAKE = shutil.which("make")
pytestmark = pytest.mark.skipif(not MAKE, reason="there is no make here")

LOG = '#!/bin/sh\necho "${0##*/} $*" >> calls.txt\n'
PYTHON = f"""#!{sys.executable}
import os, sys
{{state}}
if sys.argv[1] == "-c":
    exec(sys.argv[2])
else:
    os.execv("programs/log", ["python3", *sys.argv[1:]])
"""
STATES = {
    "new": "",
    "old": "sys.version_info = (3, 10, 12, 'final', 0)",
    "bare": "sys.modules['ensurepip'] = None",  # as Debian's is without python3-venv
}
BY_UV = "uv venv --quiet --seed --allow-existing --python >=3.11 .venv"


def write_program(name: str, text: str) -> None:
    Path(name).parent.mkdir(exist_ok=True, parents=True)
    Path(name).write_text(text)
    Path(name).chmod(0o755)


def make(target: str, python: str, *, uv: bool) -> subprocess.CompletedProcess[str]:
    """Make a target with stand-ins alone on the path; .venv is there."""
    assert MAKE
    shutil.copy(ROOT / "Makefile", ".")
    Path("pyproject.toml").touch()
    for name in ("log", *(["uv"] if uv else [])):
        write_program(f"programs/{name}", LOG)
    write_program(".venv/bin/python", LOG)
    Path("programs/touch").symlink_to(str(shutil.which("touch")))
    if python in STATES:
        write_program("programs/python3", PYTHON.format(state=STATES[python]))
    path = {"PATH": str(Path("programs").absolute())}
    return subprocess.run([MAKE, target], env=path, capture_output=True, text=True, check=False)


def calls() -> list[str]:
    return Path("calls.txt").read_text().splitlines() if Path("calls.txt").exists() else []


@pytest.mark.parametrize("uv", [True, False])
def test_python_makes_the_environment_if_it_can(uv: bool) -> None:
    done = make(".venv/package", "new", uv=uv)
    assert done.returncode == 0, done.stderr
    first, *others = calls()
    assert first == "log -m venv .venv"
    assert [call.split()[:4] for call in others] == 2 * [["python", "-m", "pip", "install"]]
    assert Path(".venv/package").exists()


@pytest.mark.parametrize("python", ["old", "bare", "missing"])
def test_else_uv_makes_it(python: str) -> None:
    done = make(".venv/package", python, uv=True)
    assert done.returncode == 0, done.stderr
    first, *others = calls()
    assert first == BY_UV
    assert [call.split()[:4] for call in others] == 2 * [["python", "-m", "pip", "install"]]


@pytest.mark.parametrize(
    ("python", "said"),
    [
        ("old", "error: python3 is missing or older than 3.11: install "),
        ("bare", "error: python3 cannot make virtual environments: apt install python3-venv, "),
        ("missing", "error: python3 is missing or older than 3.11: install "),
    ],
)
def test_without_either_it_says_in_a_line_what_to_install(python: str, said: str) -> None:
    done = make(".venv/package", python, uv=False)
    assert done.returncode == 2
    error, end = done.stderr.splitlines()
    assert error.startswith(said)
    assert "uv" in error
    assert end.startswith("make: ***")
    assert (done.stdout, calls()) == ("", [])
    assert not Path(".venv/package").exists()


def test_the_environment_of_the_benchmarks_is_made_alike() -> None:
    Path("benchmarks").mkdir()
    Path("benchmarks/requirements.txt").touch()
    write_program("benchmarks/.venv/bin/python", LOG)
    done = make("benchmarks/.venv/peers", "bare", uv=True)
    assert done.returncode == 0, done.stderr
    assert calls()[0] == BY_UV.replace(".venv", "benchmarks/.venv")
