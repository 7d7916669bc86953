"""What a run of `train` is to do, and how it compares with the run that it goes on with."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mnistmlp import blas
from mnistmlp.cli import console
from mnistmlp.errors import DataError, SettingError

if TYPE_CHECKING:
    from mnistmlp.brain import Brain
    from mnistmlp.core import Network
    from mnistmlp.datasets import Dataset
    from mnistmlp.provenance import Provenance
    from mnistmlp.training import State


@dataclass(frozen=True)
class Plan:
    """A run of `train`."""

    provenance: Provenance  # without the data, where the run is a new one
    output: Path
    initial: Network | None = None
    source: Path | None = None  # the file of --resume or --like
    resume: State | None = None
    like: Brain | None = None
    until: int | None = None  # the epoch after which a run like that one ends

    def on(self, data: Dataset, facts: dict[str, Any]) -> Provenance:
        """Return the provenance of a brain trained on these data, by this machine.

        Raises
        ------
        SettingError
            If there are too few images for the recipe.
        DataError
            If the run that this one is to be like had other data.
        """
        from mnistmlp.provenance import versions
        from mnistmlp.training import check_size

        past = self.provenance
        try:
            check_size(past.recipe, len(data.images))
        except SettingError as error:
            if self.source:
                raise DataError(f"{self.source}: {error}") from None
            raise
        digests = past.dataset.get("digests", {})
        if self.source and digests != data.digests:
            different = [name for name in data.digests if data.digests[name] != digests.get(name)]
            names = " and ".join(different)
            raise DataError(f"{self.source}: was trained on other data, by the digest of {names}")
        library = {"blas": f"{facts['blas']} {facts['kernels'] or ''}".rstrip()}
        here = replace(
            past,
            dataset={"name": data.name, "digests": data.digests},
            threads=facts["threads"],
            versions=versions() | library,
        )
        if self.source:
            self._warn(here)
        return here

    def threads(self, ours: bool) -> int | None:
        """Return how many threads suit, where the choice is `ours`; as many as that run had."""
        from mnistmlp.training import network_sizes

        recipe = self.provenance.recipe
        suitable = blas.suitable_threads(network_sizes(recipe), recipe.batch_size) if ours else None
        return self.provenance.threads or suitable

    def compare(self, *, quiet: bool) -> bool | None:
        """Say whether the output has the weights of the brain it was to be like, if any."""
        from mnistmlp.brain import load_brain

        if not self.like:
            return None
        here, there = load_brain(self.output).network, self.like.network
        same = here.parameters.tobytes() == there.parameters.tobytes()
        if not quiet:
            told = f"the weights are {'' if same else 'not '}those of {self.source}"
            console.note(console.one_line(told))
        return same

    def _warn(self, here: Provenance) -> None:
        """Say what may change the last bits."""
        there = self.provenance
        pairs: dict[str, tuple[Any, Any]] = {"threads": (there.threads, here.threads)}
        pairs |= {name: (there.versions.get(name), new) for name, new in here.versions.items()}
        for name, (then, now) in pairs.items():
            if then is not None and then != now:
                told = f"{self.source}: {name} {then} then, {now} now: the last bits may differ"
                console.note(f"warning: {console.one_line(told)}")
