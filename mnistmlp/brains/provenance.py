"""The provenance of a network: everything needed to reproduce it bit for bit."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np

from mnistmlp.arrays import Array
from mnistmlp.brains.meta import Meta, describe_network, find_invalid
from mnistmlp.core.network import Network
from mnistmlp.errors import SettingError
from mnistmlp.training.recipes import Recipe, parse_recipe
from mnistmlp.version import __version__


def versions() -> dict[str, str]:
    """Return the versions of the installed software that affect training."""
    return {
        "mnistmlp": __version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
    }


@dataclass(frozen=True)
class Provenance:
    """How a network was trained.

    Raises
    ------
    SettingError
        From `parse`, if a value is invalid.
    """

    recipe: Recipe
    seed: int = 0
    dataset: Mapping[str, Any] = field(default_factory=dict)  # name, and digests by file
    initial: str | None = None  # digest of the initial parameters; None if they were random
    synthetic: float = 0.0  # fraction of synthetic digits among the training images
    prune: float = 0.0  # fraction of the weights set to zero at the end
    half: bool = False  # saved in half precision
    threads: int | None = None  # of BLAS; None if unknown
    versions: Mapping[str, str] = field(default_factory=versions)
    class_names: Sequence[str] | None = None  # None for digits

    def differences(self, other: Provenance) -> dict[str, tuple[Any, Any]]:
        """Return, by name, the differences to another run that may change the weights.

        The machine and the versions are left out, as they change at most the last bits.
        """
        mine, others = self._decisive(), other._decisive()
        return {
            name: (value, others[name]) for name, value in mine.items() if value != others[name]
        }

    @property
    def digest(self) -> str:
        """SHA-256 of what `differences` compares."""
        return hashlib.sha256(json.dumps(self._decisive(), sort_keys=True).encode()).hexdigest()

    def _decisive(self) -> dict[str, Any]:
        return asdict(self.recipe) | {
            "seed": self.seed,
            "data": self.dataset.get("digests"),
            "initial weights": self.initial,
            "synthetic": self.synthetic,
            "prune": self.prune,
            "half": self.half,
        }

    def as_dict(self) -> dict[str, Any]:
        """Return all fields as a dict for JSON, without class names if there are none."""
        found = asdict(self)
        if self.class_names is None:
            del found["class_names"]
        return found

    @classmethod
    def parse(cls, meta: Mapping[str, Any]) -> Provenance:
        """Read the result of `as_dict`; earlier versions wrote fewer keys."""
        names = [each.name for each in fields(cls)]
        for key, problem in find_invalid(meta, ("recipe", "seed"), names):
            raise SettingError(key, problem)
        given = {name: meta[name] for name in names if name in meta}
        return cls(**given | {"recipe": parse_recipe(given["recipe"])})


def parameter_digest(parameters: Array) -> str:
    """Return the SHA-256 of the bytes of a network's parameters (p,)."""
    return hashlib.sha256(parameters.tobytes()).hexdigest()


def describe_foreign(
    network: Network,
    origin: str,
    path: Path,
    temperature: float = 1.0,
    class_names: Sequence[str] | None = None,
) -> Meta:
    """Return the `meta` of a network whose training is unknown.

    Parameters
    ----------
    network : Network
    origin : str
        Where the network comes from, in place of a recipe's name.
    path : Path
        Of the network, for messages.
    temperature : float
    class_names : sequence of str, optional
        None for digits.

    Raises
    ------
    BrainError
        If the temperature is invalid.
    """
    untold = {
        "seed": 0,
        "dataset": {},
        "epochs": 0,
        "history": [],
        "accuracy": {"validation": None},
    }
    meta = describe_network(network, temperature) | {"recipe": {"name": origin}, **untold}
    if class_names:
        meta["class_names"] = list(class_names)
    return Meta.parse(meta | {"versions": versions()}, path)
