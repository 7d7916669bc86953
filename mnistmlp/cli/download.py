"""``mnistmlp download``."""

from __future__ import annotations

from typing import Annotated

import typer

from mnistmlp.cli.data import fetch, make_synthetic
from mnistmlp.cli.options import DataDir, DatasetName, Quiet
from mnistmlp.errors import SettingError

EXAMPLES = (
    ("Download MNIST into the cache, where other commands find it", "mnistmlp download"),
    ("Download Fashion-MNIST", "mnistmlp download --dataset fashion"),
    (
        "Make digits without a network, in a folder of your own",
        "mnistmlp download --dataset synthetic --data-dir digits",
    ),
)


def download(
    data_dir: DataDir = None,
    mirror: Annotated[
        list[str] | None,
        typer.Option(
            metavar="URL",
            show_default="public mirrors of the data set",
            help="Where to download the .gz files from: the http, https or file URL of a folder. "
            "Repeat it for more mirrors; they are tried in order.",
        ),
    ] = None,
    force: Annotated[
        bool,
        typer.Option(
            "--force",
            help="Download or make all files again, even if already verified; old ones are kept as "
            "NAME.bak.",
        ),
    ] = False,
    dataset: DatasetName = None,
    quiet: Quiet = False,
) -> None:
    """Download MNIST or another data set.

    The four files are checked against their published SHA-256 and stored uncompressed;
    synthetic digits are made instead.  The folder is printed.  A folder that holds other
    data under the same names is left as it is.
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
