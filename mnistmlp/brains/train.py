"""Training a brain: plan a run, carry it out with `training.loop.fit`, and record it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from reprlib import repr as short
from typing import TYPE_CHECKING, Any

import numpy as np

from mnistmlp import blas
from mnistmlp.arrays import SIDE
from mnistmlp.brains.archive import parse_meta
from mnistmlp.brains.brain import Brain
from mnistmlp.brains.checkpoint import Checkpoint, load_checkpoint
from mnistmlp.brains.meta import Meta, describe_network
from mnistmlp.brains.provenance import Provenance, parameter_digest, versions
from mnistmlp.core.inputs import check_pair
from mnistmlp.data.datasets import Dataset, as_pair
from mnistmlp.data.synthetic import add_digits
from mnistmlp.errors import DataError, SettingError, warn
from mnistmlp.training.advice import watch
from mnistmlp.training.learning_rates import customise
from mnistmlp.training.loop import fit
from mnistmlp.training.recipes import RECIPES, Recipe, check_names
from mnistmlp.training.settings import as_plain
from mnistmlp.training.setup import check_image_count, check_network, check_seed

if TYPE_CHECKING:
    from mnistmlp.arrays import StrPath
    from mnistmlp.data.catalog import Split
    from mnistmlp.data.datasets import Labelled
    from mnistmlp.training.state import EpochReport, TrainingResult, TrainingState


def train(
    recipe: str | Recipe | None,
    data: Labelled,
    *,
    seed: int = 0,
    init: Brain | None = None,
    synthetic: float = 0.0,
    prune: float = 0.0,
    half: bool = False,
    threads: int | None = None,
    interruptible: bool = False,
    on_epoch: Callable[[EpochReport], object] = lambda report: None,
    on_checkpoint: Callable[[Checkpoint], object] = lambda checkpoint: None,
    on_step: Callable[[float], object] = lambda progress: None,
    **settings: Any,
) -> Brain:
    """Train a brain.

    Parameters
    ----------
    recipe : str or Recipe, optional
        A name, such as ``"modern"``, or your own recipe.  The default is that of
        `init`, or else ``"classic"``.
    data : Dataset, or a pair of images and labels
        Images (n, 28, 28) or (n, 784), grey levels from 0 to 255; labels (n,),
        integers from 0 to 9.
    seed : int
        Of everything random, 0 or more.  The same seed, machine and BLAS give the
        same brain, bit for bit.
    init : Brain, optional
        Start from its weights, with its layers, activation, loss and
        normalization unless the settings or your own recipe say otherwise.
    synthetic : float
        Mix synthetic digits into the training images, as this fraction of the
        total, up to 0.9.
    prune : float
        Set this fraction of the weights, the smallest, to zero at the end.
    half : bool
        Round the weights to half precision at the end, and save them that way.
    threads : int, optional
        Threads that share the work of large networks; by default, one per usable
        processor.  The result does not depend on their number.
    interruptible : bool
        Let Ctrl-C end training early: the brain then has the weights of the last
        complete epoch, or during the first epoch, the current weights.  Otherwise
        KeyboardInterrupt is raised as usual.
    on_epoch : callable
        Called with the `EpochReport` of each epoch as it ends, such as ``print``.
    on_checkpoint : callable
        Called after each epoch with a `Checkpoint` whose arrays are valid until
        it returns: `save_checkpoint` saves it, and `resume` continues from it.
    on_step : callable
        Called at each step with the fraction of the training that is done.
    **settings
        Override settings of the recipe, such as ``epochs=3``.  As on the command
        line, the learning rate of a named recipe follows the settings that it
        depends on, unless it is given.

    Raises
    ------
    SettingError
        If a setting is unknown or invalid, alone or together with another, or
        does not fit the data.
    InputError
        If images or labels are invalid.
    DivergenceError
        If the loss is no longer finite.
    """
    provenance = plan_run(
        choose_recipe(recipe, init, settings),
        seed,
        init=init,
        synthetic=synthetic,
        prune=prune,
        half=half,
    )
    dataset = _as_dataset(data)
    return _run_and_warn(
        complete(provenance, dataset),
        dataset,
        on_epoch,
        initial_network=init.network if init else None,
        threads=threads,
        interruptible=interruptible,
        on_checkpoint=on_checkpoint,
        on_step=on_step,
    )


def resume(
    checkpoint: Checkpoint | StrPath,
    data: Labelled,
    *,
    threads: int | None = None,
    interruptible: bool = False,
    on_epoch: Callable[[EpochReport], object] = lambda report: None,
    on_checkpoint: Callable[[Checkpoint], object] = lambda checkpoint: None,
    on_step: Callable[[float], object] = lambda progress: None,
) -> Brain:
    """Resume a run from a checkpoint or a checkpoint file.

    With the same machine and BLAS, the brain is the same, bit for bit, as without
    the interruption; otherwise there is a warning.  Parameters and errors as in
    `train`.

    Raises
    ------
    CheckpointError
        If the file is not a valid checkpoint.
    DataError
        If the run was trained on other data.
    """
    if not isinstance(checkpoint, Checkpoint):
        checkpoint = load_checkpoint(checkpoint)
    dataset = _as_dataset(data)
    provenance = complete(checkpoint.provenance, dataset)
    for change in describe_changes(checkpoint.provenance, provenance):
        warn(change)
    return _run_and_warn(
        provenance,
        dataset,
        on_epoch,
        state=checkpoint.state,
        threads=threads,
        interruptible=interruptible,
        on_checkpoint=on_checkpoint,
        on_step=on_step,
    )


# --- The steps, which the command line takes one by one -------------------------


def choose_recipe(
    recipe: str | Recipe | None, init: Brain | None, settings: Mapping[str, Any]
) -> Recipe:
    """Return a recipe, overridden first by the initial brain and then by settings.

    The default is the recipe of the initial brain, or else `classic`.  A setting of
    the warp turns augmentation on, unless ``augment`` is set.  The other settings of
    a recipe that is not one of `RECIPES` are kept.

    Raises
    ------
    SettingError
        If the recipe or a setting is unknown, or a setting is invalid.
    """
    changed = customise(*add_settings_of(init, recipe, settings))
    check_network(changed, init.network if init else None)
    return changed


def add_settings_of(
    init: Brain | None, recipe: str | Recipe | None, settings: Mapping[str, Any]
) -> tuple[str | Recipe, Mapping[str, Any]]:
    """Return a recipe, and settings that override it, those of an initial brain among them."""
    check_names(settings)
    if init is not None and not isinstance(init, Brain):
        raise SettingError("init", f"{short(init)} is not a Brain; Brain(network) makes one")
    own = isinstance(recipe, Recipe) and recipe not in RECIPES.values()
    if init and not own:
        network = init.network
        if recipe is None and init.meta and init.meta.recipe_name in RECIPES:
            recipe = init.meta.recipe_name
        settings = {
            "hidden": network.sizes[1:-1],
            "activation": network.activation,
            "loss": network.loss,
            "dtype": network.parameters.dtype.name,
            "normalization": network.normalization,
        } | dict(settings)
    return "classic" if recipe is None else recipe, settings


def plan_run(
    recipe: Recipe, seed: int, *, init: Brain | None, synthetic: float, prune: float, half: bool
) -> Provenance:
    """Return the provenance of a planned run, still without its data set.

    Raises
    ------
    SettingError
        If a value is invalid.
    """
    if synthetic and recipe.limit:
        raise SettingError("synthetic", "cannot be used with limit")
    planned = Provenance(
        recipe,
        check_seed(seed),
        initial=parameter_digest(init.network.parameters) if init else None,
        synthetic=as_plain(synthetic),
        prune=as_plain(prune),
        half=as_plain(half),
    )
    return Provenance.parse(planned.as_dict())


def complete(provenance: Provenance, data: Dataset) -> Provenance:
    """Return the provenance of a run on this data set and machine.

    Raises
    ------
    SettingError
        If there are too few images for the recipe, or synthetic digits would be
        added to images of other classes.
    DataError
        If the provenance is of a run on other data.
    """
    check_image_count(provenance.recipe, len(data.images))
    if provenance.synthetic and data.class_names:
        raise SettingError("synthetic", "adds digits to images of other classes")
    past = provenance.dataset.get("digests", data.digests)
    if different := [name for name, each in data.digests.items() if each != past.get(name)]:
        raise DataError(f"trained on other data: the digests of {' and '.join(different)} differ")
    facts = blas.describe()
    library = {"blas": f"{facts['blas']} {facts['kernels'] or ''}".rstrip(), "simd": facts["simd"]}
    return replace(
        provenance,
        dataset={"name": data.name, "digests": data.digests},
        class_names=data.class_names,
        threads=blas.BLAS_THREADS,
        versions=versions() | library,
    )


def describe_changes(
    past: Provenance, present: Provenance, when: tuple[str, str] = ("then", "now")
) -> list[str]:
    """Return the differences between two runs that may change the last bits of the weights."""
    pairs: dict[str, tuple[Any, Any]] = {"threads of BLAS": (past.threads, present.threads)}
    pairs |= {name: (past.versions.get(name), new) for name, new in present.versions.items()}
    return [
        f"{name} {then} {when[0]}, {now} {when[1]}: the last bits may differ"
        for name, (then, now) in pairs.items()
        if then is not None and then != now
    ]


def run(
    provenance: Provenance,
    data: Dataset,
    *,
    on_checkpoint: Callable[[Checkpoint], object],
    state: TrainingState | None = None,
    **options: Any,
) -> tuple[Brain, TrainingResult]:
    """Train from a complete provenance; `options` are passed to `fit`.

    Raises
    ------
    SettingError, InputError, DivergenceError
        As in `fit`.
    """
    result = fit(
        provenance.recipe,
        *add_digits(data.images, data.labels, provenance.synthetic),
        seed=provenance.seed,
        resume=state,
        prune=provenance.prune,
        half=provenance.half,
        on_state=lambda reached: on_checkpoint(Checkpoint(provenance, reached)),
        **options,
    )
    raw = parse_meta(json.dumps(describe(result, provenance)))  # as it will be read from the file
    return Brain(result.network, Meta.parse(raw, Path("this run"))), result


def describe(result: TrainingResult, provenance: Provenance) -> dict[str, Any]:
    """Return the `meta` of a trained network.

    It holds no times, so that the same run gives the same bytes.
    """
    selected = result.selected
    keys = ("epoch", "loss", "accuracy", "validation_loss", "validation_accuracy")
    return describe_network(result.network, result.temperature or 1.0) | {
        **provenance.as_dict(),
        "epochs": selected.epoch if selected else 0,
        "history": [{key: getattr(report, key) for key in keys} for report in result.history],
        "accuracy": {"validation": result.validation_accuracy},
    }


def _run_and_warn(
    provenance: Provenance,
    data: Dataset,
    on_epoch: Callable[[EpochReport], object],
    state: TrainingState | None = None,
    **options: Any,
) -> Brain:
    """Run, and warn if the network does not learn or the run was interrupted."""
    look = watch(provenance.recipe, data.labels, state.history if state else ())

    def report_and_look(report: EpochReport) -> None:
        on_epoch(report)
        if trouble := look(report):
            warn(f"{trouble.symptom}; {trouble.advice}")

    brain, result = run(provenance, data, state=state, on_epoch=report_and_look, **options)
    if result.interrupted:
        kept = f"those of epoch {result.selected.epoch}" if result.selected else "the current ones"
        warn(f"interrupted in epoch {len(result.history) + 1}: the weights are {kept}")
    return brain


def _as_dataset(data: Labelled) -> Dataset:
    """Return a data set, or a pair of images and labels, as a validated data set."""
    images, labels = check_pair(*as_pair(data))
    split: Split = data.split if isinstance(data, Dataset) else "train"
    names = data.names if isinstance(data, Dataset) else None
    pair = images.reshape(-1, SIDE, SIDE), labels.astype(np.uint8, copy=False)
    checked = Dataset(*pair, split, names)
    return checked.with_digests(data.known, data.origins) if isinstance(data, Dataset) else checked
