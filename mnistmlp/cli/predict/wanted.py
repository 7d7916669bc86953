"""What is printed about each picture."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Literal, NamedTuple

UNSURE = "?"
Format = Literal["text", "tsv", "csv", "jsonl", "kaggle"]


class Wanted(NamedTuple):
    """What the options ask for."""

    named: bool  # the source and the confidence, too
    form: Format
    probabilities: bool  # a column for each digit
    by_index: bool  # images are named by their index: none is a picture
    reject: float  # confidence below which a digit is `UNSURE`
    top: int | None
    show: bool
    explain: bool
    explain_png: Path | None
    class_names: tuple[str, ...] | None = None  # None for digits

    def name(self, digit: int) -> str:
        """Return what is printed for a class: its name, or the digit."""
        return self.class_names[digit] if self.class_names else str(digit)

    def spell(self, digits: Iterable[int | None]) -> str:
        """Return what is printed for a line of digits, of which None is unsure."""
        parts = [UNSURE if digit is None else self.name(digit) for digit in digits]
        return ("" if all(len(part) == 1 for part in parts) else " ").join(parts)
