import numpy as np
import pytest

from mnistmlp.pictures.numbers.lines import (
    find_lines,
    find_slope,
    find_writing,
    level_lines,
    usual_height,
)
from tests.pictures.numbers.drawn import HEIGHT, draw_lines


def test_pieces_of_writing() -> None:
    writing = find_writing(draw_lines("010", "11"), "auto")
    assert writing
    assert len(writing.boxes) == writing.labels.max() == 5
    assert writing.dark
    assert writing.height == pytest.approx(HEIGHT, abs=5)
    assert writing.stroke == pytest.approx(8, abs=1)
    for number, (top, left, bottom, right) in enumerate(writing.boxes, start=1):
        rows, columns = np.nonzero(writing.labels == number)
        assert (rows.min(), columns.min()) == (top, left)
        assert (rows.max() + 1, columns.max() + 1) == (bottom, right)


def test_a_shadow_does_not_hide_writing() -> None:
    page = draw_lines("0101", "1010")
    page *= np.linspace(1, 0.35, page.shape[1], dtype=np.float32)
    page[:, 100:] *= 0.75
    writing = find_writing(page, "auto")
    assert writing
    assert len(writing.boxes) == 8


def test_height_by_mass() -> None:
    boxes = np.array([[0, 0, 3, 3]] * 9 + [[0, 0, 50, 20], [0, 0, 48, 20]])
    mass = np.array([5.0] * 9 + [400.0, 400.0])
    assert usual_height(boxes, mass) in (48, 50)


@pytest.mark.parametrize("slope", [-0.3, 0.0, 0.15])
def test_slope(slope: float) -> None:
    writing = find_writing(draw_lines("0101010", "1010101", slope=slope), "auto")
    assert writing
    assert find_slope(writing.boxes, writing.height) == pytest.approx(slope, abs=0.021)
    level, shifts = level_lines(writing)
    middles = (level.boxes[:, 0] + level.boxes[:, 2]) / 2
    first, second = np.sort(middles)[:7], np.sort(middles)[7:]
    assert max(np.ptp(first), np.ptp(second)) <= 6
    assert len(shifts) == writing.labels.shape[1]
    assert (level.strength > 0).sum() == (writing.strength > 0).sum()


def test_lines_from_top_to_bottom_and_left_to_right() -> None:
    boxes = np.array(
        [
            [100, 50, 150, 70],
            [0, 60, 50, 80],
            [5, 0, 45, 20],
            [110, 0, 160, 20],
            [0, 22, 8, 40],  # the bar of a 5
        ]
    )
    lines = find_lines(boxes, 50)
    assert [line.pieces.tolist() for line in lines] == [[2, 4, 1], [3, 0]]
    assert [line.height for line in lines] == [45, 50]


def test_boxes_and_lines_of_a_form_are_left_out() -> None:
    page = draw_lines("01", "01", gap=40, margin=40)
    boxed = page.copy()
    for top in (15, 117, 225):
        boxed[top : top + 3, 15:190] = 100
    for left in (15, 98, 187):
        boxed[15:228, left : left + 3] = 100
    ruled = page.copy()
    ruled[110:113, 5:-5] = ruled[210:213, 5:-5] = 100
    for each in (boxed, ruled):
        writing = find_writing(each, "auto")
        assert writing
        assert len(writing.boxes) == 4
        assert writing.height == pytest.approx(HEIGHT, abs=5)


@pytest.mark.parametrize("dark", [True, False])
def test_rulings_that_digits_stand_on_are_erased(dark: bool) -> None:
    page = draw_lines("0100", "0010")
    for line in (0, 1):
        bottom = 30 + HEIGHT + 100 * line
        np.minimum(page[bottom - 2 : bottom + 1], 150, out=page[bottom - 2 : bottom + 1])
    writing = find_writing(page if dark else 255 - page, "auto")
    assert writing
    assert len(writing.boxes) == 8
    assert (writing.boxes[:, 2] - writing.boxes[:, 0]).min() > 0.9 * HEIGHT


def test_a_form_whose_boxes_digits_do_not_touch_has_only_the_digits() -> None:
    page = draw_lines("0000", gap=24)
    page[[15, 16, 105, 106], 15:270] = 60
    for column in range(15, 271, 60):
        page[15:107, column : column + 2] = 60
    writing = find_writing(page, "auto")
    assert writing
    assert len(writing.boxes) == 4
