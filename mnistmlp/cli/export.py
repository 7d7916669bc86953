"""``mnistmlp export``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mnistmlp.cli.brains import brain_file, load_named
from mnistmlp.cli.completion import complete_brain
from mnistmlp.cli.options import Force, back_up_replaced, check_distinct, check_target


def export(
    brain: Annotated[
        Path,
        typer.Argument(
            metavar="BRAIN",
            autocompletion=complete_brain,
            help="Brain file, or pretrained: the bundled brain.",
        ),
    ],
    output: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="File to write; its suffix sets the format: .html, .onnx or .safetensors.",
        ),
    ],
    force: Force = False,
) -> None:
    """Write a brain in another format, and print the path of the file.

    .html is a page to draw on, which shows what the network sees and does. It
    needs no server and no connection: open it from disk, or put it on any host.
    .onnx is for onnxruntime and others, .safetensors for PyTorch's nn.Sequential.
    """
    from mnistmlp.exchange.export import SUFFIXES, export_brain

    if output.suffix.lower() not in SUFFIXES:
        known = ", ".join(SUFFIXES)
        message = f"{output} has none of the known suffixes: {known}"
        raise typer.BadParameter(message, param_hint="'FILE'")
    check_distinct("FILE", output, {"BRAIN": brain_file(brain)})
    check_target("FILE", output, force=force)
    loaded = load_named(brain)
    back_up_replaced(output)
    export_brain(output, loaded, brain.name)
    print(output)
