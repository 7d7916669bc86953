"""``mnistmlp train --seeds --scheduler``: members that a Dask cluster trains."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from mnistmlp.atomic import atomic_write
from mnistmlp.cli import console
from mnistmlp.cli.brains import brain_file
from mnistmlp.cli.hints import hint_for
from mnistmlp.cli.options import back_up_replaced, keep_hint
from mnistmlp.cli.train.lock import locked
from mnistmlp.cli.train.outputs import describe_differences, is_of_run
from mnistmlp.cli.train.plan import insert_seed
from mnistmlp.cli.train.report import document, warn_of_trouble
from mnistmlp.errors import BrainError, MnistMlpError, WriteError

if TYPE_CHECKING:
    from mnistmlp.brains.cluster import Cluster, Trained
    from mnistmlp.brains.provenance import Provenance
    from mnistmlp.cli.train.options import Options
    from mnistmlp.data.datasets import Dataset


def train_on_cluster(
    options: Options, members: Mapping[int, Provenance], data: Dataset
) -> Generator[tuple[int, int, str], None, None]:
    """Train members on a cluster, and write each brain as it comes back.

    Yields
    ------
    seed, code : int
        Of a member that has ended, with its exit code.
    printed : str
        Its result as JSON, if it has one.
    """
    from mnistmlp.brains.cluster import connect

    if not members:
        return
    with _no_logs(), connect(str(options.scheduler)) as cluster:
        _wait_until_ready(cluster, len(members), quiet=options.quiet)
        warn_of_machine = _watch_machines(next(iter(members.values())), data)
        trained = cluster.train(
            members,
            data,
            data_dir=options.data_dir,
            threads=options.threads or 1,
            initial=brain_file(options.init).read_bytes() if options.init else None,
        )
        for seed, outcome in trained:
            output, wanted = insert_seed(options.output, seed), members[seed]
            try:
                if isinstance(outcome, MnistMlpError):
                    raise outcome
                found = _check_run(outcome, wanted)
                _write(output, outcome.content, wanted, options)
            except MnistMlpError as error:
                message = str(error) if str(output) in str(error) else f"{output}: {error}"
                console.fail(message, hint=hint_for(error))
                yield seed, 1, ""
                continue
            warn_of_machine(output, found)
            warn_of_epoch = warn_of_trouble(wanted.recipe, data.labels, None, output)
            for report in outcome.reports:
                warn_of_epoch(report)
            assert outcome.brain.meta
            yield seed, 0, document(output, outcome.brain.meta, outcome.reports, outcome.seconds)


@contextmanager
def _no_logs() -> Iterator[None]:
    """Keep Dask from logging, on many lines, what is said here in one."""
    logging.disable()
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)


def _wait_until_ready(cluster: Cluster, members: int, *, quiet: bool) -> None:
    """Wait for a worker, check them all, and say how many members they train at once."""
    if not cluster.count_threads():
        console.note(f"waiting for a worker at {cluster.address}")
        cluster.wait_for_worker()
    cluster.check_versions()
    if not quiet:
        count, at_once = f"{members} brain{'' if members == 1 else 's'}", cluster.count_threads()
        console.note(f"training {count} on {cluster.address}, {at_once} at once")


def _check_run(trained: Trained, wanted: Provenance) -> Provenance:
    """Return the provenance of a brain; raise BrainError if it is of another run."""
    from mnistmlp.brains.provenance import Provenance

    if not trained.brain.meta:
        raise BrainError("the worker returned a brain without a description")
    found = Provenance.parse(trained.brain.meta.raw)
    if wanted.differences(found):
        raise BrainError(
            f"the worker returned a brain of a run with {describe_differences(found, wanted)}"
        )
    return found


def _write(output: Path, content: bytes, wanted: Provenance, options: Options) -> None:
    """Write a brain file; a file created since the start is replaced only with --force."""
    with locked([("output", output)]):
        if output.exists() and not (options.force or is_of_run(output, wanted)):
            raise WriteError(f"{output} was created after this run began", hint=keep_hint(output))
        back_up_replaced(output, quiet=options.quiet)
        with atomic_write(output) as file:
            file.write(content)


def _watch_machines(wanted: Provenance, data: Dataset) -> Callable[[Path, Provenance], None]:
    """Return a callback that warns of brains of another processor or library than here, once."""
    from mnistmlp.brains.train import complete, describe_changes

    here, told = complete(wanted, data), set[str]()

    def warn(output: Path, found: Provenance) -> None:
        for change in describe_changes(found, here, ("there", "here")):
            if change not in told:
                told.add(change)
                console.note(f"warning: {console.escape(f'{output}: {change}')}")

    return warn
