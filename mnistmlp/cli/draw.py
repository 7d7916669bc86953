"""``mnistmlp draw``."""

from __future__ import annotations

import tempfile
import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from mnistmlp.cli import console
from mnistmlp.cli.brains import here_or_shipped, load_brains


def draw(
    brain: Annotated[
        Path | None,
        typer.Argument(
            metavar="[BRAIN]",
            show_default="brain.npz, or where there is none, pretrained",
            help="Brain file, or pretrained.",
        ),
    ] = None,
) -> None:
    """Open a page to draw digits on, and print the file that it is in.

    It is the page that `export` writes, in the folder for temporary files.
    """
    from mnistmlp.exchange.export import export_brain

    name = brain or here_or_shipped()
    (loaded,) = load_brains([name], "BRAIN")
    page = Path(tempfile.mkdtemp(prefix="mnistmlp-")) / "draw.html"  # only its owner may enter
    export_brain(page, loaded, name.name)
    page.chmod(0o600)
    print(page, flush=True)
    if not webbrowser.open(page.as_uri()):
        console.note("no browser to open it with here: open the file in one")
