"""The checkpoint file: where a run of training stands, so that it can go on after any end.

An .npz archive: ``parameters`` and ``moment1 …`` of the optimiser, each (p,),
``best`` where other weights than the last are the best so far, and ``meta``,
JSON of all the rest.  It is written and read as a brain file is.
"""

from __future__ import annotations

import contextlib
import math
import re
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from reprlib import repr as short
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnistmlp.archive import ArchiveError, read_archive, write_archive
from mnistmlp.core import MAX_PARAMETERS, Array, parameter_count
from mnistmlp.errors import CheckpointError, SettingError
from mnistmlp.provenance import Provenance
from mnistmlp.recipes import Recipe
from mnistmlp.training import EpochReport, State, check_network, network_sizes

FORMAT = 1
ARRAYS = 4  # at most: parameters, two moments, best
MOMENTS = {"adam": 2, "nesterov": 1}  # of the optimisers; of sgd one if it has momentum


@dataclass(frozen=True)
class Checkpoint:
    """A run of training after a whole epoch."""

    provenance: Provenance
    state: State


def save_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint; an old one at `path` stays whole until the new one is.

    Raises
    ------
    CheckpointError
        If it cannot be written.
    """
    state = checkpoint.state
    report, weights = state.best
    arrays = {"parameters": state.parameters}
    arrays |= {f"moment{number}": each for number, each in enumerate(state.moments, start=1)}
    if report.epoch < len(state.history):
        arrays["best"] = weights
    meta = {
        "checkpoint": FORMAT,
        **checkpoint.provenance.as_dict(),
        "steps": state.steps,
        "generator": state.generator,
        "history": [asdict(each) for each in state.history],
        "best": report.epoch,
    }
    try:
        write_archive(path, arrays, meta)
    except OSError as error:
        raise CheckpointError(f"{path}: cannot be written: {error.strerror}") from None


def load_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint.

    Raises
    ------
    CheckpointError
        If the file is not one; the message says which check failed.
    """
    largest = 8 * ARRAYS * MAX_PARAMETERS
    try:
        arrays, meta = read_archive(path, "checkpoint", _check_names, largest)
        if not meta or meta.get("checkpoint") != FORMAT:
            raise CheckpointError(f"{path}: meta has not checkpoint {FORMAT}")
        provenance = Provenance.parse(meta)
        return Checkpoint(provenance, _state(provenance.recipe, arrays, meta))
    except ArchiveError as error:
        raise CheckpointError(str(error)) from None
    except SettingError as error:
        raise CheckpointError(f"{path}: {error}") from None
    except ValueError as error:
        raise CheckpointError(f"{path}: not a checkpoint: {error}") from None


def _check_names(names: set[str]) -> None:
    """Raise ValueError if an array has a name that none has."""
    for name in sorted(names):
        if not re.fullmatch(r"parameters|moment[12]|best", name):
            raise ValueError(f"strange array {short(name)}")


def _state(recipe: Recipe, arrays: dict[str, NDArray[Any]], meta: dict[str, Any]) -> State:
    """Return the state; ValueError or SettingError if it is not one of this recipe's."""
    history = _history(meta.get("history"), recipe.epochs)
    best, steps = meta.get("best"), meta.get("steps")
    if type(best) is not int or not 1 <= best <= len(history):
        raise ValueError(f"the best epoch is {short(best)}, of {len(history)}")
    if type(steps) is not int or not len(history) <= steps < 1 << 63:
        raise ValueError(f"{short(steps)} steps in {len(history)} epochs")
    count = MOMENTS.get(recipe.optimizer, 1 if recipe.momentum else 0)
    moments = [f"moment{number + 1}" for number in range(count)]
    wanted = {"parameters", *moments} | ({"best"} if best < len(history) else set())
    if arrays.keys() != wanted:
        raise ValueError(f"arrays {sorted(arrays)}, expected {sorted(wanted)}")
    check_network(recipe)
    size = parameter_count(network_sizes(recipe))
    for name, array in arrays.items():
        _check_array(name, array, size, recipe.dtype)
    parameters = arrays["parameters"]
    kept = history[best - 1], arrays.get("best", parameters)
    generator = _generator(meta.get("generator"))
    return State(parameters, [arrays[name] for name in moments], steps, generator, history, kept)


def _check_array(name: str, array: Array, size: int, dtype: str) -> None:
    """Raise ValueError unless an array is of that size and type, and finite."""
    if array.shape != (size,) or array.dtype.name != dtype:
        raise ValueError(f"{name} is {array.dtype} {array.shape}, expected {dtype} ({size},)")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} is not finite")


def _history(lines: Any, epochs: int) -> list[EpochReport]:
    """Return the reports of epochs 1, 2, …; ValueError if they are not that."""
    if not isinstance(lines, list) or not 1 <= len(lines) <= epochs:
        raise ValueError(f"no history of 1 to {epochs} epochs")
    for number, line in enumerate(lines, start=1):
        if not isinstance(line, dict) or not _is_report(line, number):
            raise ValueError(f"line {number} of the history is {short(line)}")
    return [EpochReport(**line) for line in lines]


def _is_report(line: dict[str, Any], number: int) -> bool:
    """Tell whether this is the report of that epoch."""
    if line.keys() != {field.name for field in fields(EpochReport)} or line["epoch"] != number:
        return False
    numbers = [
        value
        for name, value in line.items()
        if name != "epoch" and not (value is None and name.startswith("validation"))
    ]
    return all(type(value) is float and math.isfinite(value) for value in numbers)


def _generator(state: Any) -> dict[str, Any]:
    """Return a state that NumPy's generator took; ValueError if it would not."""
    generator = np.random.default_rng()
    with contextlib.suppress(TypeError, KeyError, ValueError, OverflowError, AttributeError):
        generator.bit_generator.state = state
    taken = dict(generator.bit_generator.state)
    if taken != state:
        raise ValueError("a state of the random generator that is none")
    return taken
