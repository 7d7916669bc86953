"""The study that workers share: opened or created, and checked to be of the same search."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from optuna import create_study
from optuna.logging import CRITICAL, set_verbosity

from mnistmlp.errors import SettingError, StudyError
from mnistmlp.training.settings import spell
from mnistmlp.training.setup import check_image_count
from mnistmlp.tuning.samplers import SeededSampler, make_pruner

if TYPE_CHECKING:
    from optuna import Study
    from optuna.storages import RDBStorage

    from mnistmlp.tuning.database import Database
    from mnistmlp.tuning.search import Plan

SEARCH = "search of "  # prefix of a fact's name: the values of a searched setting
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
        sampler = SeededSampler(plan.sampler, plan.seed, plan.space.first)
        study = create_study(
            storage=storage,
            sampler=sampler,
            pruner=make_pruner(plan.pruner, base.epochs),
            study_name=name,
            direction="maximize",
            load_if_exists=True,
        )
        sampler.study = study
        _check_facts(study, plan.facts(digests), f"{database}: study {name}")
        yield study


@contextmanager
def _closing(storage: RDBStorage) -> Iterator[None]:
    """Close the connections to a database after the block."""
    try:
        yield
    finally:
        storage.remove_session()
        storage.engine.dispose()


def _check_facts(study: Study, wanted: Mapping[str, Any], where: str) -> None:
    """Record what the workers of a study must agree on, or raise SettingError if they do not."""
    if FACTS not in study.user_attrs and not study.get_trials(deepcopy=False):
        study.set_user_attr(FACTS, wanted)
    found = study.user_attrs.get(FACTS)
    hint = "use another name for a new study"
    if not isinstance(found, dict):
        raise StudyError(f"{where} was made by another program", hint=hint)
    for name in sorted([*found, *wanted], key=lambda name: not name.startswith(SEARCH)):
        if found.get(name) != wanted.get(name):
            difference = _describe_difference(name, found.get(name), wanted.get(name))
            raise SettingError("study", f"{where} {difference}", hint=hint)


def _describe_difference(name: str, was: Any, now: Any) -> str:
    """Say how a study differs from the requested one."""
    word = name.replace("_", " ")
    if name in ("data", "own values"):
        return f"has other {word}"
    if not name.startswith(SEARCH):
        return f"has {word} {_spell(was)}, not {_spell(now)}"
    word = word.removeprefix(SEARCH)
    if was and now:
        return f"searches {word} in {was}, not in {now}"
    return f"searches {word}" if was else f"does not search {word}"


def _spell(value: Any) -> str:
    return spell(tuple(value) if isinstance(value, list) else value)
