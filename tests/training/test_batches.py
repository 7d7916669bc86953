from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from mnistmlp.training import batches as module
from mnistmlp.training.batches import Batches
from tests.conftest import blobs

IMAGES, LABELS = blobs(1000, seed=3)
PIXELS = IMAGES.reshape(-1, 784)


@dataclass
class Seen:
    """The batches of an epoch, concatenated."""

    sizes: list[int]
    pixels: np.ndarray  # (n, 784)
    labels: np.ndarray  # (n,)


def epoch(batches: Batches, rng: np.random.Generator | None = None) -> Seen:
    sizes, pixels, labels = [], [], []
    for inputs, targets in batches.epoch(rng):
        assert (targets.sum(axis=0) == 1).all()
        assert (inputs[-1] == 1).all()
        sizes.append(targets.shape[1])
        pixels.append(np.rint(inputs[:-1].T * 255))
        labels.append(targets.argmax(axis=0))
    return Seen(sizes, np.concatenate(pixels), np.concatenate(labels))


@settings(deadline=None)
@given(count=st.integers(1, 1000), data=st.data(), shuffled=st.booleans())
def test_an_epoch_has_every_image_once(count: int, data: st.DataObject, shuffled: bool) -> None:
    size = data.draw(st.integers(1, count))
    batches = Batches(PIXELS[:count], LABELS[:count], size, "float32")
    epoch(batches, np.random.default_rng(1))  # leaves old data in the buffers
    seen = epoch(batches, np.random.default_rng(0) if shuffled else None)
    rest = [count % size] if count % size else []
    assert seen.sizes == [size] * (count // size) + rest
    numbers = np.arange(count)
    if shuffled:  # find each by its pixels: no two of these images are the same
        places = {pixels.tobytes(): number for number, pixels in enumerate(PIXELS[:count])}
        numbers = np.array([places[pixels.astype(np.uint8).tobytes()] for pixels in seen.pixels])
        assert sorted(numbers) == list(range(count))
    np.testing.assert_array_equal(seen.pixels, PIXELS[numbers])
    np.testing.assert_array_equal(seen.labels, LABELS[numbers])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_pixels_become_parts_of_one(dtype: str) -> None:
    levels = np.arange(256, dtype=np.uint8)
    images = np.zeros((1, 784), np.uint8)
    images[0, :256] = levels
    inputs, targets = next(Batches(images, LABELS[:1], 1, dtype).epoch(None))
    assert inputs.dtype == targets.dtype == dtype
    tolerance = {"float32": 1e-7, "float64": 1e-15}[dtype]
    np.testing.assert_allclose(inputs[:256, 0], levels / 255, rtol=tolerance)
    assert (inputs[255, 0], inputs[784, 0]) == (1, 1)


def test_only_images_that_are_not_contiguous_are_copied() -> None:
    batches = Batches(PIXELS[::2], LABELS[::2], 32, "float32")
    assert batches.images.flags.c_contiguous
    assert np.shares_memory(Batches(PIXELS, LABELS, 32, "float32").images, PIXELS)
    np.testing.assert_array_equal(epoch(batches).pixels, PIXELS[::2])


def test_labels_of_another_type_are_accepted() -> None:
    seen = epoch(Batches(PIXELS, LABELS.astype(np.int64), 32, "float32"))
    np.testing.assert_array_equal(seen.labels, LABELS)


def test_order_is_new_every_epoch_and_determined_by_the_seed() -> None:
    batches = Batches(PIXELS, LABELS, 32, "float32")
    orders = []
    for seed in (1, 1, 2):
        rng = np.random.default_rng(seed)
        orders.append([epoch(batches, rng).labels.tobytes() for _ in range(2)])
    assert orders[0] == orders[1]
    assert len({*orders[0], *orders[2]}) == 4


def test_more_images_than_a_window_are_mixed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "WINDOW_SIZE", 256)
    monkeypatch.setattr(module, "RUN_SIZE", 8)
    order = np.concatenate(list(module._windows(1003, np.random.default_rng(0))))
    assert sorted(order) == list(range(1003))
    assert max(map(len, module._windows(1003, np.random.default_rng(0)))) <= 256
    assert max(map(len, module._windows(1003, None))) <= 256
    first = order[:256]  # from all over the set, not in runs
    assert np.histogram(first, bins=4, range=(0, 1003))[0].min() > 30
    assert (np.diff(first) == 1).mean() < 0.1
    seen = epoch(Batches(PIXELS, LABELS, 48, "float32"), np.random.default_rng(0))
    assert seen.sizes == [48] * 20 + [40]  # batches cross the windows of 256
    assert np.bincount(seen.labels).tolist() == np.bincount(LABELS).tolist()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_label_smoothing_spreads_a_part_over_all_digits(dtype: str) -> None:
    batches = Batches(PIXELS[:700], LABELS[:700], 300, dtype, smoothing=0.2)
    for _ in range(2):  # twice, to reuse the buffers
        targets = np.concatenate([batch.targets.T.copy() for batch in batches.epoch(None)])
        np.testing.assert_allclose(targets, 0.8 * np.eye(10)[LABELS[:700]] + 0.02, rtol=1e-6)


def test_images_are_changed_once_as_bytes() -> None:
    seen: list[int] = []

    def brighten(images: np.ndarray) -> None:
        assert images.dtype == np.uint8
        assert images.shape[1] == 784
        seen.append(len(images))
        images |= 0x80

    before = PIXELS[:700].copy()
    result = epoch(Batches(PIXELS[:700], LABELS[:700], 100, "float32", brighten))
    np.testing.assert_array_equal(result.pixels, before | 0x80)
    np.testing.assert_array_equal(PIXELS[:700], before)  # the data set itself is unchanged
    assert sum(seen) == 700
