"""Exporting a brain in the format given by the file's suffix."""

from __future__ import annotations

from pathlib import Path

from mnistmlp.brains.brain import Brain

SUFFIXES = (".html", ".onnx", ".safetensors")


def export_brain(path: Path, brain: Brain, name: str) -> None:
    """Write a brain in the format given by the file's suffix.

    Parameters
    ----------
    path : Path
        Ends in one of `SUFFIXES`.  An existing file stays until the new one is complete.
    brain : Brain
    name : str
        Name of the brain, as the page shows it.

    Raises
    ------
    WriteError
        If the file cannot be written.
    MissingExtraError
        If a package needed for the format is not installed.
    """
    match path.suffix.lower():
        case ".html":
            from mnistmlp.exchange.html import write_page

            write_page(path, brain, name)
        case ".onnx":
            from mnistmlp.exchange.onnx import export_onnx

            export_onnx(brain, path, overwrite=True)
        case ".safetensors":
            from mnistmlp.exchange.safetensors import export_safetensors

            export_safetensors(brain, path, overwrite=True)
