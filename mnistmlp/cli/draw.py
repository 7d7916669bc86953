"""``mnistmlp draw``."""

from __future__ import annotations

import tempfile
import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from mnistmlp.cli import console
from mnistmlp.cli.brains import choose_default_brain, load_brains, warn_of_guessing


def draw(
    brain: Annotated[
        Path | None,
        typer.Argument(
            metavar="[BRAIN]",
            show_default="brain.npz, or pretrained if there is none",
            help="Brain file, or pretrained: the bundled brain.",
        ),
    ] = None,
) -> None:
    """Open a page to draw digits on, and print its path.

    The page is the one that `export` writes, in a temporary folder.
    """
    from mnistmlp.exchange.export import export_brain

    name = brain or choose_default_brain()
    (loaded,) = load_brains([name], "BRAIN")
    warn_of_guessing([name], [loaded])
    page = Path(tempfile.mkdtemp(prefix="mnistmlp-")) / "draw.html"  # only its owner may enter
    export_brain(page, loaded, name.name)
    page.chmod(0o600)
    print(page, flush=True)
    if not webbrowser.open(page.as_uri()):
        console.note("no browser found: open the file in one")
