"""``mnistmlp train``."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import typer

from mnistmlp import blas
from mnistmlp.cli.data import open_dataset
from mnistmlp.cli.interrupt import one_interrupt
from mnistmlp.cli.recipes import format_recipes
from mnistmlp.cli.train.checkpoints import Checkpoints
from mnistmlp.cli.train.options import Options, takes_options
from mnistmlp.cli.train.plan import check_files, insert_seed, make_plan
from mnistmlp.cli.train.progress import show_progress
from mnistmlp.cli.train.report import call_each, document, epoch_log, summarise
from mnistmlp.errors import BrainError, WriteError

if TYPE_CHECKING:
    from pathlib import Path

    from mnistmlp.brains.meta import Meta
    from mnistmlp.brains.provenance import Provenance
    from mnistmlp.training.state import TrainingResult

EPILOG = f"\b\n{format_recipes()}"  # \b: lines are not wrapped


@takes_options
def train(options: Options) -> None:
    """Train a network, save it, and print the path of the brain file.

    A recipe is a set of settings, which options override.  Ctrl-C ends training
    early and saves the weights so far.
    """
    left_to_us = blas.configure()
    from mnistmlp.training.loop import fit

    plan = make_plan(options)
    settings, output, quiet = plan.provenance.recipe, plan.output, options.quiet
    check_files(plan, options)
    if options.seeds:
        from mnistmlp.cli.train.committee import train_committee

        train_committee(options, plan.provenance, options.seeds)
        return
    with blas.limited_threads(options.threads or plan.threads(left_to_us)):
        data = open_dataset(options.dataset, options.data_dir, "train", quiet=quiet)
        provenance = plan.complete(data, blas.describe())
        checkpoints = Checkpoints(output, options.resume, provenance, options.checkpoint_every)
        with epoch_log(options.log and insert_seed(options.log, provenance.seed)) as record:
            checkpoints.announce(plan.state, record, quiet=quiet)
            started = time.perf_counter()
            with show_progress(plan, quiet=quiet) as shown, one_interrupt() as interrupts:
                result = fit(
                    settings,
                    data.images,
                    data.labels,
                    seed=provenance.seed,
                    initial_network=plan.initial_network,
                    resume=plan.state,
                    until=plan.until,
                    threads=provenance.threads or 1,
                    on_epoch=call_each(record, shown.on_epoch),
                    on_state=checkpoints.keep,
                    on_step=shown.on_step,
                )
                interrupts.saving = True
                meta = _save(output, result, provenance, checkpoints)
    seconds = time.perf_counter() - started
    if not quiet:
        summarise(result, settings, data.name, seconds, output, checkpoints.hint())
    same = None if result.interrupted else plan.compare(quiet=quiet)
    print(document(output, meta, result, seconds, same) if options.as_json else output)
    raise typer.Exit(interrupts.exit_code or int(same is False))


def _save(
    output: Path, result: TrainingResult, provenance: Provenance, checkpoints: Checkpoints
) -> Meta:
    """Save the brain, remove its checkpoint unless the run was interrupted, return its `meta`."""
    from mnistmlp.brains.brain import describe, save_brain
    from mnistmlp.core.pruning import prune

    if provenance.prune:
        prune(result.network, provenance.prune)
    described = describe(result, provenance)
    try:
        meta = save_brain(output, result.network, described, half=provenance.half)
    except (BrainError, WriteError) as error:
        error.hint = checkpoints.hint()
        raise
    if not result.interrupted:
        checkpoints.remove()
    return meta
