"""Random distortion of images: a new affine and elastic warp for each.

A warp maps every pixel of the result to its source in the image:

    source(x, y) = c + t + A (p − c) + d(p),    p = (x, y),  c the centre,

with a random shift t, a random matrix A of rotation, shear and scale, and a
displacement d(p), a random field that is smooth over several pixels: Simard,
Steinkraus and Platt, "Best practices for convolutional neural networks
applied to visual document analysis", ICDAR 2003, section 2; Cireşan, Meier,
Gambardella and Schmidhuber, "Deep, big, simple neural nets for handwritten
digit recognition", Neural Computation 22 (2010), section 2.  They draw a
field of numbers in (−1, 1), smooth it with a Gaussian of σ pixels and
multiply it by α.  The smoothing divides the standard deviation, 1/√3, by
2 σ √π, so that of the displacement is

    α / (2 σ √(3 π)) pixels:    σ = 4, α = 34 (Simard):            1.38
                                σ = 5 to 6, α = 36 to 38 (Cireşan): 0.98 to 1.24

Here it is a parameter, and the same for every pixel, also at the border.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from mnistmlp.arrays import SIDE, Array, Bytes

Words = NDArray[np.uint32]

WARP_SIZE = 64  # images warped at once: they and the buffers fit in a core's cache
SIGMA = 5.0  # pixels: width of the Gaussian that smooths the displacement
MIDDLE = (SIDE - 1) / 2
PADDED = SIDE + 2  # an image with a black border
UNIT = 256  # one pixel in fixed point, with 8 fractional bits
LANES = 0x00FF00FF  # the low byte of each 16-bit half
LOW_HALF = 0xFFFF


class Distortion:
    """Distorts images of bytes; all buffers are allocated once.

    Scale, shear, angle and shift are drawn uniformly from their ranges, anew
    for each image.

    Parameters
    ----------
    displacement : float
        Standard deviation of the elastic displacement, in pixels.
    rotation : float
        Largest angle in degrees, in either direction.
    scaling : float
        Largest change in size, for each axis separately: 0.15 means 1/1.15 to 1.15.
    shear : float
        Largest shear, in pixels sideways per pixel of height.
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
        self.basis = _basis_functions()  # (28, m)
        count = self.basis.shape[1]
        self.draws = np.empty((2, WARP_SIZE, count - 2, count - 2), np.float32)
        self.coefficients = np.zeros((2, count, WARP_SIZE, count), np.float32)
        self.rows = np.empty((SIDE, WARP_SIZE * count), np.float32)
        self.source = np.empty((2, SIDE * WARP_SIZE, SIDE), np.float32)  # x and y
        self.whole = np.empty((2, SIDE, WARP_SIZE, SIDE), np.uint32)
        self.fraction = np.empty_like(self.whole)
        self.index = np.empty((SIDE, WARP_SIZE, SIDE), np.intp)
        offsets = np.arange(WARP_SIZE, dtype=np.uint32)[:, None] * PADDED**2
        self.offsets = np.broadcast_to(offsets, self.index.shape).copy()
        self.padded = np.zeros((WARP_SIZE, PADDED, PADDED), np.uint16)
        self.pairs = np.zeros(self.padded.size, np.uint16)
        self.quads = np.zeros(self.padded.size, np.uint32)
        self.pixels = np.empty(self.index.shape, np.uint32)

    def apply(self, images: Bytes, rng: np.random.Generator) -> None:
        """Distort images (n, 784) in place."""
        for start in range(0, len(images), WARP_SIZE):
            block = images[start : start + WARP_SIZE].reshape(-1, SIDE, SIDE)
            self._draw_warps(rng)
            self._compute_sources()
            self.padded[: len(block), 1:-1, 1:-1] = block
            self._interpolate_pixels()
            result = self.pixels[:, : len(block)].transpose(1, 0, 2)
            np.copyto(block, result, casting="unsafe")

    def _draw_warps(self, rng: np.random.Generator) -> None:
        """Draw a warp for each image: a coefficient for each product of two basis functions."""
        rng.random(out=self.draws, dtype=np.float32)
        self.draws -= 0.5
        self.draws *= UNIT * self.displacement * math.sqrt(12)  # the SD of U(0, 1) is 1 / √12
        self.coefficients[:, 2:, :, 2:] = self.draws.transpose(0, 2, 1, 3)

        angle, scale_x, scale_y, shear, shift_x, shift_y = rng.uniform(-1, 1, (6, WARP_SIZE))
        cos, sin = np.cos(angle * self.rotation), np.sin(angle * self.rotation)
        scale_x, scale_y = ((1 + self.scaling) ** change * UNIT for change in (scale_x, scale_y))
        shear = shear * self.shear
        terms_x, terms_y = self.coefficients  # (m, n, m): function of y, image, function of x
        terms_x[0, :, 0] = UNIT * (MIDDLE + 1 + self.shift * shift_x)  # + 1 for the black border
        terms_y[0, :, 0] = UNIT * (MIDDLE + 1 + self.shift * shift_y)
        terms_x[0, :, 1], terms_x[1, :, 0] = cos * scale_x, (cos * shear - sin) * scale_y
        terms_y[0, :, 1], terms_y[1, :, 0] = sin * scale_x, (sin * shear + cos) * scale_y

    def _compute_sources(self) -> None:
        """Compute each pixel's source: the index of its 2 × 2 pixels, and the fractions.

        Arrays are (28, n, 28) here, rows first, so that the sum over all terms
        takes one matrix product for y and one for x.
        """
        count = self.basis.shape[1]
        for coefficients, source in zip(self.coefficients, self.source, strict=True):
            np.dot(self.basis, coefficients.reshape(count, -1), out=self.rows)
            np.dot(self.rows.reshape(-1, count), self.basis.T, out=source)
        np.clip(self.source, 0, UNIT * (PADDED - 1) - 1, out=self.source)
        np.copyto(self.whole, self.source.reshape(self.whole.shape), casting="unsafe")
        np.bitwise_and(self.whole, UNIT - 1, out=self.fraction)
        np.right_shift(self.whole, 8, out=self.whole)
        x, y = self.whole
        y *= PADDED
        y += x
        y += self.offsets
        np.copyto(self.index, y, casting="unsafe")

    def _interpolate_pixels(self) -> None:
        """Interpolate bilinearly between 2 × 2 pixels.

        They are gathered as the four bytes of one 32-bit number.  The upper
        and the lower pair are interpolated together, each in one half of the
        32 bits; arithmetic modulo 2³² makes negative differences come out right.
        """
        padded, pairs, quads = self.padded.reshape(-1), self.pairs, self.quads
        np.left_shift(padded[1:], 8, out=pairs[:-1])
        pairs |= padded
        np.copyto(quads[:-PADDED], pairs[PADDED:])
        quads <<= 16
        quads |= pairs

        near, far = self.pixels, self.whole[0]
        x, y = self.fraction
        np.take(quads, self.index, out=near, mode="wrap")  # the default mode buffers `out`
        np.right_shift(near, 8, out=far)
        far &= LANES
        near &= LANES
        _interpolate(near, far, x)  # 16 bits each, the upper row in the low half
        np.right_shift(near, 16, out=far)
        near &= LOW_HALF
        _interpolate(near, far, y)
        near += 1 << 15  # round to nearest
        near >>= 16


def _interpolate(near: Words, far: Words, fraction: Words) -> None:
    """Turn near into 256 near + fraction (far − near), in place; far is overwritten."""
    far -= near
    far *= fraction
    near <<= 8
    near += far


def _basis_functions() -> Array:
    """Return 1, x − c and Gaussian bumps, σ apart, at each of 28 pixels: (28, m) float32.

    Products of a bump in y and a bump in x, with independent random
    coefficients of variance 1, sum to a field of variance 1 with a Gaussian
    autocorrelation.
    """
    x = np.arange(SIDE)[:, None] - MIDDLE
    count = math.ceil(SIDE / SIGMA) + 2
    centres = SIGMA * (np.arange(count) - (count - 1) / 2)
    bumps = np.exp(-((x - centres) ** 2) / (2 * SIGMA**2))
    bumps /= np.sqrt(np.square(bumps).sum(axis=1, keepdims=True))
    return np.concatenate([np.ones_like(x), x, bumps], axis=1, dtype=np.float32)
