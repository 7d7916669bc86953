"""A brain in other forms, for use without this package: each suffix has its own."""

from __future__ import annotations

from pathlib import Path

from mnistmlp.brain import Brain
from mnistmlp.errors import BrainError

SUFFIXES = (".html", ".onnx", ".safetensors")


def export_brain(path: Path, brain: Brain, name: str) -> None:
    """Write a brain in the form that the suffix of a file says.

    Parameters
    ----------
    path : Path
        With one of `SUFFIXES`.  An old file stays whole until the new one is.
    brain : Brain
    name : str
        Of the brain, for a reader.

    Raises
    ------
    BrainError
        If it cannot be written.
    MissingExtraError
        Without the package that the form needs.
    """
    try:
        match path.suffix.lower():
            case ".html":
                from mnistmlp.export.html import write_page

                write_page(path, brain, name)
            case ".onnx":
                from mnistmlp.export.onnx import export_onnx

                export_onnx(brain, path)
            case ".safetensors":
                from mnistmlp.export.safetensors import export_safetensors

                export_safetensors(brain, path)
    except OSError as error:
        where = error.filename or path
        raise BrainError(f"{where}: cannot be written: {error.strerror}") from None
