"""What is printed about each picture."""

from __future__ import annotations

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
