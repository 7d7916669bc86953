"""Random distortion of images: a fresh affine and elastic warp for each.

A warp says for every pixel of the result where in the image it comes from:

    source(x, y) = c + t + A (p − c) + d(p),    p = (x, y),  c the middle,

with a random shift t and a random matrix A of rotation, shear and scale, and
a displacement d(p) that is a random field, smooth over some pixels: Simard,
Steinkraus and Platt, "Best practices for convolutional neural networks
applied to visual document analysis", ICDAR 2003, section 2; Cireşan, Meier,
Gambardella and Schmidhuber, "Deep, big, simple neural nets for handwritten
digit recognition", Neural Computation 22 (2010), section 2.  Those draw a
field of numbers in (−1, 1), smooth it with a Gaussian of σ pixels and
multiply it by α.  As the smoothing divides the standard deviation of 1/√3 by
2 σ √π, such a displacement has one of

    α / (2 σ √(3 π)) pixels:    σ = 4, α = 34 (Simard):            1.38
                                σ = 5 to 6, α = 36 to 38 (Cireşan): 0.98 to 1.24

Here it is stated directly, and holds for every pixel, also at the border.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from mnistmlp.arrays import SIDE, Array, Bytes

Words = NDArray[np.uint32]

WARP_SIZE = 64  # images at once: as many as stay in a core's cache with all that is made of them
SIGMA = 5.0  # pixels: of the Gaussian that smooths the displacement
MIDDLE = (SIDE - 1) / 2
PADDED = SIDE + 2  # an image with a black border
UNIT = 256  # a pixel in fixed point: 8 bits behind the point
LANES = 0x00FF00FF  # the lower byte of each half of 32 bits
LOW = 0xFFFF


class Distortion:
    """Distorts images as bytes; every buffer is made once.

    A scale, shear, angle or shift is drawn evenly from its range, for each
    image anew.

    Parameters
    ----------
    displacement : float
        Standard deviation of the elastic displacement, in pixels.
    rotation : float
        Largest angle, in degrees, either way.
    scaling : float
        Largest change in size, each axis by itself: 0.15 is from 1/1.15 to 1.15.
    shear : float
        Largest shear: pixels to the side for each pixel of height.
    shift : float
        Largest shift along each axis, in pixels.
    """

    def __init__(
        self,
        *,
        displacement: float,
        rotation: float,
        scaling: float,
        shear: float,
        shift: float,
    ) -> None:
        self.displacement, self.rotation = displacement, math.radians(rotation)
        self.scaling, self.shear, self.shift = scaling, shear, shift
        self.axis = _axis_functions()  # (28, m)
        terms = self.axis.shape[1]
        self.draws = np.empty((2, WARP_SIZE, terms - 2, terms - 2), np.float32)
        self.terms = np.zeros((2, terms, WARP_SIZE, terms), np.float32)
        self.rows = np.empty((SIDE, WARP_SIZE * terms), np.float32)
        self.source = np.empty((2, SIDE * WARP_SIZE, SIDE), np.float32)  # x and y
        self.whole = np.empty((2, SIDE, WARP_SIZE, SIDE), np.uint32)
        self.part = np.empty_like(self.whole)
        self.index = np.empty((SIDE, WARP_SIZE, SIDE), np.intp)
        start = np.arange(WARP_SIZE, dtype=np.uint32)[:, None] * PADDED**2
        self.start = np.broadcast_to(start, self.index.shape).copy()
        self.padded = np.zeros((WARP_SIZE, PADDED, PADDED), np.uint16)
        self.pairs = np.zeros(self.padded.size, np.uint16)
        self.fours = np.zeros(self.padded.size, np.uint32)
        self.pixels = np.empty(self.index.shape, np.uint32)

    def apply(self, images: Bytes, rng: np.random.Generator) -> None:
        """Distort images (n, 784) in place."""
        for start in range(0, len(images), WARP_SIZE):
            block = images[start : start + WARP_SIZE].reshape(-1, SIDE, SIDE)
            self._draw(rng)
            self._locate()
            self.padded[: len(block), 1:-1, 1:-1] = block
            self._sample()
            result = self.pixels[:, : len(block)].transpose(1, 0, 2)
            np.copyto(block, result, casting="unsafe")

    def _draw(self, rng: np.random.Generator) -> None:
        """Draw each image's warp: the factor of each pair of a function of y and one of x."""
        rng.random(out=self.draws, dtype=np.float32)
        self.draws -= 0.5
        self.draws *= UNIT * self.displacement * math.sqrt(12)  # the SD of U(0, 1) is 1 / √12
        self.terms[:, 2:, :, 2:] = self.draws.transpose(0, 2, 1, 3)

        angle, scale_x, scale_y, shear, shift_x, shift_y = rng.uniform(-1, 1, (6, WARP_SIZE))
        cos, sin = np.cos(angle * self.rotation), np.sin(angle * self.rotation)
        scale_x, scale_y = ((1 + self.scaling) ** part * UNIT for part in (scale_x, scale_y))
        shear = shear * self.shear
        of_x, of_y = self.terms  # each (m, n, m): by function of y, image, function of x
        of_x[0, :, 0] = UNIT * (MIDDLE + 1 + self.shift * shift_x)  # + 1: the black border
        of_y[0, :, 0] = UNIT * (MIDDLE + 1 + self.shift * shift_y)
        of_x[0, :, 1], of_x[1, :, 0] = cos * scale_x, (cos * shear - sin) * scale_y
        of_y[0, :, 1], of_y[1, :, 0] = sin * scale_x, (sin * shear + cos) * scale_y

    def _locate(self) -> None:
        """Find where each pixel comes from: 2 × 2 pixels by their index, and the part behind it.

        Arrays are (28, n, 28) here, rows first, so that summing the terms is
        one matrix product for y and one for x.
        """
        terms = self.axis.shape[1]
        for factors, source in zip(self.terms, self.source, strict=True):
            np.dot(self.axis, factors.reshape(terms, -1), out=self.rows)
            np.dot(self.rows.reshape(-1, terms), self.axis.T, out=source)
        np.clip(self.source, 0, UNIT * (PADDED - 1) - 1, out=self.source)
        np.copyto(self.whole, self.source.reshape(self.whole.shape), casting="unsafe")
        np.bitwise_and(self.whole, UNIT - 1, out=self.part)
        np.right_shift(self.whole, 8, out=self.whole)
        x, y = self.whole
        y *= PADDED
        y += x
        y += self.start
        np.copyto(self.index, y, casting="unsafe")

    def _sample(self) -> None:
        """Interpolate between 2 × 2 pixels, bilinear.

        They are gathered as the four bytes of one number, and the upper and
        the lower two are interpolated together, each pair in its half of the
        32 bits: arithmetic modulo 2³² takes care of a difference below zero.
        """
        padded, pairs, fours = self.padded.reshape(-1), self.pairs, self.fours
        np.left_shift(padded[1:], 8, out=pairs[:-1])
        pairs |= padded
        np.copyto(fours[:-PADDED], pairs[PADDED:])
        fours <<= 16
        fours |= pairs

        here, there = self.pixels, self.whole[0]
        x, y = self.part
        np.take(fours, self.index, out=here, mode="wrap")  # the default checks on a copy
        np.right_shift(here, 8, out=there)
        there &= LANES
        here &= LANES
        _interpolate(here, there, x)  # 16 bits each: upper row in the lower half
        np.right_shift(here, 16, out=there)
        here &= LOW
        _interpolate(here, there, y)
        here += 1 << 15  # to the nearest
        here >>= 16


def _interpolate(here: Words, there: Words, part: Words) -> None:
    """Turn here into 256 here + part (there − here), in place; there is overwritten."""
    there -= here
    there *= part
    here <<= 8
    here += there


def _axis_functions() -> Array:
    """Return 1, x − c and Gaussian bumps, σ apart, at each of 28 pixels: (28, m) float32.

    Products of a bump in y and one in x, with independent random factors of
    variance 1, sum to a field of variance 1 with a Gaussian correlation.
    """
    x = np.arange(SIDE)[:, None] - MIDDLE
    count = math.ceil(SIDE / SIGMA) + 2
    centres = SIGMA * (np.arange(count) - (count - 1) / 2)
    bumps = np.exp(-((x - centres) ** 2) / (2 * SIGMA**2))
    bumps /= np.sqrt(np.square(bumps).sum(axis=1, keepdims=True))
    return np.concatenate([np.ones_like(x), x, bumps], axis=1, dtype=np.float32)
