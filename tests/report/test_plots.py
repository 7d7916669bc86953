import numpy as np

from mnistmlp.brains.brain import Brain
from mnistmlp.core.metrics import evaluate
from mnistmlp.core.network import Network
from mnistmlp.data.datasets import Dataset
from mnistmlp.report.plots import FORMATS, SHOWN, draw_plot
from mnistmlp.report.subject import Subject
from tests.conftest import blobs


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
