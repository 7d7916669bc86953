"""Moment normalisation with ONNX operators, as in `core.normalization`.

It has to reproduce in float32 what that does in float64: the grey levels are whole
numbers, and coordinates x′ = 2 (x − 13.5) are odd whole numbers around the middle,
so that sums over most images are exact and the central moments cancel little.  In
these coordinates, without the primes, the pixel (x, y) of the result is found at

    deslant:  (x + s (y − ȳ), y)
    moments:  (x̄ + a x + s d y, ȳ + d y),   a = 1 / f_x,   d = 1 / f_y

and GridSample expects it divided by 28, so that −1 and 1 are the edges of the image.
As in Python, positions are rounded down to 1/256 of a pixel, and the result to whole
grey levels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mnistmlp.arrays import PIXELS, SIDE
from mnistmlp.core.normalization import (
    HEIGHT,
    MAX_SCALE,
    MAX_SLANT,
    MIDDLE,
    MIN_SCALE,
    MIN_VARIANCE,
    WIDTH,
)
from mnistmlp.core.resampling import UNIT
from mnistmlp.errors import needs_extra

if TYPE_CHECKING:
    from onnx import NodeProto

RESULT = "normalised"  # (N, 784)

_MEASURE = """
    scaled = Mul (image, white)
    levels = Round (scaled)
    sums = MatMul (levels, powers)
    total, x_sum, y_sum, xx_sum, xy_sum, yy_sum = Split <axis = 1> (sums)
    mass = Max (total, one)
    x_mean = Div (x_sum, mass)
    y_mean = Div (y_sum, mass)
    xx_mean = Div (xx_sum, mass)
    xy_mean = Div (xy_sum, mass)
    yy_mean = Div (yy_sum, mass)
    x_square = Mul (x_mean, x_mean)
    product = Mul (x_mean, y_mean)
    y_square = Mul (y_mean, y_mean)
    xx = Sub (xx_mean, x_square)
    xy = Sub (xy_mean, product)
    yy_exact = Sub (yy_mean, y_square)
    yy = Max (yy_exact, small)
    slope = Div (xy, yy)
    s = Clip (slope, least_slant, largest_slant)
"""

_DESLANT = """
    from_mean = Sub (rows, y_mean)
    shift = Mul (s, from_mean)
    x = Add (columns, shift)
    all = Shape (x)
    y = Expand (rows, all)
"""

_STRAIGHTEN = """
    s_xy = Mul (s, xy)
    twice = Add (s_xy, s_xy)
    without = Sub (xx, twice)
    s_square = Mul (s, s)
    s_square_yy = Mul (s_square, yy)
    variance_exact = Add (without, s_square_yy)
    variance = Max (variance_exact, small)
    width = Sqrt (variance)
    wide = Div (width, usual_width)
    half_way = Sqrt (wide)
    a = Clip (half_way, least_step, largest_step)
    height = Sqrt (yy)
    high = Div (height, usual_height)
    d = Clip (high, least_step, largest_step)
    y_offset = Mul (d, rows)
    y = Add (y_mean, y_offset)
    shift = Mul (s, y_offset)
    x_offset = Mul (a, columns)
    x_upright = Add (x_mean, x_offset)
    x = Add (x_upright, shift)
"""

_RESAMPLE = """
    x_alone = Unsqueeze (x, last_axis)
    y_alone = Unsqueeze (y, last_axis)
    places = Concat <axis = 2> (x_alone, y_alone)
    fine = Mul (places, unit)
    whole = Floor (fine)
    flat_grid = Div (whole, unit_edge)
    grid = Reshape (flat_grid, grid_shape)
    picture = Reshape (levels, picture_shape)
    resampled = GridSample (picture, grid)
    rounded = Round (resampled)
    divided = Div (rounded, white)
    normalised = Reshape (divided, image_shape)
"""

STEPS = {
    "deslant": _MEASURE + _DESLANT + _RESAMPLE,
    "moments": _MEASURE + _STRAIGHTEN + _RESAMPLE,
}


def make_normalization(
    normalization: str,
) -> tuple[list[NodeProto], dict[str, NDArray[Any]]]:
    """Return the nodes that turn ``image`` into `RESULT`, and their constants."""
    with needs_extra("onnx"):
        from onnx import parser

    interface = f"normalise (float[N,{PIXELS}] image) => (float[N,{PIXELS}] {RESULT})"
    nodes = list(parser.parse_graph(f"{interface} {{ {STEPS[normalization]} }}").node)
    for node in nodes:
        node.name = node.output[0]
    used = {name for node in nodes for name in node.input}
    return nodes, {name: value for name, value in _constants().items() if name in used}


def _constants() -> dict[str, NDArray[Any]]:
    """Return the constants of all nodes by name; lengths are in half pixels, like coordinates."""
    rows, columns = (2 * (each - MIDDLE) for each in np.divmod(np.arange(PIXELS), SIDE))
    powers = [np.ones(PIXELS), columns, rows, columns**2, columns * rows, rows**2]
    numbers = {
        "white": 255,
        "one": 1,
        "powers": np.stack(powers, axis=1),  # (784, 6)
        "small": 4 * MIN_VARIANCE,
        "least_slant": -MAX_SLANT,
        "largest_slant": MAX_SLANT,
        "usual_width": 2 * WIDTH,
        "usual_height": 2 * HEIGHT,
        "least_step": 1 / MAX_SCALE,
        "largest_step": 1 / MIN_SCALE,
        "rows": rows[None],  # (1, 784)
        "columns": columns[None],
        "unit": UNIT / 2,
        "unit_edge": UNIT / 2 * SIDE,
    }
    shapes = {  # 0 keeps the number of images
        "last_axis": [2],
        "grid_shape": [0, SIDE, SIDE, 2],
        "picture_shape": [0, 1, SIDE, SIDE],
        "image_shape": [0, PIXELS],
    }
    return {name: np.array(value, np.float32) for name, value in numbers.items()} | {
        name: np.array(value, np.int64) for name, value in shapes.items()
    }
