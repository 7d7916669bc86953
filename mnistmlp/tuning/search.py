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
from mnistmlp.tuning.outcomes import Cost, Outcome, describe
from mnistmlp.tuning.slots import ORIGIN, SURPLUS, Slot, find_slots, is_surplus, origin_of

if TYPE_CHECKING:
    from optuna import Study, Trial

    from mnistmlp.arrays import Bytes
    from mnistmlp.core.network import Network
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
    pareto: Cost | None = None  # what accuracy is weighed against
    initial: str | None = None  # digest of the weights that every trial starts from, if not random
    synthetic: float = 0.0  # fraction of the images, which are there already
    prune: float = 0.0
    half: bool = False
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
        facts |= {"pareto": self.pareto, "initial weights": self.initial}
        facts |= {name: getattr(self, name) or None for name in ("synthetic", "prune", "half")}
        parsed: dict[str, Any] = json.loads(json.dumps(facts))
        return parsed


class Search:
    """A worker's part of a search.

    Parameters
    ----------
    study : optuna.Study
    plan : Plan
    images : (n, 28, 28) uint8
        Of the training set; the last ones are the validation images.
    labels : (n,)
    initial_network : Network, optional
        That every trial starts from.
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
        initial_network: Network | None = None,
        on_trial: Callable[[Outcome, list[Outcome]], object] = lambda outcome, outcomes: None,
        on_step: Callable[[float], object] = lambda progress: None,
        on_wait: Callable[[], object] = lambda: None,
        on_note: Callable[[str], object] = lambda text: None,
    ) -> None:
        self.study, self.plan, self.images, self.labels = study, plan, images, labels
        self.initial_network = initial_network
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

    def _train(self, trial: Trial) -> float | tuple[float, float]:
        """Do a trial, and remember the error if it fails: Optuna raises others of its own."""
        self.number, self.error = trial.number, None
        try:
            return self._choose_and_train(trial)
        except UpdateFinishedTrialError:  # by another worker
            raise
        except Exception as error:
            self.error = error
            raise

    def _choose_and_train(self, trial: Trial) -> float | tuple[float, float]:
        """Train by settings that are chosen for a trial; return what they are judged by."""
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
            accuracy, seconds = self._fit(trial, recipe)
        except (SettingError, DivergenceError) as error:
            _end(trial, str(error))
        except MemoryError:
            _end(trial, "not enough memory")
        trial.set_user_attr("seconds", seconds)
        match self.plan.pareto:
            case "seconds":
                return accuracy, seconds
            case "parameters":
                return accuracy, float(parameters)
        return accuracy

    def _fit(self, trial: Trial, recipe: Recipe) -> tuple[float, float]:
        """Train, and return the accuracy and the seconds of it.

        The trial is ended where it takes too long, or is worse than others.
        """
        started = time.monotonic()

        def end(reason: str) -> NoReturn:
            trial.set_user_attr("seconds", time.monotonic() - started)
            _end(trial, reason)

        def check_time() -> None:
            if self.plan.max_seconds and time.monotonic() - started > self.plan.max_seconds:
                end(f"more than {self.plan.max_seconds:g} s")

        def on_step(progress: float) -> None:
            check_time()
            self.on_step(progress)

        def on_epoch(report: EpochReport) -> None:
            check_time()
            assert report.validation_accuracy is not None
            if self.plan.pareto:  # Optuna prunes no trials of these, and takes no reports
                trial.set_user_attr("epochs", report.epoch)
                return
            trial.report(report.validation_accuracy, report.epoch)
            if report.epoch < recipe.epochs and trial.should_prune():
                end(f"{report.validation_accuracy:.2%} after epoch {report.epoch}")

        result = fit(
            recipe,
            self.images,
            self.labels,
            seed=self.plan.seed,
            initial_network=self.initial_network,
            prune=self.plan.prune,
            half=self.plan.half,
            threads=self.plan.threads,
            on_epoch=on_epoch,
            on_step=on_step,
        )
        seconds = time.monotonic() - started
        assert result.validation_accuracy is not None
        trial.set_user_attr("epochs", len(result.history))
        return result.validation_accuracy, seconds


def _end(trial: Trial, reason: str) -> NoReturn:
    """End a trial early."""
    trial.set_user_attr("reason", reason)
    raise optuna.TrialPruned
