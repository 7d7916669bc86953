"""``mnistmlp train --seeds``: a brain for each seed, each trained by a process of its own."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from mnistmlp import blas
from mnistmlp.cli import console
from mnistmlp.cli.checkpoints import checkpoint_of
from mnistmlp.cli.data import open_dataset
from mnistmlp.cli.options import for_seed
from mnistmlp.cli.summary import document
from mnistmlp.errors import BrainError, SettingError

if TYPE_CHECKING:
    from mnistmlp.provenance import Provenance

SAID_ANEW = {"seeds", "seed", "jobs", "threads", "quiet", "as_json"}  # to each member


def train_committee(context: typer.Context, wanted: Provenance, seeds: range) -> None:
    """Train a brain for each seed that has none as wanted, and print the paths in order.

    Raises
    ------
    typer.Exit
        With the exit code of the first member that failed; the others are trained.
    """
    from mnistmlp.training import check_size

    params = context.params
    _check_names(params)
    data = open_dataset(params["dataset"], params["data_dir"], "train", quiet=params["quiet"])
    check_size(wanted.recipe, len(data.images))
    running: list[subprocess.Popen[str]] = []

    def member(seed: int) -> tuple[int, str]:
        output = for_seed(params["output"], seed)
        if meta := _finished(output, replace(wanted, seed=seed), data.digests):
            if not params["quiet"]:
                console.note(f"{console.one_line(str(output))} is there already")
            return 0, document(output, meta, None, 0)
        process = subprocess.Popen(_command(context, seed), stdout=subprocess.PIPE, text=True)
        running.append(process)
        printed, _ = process.communicate()
        return process.returncode, printed.rstrip()

    codes = []
    with ThreadPoolExecutor(params["jobs"]) as pool:
        results = [pool.submit(member, seed) for seed in seeds]
        try:
            for result in results:
                code, printed = result.result()
                codes.append(code)
                if printed:
                    _tell(printed, params)
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            for process in running:
                process.send_signal(signal.SIGINT)  # nothing to those that have ended
            raise
    if failures := list(filter(None, codes)):
        raise typer.Exit(failures[0])


def _check_names(params: dict[str, Any]) -> None:
    """Raise SettingError if the members would write to one file."""
    for name in ("output", "log"):
        if params[name] and for_seed(params[name], 0) == params[name]:
            raise SettingError(name, f"{params[name]} has no {{seed}}: all would write to it")


def _tell(printed: str, params: dict[str, Any]) -> None:
    """Print what a member did, and say how well, if it did not itself."""
    found = json.loads(printed)
    accuracy, seconds = found["validation_accuracy"], found["seconds"]
    silent = params["jobs"] > 1 and seconds > 0  # 0 of a brain that was there
    if silent and not params["quiet"] and accuracy is not None:
        name = console.one_line(found["output"])
        console.note(f"{name}: validation accuracy {accuracy:.2%}, in {seconds:.1f} s")
    print(printed if params["as_json"] else found["output"], flush=True)


def _finished(path: Path, wanted: Provenance, digests: dict[str, str]) -> dict[str, Any] | None:
    """Return the `meta` of a brain file if it is what this training would make, to its end."""
    from mnistmlp.brain import load_brain
    from mnistmlp.provenance import Provenance

    try:
        meta = load_brain(path).meta or {}
        found = Provenance.parse(meta)
    except (BrainError, SettingError):
        return None
    if found.dataset.get("digests") != digests:
        return None
    # on which machine and by which versions does not matter here
    past = replace(found, dataset=wanted.dataset, threads=wanted.threads, versions=wanted.versions)
    ran, patience = len(meta["history"]), wanted.recipe.patience
    patient = patience is not None and ran - meta["epochs"] >= patience
    return meta if past == wanted and (ran == wanted.recipe.epochs or patient) else None


def _command(context: typer.Context, seed: int) -> list[str]:
    """Return the words that train one member: those given, for its seed and share of threads."""
    params = context.params
    words = [sys.executable, "-m", "mnistmlp", "train", "--json", f"--seed={seed}"]
    threads = params["threads"]
    if params["jobs"] > 1:
        threads = threads or max(1, blas.usable_cores() // params["jobs"])
    if params["jobs"] > 1 or params["quiet"]:  # bars of several would overwrite each other
        words.append("--quiet")
    if threads:
        words.append(f"--threads={threads}")
    checkpoint = checkpoint_of(for_seed(params["output"], seed))
    if checkpoint.exists():
        words.append(f"--resume={checkpoint}")
    for option in context.command.params:
        name, source = str(option.name), context.get_parameter_source(str(option.name))
        if name in SAID_ANEW or source is None or source.name != "COMMANDLINE":
            continue
        value = params[name]
        if isinstance(value, bool):
            words.append((option.opts if value else option.secondary_opts)[0])
        else:
            words.append(f"{option.opts[0]}={value}")
    return words
