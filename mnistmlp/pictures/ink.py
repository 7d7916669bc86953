"""Separating the ink of a digit from its background: paper, a board or a canvas."""

from __future__ import annotations

from typing import Literal, NamedTuple, get_args

import numpy as np

from mnistmlp.arrays import Grey, Mask
from mnistmlp.errors import NoInkError
from mnistmlp.pictures.background import (
    COARSE,
    TWO_LEVELS,
    Ground,
    is_background_even,
    is_ink_dark,
    measure_contrast,
    paint_out,
    ring,
    stand_out,
)
from mnistmlp.pictures.evidence import (
    BLANK,
    BLOT,
    MIN_CONTRAST,
    Contrast,
    find_fault,
    find_noise,
    ink_level,
    is_clear,
    reaches_border,
)
from mnistmlp.pictures.filters import dilate, otsu_threshold, separability, smooth
from mnistmlp.pictures.marks import find_frames, pick_digit

Invert = Literal["auto", "yes", "no"]
INVERT: tuple[Invert, ...] = get_args(Invert)


class Ink(NamedTuple):
    """The ink of a digit."""

    grey: Grey  # (h, w): its picture, with frames painted out
    strength: Grey  # (h, w), from 0 for the background to 1
    dark: bool  # darker than its background


def separate_ink(grey: Grey, invert: Invert = "auto") -> Ink | None:
    """Find the ink of a digit.

    If one reading of the background finds nothing, others are tried; likewise if what it
    finds reaches the border, like the edge of a shadow, and is not distinct.

    Parameters
    ----------
    grey : (h, w) float32
        Grey levels from 0 to 255.
    invert : {'auto', 'yes', 'no'}
        Whether the ink is darker than its background; ``auto`` finds out.

    Returns
    -------
    Ink or None
        None if nothing stands out, or only noise, a shadow or a blot.
    """
    usual, *others = list_grounds(grey)
    found = read_contrast(grey, invert, usual)
    ink = None
    if not find_noise(found):
        if framed := find_framed(grey, found, invert):
            return framed
        ink = keep_digit(grey, found)
        fault, bordered = refuse(grey, found, ink), reaches_border(ink.strength)
        if not bordered and fault in (None, BLOT):  # at the border, a blot might be a shadow
            return None if fault else ink
        if not fault and separability(found.levels, found.sure) > TWO_LEVELS:
            return ink
        ink = None if fault else ink
    for ground in others:
        found = read_contrast(grey, invert, ground)
        if find_noise(found, 0) or (ink and ink.dark != found.dark):
            continue
        other = keep_digit(grey, found)
        clear = is_clear(found, other.strength) and differs_from_around(grey, other)
        if clear and not refuse(grey, found, other):
            return other
    return ink


def no_ink_error(name: str, grey: Grey, invert: Invert) -> NoInkError:
    """Return the error for a picture without ink, with what stands out, and why it is not ink."""
    found = read_contrast(grey, invert, list_grounds(grey)[0])
    reason = find_noise(found) or refuse(grey, found, keep_digit(grey, found))
    return NoInkError(
        f"{name}: no ink found",
        source=name,
        grey=grey,
        contrast=found.levels,
        reason=reason or BLANK,
    )


def find_contrast(grey: Grey, invert: Invert) -> Contrast | None:
    """Find what stands out from the background, if it is more than noise."""
    found = read_contrast(grey, invert, list_grounds(grey)[0])
    return None if find_noise(found) else found


def list_grounds(grey: Grey) -> list[Ground]:
    """Return ways to read the background of a picture, likeliest first."""
    even = is_background_even(grey)
    return [Ground(even), Ground(not even), Ground(False, COARSE, 6)]


def read_contrast(grey: Grey, invert: Invert, ground: Ground) -> Contrast:
    """Measure what stands out from a background, whether ink or noise."""
    dark = is_ink_dark(grey, even=ground.even) if invert == "auto" else invert == "yes"
    levels = smooth(measure_contrast(grey, dark, ground), max(grey.shape) / 300)
    threshold = otsu_threshold(levels)
    return Contrast(levels, levels >= threshold, dilate(levels >= threshold / 2), dark)


def find_framed(grey: Grey, found: Contrast, invert: Invert) -> Ink | None:
    """Find the ink inside a frame or a circle, if there is one."""
    frames = find_frames(found.pieces, found.sure)
    if not frames.any():
        return None
    return separate_ink(paint_out(grey, found.pieces.mask(frames), ~found.soft), invert)


def keep_digit(grey: Grey, found: Contrast) -> Ink:
    """Keep only what belongs to the digit."""
    kept = found.soft & pick_digit(found.pieces, found.levels, found.sure)
    return Ink(grey, ink_strength(found, kept), found.dark)


def refuse(grey: Grey, found: Contrast, ink: Ink) -> str | None:
    """Say why the candidate digit is not ink; a sheet of paper with ink on it passes."""
    fault = find_fault(found, ink.strength)
    return None if fault == BLOT and find_sheet(grey, ink.strength) else fault


def differs_from_around(grey: Grey, ink: Ink) -> bool:
    """Tell whether ink differs from what surrounds its box: a nook between strokes does not.

    A nook is as light as the page, but unlike in the page, no square fits into it.
    """
    top, left, bottom, right = ink_box(ink.strength)
    room = max(bottom - top, right - left) // 8 + 1
    around = grey[max(0, top - room) : bottom + room, max(0, left - room) : right + room]
    background = np.median(ring(around, 0))
    contrast = stand_out(np.median(grey[ink.strength == 1]), background, ink.dark)
    return bool(contrast >= MIN_CONTRAST)


def ink_strength(found: Contrast, kept: Mask) -> Grey:
    """Return the strength of the ink kept (h, w), from 0 to 1."""
    level = 0.9 * ink_level(found, kept)
    return np.where(kept, np.minimum(found.levels / level, 1), 0).astype(np.float32)


def find_sheet(grey: Grey, ink: Grey) -> tuple[slice, slice] | None:
    """Return where a sheet of paper lies if that is what stands out, not a digit.

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
    """Return top, left, bottom and right of the ink above a level, the last two exclusive."""
    inked = ink > least
    rows, columns = np.flatnonzero(inked.any(axis=1)), np.flatnonzero(inked.any(axis=0))
    return int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1
