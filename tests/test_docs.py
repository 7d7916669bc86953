"""The documents name files that are there, their links lead somewhere, and their Python runs."""

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


def read_prose(document: Path) -> str:
    """Return a document without its blocks of code."""
    return re.sub(
        r"^ *(`{3,}).*?^ *\1`*$", "", document.read_text(), flags=re.DOTALL | re.MULTILINE
    )


def read_links(document: Path) -> list[str]:
    """Return the targets of all links and pictures that lead to files of the project."""
    text = re.sub(r"(`+)[^`].*?\1", "", read_prose(document), flags=re.DOTALL)
    targets = re.findall(r"\]\(\s*<?([^)\s>]+)|(?:src|srcset|href)=\"([^\"]+)\"", text)
    targets += re.findall(r"^ *\[[^\]]+\]: *(\S+)()", text, flags=re.MULTILINE)
    return [a or b for a, b in targets if not re.match(r"[a-z]+:", a or b)]


def read_anchors(document: Path) -> set[str]:
    """Return the anchors of a document's headings, as GitHub makes them."""
    anchors: list[str] = []
    for heading in re.findall(r"^#+ +(.+?) *#*$", read_prose(document), flags=re.MULTILINE):
        text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        anchors.append(re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-"))
    return {
        f"{anchor}-{count}" if (count := anchors[:place].count(anchor)) else anchor
        for place, anchor in enumerate(anchors)
    }


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_source_files_that_are_named_are_there(document: Path) -> None:
    for name in re.findall(r"`([\w/]+\.(?:py|js|css))\b", document.read_text()):
        assert any(f"/{file}".endswith(f"/{name}") for file in FILES), f"{name} is not there"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_tests_that_are_named_are_there(document: Path) -> None:
    for name, test in re.findall(r"`([\w/]+\.py)::(\w+)`", document.read_text()):
        assert f"def {test}(" in (ROOT / "tests" / name).read_text(), f"{name} has no {test}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path) -> None:
    for target in read_links(document):
        name, _, anchor = target.partition("#")
        file = document.parent / name if name else document
        assert file.resolve().is_relative_to(ROOT), f"{target} leads out of the project"
        assert file.exists(), f"{target} is not there"
        if anchor:
            assert anchor in read_anchors(file), f"{file.name} has no heading for {target}"


def test_anchors_are_those_that_github_makes(tmp_path: Path) -> None:
    document = tmp_path / "page.md"
    document.write_text("# In: `a_b`, [c](d.md)\n```\n# no heading\n```\n## Out\n## Out\n")
    assert read_anchors(document) == {"in-a_b-c", "out", "out-1"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "least"), [("README.md", 6), ("docs/python.md", 50), ("docs/brain-file.md", 3)]
)
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
