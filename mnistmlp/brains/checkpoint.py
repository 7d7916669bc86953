"""The checkpoint file: the state of a training run, from which it can be resumed.

An .npz archive of ``parameters`` and the optimiser's moments by name, each
(p,), ``best`` if the best parameters so far are not the latest, and ``meta``, a
JSON string with the rest.  It is written and read like a brain file.
"""

from __future__ import annotations

import contextlib
from dataclasses import asdict, dataclass
from pathlib import Path
from reprlib import repr as short
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnistmlp.arrays import Array, StrPath
from mnistmlp.brains.archive import ArchiveError, read_archive, write_archive
from mnistmlp.brains.meta import find_invalid
from mnistmlp.brains.provenance import Provenance
from mnistmlp.core.network import MAX_PARAMETERS, parameter_count
from mnistmlp.errors import CheckpointError, SettingError
from mnistmlp.training.optim import make_optimizer
from mnistmlp.training.recipes import Recipe
from mnistmlp.training.setup import check_network
from mnistmlp.training.state import EpochReport, Snapshot, TrainingState, parse_report

FORMAT = 1
MAX_ARRAYS = 8  # parameters, best parameters, the optimiser's moments


@dataclass(frozen=True)
class Checkpoint:
    """The state of a training run at the end of an epoch."""

    provenance: Provenance
    state: TrainingState


def save_checkpoint(path: StrPath, checkpoint: Checkpoint) -> None:
    """Write a checkpoint; an existing one stays until the new one is complete.

    Raises
    ------
    WriteError
        If the file cannot be written.
    """
    path, state = Path(path), checkpoint.state
    report, parameters = state.selected
    arrays = {"parameters": state.parameters, **state.moments}
    if report.epoch < len(state.history):
        arrays["best"] = parameters
    meta = {
        "checkpoint": FORMAT,
        **checkpoint.provenance.as_dict(),
        "steps": state.steps,
        "generator": state.generator,
        "history": [asdict(each) for each in state.history],
        "best": report.epoch,
    }
    write_archive(path, arrays, meta)


def load_checkpoint(path: StrPath) -> Checkpoint:
    """Read a checkpoint.

    Raises
    ------
    CheckpointError
        If the file is not a valid checkpoint; the message says which check failed.
    """
    path = Path(path)
    try:
        arrays, meta = read_archive(
            path, "checkpoint", _check_names, 8 * MAX_ARRAYS * MAX_PARAMETERS
        )
        provenance = Provenance.parse(meta or {})
        return Checkpoint(provenance, _parse_state(provenance.recipe, arrays, meta or {}))
    except ArchiveError as error:
        raise CheckpointError(str(error)) from None
    except SettingError as error:
        raise CheckpointError(f"{path}: {error}") from None
    except ValueError as error:
        raise CheckpointError(f"{path}: not a checkpoint: {error}") from None


def _check_names(names: set[str], meta: dict[str, Any] | None) -> None:
    """Raise ValueError or SettingError if `meta` is invalid or an array is unexpected."""
    if not meta or meta.get("checkpoint") != FORMAT:
        raise ValueError(f"meta does not say checkpoint {FORMAT}")
    for key, problem in find_invalid(meta, ("steps", "best", "history", "generator")):
        raise SettingError(key, problem)
    known = {"parameters", "best", *_moment_names(Provenance.parse(meta).recipe)}
    if unexpected := names - known:
        raise ValueError(f"unexpected array {short(min(unexpected))}")


def _moment_names(recipe: Recipe) -> list[str]:
    """Return the names of the moments that a recipe's optimiser keeps between steps."""
    nothing = np.empty(0)
    return list(
        make_optimizer(recipe.optimizer, nothing, nothing, momentum=recipe.momentum).moments
    )


def _parse_state(
    recipe: Recipe, arrays: dict[str, NDArray[Any]], meta: dict[str, Any]
) -> TrainingState:
    """Return the state; raise ValueError or SettingError if it does not fit the recipe."""
    history = _parse_history(meta["history"], recipe.epochs)
    best, steps, moments = meta["best"], meta["steps"], _moment_names(recipe)
    if not 1 <= best <= len(history):
        raise ValueError(f"the best epoch is {short(best)} of {len(history)}")
    if not len(history) <= steps < 1 << 63:
        raise ValueError(f"{short(steps)} steps in {len(history)} epochs")
    wanted = {"parameters", *moments} | ({"best"} if best < len(history) else set())
    if arrays.keys() != wanted:
        raise ValueError(f"arrays {sorted(arrays)}, expected {sorted(wanted)}")
    check_network(recipe)
    size = parameter_count(recipe.sizes)
    for name, array in arrays.items():
        _check_array(name, array, size, recipe.dtype)
    parameters = arrays["parameters"]
    return TrainingState(
        parameters,
        {name: arrays[name] for name in moments},
        steps,
        _parse_generator(meta["generator"]),
        history,
        Snapshot(history[best - 1], arrays.get("best", parameters)),
    )


def _check_array(name: str, array: Array, size: int, dtype: str) -> None:
    """Raise ValueError unless an array has the given size and type and is finite."""
    if array.shape != (size,) or array.dtype.name != dtype:
        raise ValueError(f"{name} is {array.dtype} {array.shape}, expected {dtype} ({size},)")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} is not finite")


def _parse_history(lines: list[Any], epochs: int) -> list[EpochReport]:
    """Return the reports of epochs 1, 2, …; raise ValueError if one is invalid."""
    if not 1 <= len(lines) <= epochs:
        raise ValueError(f"no history of 1 to {epochs} epochs")
    reports = []
    for number, line in enumerate(lines, start=1):
        try:
            reports.append(parse_report(line, number))
        except ValueError:
            raise ValueError(f"line {number} of the history is {short(line)}") from None
    return reports


def _parse_generator(state: dict[str, Any]) -> dict[str, Any]:
    """Return the state of the random generator; raise ValueError if NumPy does not accept it."""
    generator = np.random.default_rng()
    with contextlib.suppress(TypeError, KeyError, ValueError, OverflowError, AttributeError):
        generator.bit_generator.state = state
    accepted = dict(generator.bit_generator.state)
    if accepted != state:
        raise ValueError("invalid state of the random generator")
    return accepted
