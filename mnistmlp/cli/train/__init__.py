"""``mnistmlp train``."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import typer

from mnistmlp import blas
from mnistmlp.cli.data import open_dataset
from mnistmlp.cli.interrupt import one_interrupt
from mnistmlp.cli.options import back_up_replaced
from mnistmlp.cli.recipes import format_rates, format_recipes
from mnistmlp.cli.train.advice import warn_once
from mnistmlp.cli.train.checkpoints import Checkpoints
from mnistmlp.cli.train.lock import locked
from mnistmlp.cli.train.options import Options, takes_options
from mnistmlp.cli.train.outputs import check_files, is_earlier
from mnistmlp.cli.train.plan import announce_rate, insert_seed, make_plan
from mnistmlp.cli.train.progress import show_progress
from mnistmlp.cli.train.report import call_each, document, epoch_log, summarise
from mnistmlp.errors import BrainError, WriteError

if TYPE_CHECKING:
    from mnistmlp.brains.meta import Meta
    from mnistmlp.cli.train.plan import Plan
    from mnistmlp.training.state import TrainingResult

EPILOG = f"\b\n{format_recipes()}\n\n\b\n{format_rates()}"  # \b: lines are not wrapped


@takes_options
def train(options: Options) -> None:
    """Train a network, save it, and print the path of the brain file.

    A recipe is a set of settings, which options override.  Ctrl-C ends training
    early and saves the weights so far.
    """
    cores = blas.configure()
    plan = make_plan(options)
    if options.seeds:
        from mnistmlp.cli.train.committee import train_committee

        if options.jobs > 1:  # else each member says so itself
            announce_rate(plan, options)
        with locked([("output", options.output)]):  # a name with {seed} in it
            train_committee(options, plan.provenance, options.seeds, cores)
        return
    with locked(plan.files):
        check_files(plan, options)
        _train_one(options, plan, options.threads or cores)


def _train_one(options: Options, plan: Plan, threads: int) -> None:
    """Train one network, save it, and print the result."""
    from mnistmlp.data.synthetic import add_digits
    from mnistmlp.training.loop import fit

    settings, output, quiet = plan.provenance.recipe, plan.output, options.quiet
    data = open_dataset(options.dataset, options.data_dir, "train", quiet=quiet)
    provenance = plan.complete(data, blas.describe())
    checkpoints = Checkpoints(output, options.resume, provenance, options.checkpoint_every)
    log = options.log and insert_seed(options.log, provenance.seed)
    with epoch_log(log, plan.state, quiet=quiet) as record:
        checkpoints.announce(plan.state, record, quiet=quiet)
        announce_rate(plan, options)
        history = plan.state.history if plan.state else ()
        warn = warn_once(settings, data.labels, output, history)
        started = time.perf_counter()
        with show_progress(plan, quiet=quiet) as shown, one_interrupt() as interrupts:
            result = fit(
                settings,
                *add_digits(data.images, data.labels, provenance.synthetic),
                seed=provenance.seed,
                initial_network=plan.initial_network,
                resume=plan.state,
                until=plan.until,
                prune=provenance.prune,
                half=provenance.half,
                threads=threads,
                on_epoch=call_each(record, shown.on_epoch, warn),
                on_state=checkpoints.keep,
                on_step=shown.on_step,
                on_end=interrupts.hold,
            )
            meta = _save(plan, result, checkpoints, quiet=quiet)
    seconds = time.perf_counter() - started
    if not quiet:
        summarise(result, settings, meta.trained_on, seconds, output, checkpoints.hint())
    same = None if result.interrupted else plan.compare(quiet=quiet)
    print(document(output, meta, result, seconds, same) if options.as_json else output)
    raise typer.Exit(interrupts.exit_code or int(same is False))


def _save(plan: Plan, result: TrainingResult, checkpoints: Checkpoints, *, quiet: bool) -> Meta:
    """Save the brain, remove its checkpoint unless the run was interrupted, return its `meta`.

    A file that is there already is kept, unless it is an earlier brain of this run.
    """
    from mnistmlp.brains.brain import describe, save_brain

    output, provenance = plan.output, checkpoints.provenance
    if not (plan.state and is_earlier(output, provenance, len(result.history))):
        back_up_replaced(output, quiet=quiet)
    described = describe(result, provenance)
    try:
        meta = save_brain(output, result.network, described, half=provenance.half)
    except (BrainError, WriteError) as error:
        error.hint = checkpoints.hint()
        raise
    if not result.interrupted:
        checkpoints.remove()
    return meta
