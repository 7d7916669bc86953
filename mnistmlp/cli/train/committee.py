"""``mnistmlp train --seeds``: a brain for each seed, each trained in a process or on a cluster."""

from __future__ import annotations

import json
import os
import signal
from collections import deque
from collections.abc import Generator, Mapping
from contextlib import closing
from dataclasses import replace
from itertools import chain
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

import typer

from mnistmlp.atomic import cause_of
from mnistmlp.cli import console
from mnistmlp.cli.brains import brain_file
from mnistmlp.cli.data import open_dataset
from mnistmlp.cli.interrupt import one_interrupt
from mnistmlp.cli.options import check_distinct, check_target, keep_hint
from mnistmlp.cli.train.checkpoints import checkpoint_path
from mnistmlp.cli.train.curves import check_curves
from mnistmlp.cli.train.members import Member, Members
from mnistmlp.cli.train.outputs import check_log, describe_differences, is_of_run
from mnistmlp.cli.train.plan import find_dataset, insert_seed
from mnistmlp.cli.train.report import document
from mnistmlp.errors import CheckpointError, SettingError

if TYPE_CHECKING:
    from mnistmlp.brains.checkpoint import Checkpoint
    from mnistmlp.brains.meta import Meta
    from mnistmlp.brains.provenance import Provenance
    from mnistmlp.cli.train.options import Options

Ended = tuple[int, int, str]  # a seed, the exit code, and what is to be printed: JSON
Ending = Generator[Ended, None, None]
NOT_PASSED_ON = {"seeds", "seed", "jobs", "threads", "quiet", "as_json"}  # as they are given


def train_committee(options: Options, wanted: Provenance, seeds: range, cores: int) -> None:
    """Train a brain for each seed that has none yet, and print the paths in order.

    Raises
    ------
    typer.Exit
        With the exit code of the first member that failed; the others are still trained.
    """
    from mnistmlp.training.setup import check_image_count

    _check_names(options, wanted)
    chosen = find_dataset(options, wanted)
    data = open_dataset(chosen, options.data_dir, "train", quiet=options.quiet)
    check_image_count(wanted.recipe, len(data.images))
    dataset = {"name": data.name, "digests": data.digests}
    wanted = replace(wanted, dataset=dataset, class_names=data.class_names)
    wanted_of = {seed: replace(wanted, seed=seed) for seed in seeds}
    found = {seed: _find_files(options, each) for seed, each in wanted_of.items()}
    missing = {seed: files for seed, files in found.items() if isinstance(files, list)}
    ending: Ending
    if options.scheduler:
        from mnistmlp.cli.train.cluster import train_on_cluster

        _check_none_begun(options, missing)
        ending = train_on_cluster(options, {seed: wanted_of[seed] for seed in missing}, data)
    else:
        ending = _train_here(options, missing, cores)
    done = (
        (seed, 0, _describe_finished(options, seed, meta))
        for seed, meta in found.items()
        if not isinstance(meta, list)
    )
    unreported, results, codes = deque(seeds), dict[int, tuple[int, str]](), []
    with one_interrupt(), closing(ending):
        for seed, code, printed in chain(done, ending):
            results[seed] = code, printed
            while unreported and unreported[0] in results:
                result = results.pop(unreported.popleft())
                codes.append(result[0])
                if result[1]:
                    _report_member(result[1], options)
    if failures := list(filter(None, codes)):
        raise typer.Exit(failures[0])


def _train_here(options: Options, missing: Mapping[int, list[str]], cores: int) -> Ending:
    """Train members in processes of their own."""
    waiting = deque(missing.items())
    with Members() as members:
        while waiting or members.running:
            if waiting and len(members.running) < options.jobs:
                seed, words = waiting.popleft()
                if not _start_member(members, options, seed, words, cores):
                    yield seed, 1, ""
            else:
                member = members.wait()
                yield member.seed, *_read_result(member, options)


def _check_names(options: Options, wanted: Provenance) -> None:
    """Raise SettingError if the members could not write, or would write to the same file.

    Whether there are files is checked for each member.
    """
    for option in ("output", "log", "tensorboard"):
        name = getattr(options, option)
        if name and insert_seed(name, 0) == name:
            raise SettingError(option, f"{name} has no {{seed}}: every member would write to it")
    init_file = {"--init": brain_file(options.init)} if options.init else {}
    for seed in options.seeds or ():
        output = insert_seed(options.output, seed)
        check_distinct("output", output, init_file)
        check_distinct("output", checkpoint_path(output), init_file)
    check_target("output", insert_seed(options.output, wanted.seed), force=True)
    if options.log:
        check_log(insert_seed(options.log, wanted.seed), (), force=True)


def _find_files(options: Options, wanted: Provenance) -> Meta | list[str]:
    """Return the `meta` of a member's brain if it is finished, else what its command needs.

    That is to resume from a checkpoint, or to replace the unfinished brain of
    this very run.

    Raises
    ------
    SettingError
        If there are files of another run that training would replace.
    CheckpointError
        If there is a checkpoint that cannot be read.
    """
    output = insert_seed(options.output, wanted.seed)
    checkpoint = _find_checkpoint(output, force=options.force)
    resumable = checkpoint and not checkpoint.provenance.differences(wanted)
    if not resumable and (meta := _find_finished(output, wanted)):
        return meta
    if checkpoint and not resumable and not options.force:
        path, found = checkpoint_path(output), checkpoint.provenance
        message = f"{path} is of a run with {describe_differences(found, wanted)}"
        raise SettingError("seeds", message, hint=keep_hint(path))
    if output.exists() and not (options.force or is_of_run(output, wanted)):
        raise SettingError("output", f"{output} exists", hint=keep_hint(output))
    written = {"--output": output, "the checkpoint": checkpoint_path(output)}
    if options.log:
        log = written["--log"] = insert_seed(options.log, wanted.seed)
        history = checkpoint.state.history if checkpoint and resumable else ()
        check_log(log, history, force=options.force)
    if options.tensorboard:
        folder = insert_seed(options.tensorboard, wanted.seed)
        check_curves(folder, wanted if resumable else None, written)
    if resumable:
        return [f"--resume={checkpoint_path(output)}"]
    return ["--force"] if output.exists() else []


def _check_none_begun(options: Options, missing: Mapping[int, list[str]]) -> None:
    """Raise SettingError if there is a checkpoint, which a cluster cannot resume."""
    for seed, words in missing.items():
        if any(word.startswith("--resume=") for word in words):
            path = checkpoint_path(insert_seed(options.output, seed))
            message = f"{path} is a checkpoint of this run, which only this machine can resume"
            hint = (
                f"mnistmlp train --resume {quote(str(path))}, or this command without --scheduler"
            )
            raise SettingError("scheduler", message, hint=hint)


def _find_checkpoint(output: Path, *, force: bool) -> Checkpoint | None:
    """Return the checkpoint that belongs to a brain file; with force, an invalid one is none."""
    from mnistmlp.brains.checkpoint import load_checkpoint

    path = checkpoint_path(output)
    try:
        exists = os.path.isfile(path)  # noqa: PTH113 - Path raises for a long name
        return load_checkpoint(path) if exists else None
    except CheckpointError:
        if force:
            return None
        raise


def _describe_finished(options: Options, seed: int, meta: Meta) -> str:
    """Return the result of a member that is already trained, and say so."""
    output = insert_seed(options.output, seed)
    if not options.quiet:
        console.note(f"{console.escape(str(output))} is already trained")
    return document(output, meta, None, 0)


def _start_member(
    members: Members, options: Options, seed: int, words: list[str], cores: int
) -> bool:
    """Start a member, and tell whether the system allowed it."""
    try:
        members.start(seed, _make_words(options, seed, cores) + words)
    except OSError as error:
        output = insert_seed(options.output, seed)
        console.fail(f"{output}: cannot start a process to train it: {cause_of(error)}")
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
    silent = (options.jobs > 1 or options.scheduler) and seconds > 0  # 0: already trained
    if silent and not options.quiet and accuracy is not None:
        name = console.escape(found["output"])
        console.note(f"{name}: validation accuracy {accuracy:.2%}, in {seconds:.1f} s")
    print(printed if options.as_json else found["output"], flush=True)


def _find_finished(path: Path, wanted: Provenance) -> Meta | None:
    """Return the `meta` of a brain file if this training would write that brain at its end."""
    from mnistmlp.brains.brain import load_brain

    if not is_of_run(path, wanted):
        return None
    meta = load_brain(path).meta
    if not meta:
        return None
    ran, patience = len(meta.history), wanted.recipe.patience
    stopped_early = patience is not None and ran - meta.epochs >= patience
    return meta if ran == wanted.recipe.epochs or stopped_early else None


def _make_words(options: Options, seed: int, cores: int) -> list[str]:
    """Return the command that trains a member: the options given, its seed, its threads."""
    words = ["train", "--json", f"--seed={seed}"]
    words.append(f"--threads={options.threads or max(1, cores // options.jobs)}")
    if options.jobs > 1 or options.quiet:  # several bars would overwrite each other
        words.append("--quiet")
    return words + [word for name, word in options.given.items() if name not in NOT_PASSED_ON]
