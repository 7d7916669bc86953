"""The names of the pictures that `predict` reads."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from shlex import quote
from typing import Any

import typer

from mnistmlp.cli.predict.folders import find_pictures
from mnistmlp.cli.predict.lists import read_list
from mnistmlp.errors import PictureError, SettingError

Source = str | PictureError | None  # None: the next name may take a while


NO_IMAGE_HINT = (
    "mnistmlp predict IMAGE... (- is standard input), or --index N for an image of the data set, "
    "or --data FILE for a table or an array of images"
)


def check_sources(
    images: list[str],
    files_from: str | None,
    index: list[str] | None,
    data: Path | None,
    *,
    null: bool,
) -> None:
    """Raise a usage error if there are no sources, or if they do not go together."""
    others = {"pictures": images, "--files-from": files_from is not None, "--index": index}
    given = [name for name, value in others.items() if value]
    if not given and data is None:
        raise SettingError("IMAGE", "no picture given", hint=NO_IMAGE_HINT)
    if given and data is not None:
        brains = [f"--brain {quote(name)}" for name in images if name.endswith(".npz")]
        raise SettingError("data", f"cannot be used with {given[0]}", hint=next(iter(brains), None))
    if null and files_from is None:
        raise SettingError("null", "needs --files-from")
    if "" in images:  # an unset variable must not mean the current folder
        raise typer.BadParameter("the name is empty", param_hint="'IMAGE'")
    if [*images, files_from].count("-") > 1:
        raise typer.BadParameter("standard input is named twice", param_hint="'IMAGE'")


def check_options(option: str, others: dict[str, Any]) -> None:
    """Raise SettingError if an option is given that cannot be used with another."""
    for name, given in others.items():
        if given:
            raise SettingError(option, f"cannot be used with {name}")


def picture_names(
    images: Iterable[str], files_from: str | None, *, null: bool, recursive: bool
) -> Iterator[Source]:
    """Yield the name of each picture, as soon as it is known."""
    listed = () if files_from is None else read_list(files_from, b"\0" if null else b"\n")
    for name in chain(images, listed):
        if not isinstance(name, str):
            yield name
            continue
        mode = 0 if name == "-" else _mode(name)
        if name == "-" or stat.S_ISFIFO(mode):
            yield None
        if recursive and stat.S_ISDIR(mode):
            yield from find_pictures(name)
        else:
            yield name


def _mode(name: str) -> int:
    """Return the mode of a file, 0 if there is none."""
    try:
        return os.stat(name).st_mode  # noqa: PTH116 - Path is slow
    except (OSError, ValueError):
        return 0
