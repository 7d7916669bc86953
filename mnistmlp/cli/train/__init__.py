"""``mnistmlp train``."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import typer

from mnistmlp import blas
from mnistmlp.cli.data import open_dataset
from mnistmlp.cli.interrupt import one_interrupt
from mnistmlp.cli.options import back_up_replaced
from mnistmlp.cli.recipes.table import format_rates, summarise_recipes
from mnistmlp.cli.settings import takes_options
from mnistmlp.cli.train.checkpoints import Checkpoints
from mnistmlp.cli.train.curves import event_file
from mnistmlp.cli.train.lock import locked
from mnistmlp.cli.train.options import Options
from mnistmlp.cli.train.outputs import check_files, is_earlier
from mnistmlp.cli.train.plan import announce_rate, find_dataset, insert_seed, make_plan
from mnistmlp.cli.train.progress import show_progress
from mnistmlp.cli.train.report import call_each, document, epoch_log, summarise, warn_of_trouble
from mnistmlp.errors import BrainError, WriteError

if TYPE_CHECKING:
    from mnistmlp.brains.brain import Brain
    from mnistmlp.cli.train.plan import Plan
    from mnistmlp.training.state import TrainingResult

TABLES = {"Recipes": summarise_recipes, "Learning rates": format_rates}
EXAMPLES = (
    ("Reach 99 % in a few seconds", "mnistmlp train --recipe modern"),
    (
        "Train layers of your own, and log every epoch",
        "mnistmlp train --hidden 128,64 --epochs 10 --log run.jsonl",
    ),
    (
        "Train five networks with different seeds, two at a time",
        "mnistmlp train --recipe modern --seeds 0:5 --jobs 2 -o 'brain-{seed}.npz'",
    ),
)


@takes_options(Options)
def train(options: Options) -> None:
    """Train a network and save it as a brain file.

    A recipe is a set of settings, which options override.  The path of the brain file
    is printed.  Ctrl-C ends training early and saves the weights so far.
    """
    cores = blas.configure()
    plan = make_plan(options)
    if options.seeds:
        from mnistmlp.cli.train.committee import train_committee

        if options.jobs > 1 or options.scheduler:  # else each member says so itself
            announce_rate(plan, options)
        with locked([("output", options.output)]):  # a name with {seed} in it
            train_committee(options, plan.provenance, options.seeds, cores)
        return
    with locked(plan.files):
        check_files(plan, options)
        _train_one(options, plan, options.threads or cores)


def _train_one(options: Options, plan: Plan, threads: int) -> None:
    """Train one network, save it, and print the result."""
    from mnistmlp.brains.train import run

    settings, output, quiet = plan.provenance.recipe, plan.output, options.quiet
    dataset = find_dataset(options, plan.provenance)
    data = open_dataset(dataset, options.data_dir, "train", quiet=quiet)
    provenance = plan.complete(data)
    checkpoints = Checkpoints(output, options.resume, options.checkpoint_every)
    log = options.log and insert_seed(options.log, provenance.seed)
    folder = options.tensorboard and insert_seed(options.tensorboard, provenance.seed)
    with (
        epoch_log(log, plan.state, quiet=quiet) as write_line,
        event_file(folder, provenance, plan.state) as write_event,
    ):
        record = call_each(write_line, write_event)
        checkpoints.announce(plan.state, settings.epochs, record, quiet=quiet)
        announce_rate(plan, options)
        warn = warn_of_trouble(settings, data.labels, plan.state, output)
        started = time.perf_counter()
        with show_progress(plan, quiet=quiet) as shown, one_interrupt() as interrupts:
            brain, result = run(
                provenance,
                data,
                state=plan.state,
                initial_network=plan.initial_network,
                until=plan.until,
                threads=threads,
                interruptible=True,
                on_epoch=call_each(record, shown.on_epoch, warn),
                on_checkpoint=checkpoints.keep,
                on_step=shown.on_step,
                on_end=interrupts.hold,
            )
            _save(plan, brain, result, checkpoints, quiet=quiet)
    seconds, meta = time.perf_counter() - started, brain.meta
    assert meta
    if not quiet:
        summarise(result, settings, meta.trained_on, seconds, output, checkpoints.hint())
    same = None if result.interrupted else plan.compare(quiet=quiet)
    print(document(output, meta, result.history, seconds, same) if options.as_json else output)
    raise typer.Exit(interrupts.exit_code or int(same is False))


def _save(
    plan: Plan, brain: Brain, result: TrainingResult, checkpoints: Checkpoints, *, quiet: bool
) -> None:
    """Save the brain, and remove its checkpoint unless the run was interrupted.

    An existing file is kept as NAME.bak, unless it is an earlier brain of this run.
    """
    output = plan.output
    if not (plan.state and is_earlier(output, plan.provenance, len(result.history))):
        back_up_replaced(output, quiet=quiet)
    try:
        brain.save(output, overwrite=True)
    except (BrainError, WriteError) as error:
        error.hint = checkpoints.hint()
        raise
    if not result.interrupted:
        checkpoints.remove()
