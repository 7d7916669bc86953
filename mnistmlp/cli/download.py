"""``mnistmlp download``."""

from __future__ import annotations

from typing import Annotated

import typer

from mnistmlp.cli.data import fetch, make
from mnistmlp.cli.options import DataDir, DatasetName, Quiet
from mnistmlp.errors import SettingError


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
    dataset: DatasetName = "mnist",
    quiet: Quiet = False,
) -> None:
    """Fetch MNIST, verify it, and print the folder; or make the built-in data set.

    The four files are stored uncompressed; each is checked against its
    published SHA-256 before it is put into its place.
    """
    from mnistmlp.data.folder import default_folder

    if dataset == "synthetic":
        for option, given in (("mirror", mirror), ("force", force)):
            if given:
                raise SettingError(option, "is for MNIST: nothing of synthetic is fetched")
        print(make(data_dir, quiet=quiet))
        return
    folder = data_dir or default_folder()
    fetch(folder, mirrors=mirror, force=force, quiet=quiet)
    print(folder)
