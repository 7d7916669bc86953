"""Results as HTML: well-formed, complete, legible, and never what a file says to run."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest

from mnistmlp import Brain, Evaluation, Network, train
from mnistmlp.core.notebook import (
    CELL,
    FAINTEST,
    MARGIN,
    STRONGEST,
    WRONG,
    draw_confusion,
    make_table,
)
from tests.conftest import blobs
from tests.core.test_metrics import make_evaluation

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = '<script>alert("1")</script> & \'<b>'


def parse(html: str) -> ElementTree.Element:
    """Parse HTML that is also XML, as all of ours is."""
    return ElementTree.fromstring(f"<html>{html}</html>")


def texts(root: ElementTree.Element, tag: str) -> list[str]:
    return ["".join(each.itertext()) for each in root.iter(tag)]


def scattered() -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    """Return a confusion matrix of 10,000 images, with no count twice in it but 0."""
    confusion = np.diag(np.arange(900, 1000, 10))
    confusion[0, 1:4] = 20, 3, 1
    confusion[9, 8] = 1_234
    return confusion


def evaluation() -> Evaluation:
    return make_evaluation(scattered())


@pytest.fixture(scope="module")
def brain() -> Brain:
    return train("classic", blobs(600, 0), hidden=(5,), epochs=30, validation=200)


@pytest.mark.parametrize("count", [42, 1135, 12_345, 1_000_000])
def test_a_count_is_in_the_row_of_the_actual_digit(count: int) -> None:
    confusion = np.zeros((10, 10), np.int64)
    confusion[3, 8] = count
    root = parse(draw_confusion(confusion))
    places = [
        (each.text, float(each.attrib["x"]), float(each.attrib["y"]), each)
        for each in root.iter(SVG + "text")
    ]
    ((x, y, text),) = ((x, y, each) for content, x, y, each in places if content == str(count))
    assert ("8", x) in {(content, left) for content, left, top, _ in places if top < MARGIN}
    assert ("3", y) in {(content, top) for content, left, top, _ in places if left < MARGIN}
    assert len(str(count)) * 0.6 * float(text.attrib["font-size"]) < CELL
    inside = [
        cell
        for cell in root.iter(SVG + "rect")
        if 0 < x - float(cell.attrib["x"]) < CELL and 0 < y - float(cell.attrib["y"]) < CELL
    ]
    assert [cell.attrib["fill"] for cell in inside] == [f"rgb{WRONG}"]


def test_right_and_wrong_have_two_colours_and_none_hides_its_count() -> None:
    cells = list(parse(draw_confusion(scattered())).iter(SVG + "rect"))
    fills, opacities = ([cell.attrib[key] for cell in cells] for key in ("fill", "fill-opacity"))
    assert len({fills[11 * digit] for digit in range(10)}) == 1
    assert fills[1] == fills[98] != fills[0]
    assert fills[4] == fills[10] == "gray"
    shown = [float(opacities[i]) for i in (0, 1, 2, 3, 11)]
    assert FAINTEST <= shown[3] < shown[2] < shown[1] < shown[0] < shown[4] == STRONGEST


def test_an_evaluation_shows_accuracy_counts_and_scores() -> None:
    root = parse(evaluation()._repr_html_())
    assert texts(root, "p") == ["accuracy 88.25% (9,450 of 10,708), loss 0.2500"]
    counts = {str(count) for count in scattered().flat if count}
    assert counts <= set(texts(root, SVG + "text"))
    rows = [[*texts(row, "th"), *texts(row, "td")] for row in root.iter("tr")]
    assert rows[0] == ["digit", "precision", "recall", "F1", "images"]
    assert rows[1] == ["0", "100.00%", "97.40%", "98.68%", "924"]
    assert rows[10] == ["9", "100.00%", "44.51%", "61.61%", "2,224"]


def test_a_brain_shows_what_it_is(brain: Brain) -> None:
    rows = [(*texts(row, "th"), *texts(row, "td")) for row in parse(brain._repr_html_()).iter("tr")]
    assert {("sizes", "784-5-10"), ("parameters", "3,985"), ("recipe", "classic")} <= set(rows)
    assert brain.meta
    assert ("validation accuracy", f"{brain.meta.validation_accuracy:.2%}") in rows
    curves = {name: text for name, text in rows if name.endswith("by epoch")}
    assert curves["accuracy by epoch"].endswith(f"{brain.history[-1]['validation_accuracy']:.2%}")
    assert curves["loss by epoch"].startswith("█")


def test_a_network_of_ones_own_has_no_history() -> None:
    html = Brain(Network((784, 10), "relu", "mse"))._repr_html_()
    assert texts(parse(html), "th") == [
        *("sizes", "parameters", "dtype", "activation", "output", "loss"),
    ]


@pytest.mark.parametrize(
    "key",
    [("recipe", "name"), ("recipe", "schedule"), ("versions", "numpy"), ("versions", HOSTILE)],
)
def test_what_a_file_says_is_only_text(key: tuple[str, str], brain: Brain) -> None:
    assert brain.meta
    part = getattr(brain.meta, key[0])
    before, part[key[1]] = dict(part), HOSTILE
    try:
        html = brain._repr_html_()
    finally:
        part.clear()
        part.update(before)
    assert HOSTILE in "".join(parse(html).itertext())
    assert not re.search(r"<(script|b)\b", html)


def test_headings_are_only_text() -> None:
    assert texts(parse(make_table([(HOSTILE, HOSTILE)], [HOSTILE, "b"])), "th") == [
        HOSTILE,
        "b",
        HOSTILE,
    ]
