"""What came of the trials of a search, and which of them are the best.

Nothing here needs Optuna.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

    from mnistmlp.tuning.space import Space

Cost = Literal["seconds", "parameters"]  # what accuracy is weighed against


@dataclass(frozen=True)
class Outcome:
    """What came of a trial."""

    trial: int  # its place among all, from 1
    accuracy: float | None  # on the validation images; None unless it was trained to its end
    reason: str | None  # why it was not
    last: float | None  # accuracy after its last epoch, also if it was ended then
    epochs: int  # that it was trained for
    seconds: float  # of training
    parameters: int
    settings: Mapping[str, Any]  # those searched

    def cost(self, kind: Cost) -> float:
        """Return what the accuracy is weighed against."""
        return self.seconds if kind == "seconds" else self.parameters


def describe(trial: FrozenTrial, place: int, space: Space) -> Outcome:
    """Return what came of a trial that is done."""
    attributes, reported = trial.user_attrs, trial.intermediate_values
    accuracy = trial.values[0] if trial.state.name == "COMPLETE" else None
    epochs = max(reported, default=0)
    return Outcome(
        place,
        accuracy,
        attributes.get("reason"),
        reported.get(epochs, accuracy),
        attributes.get("epochs", epochs),
        round(attributes.get("seconds", 0.0), 3),
        attributes.get("parameters", 0),
        space.restore(trial.params),
    )


def find_best(outcomes: Iterable[Outcome]) -> Outcome | None:
    """Return the outcome with the highest accuracy, the first of several; None if there is none."""
    trained = [each for each in outcomes if each.accuracy is not None]
    return max(trained, key=lambda each: each.accuracy or 0, default=None)


def find_front(outcomes: Iterable[Outcome], kind: Cost) -> list[Outcome]:
    """Return the outcomes that no other is better than at the same or a lower cost, by rising cost.

    Of equal ones, the first.
    """
    front: list[Outcome] = []
    trained = [each for each in outcomes if each.accuracy is not None]
    for each in sorted(trained, key=lambda each: (each.cost(kind), -(each.accuracy or 0))):
        if not front or (each.accuracy or 0) > (front[-1].accuracy or 0):
            front.append(each)
    return front
