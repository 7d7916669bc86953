"""Handwritten digits from strokes: a data set with no network, the same bytes everywhere.

A way of writing the digit is chosen (`mnistmlp.data.skeletons`), the points of its
strokes are moved, each by itself and all together, and the curves through them
bent, slanted, turned and stretched.  Then they are placed as MNIST's were: in a
box of 20 × 20 pixels, ink included, with the centre of mass near the middle of
28 × 28.  The ink of a pixel follows from its distance to the nearest of
`SAMPLES` places along the strokes, each with the radius that the pen has there.

The same seed gives the same bytes on every machine, for no step depends on how
a library rounds.  All randomness is 16-bit words of PCG64's raw output, which
NumPy promises not to change; what is summed by a library is exact (integers, or
floats with bits to spare); all else is + − × ÷ and square root of one number at
a time, which IEEE 754 rounds correctly.  There is no sine, exponential or
logarithm: of an angle θ, tan θ/2 is drawn.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mnistmlp.arrays import DIGITS, SIDE, Bytes
from mnistmlp.data.skeletons import SAMPLES, WAYS, read_way

Floats = NDArray[np.float64]
Shorts = NDArray[np.int16]

VERSION = 1  # of the digits: another one, other bytes

# Of each image anew, as standard deviations where nothing else is said.
JITTER = 6.0  # of a point by itself, in hundredths of the digit's height
CARE = 0.25  # of the jitter, as a part of it: some write with more care
BEND, BEND_TWICE = 0.13, 0.04  # of quadratic and cubic terms, at the box's edge, in its half
SLANT, SLANT_MEAN = 0.36, 0.16  # to the right, for each unit upwards
TURN = 0.08  # tan θ/2
WIDEN = 0.14  # of the width, as a part of it
RADIUS, RADIUS_SD, RADIUS_SKEW, RADIUS_LEAST = 1.3, 0.2, 0.05, 0.6  # of the pen, in pixels
PRESSURE = 0.16  # of the radius from end to end, and from the middle to the ends, as a part
SOFTNESS, SOFTNESS_SD, SOFTNESS_LEAST = 1.25, 0.15, 0.9  # pixels from full ink to none
BOX, BOX_SD = 20.0, 0.3  # pixels
SHIFT = 0.6  # pixels

CANVAS_SIZE = 256  # images at once: enough for NumPy's overhead, few enough for the cache
UNIT = 16  # a pixel in fixed point
FAR = 90  # units along an axis, beyond any ink; its square, twice, fits 16 bits
MIDDLE = 14.0  # of the centre of mass of MNIST's images, in pixels
HALF = 50.0  # of a digit's height, in hundredths

_READ = [[read_way(strokes) for _, strokes in WAYS[digit]] for digit in range(DIGITS)]
_ALL = [way for ways in _READ for way in ways]
_MOST = max(len(way.points) for way in _ALL)
_OWN = 21  # numbers of an image beside its points' jitter
_BELLS = 2 * _MOST + _OWN
_WORDS = -(-(2 + 3 * _BELLS) // 4)  # of 64 bits, for an image


def _padded(arrays: list[Floats]) -> Floats:
    """Stack arrays (..., k) of a way each as if all had the most points."""
    return np.stack(
        [np.pad(a, [(0, 0)] * (a.ndim - 1) + [(0, _MOST - a.shape[-1])]) for a in arrays]
    )


_POINTS = _padded([way.points.T for way in _ALL])  # (ways, 2, k)
_CURVES = _padded([way.curve for way in _ALL])  # (ways, SAMPLES, k)
_FIRST = np.cumsum([0, *map(len, _READ)])[:-1]  # way of each digit


def _bounds() -> NDArray[np.int64]:
    """Return, for each digit, the words of 16 bits at which one way gives place to the next."""
    bounds = np.full((DIGITS, max(map(len, _READ))), 1 << 16)
    for row, ways in zip(bounds, (WAYS[digit] for digit in range(DIGITS)), strict=True):
        shares = np.cumsum([round(100 * share) for share, _ in ways])
        row[: len(ways)] = (shares << 16) // shares[-1]
    return bounds


_BOUNDS = _bounds()


def make_digits(count: int, seed: int) -> tuple[Bytes, Bytes]:
    """Make images of handwritten digits, and their labels.

    Parameters
    ----------
    count : int
        How many; the first of them are the same however many they are.
    seed : int
        Not negative.  The same seed gives the same bytes, on any machine.

    Returns
    -------
    images : uint8 (count, 28, 28)
        0 is the background.
    labels : uint8 (count,)
        0 … 9, each about as often.
    """
    bits = np.random.PCG64(seed)
    images = np.empty((count, SIDE, SIDE), np.uint8)
    labels = np.empty(count, np.uint8)
    canvas = _Canvas()
    for start in range(0, count, CANVAS_SIZE):
        block = slice(start, min(start + CANVAS_SIZE, count))
        raw = bits.random_raw((block.stop - start) * _WORDS).astype("<u8")
        words = raw.view("<u2").reshape(-1, 4 * _WORDS)
        labels[block] = digits = words[:, 0].astype(np.int64) * DIGITS >> 16
        ways = _FIRST[digits] + (words[:, 1, None] >= _BOUNDS[digits]).sum(axis=1)
        threes = words[:, 2 : 2 + 3 * _BELLS].reshape(-1, 3, _BELLS)
        bells = (threes.sum(axis=1, dtype=np.int64) - 1.5 * 0xFFFF) / (1 << 15)  # variance 1
        images[block] = _write(ways, bells, canvas)
    return images, labels


def _write(ways: NDArray[np.int64], bells: Floats, canvas: _Canvas) -> Bytes:
    """Write a digit in each of the ways given; bells (n, _BELLS) say how."""
    own = bells[:, 2 * _MOST :].T[:, :, None]  # (_OWN, n, 1)
    bends, (wide, slant, turn, care, wide_pen, size), rest = own[:10], own[10:16], own[16:]
    right, down, slope, swell, soft = rest

    jitter = bells[:, : 2 * _MOST].reshape(-1, 2, _MOST) * JITTER
    jitter *= 1 + CARE * care[:, :, None]
    points = _POINTS[ways] + np.rint(jitter * 16) / 16  # for the product to be exact
    x, y = (points @ _CURVES[ways].transpose(0, 2, 1)).transpose(1, 0, 2) / HALF  # (n, SAMPLES)
    x, y = _bend(x, y, bends)
    x = x * (1 + WIDEN * wide) - y * (SLANT_MEAN + SLANT * slant)
    tan = TURN * turn
    cos, sin = (1 - tan * tan) / (1 + tan * tan), 2 * tan / (1 + tan * tan)
    x, y = cos * x - sin * y, sin * x + cos * y

    radius = np.maximum(
        RADIUS * (1 + RADIUS_SD * wide_pen + RADIUS_SKEW * wide_pen * wide_pen), RADIUS_LEAST
    )
    extent = np.maximum(
        *(v.max(axis=1, keepdims=True) - v.min(axis=1, keepdims=True) for v in (x, y))
    )
    scale = (BOX + BOX_SD * size - 2 * radius) / extent * UNIT
    x, y = _centre(np.rint(x * scale), np.rint(y * scale), SHIFT * right, SHIFT * down)
    along = (2 * np.arange(SAMPLES) + 1) / SAMPLES - 1
    pressure = 1 + PRESSURE * (slope * along + swell * (along * along - 1 / 3) * 1.5)
    softness = np.maximum(SOFTNESS + SOFTNESS_SD * soft, SOFTNESS_LEAST)
    return canvas.draw(
        x, y, UNIT * radius * np.clip(pressure, 0.6, 1.5), UNIT * radius, UNIT * softness
    )


def _bend(x: Floats, y: Floats, by: Floats) -> tuple[Floats, Floats]:
    """Distort places (n, SAMPLES) smoothly, as the paper of a whole digit would be stretched."""
    xx, xy, yy = x * x, x * y, y * y
    once, twice = BEND * by[:6], BEND_TWICE * by[6:]
    return (
        x + once[0] * xx + once[1] * xy + once[2] * yy + twice[0] * x * yy + twice[1] * y * yy,
        y + once[3] * xx + once[4] * xy + once[5] * yy + twice[2] * y * xx + twice[3] * y * yy,
    )


def _centre(x: Floats, y: Floats, right: Floats, down: Floats) -> tuple[Shorts, Shorts]:
    """Move places of whole units (n, SAMPLES) so that the mean of the ink is near the middle.

    A place stands for as much ink as it is far from the one before it, but for
    the way of a lifted pen.
    """
    steps = np.abs(np.diff(x, prepend=x[:, :1])) + np.abs(np.diff(y, prepend=y[:, :1]))
    ink = np.minimum(steps, 2 * UNIT) + 1
    total = ink.sum(axis=1, keepdims=True)
    means = ((ink * places).sum(axis=1, keepdims=True) / total for places in (x, y))
    x, y = (
        places + np.rint(UNIT * (MIDDLE + shift) - mean)
        for places, shift, mean in zip((x, y), (right, down), means, strict=True)
    )
    return x.astype(np.int16), y.astype(np.int16)


class _Canvas:
    """Draws a block of images from places along their strokes; every buffer is made once.

    The images are the last axis, so that each operation goes along many.
    """

    def __init__(self) -> None:
        self.pixels = (UNIT * np.arange(SIDE)).astype(np.int16)[:, None]
        self.across = np.empty((2, SAMPLES, SIDE, CANVAS_SIZE), np.int16)  # along x, along y
        self.nearest = np.empty((SIDE, SIDE, CANVAS_SIZE), np.int16)
        self.distance = np.empty_like(self.nearest)
        self.ink = np.empty(self.nearest.shape, np.float32)

    def draw(self, x: Shorts, y: Shorts, radii: Floats, radius: Floats, softness: Floats) -> Bytes:
        """Return images (n, 28, 28); all lengths in units.

        Parameters
        ----------
        x, y : int16 (n, SAMPLES)
        radii : float (n, SAMPLES)
            Of the pen, at each place.
        radius : float (n, 1)
            Of the pen as such.
        softness : float (n, 1)
            Distance from full ink to none.
        """
        size = len(x)
        squares, nearest = self.across[..., :size], self.nearest[..., :size]
        distance, ink = self.distance[..., :size], self.ink[..., :size]
        for square, places in zip(squares, (x, y), strict=True):
            np.subtract(places.T[:, None], self.pixels, out=square)
            np.clip(square, -FAR, FAR, out=square)
            np.multiply(square, square, out=square)
        # where the pen is wider, all is nearer: at its edge, by the square, as far as elsewhere
        squares[0] -= np.rint(radii * radii - radius * radius).astype(np.int16).T[:, None]
        nearest[:] = 2 * FAR**2
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
