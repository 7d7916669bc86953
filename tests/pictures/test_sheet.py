import io

import numpy as np
import pytest
from PIL import Image

from mnistmlp.pictures.sheet import COLUMNS, encode_sheet


@pytest.mark.parametrize(
    ("count", "size"), [(0, (28, 28)), (3, (84, 28)), (COLUMNS + 1, (28 * COLUMNS, 56))]
)
def test_images_stand_row_by_row(count: int, size: tuple[int, int]) -> None:
    images = np.random.default_rng(0).integers(0, 256, (count, 28, 28), np.uint8)
    sheet = Image.open(io.BytesIO(encode_sheet(images)))
    assert (sheet.size, sheet.mode, sheet.format) == (size, "L", "PNG")
    for n, image in enumerate(images):
        row, column = divmod(n, COLUMNS)
        box = (28 * column, 28 * row, 28 * column + 28, 28 * row + 28)
        np.testing.assert_array_equal(np.array(sheet.crop(box)), image)


def test_colours_of_a_palette() -> None:
    palette = np.random.default_rng(0).integers(0, 256, (256, 4), np.uint8)
    numbers = np.arange(784, dtype=np.uint8).reshape(1, 784)
    sheet = Image.open(io.BytesIO(encode_sheet(numbers, palette)))
    found = np.array(sheet.convert("RGBA")).reshape(784, 4)
    np.testing.assert_array_equal(found, palette[numbers[0]])
