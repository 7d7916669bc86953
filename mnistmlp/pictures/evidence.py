"""Whether what stands out from a background is ink, or noise, a shadow or a blot."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mnistmlp.arrays import Grey, Mask
from mnistmlp.pictures.components import Components
from mnistmlp.pictures.filters import separability, shrink
from mnistmlp.pictures.strokes import stroke_width

MIN_CONTRAST = 12.0  # between ink and background, of 255 grey levels
MIN_SEPARABILITY = 0.7  # Gaussian noise has 2 / pi
MAX_COVERED = 0.8  # share of the picture that ink may cover: no digit covers more
MAX_WIDTH = 0.48  # of strokes, relative to the digit's longer side; at most 0.41 in MNIST
MAX_OPEN_WIDTH = 0.37  # if ink reaches the border, which does not count as its edge
CUT_OFF_WIDTH = 0.2  # if it lies along the border and continues beyond
MAX_ALONG = 0.6  # of a digit's longer side may lie along the border
WIDTH_SIDE = 32  # pixels of the longer side when measuring that
MIN_EVIDENCE = 240.0  # contrast times separation in standard deviations
CLEAR_DISTANCE = 10.0  # in standard deviations
CLEAR_SHARE = 0.7  # share of the candidate digit in all that stands out

NOISE = "what stands out is noise"
PALE = f"the contrast is below {MIN_CONTRAST:.0f} of 255 grey levels"
COVERED = f"what stands out covers more than {MAX_COVERED:.0%} of the picture"
BLOT = "what stands out is too wide for strokes: a blot or a shadow"
SHADE = "what stands out has the soft edges and low contrast of a shadow"

BLANK = "what stands out is a blank sheet of paper"


@dataclass(frozen=True)
class Contrast:
    """What stands out from the background: the digit and anything else."""

    levels: Grey  # (h, w), from 0 for the background to 255
    sure: Mask  # (h, w): surely ink
    soft: Mask  # (h, w): ink with its soft edges
    dark: bool  # darker than the background

    @cached_property
    def pieces(self) -> Components:
        """The connected components of `soft`."""
        return Components(self.soft)


def find_noise(found: Contrast, least: float = MIN_SEPARABILITY) -> str | None:
    """Say why nothing in a picture is ink; None if something may be.

    `least` is the required separability: a small digit on a large page has little.
    """
    if found.levels.max() < MIN_CONTRAST:
        return PALE
    if separability(found.levels, found.sure) < least:
        return NOISE
    return COVERED if found.sure.mean() > MAX_COVERED else None


def find_fault(found: Contrast, strength: Grey) -> str | None:
    """Say why the candidate digit, with strength (h, w) from 0 to 1, is not ink.

    Noise is pale and hardly separate from the rest; a shadow has soft edges, so the
    levels of what stands out vary too.  A shadow or a blot is also as wide as long,
    whereas a stroke is longer than wide.
    """
    contrast, doubtful = ink_level(found, strength > 0), reaches_border(strength)
    if contrast < MIN_CONTRAST:
        return PALE
    if contrast < 2 * MIN_CONTRAST * doubtful or contrast * distance(found) < MIN_EVIDENCE:
        return SHADE
    widest = CUT_OFF_WIDTH if is_cut_off(strength) else MAX_OPEN_WIDTH
    shadow = doubtful and open_width(strength) > widest
    return BLOT if shadow or widest_square(strength) > MAX_WIDTH else None


def is_clear(found: Contrast, strength: Grey) -> bool:
    """Tell whether the candidate digit is alone, distinct and off the border."""
    share = found.levels[strength > 0].sum() / found.levels[found.soft].sum()
    return bool(
        distance(found) >= CLEAR_DISTANCE and share >= CLEAR_SHARE and not reaches_border(strength)
    )


def ink_level(found: Contrast, kept: Mask) -> float:
    """Return the contrast of the ink kept, in grey levels."""
    return float(np.median(found.levels[found.sure & kept]))


def distance(found: Contrast) -> float:
    """Return how far certain ink is from the rest, in standard deviations.

    The deviation is that within the two classes: d' in signal detection theory
    (Green and Swets, *Signal Detection Theory and Psychophysics*, 1966).
    """
    high, low = found.levels[found.sure], found.levels[~found.sure]
    within = (high.size * high.var() + low.size * low.var()) / found.levels.size
    return float((high.mean() - low.mean()) / max(np.sqrt(within), 1e-3))


def open_width(strength: Grey) -> float:
    """Return the mean width of strokes (h, w) as a share of the longer side of the ink.

    The border of the picture does not count as the edge of a stroke: a shadow
    continues beyond it.
    """
    rows, columns = (np.flatnonzero(strength.any(axis=axis)) for axis in (1, 0))
    longer = max(np.ptp(rows), np.ptp(columns)) + 1
    return stroke_width(strength, bordered=False) / float(longer)


def is_cut_off(strength: Grey) -> bool:
    """Tell whether ink (h, w) lies along a side of a picture that is not cropped to the digit."""
    inked = strength > 0.5
    sides = inked[0], inked[-1], inked[:, 0], inked[:, -1]
    longer = max(np.ptp(np.flatnonzero(inked.any(axis=axis))) for axis in (0, 1)) + 1
    along = max(np.count_nonzero(side) for side in sides)
    return bool(along > MAX_ALONG * longer and not all(side.any() for side in sides))


def widest_square(strength: Grey) -> float:
    """Return the side of the largest square in ink (h, w), relative to the ink's longer side."""
    rows, columns = (np.flatnonzero((strength > 0.5).any(axis=axis)) for axis in (1, 0))
    box = strength[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    small = shrink(box, WIDTH_SIDE) > 0.5
    sums = np.pad(small.cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))
    low, high = 0, min(small.shape)
    while low < high:
        side = (low + high + 1) // 2
        inked = sums[side:, side:] - sums[:-side, side:] - sums[side:, :-side]
        if (inked + sums[:-side, :-side] == side * side).any():
            low = side
        else:
            high = side - 1
    return float(low / max(small.shape))


def reaches_border(strength: Grey) -> bool:
    """Tell whether ink (h, w) reaches the border of the picture."""
    return bool(strength[[0, -1]].any() or strength[:, [0, -1]].any())
