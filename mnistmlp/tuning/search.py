"""The search: trials one after another, each a training run, in a study shared by workers."""

from __future__ import annotations

import json
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, NoReturn

import optuna
from optuna.exceptions import ExperimentalWarning, StorageInternalError, UpdateFinishedTrialError
from optuna.trial import TrialState

from mnistmlp.core.network import parameter_count
from mnistmlp.errors import DivergenceError, SettingError
from mnistmlp.training.loop import fit
from mnistmlp.tuning.database import find_cause
from mnistmlp.tuning.slots import ORIGIN, SURPLUS, Slot, find_slots, is_surplus, origin_of

if TYPE_CHECKING:
    from optuna import Study, Trial
    from optuna.trial import FrozenTrial

    from mnistmlp.arrays import Bytes
    from mnistmlp.training.recipes import Recipe
    from mnistmlp.training.state import EpochReport
    from mnistmlp.tuning.space import Space

POLL = 0.5  # seconds between checks whether other workers have finished
ENOUGH = 30  # completed trials from which importances are computed
FAILURES = 3  # consecutive database failures that are more than a lost connection


class _SurplusError(Exception):
    """A trial is not needed: another worker was faster."""


@dataclass(frozen=True)
class Plan:
    """What to search, and how."""

    space: Space
    trials: int  # of all workers together
    seed: int = 0  # of every trial's training and the sampler
    sampler: str = "tpe"
    pruner: str = "median"
    max_seconds: float | None = None  # of a trial's training
    max_parameters: int | None = None
    threads: int | None = None

    def facts(self, digests: Mapping[str, str]) -> dict[str, Any]:
        """Return what all workers of a study must agree on, as read back from JSON."""
        base = asdict(self.space.base)
        base.pop("name")
        searched = {name: str(each) for name, each in self.space.dimensions.items()}
        facts: dict[str, Any] = {f"search of {name}": values for name, values in searched.items()}
        facts |= {name: value for name, value in base.items() if name not in searched}
        facts["own values"] = {name: base[name] for name in searched}
        facts |= {"seed": self.seed, "data": dict(digests)}
        facts |= {"max seconds": self.max_seconds, "max parameters": self.max_parameters}
        parsed: dict[str, Any] = json.loads(json.dumps(facts))
        return parsed


@dataclass(frozen=True)
class Outcome:
    """The outcome of a trial."""

    trial: int  # its number among all, from 1
    accuracy: float | None  # on the validation images; None unless training was completed
    reason: str | None  # why it was not
    epochs: int  # trained
    seconds: float
    parameters: int
    settings: Mapping[str, Any]  # those searched


class Search:
    """A worker's part of a search.

    Parameters
    ----------
    study : optuna.Study
    plan : Plan
    images : (n, 28, 28) uint8
        Of the training set; the last ones are the validation images.
    labels : (n,)
    on_trial : callable
        Called with the `Outcome` of each trial of this worker, and all so far.
    on_step : callable
        Called at each step with the fraction of the trial that is done.
    on_wait : callable
        Called repeatedly while only trials of other workers are left.
    on_note : callable
        Called with a line of text about anything unusual.
    """

    def __init__(
        self,
        study: Study,
        plan: Plan,
        images: Bytes,
        labels: Bytes,
        *,
        on_trial: Callable[[Outcome, list[Outcome]], object] = lambda outcome, outcomes: None,
        on_step: Callable[[float], object] = lambda progress: None,
        on_wait: Callable[[], object] = lambda: None,
        on_note: Callable[[str], object] = lambda text: None,
    ) -> None:
        self.study, self.plan, self.images, self.labels = study, plan, images, labels
        self.on_trial, self.on_step = on_trial, on_step
        self.on_wait, self.on_note = on_wait, on_note
        self.number = -1  # of the trial that runs
        self.error: Exception | None = None  # with which it failed

    def run(self) -> None:
        """Work until all trials are done, including those of other workers.

        Raises
        ------
        StudyError
            If the database cannot be reached for long.
        """
        failures = 0
        while True:
            try:
                if self._take_turn():
                    return
                failures = 0
            except StorageInternalError as error:
                failures += 1
                if failures == FAILURES:
                    raise
                cause = find_cause(error)
                self.on_note(f"the database failed, so a trial will be repeated: {cause}")

    def _take_turn(self) -> bool:
        """Run a trial, or wait a moment for those of others; return whether all are done."""
        slots = self.slots()
        if len(slots) == self.plan.trials and all(slot.result for slot in slots):
            return True
        lost = [slot for slot in slots if slot.is_lost]
        for slot in lost:
            self._put_back(slot)
        if lost or len(slots) < self.plan.trials or any(slot.is_waiting for slot in slots):
            self._do_trial()
        else:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ExperimentalWarning)
                optuna.storages.fail_stale_trials(self.study)
            self.on_wait()
            time.sleep(POLL)
        return False

    def slots(self) -> list[Slot]:
        """Return the slots as all workers see them."""
        return find_slots(self.study.get_trials(deepcopy=False), self.plan.trials)

    def outcomes(self) -> list[Outcome]:
        """Return the outcomes of all finished trials, including those of other workers."""
        return [
            describe(slot.result, place, self.plan.space)
            for place, slot in enumerate(self.slots(), 1)
            if slot.result
        ]

    def importances(self) -> dict[str, float]:
        """Return the importance of each setting for being among the best, highest first.

        For settings that every trained trial has; they sum to 1.  Empty with few trials.
        PED-ANOVA: Watanabe, Bansal and Hutter, "PED-ANOVA: efficiently quantifying
        hyperparameter importance in arbitrary subspaces", IJCAI 2023.
        """
        values = [each.accuracy for each in self.outcomes() if each.accuracy is not None]
        if len(values) < ENOUGH or len(set(values)) == 1:
            return {}
        return optuna.importance.get_param_importances(self.study)

    def _put_back(self, slot: Slot) -> None:
        """Queue a lost trial to be repeated by any worker."""
        last = slot.trials[-1]
        self.study.add_trial(
            optuna.create_trial(
                state=TrialState.WAITING,
                params=last.params,
                distributions=last.distributions,
                user_attrs={ORIGIN: origin_of(last)},
            )
        )

    def _do_trial(self) -> None:
        """Run the next trial, a lost one if there is any."""
        try:
            self.study.optimize(self._train, n_trials=1)
        except _SurplusError:
            return
        except (UpdateFinishedTrialError, ValueError, AssertionError) as error:
            if error is self.error:
                raise
            self.on_note(
                "a trial was given to another worker, because this one was silent for too long"
            )
            return
        results = [slot.result for slot in self.slots()]
        for place, result in enumerate(results, 1):
            if result and result.number == self.number:
                self.on_trial(describe(result, place, self.plan.space), self.outcomes())

    # --- A trial -----------------------------------------------------------------

    def _train(self, trial: Trial) -> float:
        """Run a trial, and keep the error if it fails: Optuna raises its own."""
        self.number, self.error = trial.number, None
        try:
            return self._choose_and_train(trial)
        except UpdateFinishedTrialError:  # by another worker
            raise
        except Exception as error:
            self.error = error
            raise

    def _choose_and_train(self, trial: Trial) -> float:
        """Train with the settings chosen for a trial; return the validation accuracy."""
        started = time.monotonic()
        if is_surplus(trial.number, self.study.get_trials(deepcopy=False), self.plan.trials):
            trial.set_user_attr(SURPLUS, True)
            raise _SurplusError
        values = self.plan.space.suggest(trial)
        try:
            recipe = self.plan.space.customise(values)
            parameters = parameter_count(recipe.sizes)
            trial.set_user_attr("parameters", parameters)
            if self.plan.max_parameters and parameters > self.plan.max_parameters:
                _end(trial, f"{parameters:,} parameters")
            accuracy = self._fit(trial, recipe, started)
        except (SettingError, DivergenceError) as error:
            _end(trial, str(error))
        except MemoryError:
            _end(trial, "not enough memory")
        trial.set_user_attr("seconds", time.monotonic() - started)
        return accuracy

    def _fit(self, trial: Trial, recipe: Recipe, started: float) -> float:
        """Train; end the trial if it takes too long or is worse than others."""

        def check_time() -> None:
            if self.plan.max_seconds and time.monotonic() - started > self.plan.max_seconds:
                trial.set_user_attr("seconds", time.monotonic() - started)
                _end(trial, f"more than {self.plan.max_seconds:g} s")

        def on_step(progress: float) -> None:
            check_time()
            self.on_step(progress)

        def on_epoch(report: EpochReport) -> None:
            check_time()
            assert report.validation_accuracy is not None
            trial.report(report.validation_accuracy, report.epoch)
            if report.epoch < recipe.epochs and trial.should_prune():
                trial.set_user_attr("seconds", time.monotonic() - started)
                _end(trial, f"{report.validation_accuracy:.2%} after epoch {report.epoch}")

        result = fit(
            recipe,
            self.images,
            self.labels,
            seed=self.plan.seed,
            threads=self.plan.threads,
            on_epoch=on_epoch,
            on_step=on_step,
        )
        assert result.validation_accuracy is not None
        return result.validation_accuracy


def _end(trial: Trial, reason: str) -> NoReturn:
    """End a trial early."""
    trial.set_user_attr("reason", reason)
    raise optuna.TrialPruned


def describe(trial: FrozenTrial, place: int, space: Space) -> Outcome:
    """Return the outcome of a finished trial."""
    return Outcome(
        place,
        trial.value if trial.state == TrialState.COMPLETE else None,
        trial.user_attrs.get("reason"),
        max(trial.intermediate_values, default=0),
        round(trial.user_attrs.get("seconds", 0.0), 3),
        trial.user_attrs.get("parameters", 0),
        space.restore(trial.params),
    )


def find_best(outcomes: list[Outcome]) -> Outcome | None:
    """Return the outcome with the highest accuracy, the first in a tie; None if there is none."""
    trained = [each for each in outcomes if each.accuracy is not None]
    return max(trained, key=lambda each: each.accuracy or 0, default=None)
