"""The drawings are those that the script makes, and say in words what they show."""

import runpy
from xml.etree import ElementTree

import pytest

from tests.docs.pages import MATHS, PAGES

DRAW = runpy.run_path(str(MATHS / "draw.py"))
SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("name", DRAW["DRAWINGS"])
def test_a_drawing_is_up_to_date(name: str) -> None:
    text = (MATHS / name).read_text(encoding="utf-8")
    assert text == DRAW["DRAWINGS"][name]()
    root = ElementTree.fromstring(text)
    assert root.findtext(f"{SVG}title")
    assert "prefers-color-scheme: dark" in text


def test_every_drawing_is_shown() -> None:
    shown = "".join(page.read_text() for page in PAGES)
    for picture in MATHS.glob("*.svg"):
        assert f"]({picture.name})" in shown
