"""Files that a command is to write: what stands in the way is said before the work."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mnistmlp.atomic import check_writable
from mnistmlp.cli.brains import brain_file
from mnistmlp.cli.checkpoints import checkpoint_of
from mnistmlp.cli.options import for_seed
from mnistmlp.errors import SettingError

if TYPE_CHECKING:
    from mnistmlp.cli.plan import Plan


def check_files(plan: Plan, params: Mapping[str, Any]) -> None:
    """Raise SettingError if `train` could not write a file, or would lose one that it reads.

    A brain may take the place of the one of --init, unless other members of a
    committee are to start from that, and a checkpoint of the one gone on from.
    """
    output = plan.output
    check_target("output", output)
    checkpoint = checkpoint_of(output)
    initial = {"--init": brain_file(params["init"])} if params["init"] else {}
    source = {f"--{name}": plan.source for name in ("resume", "like") if params[name]}
    check_apart("output", output, source)
    check_apart("output", checkpoint, initial if params["resume"] else initial | source)
    for seed in params["seeds"] or ():
        check_apart("output", for_seed(params["output"], seed), initial)
    if params["log"]:
        log = for_seed(params["log"], plan.provenance.seed)
        _check_log(log)
        others = {"--output": output, "the checkpoint": checkpoint}
        check_apart("log", log, others | initial | source)


def check_target(option: str, path: Path) -> None:
    """Raise SettingError if no file could be put at `path`."""
    try:
        check_writable(path)
    except OSError as error:
        raise SettingError(option, f"{error.filename}: {error.strerror}") from None


def check_apart(option: str, path: Path, others: Mapping[str, Path | None]) -> None:
    """Raise SettingError if `path` is the same file as one of the others, by what names them."""
    for name, other in others.items():
        if other and _is_same(path, other):
            raise SettingError(option, f"{path} is the file of {name}")


def _check_log(path: Path) -> None:
    """Raise SettingError if `path` could not be written to; a file there stays as it is."""
    try:
        if path.is_file():
            path.open("ab").close()
        elif path.is_dir() or not path.exists():  # else a pipe, which closing would end
            check_writable(path)
    except OSError as error:
        raise SettingError("log", f"{error.filename}: {error.strerror}") from None


def _is_same(path: Path, other: Path) -> bool:
    """Tell whether two names are of one file, which need not be there."""
    try:
        return path.samefile(other)
    except OSError:
        return os.path.realpath(path) == os.path.realpath(other)
