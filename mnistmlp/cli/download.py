"""``mnistmlp download``."""

from __future__ import annotations

from typing import Annotated

import typer

from mnistmlp.cli.data import fetch
from mnistmlp.cli.options import DataDir, Quiet


def download(
    data_dir: DataDir = None,
    mirror: Annotated[
        list[str] | None,
        typer.Option(
            metavar="URL",
            show_default="two public ones",
            help="Folder with the .gz files, as an http, https or file address; "
            "repeat it for more, tried in order.",
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Fetch also what is there and verified.")
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Fetch MNIST, verify it, and print the folder.

    The four files are stored uncompressed; each is checked against its
    published SHA-256 before it is put into its place.
    """
    from mnistmlp.datasets import default_folder

    folder = data_dir or default_folder()
    fetch(folder, mirrors=mirror, force=force, quiet=quiet)
    print(folder)
