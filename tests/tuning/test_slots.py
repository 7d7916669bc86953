"""What workers conclude from the trials that there are."""

import optuna
import pytest
from optuna.trial import FrozenTrial

from mnistmlp.tuning.slots import ORIGIN, SURPLUS, find_slots, is_surplus

STATES = {
    "done": "COMPLETE",
    "pruned": "PRUNED",
    "runs": "RUNNING",
    "waits": "WAITING",
    "failed": "FAIL",
    "surplus": "FAIL",
}


def make_trials(*words: str) -> list[FrozenTrial]:
    """Make trials of words such as ``done`` or, for one that does trial 2 over, ``runs 2``."""
    trials = []
    for number, text in enumerate(words):
        word, *origin = text.split()
        attributes = {ORIGIN: int(origin[0])} if origin else {}
        if word == "surplus":
            attributes[SURPLUS] = True
        state = optuna.trial.TrialState[STATES[word]]
        value = 0.5 if word == "done" else None
        trial = optuna.create_trial(state=state, value=value, user_attrs=attributes)
        trial.number = number
        trials.append(trial)
    return trials


def describe(*words: str, count: int = 3) -> list[str]:
    names = ("result", "is_lost", "is_waiting")
    return [
        next((name for name in names if getattr(slot, name)), "runs")
        for slot in find_slots(make_trials(*words), count)
    ]


def test_slots() -> None:
    assert describe() == []
    assert describe("done", "pruned", "runs") == ["result", "result", "runs"]
    assert describe("done", "failed", "runs") == ["result", "is_lost", "runs"]
    assert describe("done", "failed", "runs", "waits 1") == ["result", "is_waiting", "runs"]
    assert describe("done", "failed", "runs", "failed 1") == ["result", "is_lost", "runs"]
    assert describe("failed", "failed 0", "done 0") == ["result"]
    assert describe("done", "failed", "surplus 1", "runs 1") == ["result", "runs"]
    assert describe("done", "surplus", "runs", "runs") == ["result", "runs", "runs"]
    assert describe("done", "runs", "runs", "runs", "failed") == ["result", "runs", "runs"]


@pytest.mark.parametrize(
    ("words", "surplus"),
    [
        (["runs", "runs", "runs"], []),
        (["runs", "runs", "runs", "runs"], [3]),
        (["runs", "failed", "runs", "runs 1"], []),
        (["runs", "failed", "runs", "runs 1", "runs 1"], [4]),  # taken up by two workers
        (["runs", "failed", "runs", "runs 1", "runs"], [4]),
        (["runs", "failed", "runs", "runs", "runs 1"], [3]),  # its slot was only lost
        (["runs", "failed", "runs", "failed 1", "runs 1"], []),
        (["done", "done", "done", "runs"], [3]),
    ],
)
def test_of_two_for_the_same_the_later_is_surplus(words: list[str], surplus: list[int]) -> None:
    trials = make_trials(*words)
    running = [each.number for each in trials if each.state.name == "RUNNING"]
    assert [number for number in running if is_surplus(number, trials, 3)] == surplus
