"""Synthetic handwritten digits: a data set without a download, the same bytes everywhere.

For each image, a skeleton is chosen (`mnistmlp.data.skeletons`), its points are
jittered, and the curves through them are bent, slanted, rotated and stretched.
The digit is then placed as in MNIST: in a box of 20 × 20 pixels, ink included,
with the centre of mass near the centre of the 28 × 28 image.  The ink of a
pixel depends on its distance to the nearest of `SAMPLES` positions along the
strokes, and on the radius of the pen there.

The same seed gives the same bytes on every machine, because no step depends on
how a library rounds.  All randomness comes from 16-bit words of PCG64's raw
output, which NumPy promises not to change.  Sums computed by a library are exact
(integers, or floats with bits to spare).  Everything else is elementwise
+ − × ÷ and square root, which IEEE 754 rounds correctly.  There is no sine,
exponential or logarithm: instead of an angle θ, tan θ/2 is drawn.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mnistmlp.arrays import DIGITS, SIDE, Bytes
from mnistmlp.data.skeletons import SAMPLES, SKELETONS, parse_strokes

Floats = NDArray[np.float64]
Shorts = NDArray[np.int16]

ADDED_SEED = 3  # of digits added to a data set; the built-in data set uses 1 and 2

# Drawn for each image; standard deviations unless noted.
JITTER = 6.0  # of each point, in hundredths of the digit's height
JITTER_SPREAD = 0.25  # of the jitter, relative: some writers are more careful
BEND_QUADRATIC = 0.13  # of quadratic terms, at the edge of the box, in half boxes
BEND_CUBIC = 0.04  # of cubic terms, likewise
SLANT, SLANT_MEAN = 0.36, 0.16  # to the right, per unit of height
TURN = 0.08  # tan θ/2
WIDEN = 0.14  # of the width, relative
RADIUS, RADIUS_SD, RADIUS_SKEW, MIN_RADIUS = 1.3, 0.2, 0.05, 0.6  # of the pen, in pixels
PRESSURE = 0.16  # of the radius, relative: from end to end, and from the middle to the ends
SOFTNESS, SOFTNESS_SD, MIN_SOFTNESS = 1.25, 0.15, 0.9  # pixels from full ink to none
BOX, BOX_SD = 20.0, 0.3  # pixels
SHIFT = 0.6  # pixels

CANVAS_SIZE = 256  # images drawn at once: amortises NumPy's overhead, and fits the CPU cache
UNIT = 16  # a pixel in fixed point
MAX_DISTANCE = 90  # units along an axis, beyond any ink; twice its square fits in 16 bits
CENTRE = 14.0  # pixels, where MNIST's images have their centre of mass
HALF_HEIGHT = 50.0  # of a digit, in hundredths of its height

_SKELETONS_BY_DIGIT = [
    [parse_strokes(strokes) for _, strokes in SKELETONS[digit]] for digit in range(DIGITS)
]
_ALL_SKELETONS = [skeleton for skeletons in _SKELETONS_BY_DIGIT for skeleton in skeletons]
_MAX_POINTS = max(len(skeleton.points) for skeleton in _ALL_SKELETONS)
_STYLE_NORMALS = 21  # normal deviates of an image, besides the jitter of its points
_NORMALS = 2 * _MAX_POINTS + _STYLE_NORMALS  # normal deviates of an image
_RAW_WORDS = -(-(2 + 3 * _NORMALS) // 4)  # 64-bit words of an image


def _stack_padded(arrays: list[Floats]) -> Floats:
    """Stack arrays (..., k), one per skeleton, padded with zeros to the most points."""
    return np.stack(
        [np.pad(a, [(0, 0)] * (a.ndim - 1) + [(0, _MAX_POINTS - a.shape[-1])]) for a in arrays]
    )


_POINTS = _stack_padded([skeleton.points.T for skeleton in _ALL_SKELETONS])  # (skeletons, 2, k)
_BASES = _stack_padded([skeleton.basis for skeleton in _ALL_SKELETONS])  # (skeletons, SAMPLES, k)
_FIRST_SKELETON = np.cumsum([0, *map(len, _SKELETONS_BY_DIGIT)])[:-1]  # (10,), by digit


def _selection_thresholds() -> NDArray[np.int64]:
    """Return thresholds (10, n); the number not above a 16-bit word selects the skeleton."""
    thresholds = np.full((DIGITS, max(map(len, _SKELETONS_BY_DIGIT))), 1 << 16)
    for row, ways in zip(thresholds, (SKELETONS[digit] for digit in range(DIGITS)), strict=True):
        frequencies = np.cumsum([round(100 * frequency) for frequency, _ in ways])
        row[: len(ways)] = (frequencies << 16) // frequencies[-1]
    return thresholds


_THRESHOLDS = _selection_thresholds()


def make_digits(count: int, seed: int) -> tuple[Bytes, Bytes]:
    """Make images of handwritten digits, and their labels.

    Parameters
    ----------
    count : int
        Number of images.  A larger count starts with the same images.
    seed : int
        Not negative.  The same seed gives the same bytes, on any machine.

    Returns
    -------
    images : uint8 (count, 28, 28)
        0 is the background.
    labels : uint8 (count,)
        0 … 9, about equally often.
    """
    bits = np.random.PCG64(seed)
    images = np.empty((count, SIDE, SIDE), np.uint8)
    labels = np.empty(count, np.uint8)
    canvas = _Canvas()
    for start in range(0, count, CANVAS_SIZE):
        block = slice(start, min(start + CANVAS_SIZE, count))
        raw = bits.random_raw((block.stop - start) * _RAW_WORDS).astype("<u8")
        words = raw.view("<u2").reshape(-1, 4 * _RAW_WORDS)
        labels[block] = digits = words[:, 0].astype(np.int64) * DIGITS >> 16
        chosen = _FIRST_SKELETON[digits] + (words[:, 1, None] >= _THRESHOLDS[digits]).sum(axis=1)
        triples = words[:, 2 : 2 + 3 * _NORMALS].reshape(-1, 3, _NORMALS)
        normals = (triples.sum(axis=1, dtype=np.int64) - 1.5 * 0xFFFF) / (1 << 15)  # variance 1
        images[block] = _draw_digits(chosen, normals, canvas)
    return images, labels


def add_digits(images: Bytes, labels: Bytes, fraction: float) -> tuple[Bytes, Bytes]:
    """Put m synthetic digits before images (n, 28, 28), and their labels before the labels (n,).

    Parameters
    ----------
    images : (n, 28, 28) uint8
    labels : (n,) uint8
    fraction : float
        m / (m + n), from 0 to 0.9.  The same m gives the same digits.
    """
    count = round(len(images) * fraction / (1 - fraction))
    if not count:
        return images, labels
    digits, digit_labels = make_digits(count, ADDED_SEED)
    return np.concatenate([digits, images]), np.concatenate([digit_labels, labels])


def _draw_digits(chosen: NDArray[np.int64], normals: Floats, canvas: _Canvas) -> Bytes:
    """Draw a digit from each skeleton (n,), varied by the normal deviates (n, _NORMALS)."""
    style = normals[:, 2 * _MAX_POINTS :].T[:, :, None]  # (_STYLE_NORMALS, n, 1)
    bends, (wide, slant, turn, care, wide_pen, size), rest = style[:10], style[10:16], style[16:]
    right, down, slope, swell, soft = rest

    jitter = normals[:, : 2 * _MAX_POINTS].reshape(-1, 2, _MAX_POINTS) * JITTER
    jitter *= 1 + JITTER_SPREAD * care[:, :, None]
    points = _POINTS[chosen] + np.rint(jitter * 16) / 16  # rounded so that the product is exact
    curves = points @ _BASES[chosen].transpose(0, 2, 1)  # (n, 2, SAMPLES)
    x, y = curves.transpose(1, 0, 2) / HALF_HEIGHT  # (n, SAMPLES)
    x, y = _bend(x, y, bends)
    x = x * (1 + WIDEN * wide) - y * (SLANT_MEAN + SLANT * slant)
    tan = TURN * turn
    cos, sin = (1 - tan * tan) / (1 + tan * tan), 2 * tan / (1 + tan * tan)
    x, y = cos * x - sin * y, sin * x + cos * y

    radius = np.maximum(
        RADIUS * (1 + RADIUS_SD * wide_pen + RADIUS_SKEW * wide_pen * wide_pen), MIN_RADIUS
    )
    extent = np.maximum(
        *(v.max(axis=1, keepdims=True) - v.min(axis=1, keepdims=True) for v in (x, y))
    )
    scale = (BOX + BOX_SD * size - 2 * radius) / extent * UNIT
    x, y = _centre(np.rint(x * scale), np.rint(y * scale), SHIFT * right, SHIFT * down)
    along = (2 * np.arange(SAMPLES) + 1) / SAMPLES - 1
    pressure = 1 + PRESSURE * (slope * along + swell * (along * along - 1 / 3) * 1.5)
    softness = np.maximum(SOFTNESS + SOFTNESS_SD * soft, MIN_SOFTNESS)
    return canvas.draw(
        x, y, UNIT * radius * np.clip(pressure, 0.6, 1.5), UNIT * radius, UNIT * softness
    )


def _bend(x: Floats, y: Floats, by: Floats) -> tuple[Floats, Floats]:
    """Distort positions (n, SAMPLES) smoothly, by quadratic and cubic polynomials of x and y."""
    xx, xy, yy = x * x, x * y, y * y
    once, twice = BEND_QUADRATIC * by[:6], BEND_CUBIC * by[6:]
    return (
        x + once[0] * xx + once[1] * xy + once[2] * yy + twice[0] * x * yy + twice[1] * y * yy,
        y + once[3] * xx + once[4] * xy + once[5] * yy + twice[2] * y * xx + twice[3] * y * yy,
    )


def _centre(x: Floats, y: Floats, right: Floats, down: Floats) -> tuple[Shorts, Shorts]:
    """Move positions (n, SAMPLES), in units, so that the centre of mass is near the centre.

    A position counts as much ink as its distance from the one before it, up to
    a limit, so that the path of a lifted pen adds little.
    """
    steps = np.abs(np.diff(x, prepend=x[:, :1])) + np.abs(np.diff(y, prepend=y[:, :1]))
    ink = np.minimum(steps, 2 * UNIT) + 1
    total = ink.sum(axis=1, keepdims=True)
    means = ((ink * positions).sum(axis=1, keepdims=True) / total for positions in (x, y))
    x, y = (
        positions + np.rint(UNIT * (CENTRE + shift) - mean)
        for positions, shift, mean in zip((x, y), (right, down), means, strict=True)
    )
    return x.astype(np.int16), y.astype(np.int16)


class _Canvas:
    """Draws a block of images from positions along their strokes, in reusable buffers.

    The images are the last axis, so that each operation runs along many of them.
    """

    def __init__(self) -> None:
        self.pixels = (UNIT * np.arange(SIDE)).astype(np.int16)[:, None]
        self.across = np.empty((2, SAMPLES, SIDE, CANVAS_SIZE), np.int16)  # along x, along y
        self.nearest = np.empty((SIDE, SIDE, CANVAS_SIZE), np.int16)
        self.distance = np.empty_like(self.nearest)
        self.ink = np.empty(self.nearest.shape, np.float32)

    def draw(self, x: Shorts, y: Shorts, radii: Floats, radius: Floats, softness: Floats) -> Bytes:
        """Return images (n, 28, 28); all lengths are in units.

        Parameters
        ----------
        x, y : int16 (n, SAMPLES)
        radii : float (n, SAMPLES)
            Radius of the pen at each position.
        radius : float (n, 1)
            Nominal radius of the pen.
        softness : float (n, 1)
            Distance from full ink to none.
        """
        size = len(x)
        squares, nearest = self.across[..., :size], self.nearest[..., :size]
        distance, ink = self.distance[..., :size], self.ink[..., :size]
        for square, positions in zip(squares, (x, y), strict=True):
            np.subtract(positions.T[:, None], self.pixels, out=square)
            np.clip(square, -MAX_DISTANCE, MAX_DISTANCE, out=square)
            np.multiply(square, square, out=square)
        # a wider pen counts as a shorter distance, so that its edge is at the nominal radius
        squares[0] -= np.rint(radii * radii - radius * radius).astype(np.int16).T[:, None]
        nearest[:] = 2 * MAX_DISTANCE**2
        for along_x, along_y in zip(*squares, strict=True):
            np.add(along_y[:, None], along_x, out=distance)
            np.minimum(nearest, distance, out=nearest)

        np.maximum(nearest, 0, out=ink, casting="unsafe")
        np.sqrt(ink, out=ink)
        soft = softness[:, 0].astype(np.float32)
        np.subtract(radius[:, 0].astype(np.float32) + soft / 2, ink, out=ink)
        ink /= soft
        np.clip(ink, 0, 1, out=ink)
        ink *= 255
        np.rint(ink, out=ink)
        return ink.transpose(2, 0, 1).astype(np.uint8)
