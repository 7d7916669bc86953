"""The slots of a study: each is for one trial, done over if its worker is lost.

Several workers share a study, none of which leads.  What is to be done follows
from the list of all trials alone, so that all of them draw the same conclusions:

- A trial that nobody has tried before opens a slot.  A study of n trials has n of
  them: if two workers open the last at the same time, the later one is surplus.
- A trial that failed, as its worker was killed or interrupted, is tried again with
  the same settings, as a further trial of its slot.  If two workers take it up at
  the same time, the later one is surplus.
- A slot is done when a trial of it has ended, be it early.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

ORIGIN = "origin"  # attribute of a trial done over: the number of the one that opened the slot
SURPLUS = "surplus"  # attribute of a trial that was not needed
LIVE = {"RUNNING", "WAITING", "COMPLETE", "PRUNED"}
DONE = {"COMPLETE", "PRUNED"}


@dataclass
class Slot:
    """The trials of a slot, in the order of their numbers."""

    trials: list[FrozenTrial] = field(default_factory=list)

    @property
    def result(self) -> FrozenTrial | None:
        """The trial that has ended, if there is one."""
        return next((each for each in self.trials if each.state.name in DONE), None)

    @property
    def is_lost(self) -> bool:
        """Whether nobody works on it, or is going to."""
        return not any(each.state.name in LIVE for each in self.trials)

    @property
    def is_waiting(self) -> bool:
        """Whether a trial of it waits for a worker."""
        return not self.result and any(each.state.name == "WAITING" for each in self.trials)


def origin_of(trial: FrozenTrial) -> int:
    """Return the number of the trial that opened the slot."""
    return int(trial.user_attrs.get(ORIGIN, trial.number))


def find_slots(trials: Iterable[FrozenTrial], count: int) -> list[Slot]:
    """Return the slots, up to `count`, in the order in which they were opened."""
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
    """Tell whether a trial is not needed, as an earlier one is there for the same."""
    for slot in find_slots(trials, count):
        live = [each.number for each in slot.trials if each.state.name in LIVE]
        if number in live:
            return number != live[0]
    return True
