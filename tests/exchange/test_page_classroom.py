"""A network is taught in the page, step by step and from scratch, and what it learnt is saved."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from typer.testing import CliRunner

from mnistmlp.arrays import Array
from mnistmlp.brains.brain import Brain, load_brain
from mnistmlp.cli.app import app
from mnistmlp.data.idx import read_idx, write_idx
from mnistmlp.data.synthetic import make_digits
from mnistmlp.exchange.html import write_page
from tests.conftest import few_steps
from tests.exchange.conftest import Open, encoded, keep, random_brain, until
from tests.exchange.strokes import DIGITS

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def brain() -> Brain:
    return random_brain(20, 15, activation="tanh", loss="cross-entropy", temperature=1.5, scale=0.1)


@pytest.fixture
def page(open_page: Open, brain: Brain) -> Page:
    write_page(Path("page.html"), brain, "b.npz")
    return open_page(Path("page.html").resolve(), viewport={"width": 1440, "height": 1000})


def parameters(page: Page) -> Array:
    return np.array(page.evaluate("Array.from(network.parameters)"), np.float32)


def sketch(page: Page, digit: int) -> None:
    """Draw a digit at once: strokes of a mouse take their time."""
    page.evaluate(
        """(strokes) => {
            drawing.strokes = strokes.map((points) => ({ width: 18, points }));
            drawing.changed();
        }""",
        DIGITS[digit],
    )
    until(page, "latest !== null")


def say(page: Page, digit: int) -> None:
    """Draw a 3, and say that it is this digit."""
    sketch(page, 3)
    page.locator("#labels label").nth(digit).click()


def losses(page: Page) -> list[float]:
    """Return the loss after steps, and before them."""
    words = page.locator("#taught").inner_text().replace("(before: ", "").split()
    return [float(words[i + 2].strip("),")) for i, each in enumerate(words) if each == "loss"] + [
        float(each.strip("),")) for each in words if each.endswith("),")
    ][:1]


# --- A step at a time --------------------------------------------------------


def test_a_step_is_one_of_gradient_descent_and_is_undone(page: Page, brain: Brain) -> None:
    step, undo = page.locator("#step"), page.locator("#unlearn")
    expect(step).to_be_disabled()
    expect(page.locator("#taught")).to_have_text("Draw a digit, and say what it is.")
    sketch(page, 3)
    expect(page.locator("#taught")).to_have_text("Say what you drew.")
    page.locator("#labels label").nth(7).click()
    expect(page.locator("#taught")).to_contain_text("The loss is ")
    expect(page.locator("#deltas li")).to_have_count(3)
    expect(page.locator("#outcome")).to_be_hidden()
    page.locator("#rate").fill("-1")
    expect(page.locator("#rate-shown")).to_have_text("0.1")
    answers = page.evaluate("latest.probabilities")
    expected = page.evaluate("""() => {
        const { gradient, loss } = backpropagate(network, [latest.seen], [7]);
        return { gradient: Array.from(gradient), loss };
    }""")
    step.click()
    after, before = losses(page)
    assert before == pytest.approx(expected["loss"], rel=1e-3)
    assert after < before
    moved = brain.network.parameters - 0.1 * np.array(expected["gradient"], np.float32)
    np.testing.assert_allclose(parameters(page), moved, rtol=1e-5, atol=1e-6)
    assert page.evaluate("latest.probabilities[7]") > answers[7]
    assert page.evaluate("network.temperature") == 1  # it was fitted to other weights
    uncalibrated = page.locator("#uncalibrated")
    expect(uncalibrated).to_contain_text("the first step turns it off")
    expect(uncalibrated).to_be_visible()
    expect(page.locator("#about")).not_to_contain_text("right on validation")
    page.locator("#ten-steps").click()
    expect(page.locator("#taught")).to_contain_text("After 10 steps, ")
    assert losses(page)[1] == after
    expect(uncalibrated).to_be_hidden()  # what was before, the bars have shown
    undo.click()
    np.testing.assert_allclose(parameters(page), moved, rtol=1e-5, atol=1e-6)
    undo.click()
    np.testing.assert_array_equal(parameters(page), brain.network.parameters)
    np.testing.assert_allclose(page.evaluate("latest.probabilities"), answers)
    assert page.evaluate("network.temperature") == 1.5
    expect(page.locator("#about")).to_contain_text("75.00 % right on validation images")
    expect(undo).to_be_disabled()
    expect(step).to_be_focused()


def test_what_is_shown_of_a_step_is_what_happened(page: Page, brain: Brain) -> None:
    say(page, 7)
    first = brain.network.layers[0][0].copy()
    page.locator("#step").click()
    change = parameters(page)[: 20 * 785].reshape(20, 785)[:, :-1] - first
    whole = parameters(page)[: 20 * 785].reshape(20, 785) - brain.network.matrices[0]
    most = int((whole**2).sum(axis=1).argmax())
    expect(page.locator("#weights-which")).to_have_text(f"Weights of neuron {most + 1} in layer 1")
    page.locator('#neurons [data-layer="1"][data-neuron="4"]').click()
    expect(page.locator("#weights-which")).to_have_text("Weights of neuron 5 in layer 1")
    pixels = page.evaluate("""() => Array.from(element("weights-change")
        .getContext("2d").getImageData(0, 0, 28, 28).data)""")
    red, _, blue, _ = np.array(pixels, int).reshape(784, 4).T
    strong = np.abs(change[4]) > np.abs(change[4]).max() / 3
    assert strong.sum() > 20
    np.testing.assert_array_equal((blue > red)[strong], (change[4] > 0)[strong])
    sizes = page.locator("#deltas .size").all_inner_texts()
    deltas = page.evaluate("classroom.lesson.last.deltas.map((d) => Array.from(d))")
    for text, delta in zip(sizes, reversed(deltas), strict=True):
        shown = float(text.split("= ")[1].replace("−", "-"))
        assert shown == pytest.approx(np.abs(delta).max(), rel=0.06)
    assert page.locator("#deltas .formula").all_inner_texts() == [
        "a³ − y",
        "(W³)ᵀ δ³ ⊙ tanh′(z²)",
        "(W²)ᵀ δ² ⊙ tanh′(z¹)",
    ]
    expect(page.locator("#changes .wanted .name")).to_have_text("7")
    sketch(page, 1)  # what it did to another image is not known
    expect(page.locator("#outcome")).to_be_hidden()
    page.locator("#clear").click()
    assert page.locator("#labels :checked").count() == 0


def test_delta_flows_back_through_the_network(page: Page) -> None:
    say(page, 7)
    lit = """view.columns.map(({ aim }) => aim.some((each) => each !== 0))"""
    page.locator("#step").click()
    until(page, f"String({lit}) === 'false,false,true'")
    aims = page.evaluate("view.columns[2].aim")
    delta = np.array(page.evaluate("Array.from(classroom.lesson.last.deltas[2])"))
    np.testing.assert_allclose(aims, delta / abs(delta).max(), atol=1e-6)
    until(page, f"String({lit}) === 'false,true,false'")
    until(page, f"String({lit}) === 'true,true,true'")  # as it was
    page.locator("#step").click()
    sketch(page, 1)  # goes before it
    page.wait_for_timeout(500)
    assert page.evaluate(lit) == [True, True, True]
    page.emulate_media(reduced_motion="reduce")
    say(page, 7)
    page.locator("#step").click()
    assert page.evaluate(lit) == [True, True, True]


def test_it_is_taught_by_keyboard(page: Page) -> None:
    sketch(page, 3)
    page.locator("#labels input").first.focus()
    page.keyboard.press("Space")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Tab")
    expect(page.locator("#keep")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#taught")).to_contain_text("the probability of 3 is")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#step")).to_be_focused()


def test_outputs_that_are_stuck_are_said_to_be(open_page: Open) -> None:
    brain = random_brain(20, loss="mse", activation="tanh", scale=0.1)
    brain.network.layers[-1][1][:] = [20] + 9 * [-20]  # it is always sure of a 0
    write_page(Path("page.html"), brain, "b.npz")
    page = open_page(Path("page.html").resolve())
    say(page, 3)
    expect(page.locator("#stuck")).to_be_visible()
    page.locator("#labels label").first.click()
    expect(page.locator("#stuck")).to_be_hidden()


def test_a_step_that_is_too_long_is_taken_back(page: Page, brain: Brain) -> None:
    say(page, 7)
    page.evaluate("(classroom.lesson.rate = { value: 39 })")
    page.locator("#ten-steps").click()
    expect(page.locator("#taught")).to_contain_text("so it was undone")
    np.testing.assert_array_equal(parameters(page), brain.network.parameters)
    expect(page.locator("#unlearn")).to_be_disabled()


def test_a_large_network_is_not_taught_but_a_small_one_is_trained(open_page: Open) -> None:
    page = open_page()
    expect(page.locator("#lesson")).to_be_hidden()
    expect(page.locator("#no-lesson")).to_contain_text("at most 200,000")
    page.locator("#train").click()
    until(page, "classroom.school.training?.epochs > 1")
    page.locator("#train").click()
    expect(page.locator("#about")).to_contain_text("784-20-20-10")
    expect(page.locator("#lesson")).to_be_visible()
    page.locator("#return").click()
    expect(page.locator("#about")).to_contain_text("784-2048-1024-10")
    sketch(page, 3)
    expect(page.locator("#digit")).to_have_text("3")


# --- From scratch ------------------------------------------------------------


def test_a_network_is_trained_from_scratch_and_reads(page: Page, brain: Brain) -> None:
    sketch(page, 3)
    train, progress = page.locator("#train"), page.locator("#progress")
    train.click()
    expect(train).to_have_text("Stop")
    expect(page.locator("#taught")).to_have_text("Stop the training first.")
    until(page, "classroom.school.training?.epochs >= 30")
    train.click()
    expect(train).to_have_text("Continue")
    expect(progress).to_contain_text("% of 60 held-out digits are right")
    expect(page.locator("#told")).to_have_text(progress.inner_text())
    reached = page.evaluate("classroom.school.training.curve.slice(-5)")
    assert min(reached) > 0.5
    expect(page.locator("#digit")).to_have_text("3")
    expect(page.locator("#about")).to_contain_text("new network · 784-20-15-10")
    expect(page.locator("#about")).to_contain_text("trained in this page")
    expect(page.locator("#seen-caption")).to_contain_text("straightened and resized")
    epochs = page.evaluate("classroom.school.training.epochs")
    train.click()
    until(page, f"classroom.school.training.epochs > {epochs}")
    train.click()
    page.locator("#anew").click()
    until(page, "classroom.school.training.epochs > 0")
    train.click()
    assert page.evaluate("classroom.school.training.curve[0]") < 0.4
    page.locator("#return").click()
    expect(page.locator("#about")).to_contain_text("b.npz")
    np.testing.assert_array_equal(parameters(page), brain.network.parameters)
    expect(train).to_have_text("Train")


def test_steps_are_taken_back_before_another_network_is_trained(page: Page, brain: Brain) -> None:
    say(page, 7)
    page.locator("#ten-steps").click()
    page.locator("#train").click()
    until(page, "classroom.school.training?.epochs > 0")
    page.locator("#train").click()
    page.locator("#return").click()
    np.testing.assert_array_equal(parameters(page), brain.network.parameters)


# --- What is kept and saved --------------------------------------------------


def collect(page: Page, digits: list[int]) -> None:
    """Draw digits, and keep each."""
    for digit in digits:
        sketch(page, digit)
        page.locator("#labels label").nth(digit).click()
        page.locator("#keep").click()
        until(page, "latest === null")


def save(page: Page, button: str, folder: Path) -> Path:
    with page.expect_download() as waiting:
        page.locator(button).click()
    path = folder / waiting.value.suggested_filename
    waiting.value.save_as(path)
    return path


def run(*arguments: Any) -> str:
    result = CliRunner().invoke(app, [str(each) for each in arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


@few_steps
def test_drawings_are_kept_removed_trained_on_and_saved(page: Page, tmp_path: Path) -> None:
    expect(page.locator("#sources [value=own]")).to_be_disabled()
    digits = [3, 7, 1, 3, 7, 1, 3, 7, 1, 3, 7, 0]
    collect(page, digits)
    assert page.locator("#kept span").all_inner_texts() == [str(each) for each in digits]
    expect(page.locator("#kept-count")).to_have_text("Your drawings: 12")
    page.get_by_role("button", name="Remove drawing 2: a 7").click()
    expect(page.get_by_role("button", name="Remove drawing 2: a 1")).to_be_focused()
    digits.pop(1)
    page.locator("#sources [value=own]").check()
    page.locator("#train").click()
    until(page, "classroom.school.training?.epochs > 20")
    page.locator("#train").click()
    expect(page.locator("#progress")).to_contain_text("of 2 held-out digits")
    images = page.evaluate("classroom.collection.examples.map(({ image }) => Array.from(image))")
    sketch(page, 4)
    page.locator("#edit").click()
    page.evaluate("editing.paint(0, 255)")  # an edited image is kept as it is
    until(page, "latest.seen[0] === 255")
    page.locator("#labels label").nth(4).click()
    images.append(page.evaluate("Array.from(latest.seen)"))
    page.locator("#keep").click()
    expect(page.locator("#edit")).to_have_attribute("aria-pressed", "false")
    digits.append(4)
    archive = save(page, "#save-drawings", tmp_path)
    with zipfile.ZipFile(archive) as file:
        file.extractall(tmp_path / "drawings")
    written = read_idx(tmp_path / "drawings" / "train-images-idx3-ubyte")
    np.testing.assert_array_equal(written.reshape(-1, 784), images)
    labels = read_idx(tmp_path / "drawings" / "train-labels-idx1-ubyte")
    assert labels.tolist() == digits
    options = ("--data-dir", tmp_path / "drawings")
    run("train", *options, "--validation", 0, "--epochs", 2, "--output", "own.npz", "--quiet")
    report = json.loads(run("evaluate", "own.npz", "--split", "train", *options, "--json"))
    assert report["images"] == 12


DROP = """([name, text]) => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File([fromBase64(text)], name));
    document.body.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true }));
}"""


def test_drawings_that_others_kept_are_added(page: Page, tmp_path: Path) -> None:
    collect(page, [3, 7])
    archive = save(page, "#save-drawings", tmp_path)
    with zipfile.ZipFile(archive) as file, zipfile.ZipFile("again.ZIP", "w", 8) as again:
        for name in file.namelist():
            again.writestr(f"a folder/{name}", file.read(name))
            again.writestr(f"__MACOSX/a folder/._{name}", b"of another system")
    Path("notes.txt").write_text("not a zip")
    with page.expect_file_chooser() as chooser:
        page.locator("#open-drawings").click()
    chooser.value.set_files([str(archive), "notes.txt", "again.ZIP"])
    opened = page.locator("#opened")
    told = "Drawings added: 4\nnotes.txt was not added: it is not a zip file."
    expect(opened).to_have_text(told, use_inner_text=True)
    expect(opened).to_be_in_viewport()
    expect(page.locator("#kept-count")).to_have_text("Your drawings: 6")
    assert page.locator("#kept span").all_inner_texts() == ["3", "7"] * 3
    images = page.evaluate("classroom.collection.examples.map(({ image }) => Array.from(image))")
    assert images == images[:2] * 3
    expect(page.locator("#kept button").last).to_have_accessible_name("Remove drawing 6: a 7")
    page.evaluate(DROP, ["again.ZIP", encoded(Path("again.ZIP").read_bytes())])
    expect(opened).to_have_text("Drawings added: 2")


def test_what_was_said_of_one_digit_is_forgotten_with_the_next(page: Page) -> None:
    for sample in (7, 4):
        page.locator("#samples button").nth(sample).click()
        expect(page.locator("#labels :checked")).to_have_count(0)
        expect(page.locator("#keep")).to_be_disabled()
        say(page, sample)
        expect(page.locator("#keep")).to_be_enabled()


def test_it_goes_on_only_with_what_it_began_with(page: Page) -> None:
    train = page.locator("#train")
    train.click()
    expect(train).to_have_text("Stop")
    train.click()
    expect(train).to_have_text("Continue")
    collect(page, [3])
    page.locator("#sources input[value=both]").check()
    expect(train).to_have_text("Train")


def test_a_network_that_learnt_is_saved_as_a_brain(
    page: Page, tmp_path: Path, brain: Brain
) -> None:
    expect(page.locator("#save-brain")).to_be_disabled()
    say(page, 7)
    page.locator("#ten-steps").click()
    path = save(page, "#save-brain", tmp_path)
    assert path.name == "brain.npz"
    saved = load_brain(path)
    np.testing.assert_array_equal(saved.network.parameters, parameters(page))
    assert (saved.network.sizes, saved.temperature) == (brain.network.sizes, 1.0)
    image = np.array(page.evaluate("Array.from(latest.image)"), np.uint8).reshape(28, 28)
    np.testing.assert_allclose(
        saved.predict_proba(image), page.evaluate("latest.probabilities"), atol=1e-5
    )
    facts = json.loads(run("info", path, "--json"))
    assert facts["recipe"] == {"name": "page"}
    assert "validation accuracy" not in run("info", path)
    for name, array in zip(
        ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"), make_digits(50, 7), strict=True
    ):
        write_idx(tmp_path / name, array)
    report = json.loads(run("evaluate", path, "--data-dir", tmp_path, "--json"))
    assert report["images"] == 50


# --- How it looks ------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "theme"), [((360, 740), "light"), ((1024, 768), "dark"), ((1920, 1080), "light")]
)
def test_it_fits_and_is_accessible(
    open_page: Open, classic_page: Path, size: tuple[int, int], theme: Any
) -> None:
    width, height = size
    page = open_page(
        classic_page,
        viewport={"width": width, "height": height},
        color_scheme=theme,
        reduced_motion="reduce",
    )
    collect(page, [3, 7])
    say(page, 5)
    page.locator("#ten-steps").click()
    keep(page, f"learn-{width}-{theme}")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    page.locator("#train").click()
    until(page, "classroom.school.training?.epochs > 20")
    page.locator("#train").click()
    keep(page, f"train-{width}-{theme}")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
