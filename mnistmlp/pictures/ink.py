"""Separating the ink of a digit from its background: paper, a board or a canvas."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnistmlp.arrays import Grey, Indices, Mask
from mnistmlp.pictures.components import Components
from mnistmlp.pictures.filters import (
    dilate,
    otsu_threshold,
    running_extreme,
    separability,
    shrink,
    smooth,
    stretch,
)

Invert = Literal["auto", "yes", "no"]

MIN_CONTRAST = 12.0  # between ink and background, of 255 grey levels
MIN_SEPARABILITY = 0.7  # Gaussian noise has 2 / pi
MAX_COVERED = 0.8  # share of the picture that ink may cover: a digit never covers more
MIN_BACKGROUND = 16.0  # grey level below which a background is not taken to be
COARSE, COARSER = 96, 48  # pixels of the longer side at which the background is examined


class Ink(NamedTuple):
    """What stands out from the background."""

    strength: Grey  # (h, w), from 0 for the background to 1
    dark: bool  # darker than its background


def separate_ink(grey: Grey, invert: Invert = "auto") -> Ink | None:
    """Find the ink of a digit.

    Parameters
    ----------
    grey : (h, w) float32
        Grey levels from 0 to 255.
    invert : {'auto', 'yes', 'no'}
        Whether the ink is darker than its background; ``auto`` finds out.

    Returns
    -------
    Ink or None
        None if nothing stands out, or only noise does.
    """
    even = is_background_even(grey)
    dark = is_ink_dark(grey, even=even) if invert == "auto" else invert == "yes"
    contrast = smooth(measure_contrast(grey, dark, even=even), max(grey.shape) / 300)
    threshold = otsu_threshold(contrast)
    if contrast.max() < MIN_CONTRAST or separability(contrast, threshold) < MIN_SEPARABILITY:
        return None
    sure, soft = contrast >= threshold, dilate(contrast >= threshold / 2)
    if soft.mean() > MAX_COVERED:
        return None
    kept = soft & pick_digit(Components(soft), contrast, sure)
    level = 0.9 * np.median(contrast[sure & kept])
    return Ink(np.where(kept, np.minimum(contrast / level, 1), 0).astype(np.float32), dark)


# --- The background -----------------------------------------------------------


def is_background_even(grey: Grey) -> bool:
    """Tell whether the background has one grey level: no shadow falls on it, and no light fades.

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

    On an even background, a ring a little inside the border decides if it has
    one level: no frame reaches that far.  Otherwise ink touches the border, and
    the corners decide if they agree, or else the larger part of the border.  On
    an uneven background, the pixels with both ink and background nearby decide:
    if the ink is dark, most of them are closer to the lightest level around.
    """
    if even:
        light = grey > (grey.min() + grey.max()) / 2
        inner = ring(light, max(1, min(grey.shape) // 16)).mean()
        if 0.1 < inner < 0.9:
            corners = light[[0, 0, -1, -1], [0, -1, 0, -1]]
            agree = corners.all() or not corners.any()
            inner = corners[0] if agree else ring(light, 0).mean()
        return bool(inner > 0.5)
    grey = shrink(grey, COARSER)
    window = int(0.3 * max(grey.shape)) | 1
    most, least = (
        running_extreme(grey, window, np.maximum),
        running_extreme(grey, window, np.minimum),
    )
    spread = (most - least) / np.maximum(most, 1)
    near = spread >= spread.max() / 2
    return bool((grey > (most + least) / 2)[near].mean() > 0.5)


def measure_contrast(grey: Grey, dark: bool, *, even: bool) -> Grey:
    """Return how far each pixel stands out from its background, from 0 to 255.

    Dark ink is measured relative to the light that the background reflects.
    """
    if even:
        background = np.full_like(grey, np.median(margin(grey)))
    else:
        background = stretch(estimate_background(shrink(grey, COARSER), dark), grey.shape)
    difference = (
        255 * (background - grey) / np.maximum(background, MIN_BACKGROUND)
        if dark
        else grey - background
    )
    result: Grey = np.maximum(difference, 0).astype(np.float32)
    return result


def estimate_background(grey: Grey, dark: bool) -> Grey:
    """Return the grey level of the background at each pixel (h, w).

    It is the slow change of illumination over the picture, plus the closing
    (the opening, if ink is light) of what remains by a square a third as wide
    as the picture, which no stroke fills: Serra, *Image Analysis and
    Mathematical Morphology* (1982), chapter XII.
    """
    slow = fit_illumination(grey)
    if np.median(np.abs(grey - slow)) > 0.05 * np.ptp(grey):
        slow[:] = 0  # the edge of a shadow: no smooth surface fits it
    window = max(grey.shape) // 3 | 1
    first, second = (np.maximum, np.minimum) if dark else (np.minimum, np.maximum)
    background: Grey = slow + running_extreme(
        running_extreme(grey - slow, window, first), window, second
    )
    return background


def fit_illumination(grey: Grey) -> Grey:
    """Return the quadratic surface (h, w) that fits grey levels best by absolute deviation.

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


def find_sheet(grey: Grey, ink: Grey) -> tuple[slice, slice] | None:
    """Return where a sheet of paper lies, if that is what stands out, and not a digit.

    A sheet has four straight edges, is mostly blank, and has something on it.
    """
    top, left, bottom, right = ink_box(ink, 0)
    height, width = bottom - top, right - left
    if height * width < ink.size / 10 or min(height, width) < 20:
        return None
    down, across = max(2, height // 16), max(2, width // 16)  # clear of its edges
    sheet = slice(top + down, bottom - down), slice(left + across, right - across)
    inside = ink[sheet] > 0.5
    written = np.ptp(smooth(grey[sheet], 1)) > np.ptp(grey) / 4
    return sheet if written and ring(inside, 0).mean() > 0.95 and inside.mean() > 0.7 else None


def ink_box(ink: Grey, least: float = 0.05) -> tuple[int, int, int, int]:
    """Return top, left, bottom and right of the ink above a level, the last two one past it."""
    inked = ink > least
    rows, columns = np.flatnonzero(inked.any(axis=1)), np.flatnonzero(inked.any(axis=0))
    return int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1


def ring(values: NDArray[Any], depth: int) -> NDArray[Any]:
    """Return the pixels at a distance from the border, (n,)."""
    rows, columns = values.shape
    inside = values[depth : max(rows - depth, depth + 1), depth : max(columns - depth, depth + 1)]
    if not inside.size:  # a picture thinner than that
        return values.ravel()
    return np.concatenate([inside[0], inside[-1], inside[:, 0], inside[:, -1]])


def margin(grey: Grey) -> Grey:
    """Return the pixels of the outer eighth, (n,)."""
    return grey[~_inner_mask(grey.shape, 8)]


def _inner_mask(shape: tuple[int, ...], part: int) -> Mask:
    """Return the mask (h, w) of the pixels away from the border by 1 / `part` of each side."""
    inner = np.zeros(shape, bool)
    rows, columns = (max(1, side // part) for side in shape)
    inner[rows:-rows, columns:-columns] = True
    return inner


# --- Strokes and stray marks --------------------------------------------------


def pick_digit(components: Components, contrast: Grey, sure: Mask) -> Mask:
    """Return the mask (h, w) of the components that make up the digit.

    A component counts only if it has a pixel that is surely ink.  A band or a
    frame along the border does not belong to the digit, nor does a paler patch
    that touches the border.  The heaviest component is kept, with those of at
    least a third of its mass, and lighter ones nearby: a broken stroke has
    pieces, whereas stray marks lie elsewhere.
    """
    boxes = components.boxes()
    touches = (boxes[:, :2] == 0).any(axis=1) | (boxes[:, 2:] == components.shape).any(axis=1)
    mass = components.totals(contrast) * (components.totals(sure) > 0)
    digit = mass * ~(touches & _is_marginal(components))
    if not digit.any():
        digit = mass
    heaviest = int(digit.argmax())
    mean = mass / components.sizes()
    digit[touches & (mean < 0.7 * mean[heaviest])] = 0
    kept = np.arange(components.count) == heaviest
    box = boxes[heaviest]
    joined = True
    while joined:
        reach = 0.2 * (box[2:] - box[:2]).max()
        gaps = np.maximum(boxes[:, :2] - box[2:], box[:2] - boxes[:, 2:]).max(axis=1)
        near = (digit > digit[heaviest] / 3) | ((digit > digit[heaviest] / 50) & (gaps <= reach))
        joined = bool((near & ~kept).any())
        kept |= near
        box = _union(boxes[kept])
    return components.mask(kept)


def _is_marginal(components: Components) -> Mask:
    """Tell which components lie almost entirely in the outer tenth of the picture, (k,)."""
    inner = components.totals(_inner_mask(components.shape, 10))
    marginal: Mask = inner < 0.02 * components.sizes()
    return marginal


def _union(boxes: Indices) -> Indices:
    return np.concatenate([boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)])
