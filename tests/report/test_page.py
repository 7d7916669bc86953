"""The report in a real browser, against the evaluation that it shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from mnistmlp.brains.brain import Brain
from mnistmlp.data.datasets import Dataset
from mnistmlp.report import images
from mnistmlp.report.page import REJECT, write_report
from mnistmlp.report.subject import Subject
from tests.browser import collect_troubles
from tests.report.conftest import make_subject, random_brain

pytestmark = pytest.mark.browser

Open = Callable[..., Page]
HOSTILE = '</script><img src=x onerror="document.title=1">\u202e{{ 7 * 7 }}.npz'


@pytest.fixture
def open_report(browser: Browser, data: Dataset, tmp_path: Path) -> Iterator[Open]:
    """Write a report and open it; at the end, check that nothing went wrong in it."""
    troubles: list[str] = []
    contexts = []

    def visit(subject: Subject, **options: Any) -> Page:
        path = tmp_path / "report.html"
        write_report(path, subject, data)
        context = browser.new_context(**options)
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        collect_troubles(page, path, troubles)
        page.goto(path.as_uri())
        return page

    yield visit
    for context in contexts:
        context.close()
    assert troubles == []


@pytest.fixture
def one(data: Dataset, learnt: Brain) -> Subject:
    return make_subject(data, learnt=learnt)


def rows_of(page: Page, table: str) -> list[list[str]]:
    """Return the cells of a table's body."""
    script = "table => [...table.tBodies[0].rows].map(row => [...row.cells].map(c => c.innerText))"
    found: list[list[str]] = page.locator(table).evaluate(script)
    return [[cell.strip() for cell in row] for row in found]


# --- Figures -----------------------------------------------------------------


def test_figures_are_those_of_the_evaluation(open_report: Open, one: Subject) -> None:
    page, result = open_report(one), one.result
    low, high = result.interval
    assert page.locator(".figures dd").all_inner_texts() == [
        f"{result.accuracy:.2%}",
        f"95% interval {low:.2%} to {high:.2%}",
        str(len(result.mistakes)),
        "of 300 images",
        f"{result.loss:.4f}",
        "mse",
        f"{result.calibration_error:.2%}",
        f"{result.calibration_error_before:.2%} before calibration",
    ]
    assert 0 < len(result.mistakes) < 300
    counts = [[int(cell or 0) for cell in row[1:]] for row in rows_of(page, ".matrix")]
    assert counts == result.confusion.tolist()
    for row, each in zip(rows_of(page, "#confusion .numbers"), result.per_digit, strict=True):
        scores = [f"{score:.2%}" for score in (each.precision, each.recall, each.f1)]
        assert row == [str(each.digit), *scores, str(each.support)]
    expect(page.locator("#confusion > p")).to_have_text(
        f"{result.describe_confusion().capitalize()}."
    )


def test_what_rejecting_would_cost(open_report: Open, one: Subject) -> None:
    confidence = one.result.probabilities.max(axis=1)
    right = one.result.digits == one.result.labels
    rows = []
    for threshold in REJECT:
        read = confidence >= threshold
        accuracy = f"{right[read].mean():.2%}" if read.any() else "none read"
        rows.append([str(threshold), str(300 - read.sum()), f"{read.mean():.2%}", accuracy])
    assert rows_of(open_report(one), "#confidence table") == rows


def test_a_brain_that_guesses_is_called_so(open_report: Open, data: Dataset) -> None:
    page = open_report(make_subject(data, chance=random_brain(1)))
    expect(page.locator("header")).to_contain_text("That is hardly better than guessing.")


# --- Images ------------------------------------------------------------------


def indices(page: Page) -> list[int]:
    """Return the indices of the images that are shown."""
    texts = page.locator("#tiles .note").all_inner_texts()
    return [int(text.removeprefix("index ")) for text in texts]


def show_all(page: Page) -> None:
    """Press the button for more images until there are no more."""
    for _ in range(20):
        if not page.locator("#more").is_visible():
            return
        page.locator("#more").click()
    raise AssertionError("there are always more")


def test_all_misread_images_are_shown(open_report: Open, data: Dataset) -> None:
    subject = make_subject(data, chance=random_brain(1))
    page, mistakes = open_report(subject), subject.result.mistakes
    found = page.locator("#found")
    expect(found).to_have_text(f"{len(mistakes)} images, the 60 most confident are shown.")
    show_all(page)
    expect(found).to_have_text(f"{len(mistakes)} images, the most confident first.")
    assert set(indices(page)) == set(mistakes.indices.tolist())
    digits = dict(zip(mistakes.indices.tolist(), mistakes.confidences.tolist(), strict=True))
    confidences = np.array([digits[index] for index in indices(page)])
    assert (np.diff(confidences) <= 1e-4).all()


def test_an_image_says_what_it_is(open_report: Open, data: Dataset, one: Subject) -> None:
    page, mistakes = open_report(one), one.result.mistakes
    index, label, digit = (
        int(each[0]) for each in (mistakes.indices, mistakes.labels, mistakes.digits)
    )
    tile = page.locator(".tile").first
    expect(tile).to_contain_text(f"{label} read as {digit}")
    expect(tile).to_contain_text(f"{digit}: {mistakes.confidences[0]:.2%}")
    script = "c => Array.from(c.getContext('2d').getImageData(0, 0, 28, 28).data)"
    page.evaluate("Promise.all(sheets.map((sheet) => sheet.decode()))")
    pixels = np.array(tile.locator("canvas").evaluate(script)).reshape(28, 28, 4)
    np.testing.assert_array_equal(pixels[:, :, 0], data.images[index])
    tile.click()
    expect(page.locator("#details-title")).to_have_text(f"Image {index}: {label} read as {digit}")
    rows = rows_of(page, "#details table")
    assert [row[2] for row in rows] == [f"{each:.2%}" for each in mistakes.probabilities[0]]
    page.keyboard.press("Escape")
    expect(page.locator("#details")).to_be_hidden()
    expect(tile).to_be_focused()


def test_a_cell_opens_its_images(open_report: Open, one: Subject) -> None:
    page, result = open_report(one), one.result
    pair = result.most_confused()[0]
    page.locator(f"[data-actual='{pair.actual}'][data-predicted='{pair.predicted}']").focus()
    page.keyboard.press("Enter")
    wrong = (result.labels == pair.actual) & (result.digits == pair.predicted)
    assert sorted(indices(page)) == np.flatnonzero(wrong).tolist()
    page.locator("[data-actual='4'][data-predicted='4']").click()
    right = np.flatnonzero((result.labels == 4) & (result.digits == 4))
    expect(page.locator("#found")).to_have_text(f"{len(right)} images, the least confident first.")
    assert sorted(indices(page)) == right.tolist()


def test_of_images_read_right_the_least_confident_are_shown(
    open_report: Open, data: Dataset, one: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(images, "RIGHT_SHOWN", 5)
    page, result = open_report(one), one.result
    confidences = np.where(result.right, result.confidences, 2)
    page.locator("[name=show]").select_option("right")
    assert indices(page) == np.argsort(confidences, kind="stable")[:5].tolist()
    found = f"{result.correct} images, the 5 least confident are shown."
    expect(page.locator("#found")).to_have_text(found)
    digit = int(result.digits[result.right][0])
    page.locator("[name=actual]").select_option(str(digit))
    of_digit = np.where(result.labels == digit, confidences, 2)
    assert indices(page) == np.argsort(of_digit, kind="stable")[:5].tolist()


def test_without_javascript_it_says_so(open_report: Open, one: Subject) -> None:
    page = open_report(one, java_script_enabled=False)
    expect(page.locator("noscript p")).to_contain_text("needs JavaScript")
    for name in ("#images", "#layer", "text=Press a number"):
        expect(page.locator(name)).to_be_hidden()
    expect(page.locator(".matrix")).to_be_visible()


def test_the_keyboard_goes_on_where_more_images_begin(open_report: Open, data: Dataset) -> None:
    page = open_report(make_subject(data, chance=random_brain(1)))
    page.locator("#more").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#tiles .tile").nth(60)).to_be_focused()


def test_images_by_digit(open_report: Open, one: Subject) -> None:
    page, mistakes = open_report(one), one.result.mistakes
    label = int(mistakes.labels[0])
    page.locator("[name=actual]").select_option(str(label))
    assert sorted(indices(page)) == sorted(mistakes.indices[mistakes.labels == label].tolist())
    page.locator("[name=predicted]").select_option(str(label))
    expect(page.locator("#found")).to_have_text("No images.")


# --- Several brains, and the first layer -------------------------------------


def test_brains_side_by_side(open_report: Open, data: Dataset, learnt: Brain) -> None:
    subject = make_subject(data, learnt=learnt, chance=random_brain(1))
    page, result = open_report(subject), subject.result
    results = {"learnt": result.members[0], "chance": result.members[1], "the committee": result}
    assert [row[:2] for row in rows_of(page, "#comparison table")] == [
        [name, f"{each.accuracy:.2%}"] for name, each in results.items()
    ]
    one, two = (each.digits == each.labels for each in result.members)
    for only, button in ((one & ~two, "only-0-1"), (two & ~one, "only-1-0")):
        page.locator(f"[data-show={button}]").click()
        show_all(page)
        assert sorted(indices(page)) == np.flatnonzero(only).tolist() != []
    page.locator("[name=show]").select_option("differ")
    differ = int((result.members[0].digits != result.members[1].digits).sum())
    expect(page.locator("#found")).to_contain_text(f"{differ} images")
    page.locator(".tile").first.click()
    names = [row[0] for row in rows_of(page, "#details table.facts")]
    assert names == list(results)


def test_a_neuron_opens_the_images_that_light_it(open_report: Open, one: Subject) -> None:
    page = open_report(one)
    expect(page.locator("#layer h3")).to_have_text("learnt: all 8 neurons")
    tiles = page.locator(".neurons .tile")
    assert tiles.count() == 8
    tiles.first.click()
    expect(page.locator("#details-title")).to_contain_text("of the layer's use")
    assert page.locator("#details .tiles canvas").count() == 12


# --- Safe, and for everybody -------------------------------------------------


def test_long_names_do_not_widen_the_page(open_report: Open, data: Dataset, learnt: Brain) -> None:
    brains = {"run_hidden_1000_relu_adam_lr_0.001_seed_17_v2.npz" * 3: learnt, "b": random_brain(1)}
    page = open_report(make_subject(data, **brains), viewport={"width": 360, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    page.locator(".tile").first.click()
    width = "element => element.scrollWidth <= element.clientWidth"
    assert page.locator("#details").evaluate(width)


def test_hostile_names_do_nothing(open_report: Open, data: Dataset) -> None:
    subject = make_subject(data, **{HOSTILE: random_brain(1), "other": random_brain(2)})
    page = open_report(subject)
    shown = HOSTILE.replace("\u202e", "\\u202e")
    assert rows_of(page, "#comparison table")[0][0] == shown
    page.locator(".tile").first.click()
    assert rows_of(page, "#details table.facts")[0][0] == shown
    assert page.locator("img").count() == 0
    assert page.title() == "Committee of 2 brains on custom test"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(open_report: Open, data: Dataset, learnt: Brain, scheme: str) -> None:
    subject = make_subject(data, learnt=learnt, chance=random_brain(1))
    page = open_report(subject, color_scheme=scheme, viewport={"width": 360, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    for open_details in (False, True):
        if open_details:
            page.locator(".tile").first.click()
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()


def test_paper_shows_no_controls(open_report: Open, one: Subject) -> None:
    page = open_report(one)
    page.emulate_media(media="print")
    for name in ("nav", "#filter", "#more", "text=Press a"):
        expect(page.locator(name).first).to_be_hidden()
    expect(page.locator("text=Actual digit by row")).to_be_visible()
    assert page.pdf().count(b"/Type /Page\n") > 1
