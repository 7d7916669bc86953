"""What is printed about each picture."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

UNSURE = "?"


class Wanted(NamedTuple):
    """What the options ask for."""

    named: bool  # the source and the confidence, too
    as_json: bool
    reject: float  # confidence below which a digit is `UNSURE`
    top: int | None
    show: bool
    explain: bool
    explain_png: Path | None
