"""Images of the data set, named by number or left to chance."""

from __future__ import annotations

import re
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


def parse_indices(texts: list[str], seed: int | None) -> list[Indices]:
    """Parse the values of --index: ``N``, ``N:M``, ``random`` or ``random:K``.

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
            if each.stop > size:
                message = f"{each.stop - 1} is past the {split} images, 0 to {size - 1}"
                raise SettingError("index", message)
            chosen += each
        else:
            if each.count > size:
                message = f"random:{each.count} is more than the {size:,} {split} images"
                raise SettingError("index", message)
            chosen += rng.choice(size, each.count, replace=False).tolist()
    return chosen
