"""``mnistmlp export``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mnistmlp.cli.brains import load_brains


def export(
    brain: Annotated[Path, typer.Argument(metavar="BRAIN", help="Brain file, or pretrained.")],
    output: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="Its suffix says what to write: .html, .onnx or .safetensors."
        ),
    ],
) -> None:
    """Write a brain in another form, and print the file.

    .html is one page to draw on, which shows what the network sees and does. It
    needs no server and no network: open it from disk, or put it on any host.
    .onnx is for onnxruntime and others, .safetensors for PyTorch's nn.Sequential.
    """
    from mnistmlp.exchange.export import SUFFIXES, export_brain

    if output.suffix.lower() not in SUFFIXES:
        known = ", ".join(SUFFIXES)
        message = f"{output} has none of the known suffixes: {known}"
        raise typer.BadParameter(message, param_hint="'FILE'")
    (loaded,) = load_brains([brain], "BRAIN")
    export_brain(output, loaded, brain.name)
    print(output)
