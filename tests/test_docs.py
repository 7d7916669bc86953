"""The documents name files that are there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
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
