"""Separating the ink of a digit from its background: paper, a board or a canvas."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np

from mnistmlp.arrays import Grey, Mask
from mnistmlp.pictures.background import (
    is_background_even,
    is_ink_dark,
    measure_contrast,
    paint_out,
    ring,
)
from mnistmlp.pictures.components import Components
from mnistmlp.pictures.filters import dilate, otsu_threshold, separability, smooth
from mnistmlp.pictures.marks import find_frames, pick_digit

Invert = Literal["auto", "yes", "no"]

MIN_CONTRAST = 12.0  # between ink and background, of 255 grey levels
MIN_SEPARABILITY = 0.7  # Gaussian noise has 2 / pi
MAX_COVERED = 0.8  # share of the picture that ink may cover: a digit never covers more


class Contrast(NamedTuple):
    """What stands out from the background: the digit, and whatever else there is."""

    levels: Grey  # (h, w), from 0 for the background to 255
    sure: Mask  # (h, w): surely ink
    soft: Mask  # (h, w): ink with its soft edges
    dark: bool  # darker than the background


class Ink(NamedTuple):
    """The ink of a digit."""

    grey: Grey  # (h, w): the picture that it is in, frames painted out
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
    found = find_contrast(grey, invert)
    if not found:
        return None
    components = Components(found.soft)
    frames = find_frames(components, found.sure)
    if frames.any():
        inside = separate_ink(paint_out(grey, components.mask(frames), ~found.soft), invert)
        if inside:
            return inside
    kept = found.soft & pick_digit(components, found.levels, found.sure)
    return Ink(grey, ink_strength(found, kept), found.dark)


def find_contrast(grey: Grey, invert: Invert) -> Contrast | None:
    """Find what stands out from the background, if it is more than noise."""
    even = is_background_even(grey)
    dark = is_ink_dark(grey, even=even) if invert == "auto" else invert == "yes"
    levels = smooth(measure_contrast(grey, dark, even=even), max(grey.shape) / 300)
    threshold = otsu_threshold(levels)
    if levels.max() < MIN_CONTRAST or separability(levels, threshold) < MIN_SEPARABILITY:
        return None
    sure, soft = levels >= threshold, dilate(levels >= threshold / 2)
    return None if soft.mean() > MAX_COVERED else Contrast(levels, sure, soft, dark)


def ink_strength(found: Contrast, kept: Mask) -> Grey:
    """Return the strength of the ink (h, w) that is kept, from 0 to 1."""
    level = 0.9 * np.median(found.levels[found.sure & kept])
    return np.where(kept, np.minimum(found.levels / level, 1), 0).astype(np.float32)


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
