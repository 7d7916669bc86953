"""``mnistmlp train --seeds``: a brain for each seed, each trained in its own process."""

from __future__ import annotations

import json
import os
import signal
from collections import deque
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from mnistmlp import blas
from mnistmlp.cli import console
from mnistmlp.cli.data import open_dataset
from mnistmlp.cli.interrupt import one_interrupt
from mnistmlp.cli.train.checkpoints import checkpoint_path
from mnistmlp.cli.train.members import Member, Members
from mnistmlp.cli.train.plan import insert_seed
from mnistmlp.cli.train.report import document
from mnistmlp.errors import BrainError, SettingError

if TYPE_CHECKING:
    from mnistmlp.brains.meta import Meta
    from mnistmlp.brains.provenance import Provenance
    from mnistmlp.cli.train.options import Options

NOT_PASSED_ON = {"seeds", "seed", "jobs", "threads", "quiet", "as_json"}  # as they are given


def train_committee(options: Options, wanted: Provenance, seeds: range) -> None:
    """Train a brain for each seed that has none yet, and print the paths in order.

    Raises
    ------
    typer.Exit
        With the exit code of the first member that failed; the others are still trained.
    """
    from mnistmlp.training.setup import check_image_count

    _check_names(options)
    data = open_dataset(options.dataset, options.data_dir, "train", quiet=options.quiet)
    check_image_count(wanted.recipe, len(data.images))
    waiting, unreported = deque(seeds), deque(seeds)
    results: dict[int, tuple[int, str]] = {}  # exit code and what was printed, by seed
    codes = []
    with one_interrupt(), Members() as members:
        while unreported:
            if waiting and len(members.running) < options.jobs:
                seed = waiting.popleft()
                output = insert_seed(options.output, seed)
                if meta := _find_finished(output, replace(wanted, seed=seed), data.digests):
                    if not options.quiet:
                        console.note(f"{console.escape(str(output))} is already trained")
                    results[seed] = 0, document(output, meta, None, 0)
                elif not _start_member(members, options, seed):
                    results[seed] = 1, ""
            else:
                member = members.wait()
                results[member.seed] = _read_result(member, options)
            while unreported and unreported[0] in results:
                code, printed = results.pop(unreported.popleft())
                codes.append(code)
                if printed:
                    _report_member(printed, options)
    if failures := list(filter(None, codes)):
        raise typer.Exit(failures[0])


def _check_names(options: Options) -> None:
    """Raise SettingError if the members would write to the same file."""
    for option, name in (("output", options.output), ("log", options.log)):
        if name and insert_seed(name, 0) == name:
            raise SettingError(option, f"{name} has no {{seed}}: every member would write to it")


def _start_member(members: Members, options: Options, seed: int) -> bool:
    """Start a member, and tell whether the system allowed it."""
    try:
        members.start(seed, _make_words(options, seed))
    except OSError as error:
        output = insert_seed(options.output, seed)
        console.fail(f"{output}: no process can be started to train it: {error.strerror}")
        return False
    return True


def _read_result(member: Member, options: Options) -> tuple[int, str]:
    """Return the exit code of a member that has ended, and what it printed."""
    code = member.process.returncode
    if code < 0:
        output, name = insert_seed(options.output, member.seed), signal.Signals(-code).name
        console.fail(f"{output}: its training was ended by {name}")
        code = 128 - code
    return code, member.printed.decode().rstrip()


def _report_member(printed: str, options: Options) -> None:
    """Print the result of a member, and note its accuracy if the member itself was silent."""
    found = json.loads(printed)
    accuracy, seconds = found["validation_accuracy"], found["seconds"]
    silent = options.jobs > 1 and seconds > 0  # 0: already trained
    if silent and not options.quiet and accuracy is not None:
        name = console.escape(found["output"])
        console.note(f"{name}: validation accuracy {accuracy:.2%}, in {seconds:.1f} s")
    print(printed if options.as_json else found["output"], flush=True)


def _find_finished(path: Path, wanted: Provenance, digests: dict[str, str]) -> Meta | None:
    """Return the `meta` of a brain file if this training would write that brain at its end."""
    from mnistmlp.brains.brain import load_brain
    from mnistmlp.brains.provenance import Provenance

    try:
        meta = load_brain(path).meta
        found = Provenance.parse(meta.raw) if meta else None
    except (BrainError, SettingError):
        return None
    if not meta or not found or found.dataset.get("digests") != digests:
        return None
    # the machine and the versions do not matter here
    past = replace(found, dataset=wanted.dataset, threads=wanted.threads, versions=wanted.versions)
    ran, patience = len(meta.history), wanted.recipe.patience
    stopped_early = patience is not None and ran - meta.epochs >= patience
    return meta if past == wanted and (ran == wanted.recipe.epochs or stopped_early) else None


def _make_words(options: Options, seed: int) -> list[str]:
    """Return the command that trains a member: the options given, its seed, its threads."""
    words = ["train", "--json", f"--seed={seed}"]
    threads = options.threads
    if options.jobs > 1:
        threads = threads or max(1, blas.usable_cores() // options.jobs)
    if options.jobs > 1 or options.quiet:  # several bars would overwrite each other
        words.append("--quiet")
    if threads:
        words.append(f"--threads={threads}")
    checkpoint = checkpoint_path(insert_seed(options.output, seed))
    if os.path.exists(checkpoint):  # noqa: PTH110 - Path raises for a long name
        words.append(f"--resume={checkpoint}")
    return words + [word for name, word in options.given.items() if name not in NOT_PASSED_ON]
