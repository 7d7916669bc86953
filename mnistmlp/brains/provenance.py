"""What decides which bits a run of training ends in, recorded so that it can be done again."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

import numpy as np

from mnistmlp.arrays import Array
from mnistmlp.brains.meta import misfits
from mnistmlp.errors import SettingError
from mnistmlp.training.recipes import Recipe, parse_recipe
from mnistmlp.version import __version__


def versions() -> dict[str, str]:
    """Return the versions of what trains here."""
    return {
        "mnistmlp": __version__,
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
        for key, wrong in misfits(meta, ("recipe", "seed")):
            raise SettingError(key, wrong)
        given = {each.name: meta[each.name] for each in fields(cls) if each.name in meta}
        return cls(**given | {"recipe": parse_recipe(given["recipe"])})


def digest(parameters: Array) -> str:
    """Return the SHA-256 of a network's parameters (p,), as they lie in memory."""
    return hashlib.sha256(parameters.tobytes()).hexdigest()
