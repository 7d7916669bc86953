"""What a report is about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mnistmlp.brains.brain import Brain, Committee
    from mnistmlp.core.metrics import Evaluation


@dataclass(frozen=True, eq=False)
class Subject:
    """A brain or a committee, and its result on a data set."""

    names: tuple[str, ...]  # of the brains, as the user named them
    classifier: Brain | Committee
    result: Evaluation

    @property
    def brains(self) -> tuple[Brain, ...]:
        """The brains: a single one, or those of the committee."""
        return self.classifier.brains

    @property
    def title(self) -> str:
        """The name of the brain, or the size of the committee."""
        return self.names[0] if len(self.names) == 1 else f"Committee of {len(self.names)} brains"
