"""Writing a brain in the format that the suffix of a file names."""

from __future__ import annotations

from pathlib import Path

from mnistmlp.brains.brain import Brain

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
    WriteError
        If it cannot be written.
    MissingExtraError
        Without the package that the form needs.
    """
    match path.suffix.lower():
        case ".html":
            from mnistmlp.exchange.html import write_page

            write_page(path, brain, name)
        case ".onnx":
            from mnistmlp.exchange.onnx import export_onnx

            export_onnx(brain, path)
        case ".safetensors":
            from mnistmlp.exchange.safetensors import export_safetensors

            export_safetensors(brain, path)
