"""Measuring the width of a digit's strokes, and making thin ones as wide as MNIST's."""

from __future__ import annotations

import numpy as np

from mnistmlp.arrays import Grey


def stroke_width(ink: Grey, *, bordered: bool = True) -> float:
    """Return the mean width of strokes in pixels, of ink (h, w) from 0 to 1.

    Ink that reaches the border of the array ends there, unless not `bordered`.

    A stroke has an area of length x width and two sides of that length: its width is
    twice the area over the perimeter, which is the total variation (coarea formula;
    Rudin, Osher and Fatemi, "Nonlinear total variation based noise removal
    algorithms", Physica D 60, 1992).
    """
    padded = ink
    if bordered:
        padded = np.zeros((ink.shape[0] + 2, ink.shape[1] + 2), ink.dtype)  # faster than np.pad
        padded[1:-1, 1:-1] = ink
    down = padded[1:, :-1] - padded[:-1, :-1]
    right = padded[:-1, 1:] - padded[:-1, :-1]
    variation = np.sqrt(down * down + right * right).sum()
    return float(2 * ink.sum() / variation) if variation else 0.0


def widen(ink: Grey, radius: float) -> Grey:
    """Return ink (h, w) dilated by a disc with a radius in pixels."""
    reach = int(np.ceil(radius))
    height, width = ink.shape
    padded = np.pad(ink, reach)
    wide = np.zeros_like(ink)
    for down in range(-reach, reach + 1):
        for right in range(-reach, reach + 1):
            if down**2 + right**2 <= radius**2 + 0.5:
                top, left = reach + down, reach + right
                moved = padded[top : top + height, left : left + width]
                np.maximum(wide, moved, out=wide)
    return wide
