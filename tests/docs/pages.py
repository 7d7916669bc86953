"""What the tests read in the pages of docs/maths."""

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
MATHS = ROOT / "docs" / "maths"
PAGES = sorted(MATHS.glob("*.md"))
NUMBERED = [page for page in PAGES if page.name[0].isdigit()]

MATH_BLOCK = re.compile(r"^```math\n(.*?)^```$", re.DOTALL | re.MULTILINE)
# `line` in [`function`](file), which may be broken between lines
QUOTE = re.compile(r"`([^`]+)`\s+in\s+\[`([\w.]+)`\]\(([^)]+)\)")


class Quote(NamedTuple):
    """A line of code that a page quotes."""

    line: str
    function: str  # or Class.method
    file: str  # relative to the page


def read_quotes(text: str) -> list[Quote]:
    """Return the quoted lines of a text, in order."""
    return [Quote(*(" ".join(part.split()) for part in found)) for found in QUOTE.findall(text)]
