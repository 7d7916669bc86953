"""The background of a digit: its grey level at each pixel, and whether the ink is darker."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnistmlp.arrays import Grey, Mask
from mnistmlp.pictures.components import Components
from mnistmlp.pictures.filters import running_extreme, separability, shrink, smooth, stretch

MIN_BACKGROUND = 16.0  # lowest grey level assumed for a background
SPECK = 0.002  # share of a picture
TWO_LEVELS = 0.9  # separability of ink on an even background, including its soft edges
COARSE, COARSER = 96, 48  # pixels of the longer side when examining the background


class Ground(NamedTuple):
    """A way to read the background."""

    even: bool  # it has one grey level
    side: int = COARSER  # pixels of the longer side when examining an uneven one
    parts: int = 3  # of that side: a closing by a square of one such part removes the ink


def is_background_even(grey: Grey) -> bool:
    """Tell whether the background has one grey level: no shadows, no fading light.

    It does if most of the margin has one level, or if the levels of the whole
    picture fall into two classes.
    """
    grey = shrink(grey, COARSE)
    edge = margin(grey)
    off = np.abs(edge - np.median(edge)) / max(np.ptp(grey), 1)
    return bool(
        (np.percentile(off, 60) < 0.08 and (off > 0.25).mean() < 0.35) or separability(grey) > 0.97
    )


def is_ink_dark(grey: Grey, *, even: bool) -> bool:
    """Tell whether the ink is darker than its background.

    On an even background, a ring a little inside the border decides if it has one level:
    no frame reaches that far.  Otherwise ink touches the border, and is whichever has
    fewer pieces there, since a digit is one.  In a tie, on an even background the corners
    decide if they agree, or else the larger part of the border.  On an uneven background,
    the pixels with both ink and background nearby decide: if the ink is dark, most of
    them are closer to the lightest level around.
    """
    light = grey > (grey.min() + grey.max()) / 2
    inner = ring(light, max(1, min(grey.shape) // 16)).mean()
    mixed = bool(0.1 < inner < 0.9)
    if even and not mixed:
        return bool(inner > 0.5)
    if 0.2 < inner < 0.8 and separability(grey) > TWO_LEVELS:
        pieces = [_count_at_border(mask) for mask in (light, ~light)]
        if min(pieces) > 0 and pieces[0] != pieces[1]:
            return pieces[0] > pieces[1]
    if even:
        corners = light[[0, 0, -1, -1], [0, -1, 0, -1]]
        agree = corners.all() or not corners.any()
        return bool((corners[0] if agree else ring(light, 0).mean()) > 0.5)
    grey = shrink(grey, COARSER)
    window = int(0.3 * max(grey.shape)) | 1
    most, least = (
        running_extreme(grey, window, np.maximum),
        running_extreme(grey, window, np.minimum),
    )
    spread = (most - least) / np.maximum(most, 1)
    near = spread >= spread.max() / 2
    return bool((grey > (most + least) / 2)[near].mean() > 0.5)


def _count_at_border(mask: Mask) -> int:
    """Return how many components reach the border, without specks or its soft edge."""
    edge = max(1, min(mask.shape) // 32)
    mask = mask[edge:-edge, edge:-edge]
    components = Components(mask)
    return int((components.at_border() & (components.sizes() > mask.size * SPECK)).sum())


def measure_contrast(grey: Grey, dark: bool, ground: Ground) -> Grey:
    """Return how much each pixel differs from its background, from 0 to 255.

    Dark ink is measured relative to the light that the background reflects.
    """
    if ground.even:
        background = np.full_like(grey, np.median(margin(grey)))
    else:
        small = estimate_background(shrink(grey, ground.side), dark, ground.parts)
        background = stretch(small, grey.shape)
    return stand_out(grey, background, dark)


def stand_out(grey: Grey, background: Grey | np.floating[Any], dark: bool) -> Grey:
    """Return how far grey levels are below (or above if not `dark`) their background, or 0."""
    difference = (
        255 * (background - grey) / np.maximum(background, MIN_BACKGROUND)
        if dark
        else grey - background
    )
    result: Grey = np.maximum(difference, 0).astype(np.float32)
    return result


def estimate_background(grey: Grey, dark: bool, parts: int) -> Grey:
    """Return the grey level of the background at each pixel (h, w).

    It is the slow change of illumination over the picture, plus the closing (or the
    opening if ink is light) of what remains by a square, a part of the picture's
    width, that no stroke fills: Serra, *Image Analysis and Mathematical Morphology*
    (1982), chapter XII.
    """
    slow = fit_illumination(grey)
    if np.median(np.abs(grey - slow)) > 0.05 * np.ptp(grey):
        slow[:] = 0  # the edge of a shadow, which no smooth surface fits
    window = max(grey.shape) // parts | 1
    first, second = (np.maximum, np.minimum) if dark else (np.minimum, np.maximum)
    background: Grey = slow + running_extreme(
        running_extreme(grey - slow, window, first), window, second
    )
    return background


def paint_out(grey: Grey, painted: Mask, known: Mask) -> Grey:
    """Return grey levels (h, w) with pixels replaced by their background.

    That is the Gaussian-weighted mean of the known background around them: Knutsson
    and Westin, "Normalized and differential convolution", CVPR 1993.
    """
    level = grey[known].mean() if known.any() else grey.mean()
    weights = smooth(shrink(known.astype(np.float32), COARSE), 3)
    off = smooth(shrink(np.where(known, grey - level, 0).astype(np.float32), COARSE), 3)
    background = level + off / np.maximum(weights, 1e-3)
    return np.where(painted, stretch(background, grey.shape), grey)


def fit_illumination(grey: Grey) -> Grey:
    """Return the quadratic surface (h, w) that fits grey levels with least absolute deviation.

    Ink covers the smaller part of a picture, so it hardly affects such a fit.
    By iteratively reweighted least squares: Schlossmacher, "An iterative
    technique for absolute deviations curve fitting", JASA 68, 1973.
    """
    y, x = (np.linspace(-1, 1, size, dtype=np.float32) for size in grey.shape)
    terms = [x**i * y[:, None] ** j for i, j in ((0, 0), (1, 0), (0, 1), (2, 0), (1, 1), (0, 2))]
    design = np.stack([np.broadcast_to(term, grey.shape).ravel() for term in terms], axis=1)
    levels, weights = grey.ravel(), np.ones(grey.size, np.float32)
    for _ in range(10):
        root = np.sqrt(weights)
        fit = design @ np.linalg.lstsq(design * root[:, None], levels * root, rcond=None)[0]
        weights = 1 / np.maximum(np.abs(levels - fit), 1)
    surface: Grey = fit.reshape(grey.shape).astype(np.float32)
    return surface


def ring(values: NDArray[Any], depth: int) -> NDArray[Any]:
    """Return the pixels at a distance from the border, (n,)."""
    rows, columns = values.shape
    inside = values[depth : max(rows - depth, depth + 1), depth : max(columns - depth, depth + 1)]
    if not inside.size:  # a picture narrower than that
        return values.ravel()
    return np.concatenate([inside[0], inside[-1], inside[:, 0], inside[:, -1]])


def margin(grey: Grey) -> Grey:
    """Return the pixels of the outer eighth, (n,)."""
    return grey[~inner_mask(grey.shape, 8)]


def inner_mask(shape: tuple[int, ...], part: int) -> Mask:
    """Return the mask (h, w) of the pixels at least 1 / `part` of each side from the border."""
    inner = np.zeros(shape, bool)
    rows, columns = (max(1, side // part) for side in shape)
    inner[rows:-rows, columns:-columns] = True
    return inner
