"""A brain in other forms, for use without this package: each suffix has its own."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from mnistmlp.brain import Brain
from mnistmlp.errors import BrainError

WRITERS = {".html": ("html", "write_page")}  # a module here, and its function


def export_brain(path: Path, brain: Brain, name: str) -> None:
    """Write a brain in the form that the suffix of a file says.

    Parameters
    ----------
    path : Path
        With a suffix of `WRITERS`.  An old file stays whole until the new one is.
    brain : Brain
    name : str
        Of the brain, for a reader.

    Raises
    ------
    BrainError
        If it cannot be written.
    """
    module, function = WRITERS[path.suffix.lower()]
    write = getattr(import_module(f"{__name__}.{module}"), function)
    try:
        write(path, brain, name)
    except OSError as error:
        where = error.filename or path
        raise BrainError(f"{where}: cannot be written: {error.strerror}") from None
