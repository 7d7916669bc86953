"""``mnistmlp train``."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from mnistmlp import blas
from mnistmlp.cli import options, recipe_options, train_options
from mnistmlp.cli.brains import DEFAULT
from mnistmlp.cli.checkpoints import Checkpoints
from mnistmlp.cli.data import open_dataset
from mnistmlp.cli.interrupt import one_interrupt
from mnistmlp.cli.planning import make_plan
from mnistmlp.cli.progress import epoch_log, epoch_progress, in_turn
from mnistmlp.cli.recipes import table
from mnistmlp.cli.summary import document, summarise
from mnistmlp.cli.targets import check_files
from mnistmlp.errors import BrainError

if TYPE_CHECKING:
    from mnistmlp.provenance import Provenance
    from mnistmlp.training import Training

EPILOG = f"\b\n{table()}"  # \b: lines stay as they are


def train(
    context: typer.Context,
    output: train_options.Output = DEFAULT,
    recipe: recipe_options.RecipeName = None,
    hidden: recipe_options.Hidden = None,
    epochs: recipe_options.Epochs = None,
    learning_rate: recipe_options.LearningRate = None,
    batch_size: recipe_options.BatchSize = None,
    activation: recipe_options.Activation = None,
    loss: recipe_options.Loss = None,
    receptive_field: recipe_options.ReceptiveField = None,
    dropout: recipe_options.Dropout = None,
    label_smoothing: recipe_options.LabelSmoothing = None,
    hardest: recipe_options.HardestPart = None,
    adversarial: recipe_options.Adversarial = None,
    optimizer: recipe_options.Optimizer = None,
    schedule: recipe_options.Schedule = None,
    momentum: recipe_options.Momentum = None,
    weight_decay: recipe_options.WeightDecay = None,
    validation: recipe_options.Validation = None,
    patience: recipe_options.Patience = None,
    limit: recipe_options.Limit = None,
    shuffle: recipe_options.Shuffle = None,
    augment: recipe_options.Augment = None,
    displacement: recipe_options.Displacement = None,
    rotation: recipe_options.Rotation = None,
    scaling: recipe_options.Scaling = None,
    shear: recipe_options.Shear = None,
    shift: recipe_options.Shift = None,
    dtype: recipe_options.Dtype = None,
    seed: train_options.Seed = 0,
    seeds: train_options.Seeds = None,
    jobs: train_options.Jobs = 1,
    init: train_options.Init = None,
    like: train_options.Like = None,
    resume: train_options.Resume = None,
    checkpoint_every: train_options.CheckpointEvery = None,
    prune: train_options.Prune = 0.0,
    half: train_options.Half = False,
    threads: train_options.Threads = None,
    dataset: options.DatasetName = "mnist",
    data_dir: options.DataDir = None,
    log: train_options.Log = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Train a network, save it, and print the path of the brain file.

    A recipe is a set of settings; each option given here overrides one of
    them.  Ctrl-C ends training early and saves what there is.
    """
    ours = blas.settle()
    from mnistmlp.training import fit

    plan = make_plan(context)
    settings, output = plan.provenance.recipe, plan.output
    check_files(plan, context.params)
    if seeds:
        from mnistmlp.cli.committee import train_committee

        train_committee(context, plan.provenance, seeds)
        return
    threads = threads or plan.threads(ours)
    with blas.limited_threads(threads):
        data = open_dataset(dataset, data_dir, "train", quiet=quiet)
        provenance = plan.on(data, blas.describe())
        checkpoints = Checkpoints(output, resume, provenance, checkpoint_every)
        with epoch_log(log and options.for_seed(log, provenance.seed)) as record:
            checkpoints.begin(plan.resume, record, quiet=quiet)
            started = time.perf_counter()
            with one_interrupt() as interrupts, epoch_progress(settings.epochs, quiet) as draw:
                training = fit(
                    settings,
                    data.images,
                    data.labels,
                    seed=provenance.seed,
                    initial=plan.initial,
                    resume=plan.resume,
                    until=plan.until,
                    on_epoch=in_turn(record, draw),
                    on_state=checkpoints.keep,
                )
                interrupts.saving = True
                meta = _save(output, training, provenance, checkpoints)
    seconds = time.perf_counter() - started
    if not quiet:
        summarise(training, settings, data.name, seconds, output, checkpoints.hint())
    same = None if training.interrupted else plan.compare(quiet=quiet)
    print(document(output, meta, training, seconds, same) if as_json else output)
    if interrupts.exit_code or same is False:
        raise typer.Exit(interrupts.exit_code or 1)


def _save(
    output: Path, training: Training, provenance: Provenance, checkpoints: Checkpoints
) -> dict[str, Any]:
    """Save the brain and remove the checkpoint, unless the run can go on; return `meta`."""
    from mnistmlp.brain import describe, save_brain
    from mnistmlp.pruning import prune

    if provenance.prune:
        prune(training.network, provenance.prune)
    meta = describe(training, provenance)
    try:
        save_brain(output, training.network, meta, half=provenance.half)
    except BrainError as error:
        error.hint = checkpoints.hint()
        raise
    if not training.interrupted:
        checkpoints.remove()
    return meta
