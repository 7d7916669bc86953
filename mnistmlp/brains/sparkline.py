"""A curve as a line of text: what was measured in each epoch of a training run."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

LEVELS = "▁▂▃▄▅▆▇█"
WIDTH = 57  # characters of curve and text, at most: with the name of its row, it fits 80 columns


def draw_sparkline(
    values: Sequence[float],
    spell: Callable[[float], str],
    *,
    logarithmic: bool = False,
    width: int = WIDTH,
) -> str | None:
    """Return values as a row of blocks, with the first and the last in words.

    Parameters
    ----------
    values : sequence of float
        Finite; positive, if the scale is logarithmic.
    spell : callable
        Returns one of them in words.
    logarithmic : bool
        As a loss is shown, which falls to a fraction in the first few epochs.
    width : int
        Characters of blocks and words, at most; there is a block in any case.

    Returns
    -------
    str or None
        Blocks from the lowest value to the highest, each the mean of its epochs if
        there are more than fit; a single value has none.  None if there is no value.
    """
    if len(values) < 2:
        return spell(values[0]) if values else None
    ends = f"{spell(values[0])} to {spell(values[-1])}"
    heights = [math.log(value) for value in values] if logarithmic else values
    columns = _resample(heights, max(width - len(f"  {ends}"), 1))
    low, high = min(columns), max(columns)
    steps = (len(LEVELS) - 1) / (high - low) if high > low else 0.0
    return "".join(LEVELS[round((each - low) * steps)] for each in columns) + f"  {ends}"


def _resample(values: Sequence[float], columns: int) -> Sequence[float]:
    """Return as many values as there are columns, or fewer: means of neighbours."""
    count = len(values)
    if count <= columns:
        return values
    cuts = [column * count // columns for column in range(columns + 1)]
    parts = [values[a:b] for a, b in pairwise(cuts)]
    return [sum(part) / len(part) for part in parts]
