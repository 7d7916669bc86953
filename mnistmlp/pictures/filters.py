"""Thresholds and filters for grey levels."""

from __future__ import annotations

from typing import Any

import numpy as np

from mnistmlp.arrays import Grey, Mask


def otsu_threshold(levels: Grey) -> float:
    """Return the threshold that splits levels into the two most separate classes.

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


def separability(levels: Grey, high: Mask | None = None) -> float:
    """Return the share of the variance between Otsu's two classes: η (1979, equation 12).

    `high` is the upper class (h, w), if already known.
    """
    if high is None:
        high = levels >= otsu_threshold(levels)
    share = high.mean()
    if not 0 < share < 1:
        return 0.0
    apart = levels[high].mean() - levels[~high].mean()
    return float(share * (1 - share) * apart**2 / levels.var())


def running_extreme(values: Grey, window: int, pick: Any) -> Grey:
    """Return the maximum or the minimum over a square window around each pixel.

    Parameters
    ----------
    values : (h, w)
    window : int
        Side of the square in pixels, odd.
    pick : ufunc
        `np.maximum` or `np.minimum`; `np.logical_or` for a mask.
    """
    return np.asarray(slide(slide(values, window, pick, 0), window, pick, 1))


def slide(values: Any, window: int, pick: Any, axis: int) -> Any:
    """Return the extreme over a window of an odd number of pixels, along axis 0 or 1."""
    reach = min(window // 2, values.shape[axis] - 1)
    lines = np.moveaxis(values, axis, 0)
    lines = np.pad(lines, ((reach, reach), (0, 0)), mode="edge")
    span = 1  # lines that each line covers so far
    while span < 2 * reach + 1:
        step = min(span, 2 * reach + 1 - span)
        lines = pick(lines[:-step], lines[step:])
        span += step
    return np.moveaxis(lines, 0, axis)


def smooth(values: Grey, deviation: float) -> Grey:
    """Return values (h, w) blurred by a Gaussian with a standard deviation in pixels."""
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
    """Reduce grey levels to means over squares, until the longer side is about `side` pixels."""
    factor = max(1, max(grey.shape) // side)
    padded = np.pad(grey, [(0, -size % factor) for size in grey.shape], mode="edge")
    rows, columns = (size // factor for size in padded.shape)
    squares = padded.reshape(rows, factor, columns, factor)
    return np.asarray(squares.mean(axis=(1, 3), dtype=np.float32))


def stretch(small: Grey, shape: tuple[int, ...]) -> Grey:
    """Return values enlarged to a shape, interpolated linearly between pixel centres."""
    for axis, size in enumerate(shape):
        lines = np.moveaxis(small, axis, 0)
        place = np.clip((np.arange(size) + 0.5) * len(lines) / size - 0.5, 0, len(lines) - 1)
        before = np.minimum(place.astype(int), max(len(lines) - 2, 0))
        part = (place - before)[:, None].astype(np.float32)
        after = np.minimum(before + 1, len(lines) - 1)
        small = np.asarray(np.moveaxis(lines[before] * (1 - part) + lines[after] * part, 0, axis))
    return small


def dilate(mask: Mask) -> Mask:
    """Return the pixels of a mask (h, w) and their eight neighbours."""
    return np.asarray(running_extreme(mask, 3, np.logical_or))  # type: ignore[arg-type]
