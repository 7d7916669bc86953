"""Which images look transposed."""

from pathlib import Path

import numpy as np

from mnistmlp.data.convert.orientation import MIN_IMAGES, look_transposed
from mnistmlp.data.datasets import load_dataset


def test_mnist_and_its_transpose(mnist: Path) -> None:
    data = load_dataset(mnist, "test")
    for labels in (data.labels, None):
        assert not look_transposed(data.images, labels)
        assert look_transposed(data.images.swapaxes(1, 2), labels)


def test_a_few_images_and_images_without_ink_say_nothing(mnist: Path) -> None:
    images = load_dataset(mnist, "test", limit=MIN_IMAGES).images.swapaxes(1, 2)
    assert look_transposed(images, None)
    assert not look_transposed(images[1:], None)
    assert not look_transposed(np.zeros((100, 28, 28), np.uint8), None)


def test_only_ones_count_where_there_are_enough() -> None:
    images = np.zeros((60, 28, 28), np.uint8)
    images[:, 12:16, 4:24] = 255
    images[:20] = images[:20].swapaxes(1, 2)
    assert look_transposed(images, None)
    assert not look_transposed(images, np.repeat(np.array([1, 5], np.uint8), [20, 40]))
