"""Every equation points to its line of code, which is there."""

import ast
import re
from pathlib import Path

import pytest

from tests.docs.pages import MATH_BLOCK, MATHS, NUMBERED, PAGES, ROOT, Quote, read_quotes

QUOTES = [(page, quote) for page in PAGES for quote in read_quotes(page.read_text())]
RECIPES = ROOT / "docs" / "recipes.md"


def name_of(value: object) -> str:
    return value.name if isinstance(value, Path) else value.function  # type: ignore[attr-defined]


def find_function(tree: ast.AST, name: str) -> ast.FunctionDef:
    """Return a function, or a method as Class.method."""
    for part in name.split("."):
        found = [
            node
            for node in ast.iter_child_nodes(tree)
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == part
        ]
        assert found, f"there is no {name}"
        tree = found[0]
    assert isinstance(tree, ast.FunctionDef)
    return tree


def lines_of(file: Path, function: str) -> list[str]:
    """Return the lines of a function without its docstring, comments and indentation."""
    text = file.read_text()
    node = find_function(ast.parse(text), function)
    documented = ast.get_docstring(node) is not None
    start, end = node.body[documented].lineno - 1, node.end_lineno
    return [re.sub(r"(^|\s+)#.*", "", line).strip() for line in text.splitlines()[start:end]]


@pytest.mark.parametrize(("page", "quote"), QUOTES, ids=name_of)
def test_a_quoted_line_stands_in_its_function(page: Path, quote: Quote) -> None:
    file = (page.parent / quote.file).resolve()
    assert file.is_relative_to(ROOT)
    assert file.is_file(), f"{quote.file} is not there"
    assert quote.line in lines_of(file, quote.function)


@pytest.mark.parametrize("page", NUMBERED, ids=name_of)
def test_every_equation_that_has_a_number_is_followed_by_its_line(page: Path) -> None:
    text = page.read_text()
    ends = [block.end() for block in MATH_BLOCK.finditer(text) if r"\tag{" in block[1]]
    assert ends, "no equation has a number"
    starts = [block.start() for block in MATH_BLOCK.finditer(text) if r"\tag{" in block[1]]
    for end, following in zip(ends, [*starts[1:], len(text)], strict=True):
        section = re.split(r"^## ", text[end:following], flags=re.MULTILINE)[0]
        assert read_quotes(section), f"no line of code after {text[end - 80 : end]}"


def test_equations_have_different_numbers() -> None:
    tags = [tag for page in NUMBERED for tag in re.findall(r"\\tag\{(.*?)\}", page.read_text())]
    assert len(tags) == len(set(tags))
    assert {"BP1", "BP2", "BP3", "BP4"} <= set(tags)


def test_references_are_to_equations_of_that_page() -> None:
    """As in ``equation (6.2)``, or ``BP2`` anywhere."""
    for page in PAGES:
        for number in re.findall(r"\((\d+\.\d+)\)", page.read_text()):
            chapter = next(MATHS.glob(f"{number.split('.')[0]}-*.md"))
            assert rf"\tag{{{number}}}" in chapter.read_text(), f"{page.name}: ({number})"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_formulas_are_as_github_keeps_them(page: Path) -> None:
    """In ``$`…`$`` nothing is taken for Markdown; in ``$…$`` underscores and backslashes are.

    GitHub also refuses some macros, and does not see a formula that follows a letter.
    """
    assert not re.search(r"\\(operatorname|mbox|phantom)\b", page.read_text())
    assert not re.search(r"[\w-]\$`", page.read_text())
    text = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"\$`[^`$]+`\$", "", text)
    text = re.sub(r"`[^`]*`", "", text)
    assert "$" not in text
    for formula in MATH_BLOCK.findall(page.read_text()):
        assert "<" not in formula, "GitHub takes < for a tag: write \\lt"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_pages_are_short(page: Path) -> None:
    assert page.read_text().count("\n") <= 160


def test_pages_lead_from_one_to_the_next() -> None:
    pages = sorted(NUMBERED, key=lambda page: int(page.name.split("-")[0]))
    index = (MATHS / "README.md").read_text()
    places = [index.index(f"({page.name})") for page in pages]
    assert places == sorted(places)
    for page, following in zip(pages, [*pages[1:], MATHS / "exercises.md"], strict=True):
        last = page.read_text().rstrip().splitlines()[-1]
        assert f"({following.name})" in last, f"{page.name} does not lead to {following.name}"


@pytest.mark.parametrize(
    ("name", "least"),
    [("6-descent.md", 3), ("7-initialization.md", 3), ("8-regularization.md", 10)],
)
def test_figures_are_those_measured(name: str, least: int) -> None:
    text, measured = (MATHS / name).read_text(), RECIPES.read_text()
    figures = re.findall(r"\d+\.\d+(?: ± \d+\.\d+)? %", text)
    assert len(figures) >= least
    for figure in figures:
        assert figure in measured, f"{figure} is not in {RECIPES.name}"
