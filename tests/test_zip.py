"""The package in a zip, as `python -m zipapp` makes it and PYTHONPATH may name it."""

import os
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

import mnistmlp
from mnistmlp.brains.brain import PRETRAINED, load_brain
from tests.conftest import names

pytestmark = pytest.mark.slow

ROOT = Path(mnistmlp.__file__).parents[1]
MAIN = "from mnistmlp.__main__ import main\nmain()\n"


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A zip of the package that can be run."""
    path = tmp_path_factory.mktemp("zip") / "mnistmlp.pyz"
    with ZipFile(path, "w") as file:
        for each in sorted((ROOT / "mnistmlp").rglob("*")):
            if each.is_file() and each.suffix != ".pyc":
                file.write(each, each.relative_to(ROOT))
        file.writestr("__main__.py", MAIN)
    return path


def run(*words: object, **environment: str) -> str:
    """Run Python with a command that must succeed, and return its stdout."""
    command = [sys.executable, "-W", "error", *map(str, words)]
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, env=os.environ | environment
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_what_is_in_the_zip_is_read_from_it(archive: Path, tmp_path: Path) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    assert run(archive, "export", "pretrained", "page.html", TMPDIR=str(temporary))
    page = Path("page.html").read_text()
    run("-m", "mnistmlp", "export", "pretrained", "page.html", "--force")
    assert Path("page.html").read_text() == page
    assert list(temporary.iterdir()) == []  # what was unpacked is removed


def test_the_zip_by_pythonpath(archive: Path) -> None:
    code = "import mnistmlp; print(mnistmlp.__file__); mnistmlp.pretrained()"
    printed = run("-P", "-c", code, PYTHONPATH=str(archive))
    assert printed == f"{archive}/mnistmlp/__init__.py\n"


def test_help_in_the_zip_under_double_o(archive: Path) -> None:
    assert run("-OO", archive, "--help") == run("-m", "mnistmlp", "--help")


def test_the_members_of_a_committee_run_from_the_zip(archive: Path) -> None:
    folders = "[each for each in sys.path if not os.path.isdir(f'{each}/mnistmlp')]"
    Path("sitecustomize.py").write_text(f"import os, sys; sys.path[:] = {folders}")
    words = ["train", "--seeds", "0:2", "--output", "{seed}.npz", "--quiet", "--epochs", "1"]
    words += ["--dataset", "synthetic", "--limit", "2000", "--validation", "1000", "--hidden", "8"]
    run(archive, *words, PYTHONPATH=str(Path.cwd()))
    assert {"0.npz", "1.npz"} <= set(names())
    assert load_brain(Path("1.npz")).meta


def test_elsewhere_the_bundled_brain_is_the_file_itself() -> None:
    assert PRETRAINED.is_relative_to(ROOT)
