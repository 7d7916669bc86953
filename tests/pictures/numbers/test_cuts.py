import numpy as np

from mnistmlp.pictures.numbers.cuts import cheapest_cuts, cut_lines
from mnistmlp.pictures.numbers.lines import find_lines, find_writing
from tests.pictures.numbers.drawn import draw_lines


def test_the_cut_goes_where_ink_is_thin() -> None:
    ink = np.zeros((40, 60), np.float32)
    ink[:, 5:25] = ink[:, 35:55] = 1
    ink[10:14, 25:35] = 1  # a bridge
    cuts, crossed = cheapest_cuts(ink, height=40, stroke=4)
    bridge = [i for i, way in enumerate(cuts) if way.min() >= 25 and way.max() <= 35]
    assert len(bridge) == 1
    assert crossed[bridge[0]] == 1  # width of a stroke
    for way in cuts:
        assert len(way) == 40
        assert np.abs(np.diff(way)).max() <= 1


def test_a_cut_may_lean() -> None:
    rows, columns = np.indices((40, 70))
    ink = ((columns - rows) // 12 % 2 == 0).astype(np.float32)  # strokes at 45 degrees
    _, crossed = cheapest_cuts(ink, height=40, stroke=12)
    assert min(crossed) < 1.2  # a straight one would cross two strokes


def test_parts_make_up_the_pieces() -> None:
    page = draw_lines("0010", "11", gap=-3)
    writing = find_writing(page, "auto")
    assert writing
    labels, parts = cut_lines(writing, find_lines(writing.boxes, writing.height))
    assert [each.number for each in parts] == [1, 1 + len(parts[0].boxes)]
    np.testing.assert_array_equal(labels > 0, writing.labels > 0)
    for line in parts:
        assert len(line.crossed) == len(line.cut) == len(line.boxes) + 1
        assert line.crossed[0] == line.crossed[-1] == 0
        for number, (top, left, bottom, right) in enumerate(line.boxes, start=line.number):
            rows, columns = np.nonzero(labels == number)
            assert (rows.min(), columns.min()) == (top, left)
            assert (rows.max() + 1, columns.max() + 1) == (bottom, right)
    assert parts[0].cut.any()
