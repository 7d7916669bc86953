from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mnistmlp.data.datasets import load_dataset
from mnistmlp.pictures.images import examine_picture
from tests.pictures.numbers.drawn import draw_lines, save


@pytest.mark.parametrize(("lines", "count"), [(["0101"], 4), (["00"], 2), (["010", "0101"], 7)])
def test_several_digits_are_counted(lines: list[str], count: int) -> None:
    name = save(draw_lines(*lines), "page.png")
    assert examine_picture(name).count == count
    assert examine_picture(name, centred=False).count == count


def test_digits_that_touch_are_about_several() -> None:
    assert examine_picture(save(draw_lines("00 000", gap=-4), "page.png")).count in (4, 5)


def test_a_digit_in_pieces_is_one() -> None:
    page = np.full((120, 100), 240, np.float32)
    page[20:60, 30:38] = page[52:60, 30:70] = page[20:100, 76:84] = 20  # a 4 in two strokes
    assert examine_picture(save(page, "four.png")).count == 1
    page[:] = 240
    page[20:100, 30:38] = page[20:100, 60:68] = 20  # a 0 without its top and its bottom
    assert examine_picture(save(page, "zero.png")).count == 1


@pytest.mark.slow
def test_digits_of_mnist_are_single(mnist: Path) -> None:
    for image in load_dataset(mnist, "train").images[:300]:
        Image.fromarray(255 - image).resize((112, 112)).save("digit.png")
        assert examine_picture("digit.png").count == 1


def test_a_light_digit_beside_a_heavy_one_counts() -> None:
    page = np.full((140, 300), 240, np.float32)
    page[20:120, 20:110] = 20
    page[45:95, 45:85] = 240  # a 0 of thick strokes
    page[22:118, 240:246] = 20
    assert examine_picture(save(page, "zero-one.png")).count == 2
    page[:, 290:] = 20  # the edge of a desk
    page[22:118, 240:246] = 240
    assert examine_picture(save(page, "zero.png")).count == 1
