"""``mnistmlp train --seeds``: a brain for each seed, each trained by a process of its own."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from mnistmlp import blas
from mnistmlp.cli import console
from mnistmlp.cli.data import open_dataset
from mnistmlp.cli.train.checkpoints import checkpoint_of
from mnistmlp.cli.train.plan import for_seed
from mnistmlp.cli.train.report import document
from mnistmlp.errors import BrainError, SettingError

if TYPE_CHECKING:
    from mnistmlp.brains.meta import Meta
    from mnistmlp.brains.provenance import Provenance
    from mnistmlp.cli.train.options import Options

SAID_ANEW = {"seeds", "seed", "jobs", "threads", "quiet", "as_json"}  # to each member


def train_committee(options: Options, wanted: Provenance, seeds: range) -> None:
    """Train a brain for each seed that has none as wanted, and print the paths in order.

    Raises
    ------
    typer.Exit
        With the exit code of the first member that failed; the others are trained.
    """
    from mnistmlp.training.setup import check_image_count

    _check_names(options)
    data = open_dataset(options.dataset, options.data_dir, "train", quiet=options.quiet)
    check_image_count(wanted.recipe, len(data.images))
    running: list[subprocess.Popen[str]] = []

    def train_member(seed: int) -> tuple[int, str]:
        output = for_seed(options.output, seed)
        if meta := _find_finished(output, replace(wanted, seed=seed), data.digests):
            if not options.quiet:
                console.note(f"{console.one_line(str(output))} is there already")
            return 0, document(output, meta, None, 0)
        process = subprocess.Popen(_command(options, seed), stdout=subprocess.PIPE, text=True)
        running.append(process)
        printed, _ = process.communicate()
        return process.returncode, printed.rstrip()

    codes = []
    with ThreadPoolExecutor(options.jobs) as pool:
        members = [pool.submit(train_member, seed) for seed in seeds]
        try:
            for member in members:
                code, printed = member.result()
                codes.append(code)
                if printed:
                    _tell(printed, options)
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            for process in running:
                process.send_signal(signal.SIGINT)  # nothing to those that have ended
            raise
    if failures := list(filter(None, codes)):
        raise typer.Exit(failures[0])


def _check_names(options: Options) -> None:
    """Raise SettingError if the members would write to one file."""
    for option, name in (("output", options.output), ("log", options.log)):
        if name and for_seed(name, 0) == name:
            raise SettingError(option, f"{name} has no {{seed}}: all would write to it")


def _tell(printed: str, options: Options) -> None:
    """Print what a member did, and say how well, if it did not itself."""
    found = json.loads(printed)
    accuracy, seconds = found["validation_accuracy"], found["seconds"]
    silent = options.jobs > 1 and seconds > 0  # 0 of a brain that was there
    if silent and not options.quiet and accuracy is not None:
        name = console.one_line(found["output"])
        console.note(f"{name}: validation accuracy {accuracy:.2%}, in {seconds:.1f} s")
    print(printed if options.as_json else found["output"], flush=True)


def _find_finished(path: Path, wanted: Provenance, digests: dict[str, str]) -> Meta | None:
    """Return the `meta` of a brain file if it is what this training would make, to its end."""
    from mnistmlp.brains.brain import load_brain
    from mnistmlp.brains.provenance import Provenance

    try:
        meta = load_brain(path).meta
        found = Provenance.parse(meta.raw) if meta else None
    except (BrainError, SettingError):
        return None
    if not meta or not found or found.dataset.get("digests") != digests:
        return None
    # on which machine and by which versions does not matter here
    past = replace(found, dataset=wanted.dataset, threads=wanted.threads, versions=wanted.versions)
    ran, patience = len(meta.history), wanted.recipe.patience
    patient = patience is not None and ran - meta.epochs >= patience
    return meta if past == wanted and (ran == wanted.recipe.epochs or patient) else None


def _command(options: Options, seed: int) -> list[str]:
    """Return the words that train one member: those given, for its seed and share of threads."""
    words = [sys.executable, "-m", "mnistmlp", "train", "--json", f"--seed={seed}"]
    threads = options.threads
    if options.jobs > 1:
        threads = threads or max(1, blas.usable_cores() // options.jobs)
    if options.jobs > 1 or options.quiet:  # bars of several would overwrite each other
        words.append("--quiet")
    if threads:
        words.append(f"--threads={threads}")
    checkpoint = checkpoint_of(for_seed(options.output, seed))
    if checkpoint.exists():
        words.append(f"--resume={checkpoint}")
    return words + [word for name, word in options.given.items() if name not in SAID_ANEW]
