"""Many small captioned images in one picture."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mnistmlp.arrays import SIDE, Array, Bytes
from mnistmlp.report.neurons import scale_weights

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Colours = NDArray[np.uint8]  # (…, 3), red, green and blue

# in image pixels, 40 to an inch: at 200 dots per inch, each is 5 × 5 dots
PER_INCH = 40
WIDTH, HEIGHT = 40, 46  # of an image with its caption
MARGIN, HEADING_LINE, WORDS_LINE = 8, 8, 7
COLUMNS, ROWS, FEWEST = 10, 6, 5  # at most, and the fewest columns of space
FONT, HEADING_FONT = 11, 13  # points
LETTERS_PER_COLUMN = 9  # of the heading
WHITE, FRAME = 255, 225
# In shades of grey too, the strongest weight for is darker than the strongest against.
FOR, AGAINST = np.array([0, 76, 140]), np.array([222, 120, 20])


def draw_mosaic(images: Colours, words: Sequence[tuple[str, str]], heading: str) -> Figure:
    """Return a figure of n images with two lines of text below each, and a heading.

    Call it, and save the figure, in a block of `figures.styled`.

    Parameters
    ----------
    images : (n, 28, 28, 3)
        At least one, at most `COLUMNS` × `ROWS`.
    words : sequence of (str, str)
        For each image.
    heading : str
    """
    from matplotlib import rcParams
    from matplotlib.figure import Figure

    columns = min(len(images), COLUMNS)
    wide = max(columns, FEWEST) * WIDTH + 2 * MARGIN
    lines = textwrap.wrap(heading, (wide // WIDTH) * LETTERS_PER_COLUMN)
    top = 2 * MARGIN + HEADING_LINE * len(lines)
    high = top + -(-len(images) // columns) * HEIGHT
    canvas = np.full((high, wide, 3), WHITE, np.uint8)
    figure = Figure((wide / PER_INCH, high / PER_INCH))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    for number, line in enumerate(lines):
        place = MARGIN + HEADING_LINE * (number + 0.5)
        axes.text(MARGIN, place, line, fontsize=HEADING_FONT, va="center")
    centred: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": FONT}
    for number, (image, (first, second)) in enumerate(zip(images, words, strict=True)):
        row, column = divmod(number, columns)
        y, x = top + row * HEIGHT, MARGIN + column * WIDTH + (WIDTH - SIDE) // 2
        canvas[y - 1 : y + SIDE + 1, x - 1 : x + SIDE + 1] = FRAME
        canvas[y : y + SIDE, x : x + SIDE] = image
        middle, below = x + SIDE / 2, y + SIDE + 1 + WORDS_LINE / 2
        axes.text(middle, below, first, **centred)
        muted = rcParams["axes.edgecolor"]
        axes.text(middle, below + WORDS_LINE, second, color=muted, **centred)
    axes.imshow(canvas, extent=(0, wide, high, 0), interpolation="nearest", aspect="auto")
    return figure


def colour_ink(images: Bytes) -> Colours:
    """Return images (n, 28, 28) as dark ink on white."""
    return np.repeat(WHITE - images.reshape(-1, SIDE, SIDE, 1), 3, axis=3)


def colour_weights(weights: Array) -> Colours:
    """Return weights (n, 784) as colours: blue for, orange against, white 0.

    Each row is scaled to its largest weight.
    """
    scaled = scale_weights(weights).reshape(-1, SIDE, SIDE, 1)
    colours: NDArray[np.float64] = WHITE + np.abs(scaled) * (
        np.where(scaled > 0, FOR, AGAINST) - WHITE
    )
    return np.rint(colours).astype(np.uint8)
