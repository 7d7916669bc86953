"""``mnistmlp export``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mnistmlp.cli.brains import brain_file, load_named
from mnistmlp.cli.completion import complete_brain
from mnistmlp.cli.options import Force, back_up_replaced, check_distinct, check_target

EXAMPLES = (
    ("Write a page to draw digits on", "mnistmlp export brain.npz digits.html"),
    ("Write a model for ONNX Runtime", "mnistmlp export brain.npz digits.onnx"),
    ("Write the bundled brain for PyTorch", "mnistmlp export pretrained digits.safetensors"),
)


def export(
    brain: Annotated[
        Path,
        typer.Argument(
            metavar="BRAIN",
            autocompletion=complete_brain,
            help="Brain file, or `pretrained`, the bundled brain.",
        ),
    ],
    output: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="File to write; its suffix is the format: .html, .onnx or .safetensors.",
        ),
    ],
    force: Force = False,
) -> None:
    """Write a brain as a web page, ONNX or safetensors.

    .html is a page to draw on, which shows what the network sees and does. It needs no
    server and no connection: open it from disk, or put it on any host. .onnx is for ONNX
    Runtime and others, .safetensors for PyTorch's nn.Sequential. The path of the file is
    printed.
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
