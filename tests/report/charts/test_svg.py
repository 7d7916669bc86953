import re
from dataclasses import replace
from functools import partial
from xml.etree import ElementTree

import numpy as np
import pytest

from mnistmlp.report.charts.figures import Draw
from mnistmlp.report.charts.learning import draw_accuracies, draw_learning_rates, draw_losses
from mnistmlp.report.charts.results import draw_confusion, draw_reliability, draw_selection
from mnistmlp.report.charts.svg import STAND_INS, _shorten_path, draw_inline
from mnistmlp.report.curves import Curves
from tests.report.conftest import make_result

HOSTILE = [
    "$x^2$", "_private", "</svg><script>alert(1)</script>", "n" * 300, "\x1b[31m\udcff\u202e",
    "漢字🙂", "e&\"'é", "#010203", "ninth",
]  # fmt: skip


def texts(svg: str) -> list[str]:
    return [each.text or "" for each in ElementTree.fromstring(svg).iter("text")]


@pytest.fixture
def charts(curves: Curves) -> dict[str, Draw]:
    """All charts, of one brain and of several."""
    one, results = [curves], [("a", make_result())]
    many = [replace(curves, name=name) for name in HOSTILE]
    all_results = [(name, make_result(seed=n)) for n, name in enumerate(HOSTILE)]
    return {
        "loss": partial(draw_losses, curves=one),
        "accuracy": partial(draw_accuracies, curves=one),
        "rate": partial(draw_learning_rates, curves=one),
        "confusion": partial(draw_confusion, confusion=np.arange(100).reshape(10, 10)),
        "reliability": partial(draw_reliability, results=results),
        "selection": partial(draw_selection, results=results),
        "losses": partial(draw_losses, curves=many),
        "accuracies": partial(draw_accuracies, curves=many),
        "rates": partial(draw_learning_rates, curves=many),
        "reliabilities": partial(draw_reliability, results=all_results),
        "selections": partial(draw_selection, results=all_results),
    }


@pytest.mark.slow
def test_charts_fit_a_page(charts: dict[str, Draw]) -> None:
    ids: list[str] = []
    for name, draw in charts.items():
        svg = draw_inline(draw, "a chart", name)
        assert len(svg) < 30_000, name
        root = ElementTree.fromstring(svg)
        assert root.tag == "svg"
        assert root.attrib.keys() == {
            *("viewBox", "width", "role", "aria-label", "stroke-linejoin", "stroke-linecap"),
        }
        assert root.get("viewBox", "").startswith("0 0 259.2 ")
        assert not {"style", "metadata", "script", "image"} & {each.tag for each in root.iter()}
        for forbidden in ("<!", "<?", "font-family", "DejaVu", "http", "xlink", "xmlns"):
            assert forbidden not in svg
        found = [each.attrib["id"] for each in root.iter() if "id" in each.attrib]
        assert set(found) == set(re.findall(r'(?:href="|url\()#([^")]+)', svg))
        ids += found
    assert len(ids) == len(set(ids)) > 0


def test_colours_are_variables(charts: dict[str, Draw]) -> None:
    for name, draw in charts.items():
        svg = draw_inline(draw, "a chart", name)
        styles = re.findall(r'style="([^"]*)"', svg)
        assert styles
        for style in styles:
            for colour in re.findall(r"(?:fill|stroke|color):([^;]*)", style):
                assert colour == "none" or colour.startswith("var(--"), style
        assert not [each for each in STAND_INS.values() if f":{each}" in svg]
        for text in ElementTree.fromstring(svg).iter("text"):
            assert "var(--" in text.get("style", "")
            assert "font-size:" in text.get("style", "")
    assert "var(--series-8)" in draw_inline(charts["losses"], "", "a")


def test_names_are_shown_as_they_are(charts: dict[str, Draw]) -> None:
    for name in ("losses", "rates", "reliabilities", "selections"):
        svg = draw_inline(charts[name], "a chart", "a")
        found = [each.removesuffix(", epoch 9") for each in texts(svg)]
        for shown in ("$x^2$", "_private", "漢字🙂", "e&\"'é", r"\x1b[31m\udcff\u202e", "#010203"):
            assert shown in found, name
        assert "nnnnnnnnnnnn…nnnnnnnnnnn" in found
        assert "<script" not in svg
        assert "and 1 more, not drawn" in found
        assert "ninth" not in found


def test_what_it_shows_in_words_is_escaped(charts: dict[str, Draw]) -> None:
    svg = draw_inline(charts["loss"], '"><script>&', "a")
    assert ElementTree.fromstring(svg).get("aria-label") == '"><script>&'
    assert "<script" not in svg


def test_the_same_chart_is_the_same_text(charts: dict[str, Draw]) -> None:
    for draw in (charts["losses"], charts["reliability"]):
        assert draw_inline(draw, "a", "a") == draw_inline(draw, "a", "a")


def test_long_runs_stay_small(curves: Curves) -> None:
    rng = np.random.default_rng(0)
    long = dict(enumerate(rng.random(100_000).tolist(), 1))
    many = [replace(curves, loss=long, validation_loss=long, kept=70_000)] * 8
    for count in (1, 8):
        assert len(draw_inline(partial(draw_losses, curves=many[:count]), "", "a")) < 30_000


def test_paths_are_shortened_without_drift() -> None:
    x = y = 0.0
    steps = np.full((1000, 2), 0.004).cumsum(axis=0)
    path = _shorten_path("M 0 0 " + "".join(f"L {a} {b} \n" for a, b in steps))
    for a, b in re.findall(r"([+-][\d.]+)([+-][\d.]+)", path):
        x, y = x + float(a), y + float(b)
    assert (round(x, 2), round(y, 2)) == (4, 4)
    assert (
        _shorten_path("M 1 2 \nL 2.999 1.004 \nC 1 1 2 2 3 3 \nz \n") == "m+1+2l+2-1c-2+0-1+1+0+2z"
    )
