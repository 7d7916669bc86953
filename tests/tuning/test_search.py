from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.trial import TrialState

from mnistmlp.errors import SettingError, StudyError
from mnistmlp.training.loop import fit
from mnistmlp.tuning import search as search_module, study as study_module
from mnistmlp.tuning.database import Database
from mnistmlp.tuning.outcomes import Outcome, find_best, find_front
from mnistmlp.tuning.search import Plan, Search
from mnistmlp.tuning.slots import ORIGIN, find_slots
from mnistmlp.tuning.space import make_space
from mnistmlp.tuning.study import open_study
from tests.conftest import blobs

pytestmark = pytest.mark.slow

IMAGES, LABELS = blobs(300, 1)
FIXED: dict[str, Any] = {"hidden": (16,), "validation": 100, "epochs": 2, "activation": "relu"}
DIGESTS = {"images": "1", "labels": "2"}


def make_plan(trials: int, search: str = "learning_rate,batch_size=8|64", **more: Any) -> Plan:
    fixed = FIXED | more.pop("settings", {})
    return Plan(make_space("classic", fixed, search), trials, threads=1, **more)


@contextmanager
def opened(plan: Plan, name: str = "tune.db", study: str = "tune") -> Iterator[Search]:
    with open_study(Database(name), study, plan, len(IMAGES), DIGESTS) as found:
        yield Search(found, plan, IMAGES, LABELS)


def run(plan: Plan, name: str = "tune.db") -> list[Outcome]:
    with opened(plan, name) as search:
        search.run()
        return search.outcomes()


def without_seconds(outcomes: list[Outcome]) -> list[Any]:
    return [(each.trial, each.accuracy, each.reason, each.settings) for each in outcomes]


def test_a_search_that_is_taken_up_in_the_middle_is_the_same() -> None:
    quick = {"epochs": 1}
    whole = without_seconds(run(make_plan(12, settings=quick), "whole.db"))  # two by TPE
    run(make_plan(5, settings=quick), "parts.db")
    assert without_seconds(run(make_plan(12, settings=quick), "parts.db")) == whole
    assert len({str(settings) for *_, settings in whole}) == 12
    other = without_seconds(run(make_plan(2, seed=1), "other.db"))
    assert other[1][3] != whole[1][3]


def test_the_first_trial_is_the_recipe_and_the_best_is_trained_again_alike() -> None:
    plan = make_plan(3)
    outcomes = run(plan)
    assert outcomes[0].settings["learning_rate"] == plan.space.base.learning_rate
    best = find_best(outcomes)
    assert best
    assert best.accuracy == max(each.accuracy or 0 for each in outcomes)
    assert best.accuracy == next(
        each.accuracy for each in outcomes if each.settings == best.settings
    )
    again = fit(plan.space.customise(best.settings), IMAGES, LABELS, seed=plan.seed)
    assert again.validation_accuracy == best.accuracy
    assert (best.epochs, best.parameters) == (2, 785 * 16 + 17 * 10)


def test_trials_are_ended_early_for_a_reason() -> None:
    fixed = {name: value for name, value in FIXED.items() if name != "hidden"}
    wide_or_not = make_space("classic", fixed, "hidden=8|2000,2000|16")
    wide = run(Plan(wide_or_not, 4, max_parameters=50_000), "wide.db")
    reasons = {each.settings["hidden"]: each.reason for each in wide}
    assert reasons.pop((2000, 2000), "5,592,010 parameters") == "5,592,010 parameters"
    assert set(reasons.values()) == {None}
    slow = run(make_plan(2, max_seconds=1e-6), "slow.db")
    assert [each.reason for each in slow] == ["more than 1e-06 s"] * 2
    assert find_best(slow) is None
    steep = make_plan(2, "learning_rate=1e30:1e38:log", settings={"loss": "cross-entropy"})
    assert all("no longer finite" in str(each.reason) for each in run(steep, "steep.db"))


def test_importances(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_module, "ENOUGH", 10)
    plan = make_plan(16, "learning_rate=1e-6:1:log,dropout=0:0.01", pruner="none")
    with opened(plan) as search:
        study: Any = search.study
        for number in range(16):
            trial = study._storage.create_new_trial(study._study_id)
            trial = optuna.Trial(study, trial)
            plan.space.suggest(trial)
            study._storage.set_trial_state_values(
                trial._trial_id, TrialState.COMPLETE, [trial.params["learning_rate"]]
            )
            if number < 8:
                assert search.importances() == {}
        found = search.importances()
    assert list(found) == ["learning_rate", "dropout"]
    assert sum(found.values()) == pytest.approx(1)


def test_poor_trials_are_pruned() -> None:
    settings = {"epochs": 4}
    outcomes = run(make_plan(9, "learning_rate=1e-6:1:log", settings=settings))
    pruned = [each for each in outcomes if each.reason]
    assert pruned
    assert all(each.epochs < 4 and "after epoch" in str(each.reason) for each in pruned)
    assert run(make_plan(2, sampler="random", pruner="hyperband"), "random.db")
    assert run(make_plan(2, sampler="nsgaii", pruner="none"), "genetic.db")


def test_a_trial_that_is_interrupted_is_done_over_with_the_same_settings() -> None:
    plan = make_plan(3)

    def interrupt(progress: float) -> None:
        if search.number == 1:
            raise KeyboardInterrupt

    with opened(plan) as search:
        search.on_step = interrupt
        with pytest.raises(KeyboardInterrupt):
            search.run()
        assert len(search.outcomes()) == 1
        (lost,) = [each for each in search.study.trials if each.state == TrialState.FAIL]
    outcomes = run(plan)
    assert len(outcomes) == 3
    assert outcomes[1].settings == plan.space.restore(lost.params)
    assert without_seconds(outcomes) == without_seconds(run(plan, "whole.db"))


def test_workers_of_one_study_do_its_trials_once() -> None:
    plan = make_plan(7)
    run(make_plan(1))  # the tables are made
    seen: list[int] = []

    def work() -> None:
        with opened(plan) as search:
            search.on_trial = lambda outcome, outcomes: seen.append(outcome.trial)
            search.run()

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(seen) == list(range(2, 8))


def test_a_worker_that_was_silent_leaves_its_trial_to_others() -> None:
    plan, notes = make_plan(2), list[str]()

    def declare_dead(progress: float) -> None:
        if search.number == 0:
            storage: Any = search.study._storage
            if storage.get_trial(1).state == TrialState.RUNNING:
                storage.set_trial_state_values(1, TrialState.FAIL)

    with opened(plan) as search:
        search.on_step, search.on_note = declare_dead, notes.append
        search.run()
        assert len(search.outcomes()) == 2
        assert [each.user_attrs.get(ORIGIN) for each in search.study.trials] == [None, 0, None]
    assert notes == [
        "a trial was given to another worker, because this one was silent for too long"
    ]


@pytest.mark.parametrize(
    ("settings", "more", "message"),
    [
        ({"epochs": 3}, {}, "tune.db: study tune has epochs 2, not 3"),
        ({"hidden": (8, 8)}, {}, "tune.db: study tune has hidden 16, not 8,8"),
        ({}, {"seed": 1}, "has seed 0, not 1"),
        ({}, {"max_seconds": 3.5}, "has max seconds none, not 3.5"),
        ({}, {"search": "learning_rate"}, "tune searches batch size"),
        ({}, {"search": "learning_rate,batch_size=8|64,dropout"}, "tune does not search dropout"),
        (
            {},
            {"search": "learning_rate=0.1:1,batch_size=8|64"},
            "searches learning rate in 0.03:3:log, not in 0.1:1",
        ),
        (
            {},
            {"search": f"learning_rate,batch_size={'|'.join(map(str, range(1, 100)))}"},
            r"searches batch size in 8\|64, not in 1\|2\|[0-9|]{75}…$",
        ),
    ],
)
def test_a_study_of_other_settings(settings: Any, more: Any, message: str) -> None:
    run(make_plan(1))
    with (
        pytest.raises(SettingError, match=f"(?m)^study: .*{message}"),
        opened(make_plan(1, settings=settings, **more)),
    ):
        pass
    with opened(make_plan(1, settings=settings, **more), study="other") as search:
        search.run()


def test_other_data_and_other_programs() -> None:
    plan = make_plan(1)
    run(plan)
    with (
        pytest.raises(SettingError, match=r"tune\.db: study tune has other data"),
        open_study(Database("tune.db"), "tune", plan, len(IMAGES), {"images": "3"}),
    ):
        pass
    study = optuna.create_study(storage="sqlite:///tune.db", study_name="mine")
    study.optimize(lambda trial: 1.0, n_trials=1)
    study._storage.remove_session()
    with (
        pytest.raises(StudyError, match="study mine was made by another program"),
        opened(plan, study="mine"),
    ):
        pass


def test_validation_images_are_needed() -> None:
    for validation, message in ((0, "a search needs validation images"), (300, "leaves none")):
        with (
            pytest.raises(SettingError, match=f"validation: .*{message}"),
            opened(make_plan(1, settings={"validation": validation})),
        ):
            pass
    assert not Path("tune.db").exists()


def test_a_database_that_fails_for_good() -> None:
    notes: list[str] = []
    with (
        pytest.raises(StudyError, match=r"^tune\.db: no such table: \w+$"),
        opened(make_plan(9)) as search,
    ):
        search.on_note = notes.append
        search.on_trial = lambda outcome, outcomes: Path("tune.db").write_bytes(b"")
        search.run()
    assert set(notes) <= {
        f"the database failed, so a trial will be repeated: no such table: {name}"
        for name in ("studies", "trials")
    }
    assert len(notes) == 2


def test_an_error_of_the_program_is_not_taken_for_a_lost_trial(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*args: Any, **options: Callable[..., object]) -> None:
        raise ValueError("a mistake")

    monkeypatch.setattr(search_module, "fit", fail)
    with opened(make_plan(2)) as search, pytest.raises(ValueError, match="a mistake"):
        search.run()
    with opened(make_plan(2)) as search:
        assert [slot.is_lost for slot in find_slots(search.study.trials, 2)] == [True]


def test_a_pareto_front() -> None:
    fixed = {name: value for name, value in FIXED.items() if name != "hidden"}
    space = make_space("classic", fixed, "hidden=8|16|32,learning_rate")
    plan = Plan(space, 8, pareto="parameters", pruner="none", threads=1)
    outcomes = run(plan, "whole.db")
    assert {each.epochs for each in outcomes} == {2}  # nothing is pruned
    assert all(each.last == each.accuracy and each.seconds > 0 for each in outcomes)
    front = find_front(outcomes, "parameters")
    for each in outcomes:
        as_good = [
            other
            for other in front
            if other.parameters <= each.parameters and (other.accuracy or 0) >= (each.accuracy or 0)
        ]
        assert as_good == [each] if each in front else as_good

    def interrupt(progress: float) -> None:
        if search.number == 4:
            raise KeyboardInterrupt

    with opened(plan, "parts.db") as search:
        search.on_step = interrupt
        with pytest.raises(KeyboardInterrupt):
            search.run()
    assert without_seconds(run(plan, "parts.db")) == without_seconds(outcomes)


def test_a_front_against_seconds() -> None:
    with opened(make_plan(3, pareto="seconds", pruner="none")) as search:
        search.run()
        for outcome, trial in zip(search.outcomes(), search.study.trials, strict=True):
            assert trial.values == [outcome.accuracy, pytest.approx(outcome.seconds, abs=1e-3)]
    slow = run(make_plan(2, pareto="seconds", pruner="none", max_seconds=1e-6), "slow.db")
    assert [each.reason for each in slow] == ["more than 1e-06 s"] * 2


def test_the_first_of_equals_is_on_the_front() -> None:
    def outcome(trial: int, seconds: float, accuracy: float | None) -> Outcome:
        return Outcome(trial, accuracy, None, accuracy, 1, seconds, 10, {})

    outcomes = [outcome(1, 2, 0.9), outcome(2, 1, 0.9), outcome(3, 1, 0.9), outcome(4, 0, None)]
    assert find_front(outcomes, "seconds") == [outcomes[1]]
    assert find_front([*outcomes, outcome(5, 3, 0.91)], "seconds")[1].trial == 5
    better = outcome(6, 1, 0.95)
    assert find_front([*outcomes, better], "seconds") == [better]
    assert find_front(outcomes, "parameters") == [outcomes[0]]
    assert find_front([], "seconds") == []


@pytest.mark.parametrize("kinds", [(None, "seconds"), ("seconds", None), ("seconds", "parameters")])
def test_a_study_of_another_kind(kinds: tuple[Any, Any]) -> None:
    plans = [make_plan(1, pareto=each, pruner="none") for each in kinds]
    run(plans[0])
    words = [f"against {each}" if each else "alone" for each in kinds]
    message = f"searches accuracy {words[0]}, not {words[1]}"
    with pytest.raises(SettingError, match=rf"^study: tune\.db: study tune {message}\b"):
        run(plans[1])


def test_two_workers_begin_studies_of_different_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one that comes second waits until it is told what the first one searches."""
    begun, proceed = threading.Event(), threading.Event()
    set_user_attr = optuna.Study.set_user_attr

    def set_slowly(study: optuna.Study, key: str, value: Any) -> None:
        begun.set()
        assert proceed.wait(10)
        set_user_attr(study, key, value)

    monkeypatch.setattr(optuna.Study, "set_user_attr", set_slowly)
    first = threading.Thread(target=lambda: run(make_plan(0)))
    first.start()
    assert begun.wait(10)
    threading.Timer(0.3, proceed.set).start()
    with pytest.raises(SettingError, match="has seed 0, not 1"):
        run(make_plan(0, seed=1))
    first.join()


def test_a_study_whose_worker_was_killed_before_it_said_what_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(study_module, "PATIENCE", 0.1)
    optuna.create_study(storage="sqlite:///tune.db", study_name="tune", direction="maximize")
    with (
        pytest.raises(StudyError, match="study tune was made by another program"),
        opened(make_plan(0, pareto="seconds")),
    ):
        pass
    run(make_plan(0))
    with pytest.raises(SettingError, match="has seed 0, not 1"):
        run(make_plan(0, seed=1))
