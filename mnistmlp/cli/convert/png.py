"""Pictures by class: train/7/00042.png, as other tools read them, and `convert` does."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mnistmlp.atomic import cause_of
from mnistmlp.cli.convert.writing import check_place, making
from mnistmlp.errors import SettingError

if TYPE_CHECKING:
    from mnistmlp.data.convert.parts import Images


def check_empty(folder: Path) -> None:
    """Raise SettingError if a folder cannot be written, or is not empty."""
    check_place(folder)
    try:
        there = folder.iterdir() if folder.exists() else ()
        if any(not each.name.startswith(".") for each in there):
            raise SettingError("TARGET", f"{folder} is not empty", hint="name a new folder")
    except OSError as error:
        raise SettingError("TARGET", f"{folder}: {cause_of(error)}") from None


def write_pictures(folder: Path, sets: Sequence[Images], on_block: Callable[[int], None]) -> None:
    """Write a folder of pictures for each set, all or none of it.

    Their names are the images' indices, so that they come back in this order.  They reach
    the disk before the folders get their names.

    Raises
    ------
    WriteError
        If they cannot be written.
    """
    with making(folder), tempfile.TemporaryDirectory(prefix=".", dir=folder) as name:
        for images in sets:
            _write_set(Path(name, images.split), images, on_block)
        if hasattr(os, "sync"):  # not on Windows
            os.sync()  # once: 70,000 single files would take minutes
        for images in sets:
            Path(name, images.split).rename(folder / images.split)


def _write_set(folder: Path, images: Images, on_block: Callable[[int], None]) -> None:
    from mnistmlp.data.convert.parts import BLOCK
    from mnistmlp.pictures.sheet import encode_image

    assert images.labels is not None  # others are left out
    width = max(5, len(str(len(images.images) - 1)))
    for digit in set(images.labels.tolist()):
        (folder / str(digit)).mkdir(parents=True)
    for index, (image, digit) in enumerate(zip(images.images, images.labels, strict=True)):
        (folder / str(digit) / f"{index:0{width}}.png").write_bytes(encode_image(image))
        if index % BLOCK == 0:
            on_block(index)
