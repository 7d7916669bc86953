"""The documents name files that are there, and their Python runs."""

import doctest
import re
import shutil
from pathlib import Path

import pytest
from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser, SkipParser

from mnistmlp import default_folder
from tests.pictures.drawings import draw_page

ROOT = Path(__file__).parents[1]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
FILES = {
    path.relative_to(ROOT).as_posix()
    for folder in ("mnistmlp", "tests", "benchmarks", "docs")
    for path in (ROOT / folder).rglob("*")
    if path.is_file()
}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_source_files_that_are_named_are_there(document: Path) -> None:
    for name in re.findall(r"`([\w/]+\.(?:py|js|css))\b", document.read_text()):
        assert any(f"/{file}".endswith(f"/{name}") for file in FILES), f"{name} is not there"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_tests_that_are_named_are_there(document: Path) -> None:
    for name, test in re.findall(r"`([\w/]+\.py)::(\w+)`", document.read_text()):
        assert f"def {test}(" in (ROOT / "tests" / name).read_text(), f"{name} has no {test}"


@pytest.mark.slow
@pytest.mark.parametrize(("name", "least"), [("README.md", 6), ("docs/python.md", 50)])
def test_its_python_runs(
    name: str, least: int, mnist: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MPLBACKEND", "agg")
    shutil.copytree(mnist, default_folder())
    draw_page("seven").save("scan.png")
    code = PythonCodeBlockParser(doctest_optionflags=doctest.ELLIPSIS)
    # as one test, because pytest-xdist would run the examples of one document in several processes
    examples = list(Sybil([code, SkipParser()]).parse(ROOT / name).examples())
    assert len(examples) >= least
    for example in examples:
        example.evaluate()
