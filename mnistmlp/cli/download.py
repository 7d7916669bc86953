"""``mnistmlp download``."""

from __future__ import annotations

from typing import Annotated

import typer

from mnistmlp.cli.data import fetch, make_synthetic
from mnistmlp.cli.options import DataDir, DatasetName, Quiet
from mnistmlp.errors import SettingError


def download(
    data_dir: DataDir = None,
    mirror: Annotated[
        list[str] | None,
        typer.Option(
            metavar="URL",
            show_default="public mirrors of the data set",
            help="Where to fetch the .gz files: the http, https or file URL of a folder; "
            "repeat for more, tried in order.",
        ),
    ] = None,
    force: Annotated[
        bool,
        typer.Option(
            "--force",
            help="Fetch or make all files, whatever is there; old ones are kept as NAME.bak.",
        ),
    ] = False,
    dataset: DatasetName = None,
    quiet: Quiet = False,
) -> None:
    """Fetch MNIST or another data set, or make synthetic digits, and print the folder.

    The four files are stored uncompressed, each after a check against its published
    SHA-256.  A folder that holds other data under their names is left as it is.
    """
    from mnistmlp.data.folder import cache_folder_of

    dataset = dataset or "mnist"
    folder = data_dir or cache_folder_of(dataset)
    if dataset == "synthetic":
        if mirror:
            raise SettingError("mirror", "is for what is fetched: synthetic is made")
        make_synthetic(folder, force=force, quiet=quiet)
    else:
        fetch(folder, dataset, mirrors=mirror, force=force, quiet=quiet)
    print(folder)
