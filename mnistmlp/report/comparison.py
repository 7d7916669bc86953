"""Brains side by side: what only one of two reads right, and whether that is significant."""

from __future__ import annotations

from dataclasses import dataclass

from mnistmlp.core.metrics import Evaluation
from mnistmlp.core.significance import mcnemar
from mnistmlp.report.names import make_legible
from mnistmlp.report.subject import Subject

SIGNIFICANT = 0.05


@dataclass(frozen=True, eq=False)
class Reader:
    """A reader of the images: a brain or a committee."""

    name: str
    result: Evaluation


@dataclass(frozen=True)
class Pair:
    """Two readers, by their index in `list_readers`, and how they differ."""

    first: int
    second: int
    names: tuple[str, str]
    counts: tuple[int, int]  # of images that only the first reads right, and only the second

    @property
    def keys(self) -> tuple[str, str]:
        """The script's keys for images that only the first reads right, and only the second."""
        return f"only-{self.first}-{self.second}", f"only-{self.second}-{self.first}"

    def __str__(self) -> str:
        one, other = self.names
        if not any(self.counts):
            return f"{one} and {other} read the same images right."
        p = mcnemar(*self.counts)
        chance = "less than 0.01%" if p < 1e-4 else f"{p:.2%}"
        words = (
            f"{_count_images(self.counts[0])} read right by {one} alone, and {self.counts[1]:,} by "
            f"{other} alone. If the two were equally accurate, chance would split them at least as "
            f"unevenly in {chance} of cases (McNemar's test)"
        )
        if p >= SIGNIFICANT:
            return f"{words}: no evidence that either is better."
        better = one if self.counts[0] > self.counts[1] else other
        return f"{words}: {better} is better."


def list_readers(subject: Subject) -> list[Reader]:
    """Return the members of a committee and then the committee; nothing for a single brain."""
    members = subject.result.members
    if not members:
        return []
    named = zip(map(make_legible, subject.names), members, strict=True)
    return [*(Reader(*each) for each in named), Reader("the committee", subject.result)]


def compare(readers: list[Reader]) -> list[Pair]:
    """Compare the first reader with each of the others."""
    pairs = []
    for place, other in enumerate(readers[1:], 1):
        first, second = readers[0].result.right, other.result.right
        counts = int((first & ~second).sum()), int((second & ~first).sum())
        pairs.append(Pair(0, place, (readers[0].name, other.name), counts))
    return pairs


def _count_images(count: int) -> str:
    return "1 image is" if count == 1 else f"{count:,} images are"
