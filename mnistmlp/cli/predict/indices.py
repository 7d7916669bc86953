"""Images of the data set, named by number or left to chance."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass

from mnistmlp.cli.options import parse_range
from mnistmlp.errors import SettingError


@dataclass(frozen=True)
class RandomIndices:
    """So many indices, all different, that are drawn once the size of the data set is known."""

    count: int

    def __len__(self) -> int:
        return self.count


Indices = range | RandomIndices
END = sys.maxsize  # of a range that goes to the last image, whichever that is


def parse_indices(texts: list[str], seed: int | None) -> list[Indices]:
    """Parse the values of --index: ``N``, ``N:M``, ``random`` or ``random:K``.

    As in Python, either end of a range may be left out.

    Raises
    ------
    SettingError
        If one is none of these, or a seed is given and nothing is random.
    """
    found = [_parse(text) for text in texts]
    if seed is not None and not any(isinstance(each, RandomIndices) for each in found):
        raise SettingError("seed", "needs --index random")
    return found


def _parse(text: str) -> Indices:
    match = re.fullmatch(r"random(?::0*([1-9][0-9]{0,8}))?", text)
    if match:
        return RandomIndices(int(match[1] or 1))
    match = re.fullmatch(r"(\d{0,9}):", text, re.ASCII)
    if match:
        return range(int(match[1] or 0), END)
    match = re.fullmatch(r":0*([1-9]\d{0,8})", text, re.ASCII)
    if match:
        return range(int(match[1]))
    try:
        return parse_range("index", text)
    except SettingError as error:
        raise SettingError("index", f"{error.message}, or random:5") from None


def choose(wanted: list[Indices], size: int, split: str, seed: int | None) -> list[int]:
    """Return the indices that are wanted of `size` images, in order.

    Raises
    ------
    SettingError
        If there are not so many images.
    """
    import numpy as np

    rng = np.random.default_rng(seed)
    chosen: list[int] = []
    for each in wanted:
        if isinstance(each, range):
            end = size if each.stop == END else each.stop
            last = max(each.start, end - 1)
            if last >= size:
                raise SettingError(
                    "index", f"{last} is not one of the {split} images, 0 to {size - 1}"
                )
            chosen += range(each.start, end)
        else:
            if each.count > size:
                message = f"random:{each.count} is more than the {size:,} {split} images"
                raise SettingError("index", message)
            chosen += rng.choice(size, each.count, replace=False).tolist()
    return chosen
