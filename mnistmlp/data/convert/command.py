"""The command that converts existing files, for hints."""

from __future__ import annotations

from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from mnistmlp.data.catalog import Split
from mnistmlp.data.repairs import free_folder
from mnistmlp.errors import DataError

if TYPE_CHECKING:
    from mnistmlp.data.convert.sources import Found

DIVIDE = "--split 0.8:0.2"


def convert_command(source: Path, wanted: Split, *options: str) -> str | None:
    """Return a command that makes IDX files from a source, or None if it lacks the split.

    Parameters
    ----------
    source : Path
        A file or a folder.
    wanted : {'train', 'test'}
        The split needed; a test set may be split off from the training set.
    *options : str
        Further options.
    """
    found = _find_parts(source)
    splits = {part.split for part in found.parts if part.labelled} if found else set()
    if wanted not in splits:
        if splits != {"train"}:
            return None
        options += (DIVIDE,)
    return write_command(source, *options)


def write_command(source: Path, *options: str) -> str:
    """Return a command that writes into a new folder."""
    folder = free_folder()
    name = f"./{source}" if str(source).startswith("-") else str(source)
    words = ["mnistmlp convert", quote(name), folder, *options]
    return f"{' '.join(words)}  # then --data-dir {folder}"


def holds_images(path: Path) -> bool:
    """Tell whether a file can be converted, judging by its first bytes."""
    return _find_parts(path) is not None


def _find_parts(source: Path) -> Found | None:
    """Return what can be converted in a source, or None if nothing can."""
    from mnistmlp.data.convert.sources import find_parts  # 30 ms, and only for hints

    try:
        return find_parts(source)
    except DataError:
        return None
