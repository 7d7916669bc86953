import numpy as np
from matplotlib.figure import Figure

from mnistmlp.report.charts.figures import styled
from mnistmlp.report.charts.mosaic import COLUMNS, ROWS, colour_ink, colour_weights, draw_mosaic


def make_mosaic(count: int, heading: str = "heading") -> Figure:
    images = np.full((count, 28, 28, 3), np.arange(count)[:, None, None, None], np.uint8)
    words = [(f"9 read as {n % 10}", f"{n}") for n in range(count)]
    with styled({}):
        figure = draw_mosaic(images, words, heading)
        figure.draw_without_rendering()
    return figure


def test_nothing_overlaps_and_nothing_is_cut_off() -> None:
    for count in (1, 9, COLUMNS * ROWS):
        figure = make_mosaic(count, "many words " * 15)
        boxes = [each.get_window_extent() for each in figure.axes[0].texts]
        assert len(boxes) > 2 * count
        for n, box in enumerate(boxes):
            assert figure.bbox.x0 <= box.x0 < box.x1 <= figure.bbox.x1
            assert figure.bbox.y0 <= box.y0 < box.y1 <= figure.bbox.y1
            assert box.count_overlaps(boxes[n + 1 :]) == 0


def test_words_are_below_their_images() -> None:
    figure = make_mosaic(12)
    axes = figure.axes[0]
    canvas = np.asarray(axes.images[0].get_array())
    assert canvas.shape[:2] == (round(axes.get_ylim()[0]), round(axes.get_xlim()[1]))
    for text in axes.texts:
        if text.get_text().isdigit():
            x, y = text.get_position()
            assert (canvas[round(y) - 30, round(x)] == int(text.get_text())).all()


def test_ink_is_dark() -> None:
    images = np.zeros((2, 28, 28), np.uint8)
    images[1, 3, 4] = 200
    assert colour_ink(images)[1, 3, 4].tolist() == [55, 55, 55]
    assert (colour_ink(images)[0] == 255).all()


def test_weights_are_blue_or_orange() -> None:
    weights = np.zeros((3, 784), np.float32)
    weights[0, :3], weights[1, 0] = (2, -2, 1), -1e-30
    colours = colour_weights(weights).reshape(3, 784, 3).astype(int)
    red, _, blue = colours[0, 0]
    assert blue > red
    red, _, blue = colours[0, 1]
    assert red > blue
    assert colours[0, 0].sum() < colours[0, 1].sum()  # darker in grey, too
    assert colours[0, 2].tolist() == np.rint((colours[0, 0] + 255) / 2).tolist()
    assert colours[1, 0].tolist() == colours[0, 1].tolist()
    assert (colours[2] == 255).all()
