import numpy as np
import pytest

from mnistmlp.training import tally
from mnistmlp.training.tally import Tally


@pytest.mark.parametrize("capacity", [1, 50, 64, 1 << 16])
def test_it_counts_as_argmax_does_over_epochs_that_end_in_a_short_batch(
    monkeypatch: pytest.MonkeyPatch, capacity: int
) -> None:
    monkeypatch.setattr(tally, "CAPACITY", capacity)
    rng = np.random.default_rng(0)
    labels = np.zeros(135, np.uint8)
    counter = Tally(labels, 25, np.dtype("float64"))
    for _ in range(2):
        labels[:] = rng.integers(0, 10, 135)
        logits = rng.standard_normal((10, 135))
        logits[labels, np.arange(135)] += 1
        for start in range(0, 135, 25):
            batch = logits[:, start : start + 25].copy()
            counter.add(batch)
            batch[:] = 0  # as backpropagation overwrites them
        assert counter.finish() == (logits.argmax(axis=0) == labels).sum() > 40


def test_an_image_is_not_recognised_where_another_digit_is_as_likely() -> None:
    counter = Tally(np.zeros(2, np.uint8), 2, np.dtype("float32"))
    logits = np.zeros((10, 2), np.float32)  # as of a network whose neurons are dead
    logits[0, 1] = 1
    counter.add(logits)
    assert counter.finish() == 1
