"""A curve as a line of text: a measure by epoch."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

LEVELS = "▁▂▃▄▅▆▇█"
WIDTH = 57  # most characters of curve and text: with the row's name, they fit 80 columns


def draw_sparkline(
    values: Sequence[float],
    spell: Callable[[float], str],
    *,
    logarithmic: bool = False,
    width: int = WIDTH,
) -> str | None:
    """Return values as a row of blocks, with the first and the last value as text.

    Parameters
    ----------
    values : sequence of float
        Finite; positive if the scale is logarithmic.
    spell : callable
        Returns a value as text.
    logarithmic : bool
        For a loss, which falls to a fraction in the first few epochs.
    width : int
        Most characters of blocks and text; at least one block is shown.

    Returns
    -------
    str or None
        Blocks from the lowest value to the highest, each the mean of several epochs
        if not all fit; a single value has none.  None without values.
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
    """Return at most one value per column: means of neighbours."""
    count = len(values)
    if count <= columns:
        return values
    cuts = [column * count // columns for column in range(columns + 1)]
    parts = [values[a:b] for a, b in pairwise(cuts)]
    return [sum(part) / len(part) for part in parts]
