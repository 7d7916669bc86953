"""The slots of a study: each is for one trial, repeated if its worker is lost.

Several workers share a study without a leader.  What to do next follows from the list
of all trials alone, so that all workers draw the same conclusions:

- A new trial opens a slot.  A study of n trials has n slots: if two workers open the
  last one at the same time, the later is surplus.
- A trial that failed because its worker was killed or interrupted is repeated with the
  same settings, as a further trial of its slot.  If two workers take it up at the same
  time, the later is surplus.
- A slot is done when one of its trials has ended, even early.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

ORIGIN = "origin"  # attribute of a repeated trial: the number of the one that opened the slot
SURPLUS = "surplus"  # attribute of a trial that was not needed
LIVE = {"RUNNING", "WAITING", "COMPLETE", "PRUNED"}
DONE = {"COMPLETE", "PRUNED"}


@dataclass
class Slot:
    """The trials of a slot, in order of their numbers."""

    trials: list[FrozenTrial] = field(default_factory=list)

    @property
    def result(self) -> FrozenTrial | None:
        """The trial that has ended, if there is one."""
        return next((each for each in self.trials if each.state.name in DONE), None)

    @property
    def is_lost(self) -> bool:
        """Whether no worker is or will be working on it."""
        return not any(each.state.name in LIVE for each in self.trials)

    @property
    def is_waiting(self) -> bool:
        """Whether one of its trials is waiting for a worker."""
        return not self.result and any(each.state.name == "WAITING" for each in self.trials)


def origin_of(trial: FrozenTrial) -> int:
    """Return the number of the trial that opened the slot."""
    return int(trial.user_attrs.get(ORIGIN, trial.number))


def find_slots(trials: Iterable[FrozenTrial], count: int) -> list[Slot]:
    """Return up to `count` slots, in the order in which they were opened."""
    slots: dict[int, Slot] = {}
    for trial in sorted(trials, key=lambda each: each.number):
        origin = origin_of(trial)
        if origin == trial.number:
            if not trial.user_attrs.get(SURPLUS) and len(slots) < count:
                slots[origin] = Slot([trial])
        elif origin in slots:
            slots[origin].trials.append(trial)
    return list(slots.values())


def count_earlier(trial: FrozenTrial, trials: Iterable[FrozenTrial]) -> int:
    """Return how many slots were opened before that of a trial."""
    opened = (each for each in trials if ORIGIN not in each.user_attrs)
    origin = origin_of(trial)
    return sum(each.number < origin and not each.user_attrs.get(SURPLUS) for each in opened)


def is_surplus(number: int, trials: Sequence[FrozenTrial], count: int) -> bool:
    """Tell whether a trial is not needed because an earlier one serves the same purpose."""
    for slot in find_slots(trials, count):
        live = [each.number for each in slot.trials if each.state.name in LIVE]
        if number in live:
            return number != live[0]
    return True
