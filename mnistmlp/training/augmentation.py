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
multiply it by α.  Smoothing divides the standard deviation, 1/√3, by
2 σ √π, so the displacement's is

    α / (2 σ √(3 π)) pixels:    σ = 4, α = 34 (Simard):            1.38
                                σ = 5 to 6, α = 36 to 38 (Cireşan): 0.98 to 1.24

Here it is a parameter, and the same for every pixel, even at the border.
"""

from __future__ import annotations

import math

import numpy as np

from mnistmlp.arrays import SIDE, Array, Bytes
from mnistmlp.core.normalization import MIDDLE, NORMALIZATIONS, Maps
from mnistmlp.core.resampling import BLOCK, BORDER, UNIT, Resampler

SIGMA = 5.0  # pixels: width of the Gaussian that smooths the displacement


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
    normalization : {'none', 'deslant', 'moments'}
        Applied to each image first, in the same interpolation.
    """

    def __init__(
        self,
        *,
        displacement: float,
        rotation: float,
        scaling: float,
        shear: float,
        shift: float,
        normalization: str = "none",
    ) -> None:
        self.find_maps = NORMALIZATIONS.get(normalization)
        self.displacement, self.rotation = displacement, math.radians(rotation)
        self.scaling, self.shear, self.shift = scaling, shear, shift
        self.basis = _basis_functions()  # (28, m)
        count = self.basis.shape[1]
        self.draws = np.empty((2, BLOCK, count - 2, count - 2), np.float32)
        self.coefficients = np.zeros((2, count, BLOCK, count), np.float32)
        self.rows = np.empty((SIDE, BLOCK * count), np.float32)
        self.resampler = Resampler("float32")

    def apply(self, images: Bytes, rng: np.random.Generator) -> None:
        """Distort images (n, 784) in place."""
        for start in range(0, len(images), BLOCK):
            block = images[start : start + BLOCK]
            self._draw_warps(rng)
            if self.find_maps:
                self._compose(self.find_maps(block))
            self._compute_sources()
            square = block.reshape(-1, SIDE, SIDE)
            self.resampler.resample(square, out=square)

    def _draw_warps(self, rng: np.random.Generator) -> None:
        """Draw a warp for each image: a coefficient for each product of two basis functions."""
        rng.random(out=self.draws, dtype=np.float32)
        self.draws -= 0.5
        self.draws *= UNIT * self.displacement * math.sqrt(12)  # the SD of U(0, 1) is 1 / √12
        self.coefficients[:, 2:, :, 2:] = self.draws.transpose(0, 2, 1, 3)

        angle, scale_x, scale_y, shear, shift_x, shift_y = rng.uniform(-1, 1, (6, BLOCK))
        cos, sin = np.cos(angle * self.rotation), np.sin(angle * self.rotation)
        scale_x, scale_y = ((1 + self.scaling) ** change * UNIT for change in (scale_x, scale_y))
        shear = shear * self.shear
        terms_x, terms_y = self.coefficients  # (m, n, m): function of y, image, function of x
        terms_x[0, :, 0] = UNIT * (MIDDLE + BORDER + self.shift * shift_x)
        terms_y[0, :, 0] = UNIT * (MIDDLE + BORDER + self.shift * shift_y)
        terms_x[0, :, 1], terms_x[1, :, 0] = cos * scale_x, (cos * shear - sin) * scale_y
        terms_y[0, :, 1], terms_y[1, :, 0] = sin * scale_x, (sin * shear + cos) * scale_y

    def _compose(self, maps: Maps) -> None:
        """Map sources in the normalised image to sources in the image.

        The map is linear, so it applies alike to the coefficients of all terms.
        """
        x0, a, b, y0, d = maps
        n = len(x0)
        terms_x, terms_y = self.coefficients[:, :, :n]  # (m, n, m)
        terms_x *= a[:, None]
        terms_x += b[:, None] * terms_y
        terms_y *= d[:, None]
        terms_x[0, :, 0] += UNIT * (x0 + BORDER * (1 - a - b))  # the border is not mapped
        terms_y[0, :, 0] += UNIT * (y0 + BORDER * (1 - d))

    def _compute_sources(self) -> None:
        """Compute each pixel's source: one matrix product for all terms in y, one for x."""
        count = self.basis.shape[1]
        for coefficients, source in zip(self.coefficients, self.resampler.source, strict=True):
            np.dot(self.basis, coefficients.reshape(count, -1), out=self.rows)
            np.dot(self.rows.reshape(-1, count), self.basis.T, out=source.reshape(-1, SIDE))


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
