"""Resampling of images: each pixel of the result is interpolated at a source in the image.

Arrays are (28, n, 28) here, rows first: for a given row and image, the source of a
pixel is linear in its column, so that matrix products compute it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mnistmlp.arrays import SIDE, Array, Bytes

Words = NDArray[np.uint32]

BLOCK = 64  # images resampled at once: they and the buffers fit in a core's cache
# Pixels of black around an image: the outside is black, except for 1/256 of the level of the
# last row and column, where a source would lie beyond the border.
BORDER = 1
PADDED = SIDE + 2 * BORDER
UNIT = 256  # one pixel in fixed point, with 8 fractional bits
LANES = 0x00FF00FF  # the low byte of each 16-bit half
LOW_HALF = 0xFFFF


class Resampler:
    """Resamples blocks of up to 64 images of bytes; all buffers are allocated once.

    Parameters
    ----------
    dtype : {'float32', 'float64'}
        Type of the sources.

    Attributes
    ----------
    source : (2, 28, 64, 28)
        Where to find each pixel, x and y, written by the caller: in 1/256 of a
        pixel from the corner of the black border, so that the centre of the first
        pixel is at (256, 256).  Overwritten by `resample`.
    """

    def __init__(self, dtype: str) -> None:
        self.source: Array = np.zeros((2, SIDE, BLOCK, SIDE), dtype)
        self.whole = np.empty(self.source.shape, np.uint32)
        self.fraction = np.empty_like(self.whole)
        self.index = np.empty((SIDE, BLOCK, SIDE), np.intp)
        offsets = np.arange(BLOCK, dtype=np.uint32)[:, None] * PADDED**2
        self.offsets = np.broadcast_to(offsets, self.index.shape).copy()
        self.padded = np.zeros((BLOCK, PADDED, PADDED), np.uint16)
        self.pairs = np.zeros(self.padded.size, np.uint16)
        self.quads = np.zeros(self.padded.size, np.uint32)
        self.pixels = np.empty(self.index.shape, np.uint32)

    def resample(self, images: Bytes, out: Bytes) -> None:
        """Write images (n, 28, 28), resampled at `source`, to out, which may be the same array."""
        n = len(images)
        self.padded[:n, BORDER:-BORDER, BORDER:-BORDER] = images
        self._split_sources()
        self._interpolate_pixels()
        np.copyto(out, self.pixels[:, :n].transpose(1, 0, 2), casting="unsafe")

    def _split_sources(self) -> None:
        """Split each source into the index of its 2 × 2 pixels, and the fractions."""
        np.clip(self.source, 0, UNIT * (PADDED - 1) - 1, out=self.source)
        np.copyto(self.whole, self.source, casting="unsafe")
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
