"""How trials are chosen and pruned, by name.

Optuna's CMA-ES is not among the samplers: it unpickles data from the database.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from optuna.pruners import BasePruner, HyperbandPruner, MedianPruner, NopPruner
from optuna.samplers import BaseSampler, NSGAIISampler, RandomSampler, TPESampler

from mnistmlp.tuning.slots import count_earlier

if TYPE_CHECKING:
    from optuna import Study
    from optuna.distributions import BaseDistribution
    from optuna.trial import FrozenTrial, TrialState

SamplerName = Literal["tpe", "random", "nsgaii"]
PrunerName = Literal["median", "hyperband", "none"]
SAMPLERS: dict[str, Any] = {"tpe": TPESampler, "random": RandomSampler, "nsgaii": NSGAIISampler}


def make_pruner(name: str, epochs: int) -> BasePruner:
    """Return a pruner, which ends poor trials early by validation accuracy after each epoch.

    `median`: below the median of earlier trials after as many epochs.  `hyperband`:
    Li, Jamieson, DeSalvo, Rostamizadeh and Talwalkar, "Hyperband: a novel bandit-based
    approach to hyperparameter optimization", JMLR 18, 2018.
    """
    if name == "median":
        return MedianPruner(n_startup_trials=5)
    return HyperbandPruner(max_resource=epochs) if name == "hyperband" else NopPruner()


class SeededSampler(BaseSampler):
    """A sampler that restarts for each trial, from the seed and the trial's number.

    So a search by one worker is reproducible, even if it is resumed in the middle, and
    several workers do not propose the same.  The first trial is the recipe itself.

    Parameters
    ----------
    name : str
        One of `SAMPLERS`.
    seed : int
    first : mapping
        The settings of the first trial, as far as known.
    """

    def __init__(self, name: str, seed: int, first: Mapping[str, Any]) -> None:
        self.name, self.seed, self.first = name, seed, first
        self.inner: BaseSampler = RandomSampler()
        self.place = 0  # of the trial: its slot's
        self.study: Study | None = None  # all of it: pruners show samplers only part

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        """Restart for a trial."""
        trials = (self.study or study).get_trials(deepcopy=False)
        self.place = count_earlier(trial, trials)
        state = np.random.SeedSequence([self.seed, self.place]).generate_state(1)
        self.inner = SAMPLERS[self.name](seed=int(state[0]))
        self.inner.before_trial(study, trial)

    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """Return the settings chosen together: none in the first trial."""
        return self.inner.infer_relative_search_space(study, trial) if self.place else {}

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Return values chosen together."""
        return self.inner.sample_relative(study, trial, search_space) if self.place else {}

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """Return a value chosen by itself."""
        if self.place == 0 and param_name in self.first:
            return self.first[param_name]
        return self.inner.sample_independent(study, trial, param_name, param_distribution)

    def after_trial(self, study: Study, trial: FrozenTrial, state: TrialState, values: Any) -> None:
        """Let the sampler learn from a trial."""
        self.inner.after_trial(study, trial, state, values)
