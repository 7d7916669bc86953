"""``mnistmlp train --seeds``: a brain for each seed, each trained in its own process."""

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

from mnistmlp.cli import console
from mnistmlp.cli.data import open_dataset
from mnistmlp.cli.train.checkpoints import checkpoint_path
from mnistmlp.cli.train.plan import insert_seed
from mnistmlp.cli.train.report import document
from mnistmlp.errors import BrainError, SettingError

if TYPE_CHECKING:
    from mnistmlp.brains.meta import Meta
    from mnistmlp.brains.provenance import Provenance
    from mnistmlp.cli.train.options import Options

NOT_PASSED_ON = {"seeds", "seed", "jobs", "threads", "quiet", "as_json"}  # as they are given


def train_committee(options: Options, wanted: Provenance, seeds: range, cores: int) -> None:
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
    running: list[subprocess.Popen[str]] = []

    def train_member(seed: int) -> tuple[int, str]:
        output = insert_seed(options.output, seed)
        if meta := _find_finished(output, replace(wanted, seed=seed), data.digests):
            if not options.quiet:
                console.note(f"{console.escape(str(output))} is already trained")
            return 0, document(output, meta, None, 0)
        process = subprocess.Popen(
            _make_command(options, seed, cores), stdout=subprocess.PIPE, text=True
        )
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
                    _report_member(printed, options)
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            for process in running:
                process.send_signal(signal.SIGINT)  # ignored by those that have ended
            raise
    if failures := list(filter(None, codes)):
        raise typer.Exit(failures[0])


def _check_names(options: Options) -> None:
    """Raise SettingError if the members would write to the same file."""
    for option, name in (("output", options.output), ("log", options.log)):
        if name and insert_seed(name, 0) == name:
            raise SettingError(option, f"{name} has no {{seed}}: every member would write to it")


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


def _make_command(options: Options, seed: int, cores: int) -> list[str]:
    """Return the command that trains a member: the options given, its seed, its threads."""
    words = [sys.executable, "-m", "mnistmlp", "train", "--json", f"--seed={seed}"]
    words.append(f"--threads={options.threads or max(1, cores // options.jobs)}")
    if options.jobs > 1 or options.quiet:  # several bars would overwrite each other
        words.append("--quiet")
    checkpoint = checkpoint_path(insert_seed(options.output, seed))
    if checkpoint.exists():
        words.append(f"--resume={checkpoint}")
    return words + [word for name, word in options.given.items() if name not in NOT_PASSED_ON]
