"""The study that workers share: opened or created, and checked to be of the same search."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from optuna import create_study, load_study
from optuna.exceptions import DuplicatedStudyError
from optuna.logging import CRITICAL, set_verbosity
from optuna.study import StudyDirection

from mnistmlp.errors import SettingError, StudyError
from mnistmlp.training.settings import spell
from mnistmlp.training.setup import check_image_count
from mnistmlp.tuning.samplers import SeededSampler, make_pruner

if TYPE_CHECKING:
    from optuna import Study
    from optuna.storages import RDBStorage

    from mnistmlp.tuning.database import Database
    from mnistmlp.tuning.search import Plan

SEARCH = "search of "  # begins the name of a fact: the values of a setting that is searched
PATIENCE = 5.0  # seconds to wait for the facts of a study that another worker has just begun
DIRECTIONS = (StudyDirection.MAXIMIZE, StudyDirection.MINIMIZE)  # of accuracy, and of the cost
MAX_SHOWN = 80  # characters of the values that a setting has in a search
FACTS = "mnistmlp"  # attribute of a study: what all its workers must agree on


@contextmanager
def open_study(
    database: Database,
    name: str,
    plan: Plan,
    count: int,
    digests: Mapping[str, str],
    on_loss: Callable[[str], object] = lambda message: None,
) -> Iterator[Study]:
    """Open or create a study, and use it within the block.

    Parameters
    ----------
    database : Database
    name : str
    plan : Plan
    count : int
        Number of images.
    digests : mapping
        Of the images and labels.
    on_loss : callable
        Called with a line of text while the connection is lost.

    Raises
    ------
    SettingError
        If there are too few images, or the study has other settings.
    StudyError
        If the database cannot be used.
    """
    base = plan.space.base
    if not base.validation:
        raise SettingError("validation", "a search needs validation images, and validation is 0")
    check_image_count(base, count)
    set_verbosity(CRITICAL)  # reported elsewhere
    storage = database.connect(on_loss)
    with database.reporting(), _closing(storage):
        study = _begin_or_load(storage, name, plan, plan.facts(digests))
        _check_facts(study, plan.facts(digests), f"{database}: study {name}")
        yield study


def _begin_or_load(storage: RDBStorage, name: str, plan: Plan, facts: Mapping[str, Any]) -> Study:
    """Begin a study and record what its workers must agree on, or load it."""
    sampler = SeededSampler(plan.sampler, plan.seed, plan.space.first)
    pruner = make_pruner(plan.pruner, plan.space.base.epochs)
    try:
        study = create_study(
            storage=storage,
            sampler=sampler,
            pruner=pruner,
            study_name=name,
            directions=DIRECTIONS[: 2 if plan.pareto else 1],
        )
        study.set_user_attr(FACTS, facts)
    except DuplicatedStudyError:
        study = load_study(study_name=name, storage=storage, sampler=sampler, pruner=pruner)
        _wait_for_facts(study, facts)
    sampler.study = study
    return study


def _wait_for_facts(study: Study, facts: Mapping[str, Any]) -> None:
    """Wait until the worker that has begun a study has recorded what it is.

    One that was killed before it did so is stood in for, if the study can be this one.
    """
    deadline = time.monotonic() + PATIENCE
    while FACTS not in study.user_attrs and not study.get_trials(deepcopy=False):
        if time.monotonic() > deadline:
            if len(study.directions) == (2 if facts["pareto"] else 1):
                study.set_user_attr(FACTS, facts)
            return
        time.sleep(PATIENCE / 20)


@contextmanager
def _closing(storage: RDBStorage) -> Iterator[None]:
    """Close the connections to a database after the block."""
    try:
        yield
    finally:
        storage.remove_session()
        storage.engine.dispose()


def _check_facts(study: Study, wanted: Mapping[str, Any], where: str) -> None:
    """Raise SettingError if the workers of a study do not agree on what it is."""
    found = study.user_attrs.get(FACTS)
    hint = "use another name for a new study"
    if not isinstance(found, dict):
        raise StudyError(f"{where} was made by another program", hint=hint)
    for name in sorted([*found, *wanted], key=_rank):
        if found.get(name) != wanted.get(name):
            difference = _describe_difference(name, found.get(name), wanted.get(name))
            raise SettingError("study", f"{where} {difference}", hint=hint)


def _rank(name: str) -> int:
    """Return how far from being the first to be named a fact is."""
    return 0 if name == "pareto" else 1 if name.startswith(SEARCH) else 2


def _describe_difference(name: str, was: Any, now: Any) -> str:
    """Say how a study differs from the requested one."""
    word = name.replace("_", " ")
    if name == "pareto":
        kinds = [f"against {each}" if each else "alone" for each in (was, now)]
        return f"searches accuracy {kinds[0]}, not {kinds[1]}"
    if name in ("data", "own values", "initial weights"):
        return f"has other {word}"
    if not name.startswith(SEARCH):
        return f"has {word} {_spell(was)}, not {_spell(now)}"
    word = word.removeprefix(SEARCH)
    if was and now:
        return f"searches {word} in {_shorten(was)}, not in {_shorten(now)}"
    return f"searches {word}" if was else f"does not search {word}"


def _spell(value: Any) -> str:
    return spell(tuple(value) if isinstance(value, list) else value)


def _shorten(text: str) -> str:
    return text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN - 1]}…"
