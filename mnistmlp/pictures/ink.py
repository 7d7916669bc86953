"""Telling the ink of a digit from its ground, on paper, a board or a canvas."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnistmlp.arrays import Grey, Indices, Mask
from mnistmlp.pictures.components import Components

Invert = Literal["auto", "yes", "no"]

LEAST_CONTRAST = 12.0  # grey levels between ink and ground, of 255
LEAST_SEPARABILITY = 0.7  # noise of one kind has 2 / pi
MOST_COVERED = 0.8  # of the picture by ink: where it is more, it is no digit
DARKEST = 16.0  # grey levels: no ground is taken to send back less light
COARSE, COARSER = 96, 48  # pixels of the longer side that the ground is looked at with


class Ink(NamedTuple):
    """What stands out of the ground."""

    strength: Grey  # (h, w), from 0 for the ground to 1
    dark: bool  # on a lighter ground


def separate_ink(grey: Grey, invert: Invert = "auto") -> Ink | None:
    """Find the ink of a digit.

    Parameters
    ----------
    grey : (h, w) float32
        Grey levels from 0 to 255.
    invert : {'auto', 'yes', 'no'}
        Whether ink is darker than its ground; ``auto`` finds out.

    Returns
    -------
    Ink or None
        None where nothing stands out, or what does is noise.
    """
    even = is_even(grey)
    dark = is_dark(grey, even=even) if invert == "auto" else invert == "yes"
    contrast = smooth(stand_out(grey, dark, even=even), max(grey.shape) / 300)
    threshold = otsu_threshold(contrast)
    if contrast.max() < LEAST_CONTRAST or separability(contrast, threshold) < LEAST_SEPARABILITY:
        return None
    sure, soft = contrast >= threshold, _grown(contrast >= threshold / 2)
    if soft.mean() > MOST_COVERED:
        return None
    kept = soft & pick_digit(Components(soft), contrast, sure)
    level = 0.9 * np.median(contrast[sure & kept])
    return Ink(np.where(kept, np.minimum(contrast / level, 1), 0).astype(np.float32), dark)


# --- The ground ---------------------------------------------------------------


def is_even(grey: Grey) -> bool:
    """Tell whether the ground has one level: no shadow falls on it, no light fades.

    It has if most of the margin is of one level, or if the levels of the whole
    picture fall into two.
    """
    grey = shrink(grey, COARSE)
    edge = margin(grey)
    off = np.abs(edge - np.median(edge)) / max(np.ptp(grey), 1)
    return bool(
        (np.percentile(off, 60) < 0.08 and (off > 0.25).mean() < 0.35) or separability(grey) > 0.97
    )


def is_dark(grey: Grey, *, even: bool) -> bool:
    """Tell whether ink is darker than its ground.

    On even ground a ring a little inside tells, where it is of one level: no
    frame reaches there.  Else ink touches the border, and the corners tell if
    they agree, or what most of the border is.  Elsewhere the ground is what
    most pixels show that have both near: their levels are nearer the lightest
    in reach if ink is dark.
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
    most, least = slide(grey, window, np.maximum), slide(grey, window, np.minimum)
    spread = (most - least) / np.maximum(most, 1)
    near = spread >= spread.max() / 2
    return bool((grey > (most + least) / 2)[near].mean() > 0.5)


def stand_out(grey: Grey, dark: bool, *, even: bool) -> Grey:
    """Return how far each pixel stands out of its ground, from 0 to 255.

    Dark ink is measured as a part of the light that the ground sends back.
    """
    if even:
        ground = np.full_like(grey, np.median(margin(grey)))
    else:
        ground = stretch(uneven_ground(shrink(grey, COARSER), dark), grey.shape)
    difference = 255 * (ground - grey) / np.maximum(ground, DARKEST) if dark else grey - ground
    result: Grey = np.maximum(difference, 0).astype(np.float32)
    return result


def uneven_ground(grey: Grey, dark: bool) -> Grey:
    """Return the level of the ground at each pixel (h, w).

    That is the slow change of light over the picture, and on top of it what
    the closing (the opening, if ink is light) by a square of a third of the
    side leaves, which no stroke fills: Serra, *Image Analysis and Mathematical
    Morphology* (1982), chapter XII.
    """
    slow = light(grey)
    if np.median(np.abs(grey - slow)) > 0.05 * np.ptp(grey):
        slow[:] = 0  # the edge of a shadow: no smooth surface is near it
    window = max(grey.shape) // 3 | 1
    first, second = (np.maximum, np.minimum) if dark else (np.minimum, np.maximum)
    ground: Grey = slow + slide(slide(grey - slow, window, first), window, second)
    return ground


def light(grey: Grey) -> Grey:
    """Return the quadratic surface (h, w) nearest to grey levels by absolute deviation.

    So ink, the lesser part, hardly pulls at it: iteratively reweighted least
    squares (Schlossmacher, "An iterative technique for absolute deviations
    curve fitting", JASA 68, 1973).
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
    """Return where a sheet of paper lies, if what stands out is one, and not a digit.

    A sheet has four edges, most of it is paper, and something is on it.
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
    """Return the pixels so far from the border, (n,)."""
    rows, columns = values.shape
    inside = values[depth : max(rows - depth, depth + 1), depth : max(columns - depth, depth + 1)]
    if not inside.size:  # a picture thinner than that
        return values.ravel()
    return np.concatenate([inside[0], inside[-1], inside[:, 0], inside[:, -1]])


def margin(grey: Grey) -> Grey:
    """Return the pixels of the outer eighth, (n,)."""
    return grey[~_within(grey.shape, 8)]


def _within(shape: tuple[int, ...], part: int) -> Mask:
    """Return the mask (h, w) of what is further from the border than a part of each side."""
    inner = np.zeros(shape, bool)
    rows, columns = (max(1, side // part) for side in shape)
    inner[rows:-rows, columns:-columns] = True
    return inner


# --- Strokes and stray marks --------------------------------------------------


def pick_digit(components: Components, contrast: Grey, sure: Mask) -> Mask:
    """Return the mask (h, w) of the components that make up the digit.

    One without a pixel that is surely ink is none; a band or a frame along the
    border is not of the digit, nor a paler patch that touches it.  With the
    heaviest go those of a third of its mass or more, and lighter ones that are
    near: a broken stroke has pieces, stray marks lie elsewhere.
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
    """Tell which components hardly leave the outer tenth of the picture, (k,)."""
    inner = components.totals(_within(components.shape, 10))
    marginal: Mask = inner < 0.02 * components.sizes()
    return marginal


def _union(boxes: Indices) -> Indices:
    return np.concatenate([boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)])


# --- Filters ------------------------------------------------------------------


def otsu_threshold(levels: Grey) -> float:
    """Return the level that splits levels into the two classes furthest apart.

    Otsu, "A threshold selection method from gray-level histograms", IEEE
    Transactions on Systems, Man and Cybernetics 9 (1979), equation 18.
    """
    counts, edges = np.histogram(levels, 256)
    centres = (edges[:-1] + edges[1:]) / 2
    weight = np.cumsum(counts) / levels.size  # ω(k)
    mean = np.cumsum(counts * centres) / levels.size  # μ(k)
    spread = weight * (1 - weight)
    with np.errstate(divide="ignore", invalid="ignore"):
        between = np.where(spread > 0, (mean[-1] * weight - mean) ** 2 / spread, 0)
    return float(edges[between.argmax() + 1])


def separability(levels: Grey, threshold: float | None = None) -> float:
    """Return how much of the variance lies between Otsu's two classes: η (1979, equation 12).

    `threshold` is Otsu's, where it is known already.
    """
    high = levels >= (otsu_threshold(levels) if threshold is None else threshold)
    share = high.mean()
    if not 0 < share < 1:
        return 0.0
    apart = levels[high].mean() - levels[~high].mean()
    return float(share * (1 - share) * apart**2 / levels.var())


def slide(values: Grey, window: int, pick: Any) -> Grey:
    """Return the most (np.maximum) or the least of squares of `window` pixels a side, odd."""
    for axis in (0, 1):
        reach = min(window // 2, values.shape[axis] - 1)
        lines = np.moveaxis(values, axis, 0)
        lines = np.pad(lines, ((reach, reach), (0, 0)), mode="edge")
        span = 1  # how many lines each one stands for
        while span < 2 * reach + 1:
            step = min(span, 2 * reach + 1 - span)
            lines = pick(lines[:-step], lines[step:])
            span += step
        values = np.moveaxis(lines, 0, axis)
    return values


def smooth(values: Grey, deviation: float) -> Grey:
    """Return values (h, w) blurred by a Gaussian, with a standard deviation in pixels."""
    reach = round(3 * deviation)
    weights = np.exp(-(np.arange(-reach, reach + 1) ** 2) / (2 * max(deviation, 1e-9) ** 2))
    weights = (weights / weights.sum()).astype(np.float32)
    for axis in (0, 1):
        lines = np.moveaxis(values, axis, 0)
        size = len(lines)
        padded = np.pad(lines, ((reach, reach), (0, 0)), mode="edge")
        blurred = sum(weight * padded[i : i + size] for i, weight in enumerate(weights))
        values = np.moveaxis(np.asarray(blurred), 0, axis)
    return values


def shrink(grey: Grey, side: int) -> Grey:
    """Return means over squares, as many as leave the longer side about so many pixels."""
    factor = max(1, max(grey.shape) // side)
    padded = np.pad(grey, [(0, -size % factor) for size in grey.shape], mode="edge")
    rows, columns = (size // factor for size in padded.shape)
    squares = padded.reshape(rows, factor, columns, factor)
    return np.asarray(squares.mean(axis=(1, 3), dtype=np.float32))


def stretch(small: Grey, shape: tuple[int, ...]) -> Grey:
    """Return an enlargement to a shape, linear between the pixels' centres."""
    for axis, size in enumerate(shape):
        lines = np.moveaxis(small, axis, 0)
        place = np.clip((np.arange(size) + 0.5) * len(lines) / size - 0.5, 0, len(lines) - 1)
        before = np.minimum(place.astype(int), max(len(lines) - 2, 0))
        part = (place - before)[:, None].astype(np.float32)
        after = np.minimum(before + 1, len(lines) - 1)
        small = np.asarray(np.moveaxis(lines[before] * (1 - part) + lines[after] * part, 0, axis))
    return small


def _grown(mask: Mask) -> Mask:
    """Return the pixels of a mask (h, w) and their eight neighbours."""
    return np.asarray(slide(mask, 3, np.logical_or))  # type: ignore[arg-type]
