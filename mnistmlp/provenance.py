"""What decides which bits a run of training ends in, recorded so that it can be done again."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from reprlib import repr as short
from typing import Any

import numpy as np

import mnistmlp
from mnistmlp.blas import MAX_THREADS
from mnistmlp.core import Array
from mnistmlp.errors import SettingError
from mnistmlp.recipes import Recipe, parse_recipe


def versions() -> dict[str, str]:
    """Return the versions of what trains here."""
    return {
        "mnistmlp": mnistmlp.__version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
    }


@dataclass(frozen=True)
class Provenance:
    """Where a network comes from.

    Raises
    ------
    SettingError
        From `parse`: if a value is of the wrong kind.
    """

    recipe: Recipe
    seed: int = 0
    dataset: Mapping[str, Any] = field(default_factory=dict)  # its name, and digests by file
    initial: str | None = None  # digest of the parameters started from; None: random ones
    prune: float = 0.0  # the part of the weights set to zero at the end
    half: bool = False  # saved in half precision
    threads: int | None = None  # of BLAS; None: not known
    versions: Mapping[str, str] = field(default_factory=versions)

    def as_dict(self) -> dict[str, Any]:
        """Return all of it as JSON can hold it."""
        return asdict(self)

    @classmethod
    def parse(cls, meta: Mapping[str, Any]) -> Provenance:
        """Read what `as_dict` made, also where earlier versions wrote less of it."""
        given = {"recipe": None, "seed": None} | {
            name: meta[name] for name in FORMS.keys() & meta.keys()
        }
        for name, value in given.items():
            if not FORMS[name](value):
                raise SettingError(name, f"{short(value)} is none")
        return cls(**given | {"recipe": parse_recipe(given["recipe"])})


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


FORMS: dict[str, Callable[[Any], bool]] = {
    "recipe": lambda value: isinstance(value, dict),
    "seed": _is_whole,
    "dataset": lambda value: isinstance(value, dict) and isinstance(value.get("digests", {}), dict),
    "initial": lambda value: value is None or isinstance(value, str),
    "prune": lambda value: isinstance(value, int | float) and 0 <= value < 1,
    "half": lambda value: isinstance(value, bool),
    "threads": lambda value: value is None or (_is_whole(value) and 1 <= value <= MAX_THREADS),
    "versions": lambda value: (
        isinstance(value, dict) and all(isinstance(each, str) for each in value.values())
    ),
}


def digest(parameters: Array) -> str:
    """Return the SHA-256 of a network's parameters (p,), as they lie in memory."""
    return hashlib.sha256(parameters.tobytes()).hexdigest()
