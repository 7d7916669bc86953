"""``mnistmlp download``."""

from __future__ import annotations

from typing import Annotated

import typer

from mnistmlp.cli.data import fetch_mnist, make_synthetic
from mnistmlp.cli.options import DataDir, DatasetName, Quiet
from mnistmlp.errors import SettingError


def download(
    data_dir: DataDir = None,
    mirror: Annotated[
        list[str] | None,
        typer.Option(
            metavar="URL",
            show_default="two public mirrors",
            help="Where to fetch the .gz files: the http, https or file URL of a folder; "
            "repeat for more, tried in order.",
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Fetch files even if they are there and verified.")
    ] = False,
    dataset: DatasetName = "mnist",
    quiet: Quiet = False,
) -> None:
    """Fetch MNIST, or make synthetic digits, and print the folder.

    The four files of MNIST are stored uncompressed, each after a check against
    its published SHA-256.
    """
    from mnistmlp.data.folder import default_folder

    if dataset == "synthetic":
        for option, given in (("mirror", mirror), ("force", force)):
            if given:
                raise SettingError(option, "is for MNIST only: synthetic is made, not fetched")
        print(make_synthetic(data_dir, quiet=quiet))
        return
    folder = data_dir or default_folder()
    fetch_mnist(folder, mirrors=mirror, force=force, quiet=quiet)
    print(folder)
