"""Brains side by side: what only one of two reads right, and whether that is more than chance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnistmlp.core.metrics import Evaluation
from mnistmlp.core.significance import mcnemar
from mnistmlp.report.names import make_legible
from mnistmlp.report.subject import Subject

SIGNIFICANT = 0.05


@dataclass(frozen=True, eq=False)
class Reader:
    """Who reads the images: a brain, or a committee of several."""

    name: str
    result: Evaluation


@dataclass(frozen=True)
class Pair:
    """Two readers, by their places in `list_readers`, and how they differ."""

    first: int
    second: int
    names: tuple[str, str]
    only_first: int  # how many images only the first reads right
    only_second: int

    @property
    def counts(self) -> tuple[int, int]:
        """How many images only the first reads right, and only the second."""
        return self.only_first, self.only_second

    @property
    def keys(self) -> tuple[str, str]:
        """What the script calls the images that only the first reads right, and only the second."""
        return f"only-{self.first}-{self.second}", f"only-{self.second}-{self.first}"

    def __str__(self) -> str:
        one, other = self.names
        if not self.only_first + self.only_second:
            return f"{one} and {other} read the same images right."
        p = mcnemar(self.only_first, self.only_second)
        chance = "less than 0.01%" if p < 1e-4 else f"{p:.2%}"
        words = (
            f"{self.only_first:,} images are read right by {one} alone and {self.only_second:,} by "
            f"{other} alone. If the two were equally accurate, chance would split them at least as "
            f"unevenly in {chance} of cases (McNemar's test)"
        )
        if p >= SIGNIFICANT:
            return f"{words}: no evidence that either is better."
        better = one if self.only_first > self.only_second else other
        return f"{words}: {better} is better."


def list_readers(subject: Subject) -> list[Reader]:
    """Return the members of a committee and, last, the committee; nothing for a single brain."""
    members = subject.result.members
    if not members:
        return []
    named = zip(map(make_legible, subject.names), members, strict=True)
    return [*(Reader(*each) for each in named), Reader("the committee", subject.result)]


def compare(readers: list[Reader]) -> list[Pair]:
    """Compare the first of the readers with each other one."""
    pairs = []
    for place, other in enumerate(readers[1:], 1):
        first, second = (_read_right(each.result) for each in (readers[0], other))
        counts = [int(np.count_nonzero(each)) for each in (first & ~second, second & ~first)]
        pairs.append(Pair(0, place, (readers[0].name, other.name), *counts))
    return pairs


def _read_right(result: Evaluation) -> NDArray[np.bool_]:
    right: NDArray[np.bool_] = result.digits == result.labels
    return right
