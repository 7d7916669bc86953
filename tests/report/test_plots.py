import numpy as np
import pytest
from matplotlib.figure import Figure

from mnistmlp.brains.brain import Brain
from mnistmlp.core.metrics import evaluate
from mnistmlp.core.network import Network
from mnistmlp.data.datasets import Dataset
from mnistmlp.report import plots
from mnistmlp.report.plots import FORMATS, SHOWN, draw_plot
from mnistmlp.report.subject import Subject
from tests.conftest import blobs


@pytest.mark.slow
def test_the_same_pictures_are_the_same_bytes() -> None:
    brain = Brain(Network((784, 10), "sigmoid", "cross-entropy"))
    images, labels = blobs(SHOWN + 1, seed=1)
    labels[:] = np.arange(len(labels)) % 9 + 1  # it reads all as 0
    result = evaluate([brain.network], images, labels)
    subject, data = Subject(("a",), brain, result), Dataset(images, labels, "test")
    for name in ("misread", "reliability"):
        once, again = draw_plot(name, subject, data), draw_plot(name, subject, data)
        assert once == again
        assert tuple(once) == FORMATS


def test_the_heading_says_how_many_neurons_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[tuple[int, str]] = []

    def note(images: np.ndarray, words: list[tuple[str, str]], heading: str) -> Figure:
        assert len(images) == len(words)
        found.append((len(words), heading.split(",")[0]))
        return Figure()

    monkeypatch.setattr(plots, "draw_mosaic", note)
    images, labels = blobs(20, seed=1)
    for width in (SHOWN, SHOWN + 1):
        brain = Brain(Network((784, width, 10), "sigmoid", "cross-entropy"))
        subject = Subject(("a",), brain, evaluate([brain.network], images, labels))
        draw_plot("weights", subject, Dataset(images, labels, "test"))
    assert found == [
        (60, "all 60 neurons of the first layer"),
        (60, "the 60 most used of 61 neurons of the first layer"),
    ]
