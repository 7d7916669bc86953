"""Moment normalisation: makes the slant, size and position of digits equal.

Grey levels are taken as masses.  With their sum S, the centre of mass (x̄, ȳ) and
the central second moments μ₂₀, μ₁₁, μ₀₂ (of x², xy, y², divided by S), the pixel
(x, y) of the result is found in the image at

    deslant:  (x + s (y − ȳ), y),                             s = μ₁₁ / μ₀₂
    moments:  (x̄ + u + s v, ȳ + v),   u = (x − 13.5) / f_x,   v = (y − 13.5) / f_y

s is the slope of the regression line of x on y, clipped to [-1, 1]; where it is not
clipped, the deslanted digit's moment μ₁₁ is 0.  f_y makes its standard deviation
along y 5.2 pixels; f_x moves that along x, √(μ₂₀ − 2 s μ₁₁ + s² μ₀₂), half-way to
3.6, in proportion, so that a 1 stays narrow.

Casey, "Moment normalization of handprinted characters", IBM Journal of Research
and Development 14 (1970), 548-557; LeCun, Bottou, Bengio and Haffner,
"Gradient-based learning applied to document recognition", Proceedings of the
IEEE 86 (1998), section III.A (deslanting); Liu, Nakashima, Sako and Fujisawa,
"Handwritten digit recognition: investigation of normalization and feature
extraction techniques", Pattern Recognition 37 (2004), section 2.

The sums are whole numbers, exact in float64, and the rest uses only basic
operations and a square root, which all machines round alike: another program
that computes the same gets the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnistmlp.arrays import PIXELS, SIDE, Bytes
from mnistmlp.core.resampling import BLOCK, BORDER, UNIT, Resampler

Numbers = NDArray[np.float64]

MIDDLE = (SIDE - 1) / 2
MAX_SLANT = 1.0  # 45°
HEIGHT = 5.2  # pixels: the standard deviation of the rows, after normalisation
WIDTH = 3.6  # pixels: of the columns, moved half-way towards this
MIN_SCALE, MAX_SCALE = 0.7, 1.5
MIN_VARIANCE = 1e-6  # square pixels: below the smallest moment of an image that is not a line

_Y, _X = np.divmod(np.arange(PIXELS, dtype=np.float64), SIDE)
_POWERS = np.stack([np.ones(PIXELS), _X, _Y, _X * _X, _X * _Y, _Y * _Y], axis=1)  # (784, 6)


def measure_moments(images: Bytes) -> tuple[Numbers, Numbers, Numbers, Numbers, Numbers]:
    """Return the centre of mass x̄, ȳ and the moments μ₂₀, μ₁₁, μ₀₂ of images (n, 784).

    Each is (n,), in pixels and square pixels; all are 0 for a blank image.
    """
    mass, x, y, xx, xy, yy = (images.astype(np.float64) @ _POWERS).T
    mass = np.maximum(mass, 1)
    square = mass * mass
    return (
        x / mass,
        y / mass,
        (mass * xx - x * x) / square,
        (mass * xy - x * y) / square,
        (mass * yy - y * y) / square,
    )


class Maps(NamedTuple):
    """For each image, the source of the pixel (x, y) of the result, in pixels.

    It is at (x₀ + a x + b y, y₀ + d y).
    """

    x0: Numbers  # (n,), like the others
    a: Numbers
    b: Numbers
    y0: Numbers
    d: Numbers


def deslanting_maps(images: Bytes) -> Maps:
    """Return the maps that shear images (n, 784) upright about their centre of mass."""
    _, y, _, xy, yy = measure_moments(images)
    slant, same = _slant(xy, yy), np.ones(len(images))
    return Maps(-slant * y, same, slant, np.zeros(len(images)), same)


def moment_maps(images: Bytes) -> Maps:
    """Return the maps that make images (n, 784) upright, centred and equal in size."""
    x, y, xx, xy, yy = measure_moments(images)
    slant = _slant(xy, yy)
    width = np.sqrt(np.maximum(xx - 2 * slant * xy + slant * slant * yy, MIN_VARIANCE))
    height = np.sqrt(np.maximum(yy, MIN_VARIANCE))
    a = 1 / np.clip(np.sqrt(WIDTH / width), MIN_SCALE, MAX_SCALE)
    d = 1 / np.clip(HEIGHT / height, MIN_SCALE, MAX_SCALE)
    b = slant * d
    return Maps(x - (a + b) * MIDDLE, a, b, y - d * MIDDLE, d)


def _slant(xy: Numbers, yy: Numbers) -> Numbers:
    """Return s = μ₁₁ / μ₀₂, at most 1 in magnitude; 0 for a blank image or a single row."""
    return np.clip(xy / np.maximum(yy, MIN_VARIANCE), -MAX_SLANT, MAX_SLANT)


NORMALIZATIONS: dict[str, Callable[[Bytes], Maps]] = {
    "deslant": deslanting_maps,
    "moments": moment_maps,
}
NORMALIZATION_NAMES = ("none", *NORMALIZATIONS)


def normalise(images: Bytes, normalization: str, out: Bytes | None = None) -> Bytes:
    """Return images normalised, interpolated bilinearly.

    A blank image stays blank.  A single row is not sheared.  With `moments`, ink
    without extent along an axis is enlarged along it by the maximum, 1.5.

    Parameters
    ----------
    images : (n, 28, 28) or (n, 784) uint8
    normalization : {'none', 'deslant', 'moments'}
    out : array of the shape of images, optional
        Where to write the result; may be `images`.  Not written with 'none'.

    Returns
    -------
    out, or a new array of the shape of images; with 'none', the images themselves.

    Raises
    ------
    TypeError
        If images are not bytes, such as grey levels already divided by 255.
    """
    if normalization == "none":
        return images
    if images.dtype != np.uint8:
        raise TypeError(f"images must be grey levels of type uint8, not {images.dtype}")
    find_maps, resampler = NORMALIZATIONS[normalization], Resampler("float64")
    result = np.empty(images.shape, np.uint8) if out is None else out
    originals, results = (array.reshape(-1, SIDE, SIDE) for array in (images, result))
    column = np.arange(SIDE)
    row = column[:, None]
    for start in range(0, len(images), BLOCK):
        block = originals[start : start + BLOCK]
        maps = find_maps(block.reshape(-1, PIXELS))
        x0, a, b, y0, d = (UNIT * each for each in maps)  # exact, because it is a power of two
        x, y = resampler.source[:, :, : len(block)]  # (28, n, 28)
        x[:] = (x0 + UNIT * BORDER + b * row)[:, :, None] + a[:, None] * column
        y[:] = (y0 + UNIT * BORDER + d * row)[:, :, None]
        resampler.resample(block, out=results[start : start + BLOCK])
    return result
