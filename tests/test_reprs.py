"""What a prompt shows of each public thing is a line."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mnistmlp
from tests.conftest import blobs
from tests.pictures.drawings import draw_page


@pytest.fixture(scope="module")
def brain() -> mnistmlp.Brain:
    return mnistmlp.train("classic", blobs(600, 0), hidden=(5,), epochs=30, validation=200)


def test_of_a_brain_and_its_parts(brain: mnistmlp.Brain) -> None:
    assert repr(brain).startswith(
        "<Brain 784-5-10, sigmoid, mse, recipe classic, validation accuracy "
    )
    assert repr(mnistmlp.Brain(brain.network)) == "<Brain 784-5-10, sigmoid, mse>"
    assert repr(brain.network) == "<Network 784-5-10, sigmoid, mse>"
    assert repr(mnistmlp.Committee([brain, brain])) == "<Committee of 2: 784-5-10>"
    pair = mnistmlp.Committee([brain, mnistmlp.pretrained()])
    assert repr(pair) == "<Committee of 2: 784-5-10, 784-2048-1024-10>"
    assert len(repr(brain.meta)) < 2000  # without its history, and the JSON itself


def test_of_results(brain: mnistmlp.Brain) -> None:
    found = brain.evaluate(blobs(100, 1))
    text = f"accuracy {found.accuracy:.2%} ({found.correct} of 100 images), loss {found.loss:.4f}"
    assert repr(found) == f"<Evaluation: {text}>"
    assert repr(found.mistakes) == f"<Mistakes: {100 - found.correct} misread images>"


def test_of_data(small: Path) -> None:
    train, test = mnistmlp.load(folder=small)
    assert repr(train) == "<Dataset custom train: 1,200 images>"
    assert repr(test) == "<Dataset custom test: 300 images>"
    arrays: list[Any] = [[[0]], np.zeros((1, 28, 28), np.uint64)]
    for odd in arrays:
        assert repr(mnistmlp.Dataset(odd, odd, "test")) == "<Dataset custom test: 1 images>"


def test_of_what_is_read() -> None:
    draw_page("seven").save("seven.png")
    brain = mnistmlp.pretrained()
    seen = brain.read("seven.png")
    assert repr(seen) == f"<Recognition: 7, confidence {seen.confidence:.4f}>"
    number = brain.read_number("seven.png")
    assert repr(number) == f"<NumberReading: '7', confidence {number.confidence:.4f}>"
    assert "\n" not in repr(number.lines)
    assert repr(number.lines[0][0]).startswith("Digit(digit=7, confidence=")


@pytest.mark.parametrize(
    ("report", "text"),
    [
        ((1, 0.25, 0.9, 0.125, 0.9751, 1.5, 3e4), "loss 0.2500, accuracy 90.00%, "
         "validation loss 0.1250, validation accuracy 97.51%, 1.50 s"),
        ((1, 0.25, 0.9, None, None, 1.5, 3e4), "loss 0.2500, accuracy 90.00%, 1.50 s"),
        ((1, 0.25, None, None, None, 1.5, 3e4), "loss 0.2500, 1.50 s"),
    ],
)  # fmt: skip
def test_of_an_epoch_as_it_is_printed(
    report: tuple[int, float, float | None, float | None, float | None, float, float], text: str
) -> None:
    assert str(mnistmlp.EpochReport(*report)) == f"epoch 1: {text}"
