"""The files that `train` writes, and which it may replace."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from mnistmlp.atomic import backup_path, cause_of, check_writable
from mnistmlp.cli.brains import brain_file
from mnistmlp.cli.options import check_backup, check_distinct, check_target, is_same_file, keep_hint
from mnistmlp.cli.train.checkpoints import checkpoint_path
from mnistmlp.cli.train.curves import check_curves
from mnistmlp.cli.train.plan import insert_seed
from mnistmlp.cli.train.report import is_log_of
from mnistmlp.errors import BrainError, SettingError
from mnistmlp.training.settings import spell

if TYPE_CHECKING:
    from mnistmlp.brains.provenance import Provenance
    from mnistmlp.cli.train.options import Options
    from mnistmlp.cli.train.plan import Plan
    from mnistmlp.training.state import EpochReport


def check_files(plan: Plan, options: Options) -> None:
    """Raise SettingError if a file cannot be written, or would replace one without --force.

    With --force, the output may replace the brain of --init.  A run that is
    resumed replaces its own unfinished brain, checkpoint and log.
    """
    output, checkpoint = plan.output, checkpoint_path(plan.output)
    init_file = {"--init": brain_file(options.init)} if options.init else {}
    source = {"--resume" if options.resume else "--like": plan.source} if plan.source else {}
    check_distinct("output", output, source)
    check_backup("output", output, init_file)
    own = bool(options.resume) and is_of_run(output, plan.provenance)
    check_target("output", output, force=options.force or own)
    check_distinct("output", checkpoint, init_file if options.resume else init_file | source)
    resumed = options.resume and is_same_file(options.resume, checkpoint)
    if not (resumed or options.force):
        _check_checkpoint(checkpoint)
    written = {"--output": output, "the checkpoint": checkpoint}
    if options.log:
        log = insert_seed(options.log, plan.provenance.seed)
        check_backup("output", output, {"--log": log})
        check_distinct("log", log, written | init_file | source)
        check_log(log, plan.state.history if plan.state else (), force=options.force)
        written["--log"] = log
    if options.tensorboard:
        folder = insert_seed(options.tensorboard, plan.provenance.seed)
        check_curves(folder, plan.provenance if plan.state else None, written)


def _check_checkpoint(path: Path) -> None:
    """Raise SettingError if there is a checkpoint that a new run would replace."""
    if os.path.isfile(path):  # noqa: PTH113 - Path raises for a long name
        raise SettingError(
            "output",
            f"{path} is the checkpoint of an unfinished run",
            hint=f"--resume {quote(str(path))} continues it; or {keep_hint(path)}",
        )


def check_log(path: Path, history: Iterable[EpochReport], *, force: bool) -> None:
    """Raise SettingError if `path` cannot be written to, or holds another log than this one."""
    try:
        if path.is_file():
            path.open("ab").close()
            if force:
                check_writable(backup_path(path))
        elif path.is_dir() or not path.exists():  # else a pipe, which closing would end
            check_writable(path)
    except OSError as error:
        raise SettingError("log", f"{error.filename}: {cause_of(error)}") from None
    if path.is_file() and path.stat().st_size and not (force or is_log_of(path, history)):
        raise SettingError("log", f"{path} exists", hint=keep_hint(path))


# --- Whose a file is ---------------------------------------------------------


def is_of_run(path: Path, wanted: Provenance) -> bool:
    """Tell whether a file is a brain of the run with this provenance, finished or not."""
    found = read_provenance(path)
    return found is not None and not wanted.differences(found)


def is_earlier(path: Path, wanted: Provenance, epochs: int) -> bool:
    """Tell whether a file is a brain of the run with this provenance, of so many epochs at most."""
    from mnistmlp.brains.brain import load_brain

    if not is_of_run(path, wanted):
        return False
    meta = load_brain(path).meta
    return meta is not None and len(meta.history) <= epochs


def read_provenance(path: Path) -> Provenance | None:
    """Return the provenance of a brain file, or None if it has none."""
    from mnistmlp.brains.brain import load_brain
    from mnistmlp.brains.provenance import Provenance

    try:
        meta = load_brain(path).meta
        return Provenance.parse(meta.raw) if meta else None
    except (BrainError, SettingError):
        return None


def describe_differences(found: Provenance, wanted: Provenance) -> str:
    """Say in words how the run of a file differs from the one that is wanted."""
    words = []
    for name, (past, present) in found.differences(wanted).items():
        if name in ("data", "initial weights"):
            words.append(f"other {name}")
        else:
            word = "recipe" if name == "name" else name.replace("_", " ")
            words.append(f"{word} {spell(past)}, not {spell(present)}")
    return "; ".join(words)
