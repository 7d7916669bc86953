"""Images straight from a file or a folder, in any form that `convert` reads but pictures."""

from __future__ import annotations

from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from mnistmlp.cli import console
from mnistmlp.cli.predict.folders import SUFFIXES
from mnistmlp.data.catalog import SPLITS, Split
from mnistmlp.errors import DataError, SettingError

if TYPE_CHECKING:
    from mnistmlp.data.convert.parts import Block, Part

LIGHT = "a light background, where MNIST's is black"


def find_part(path: Path, split: Split | None) -> Part:
    """Return the images of a file or a folder, of which nothing has been read yet.

    Parameters
    ----------
    path : Path
    split : {'train', 'test'}, optional
        Which images to take of what has both; those of the test set by default.

    Raises
    ------
    DataError
        If there are none.
    SettingError
        If there are none of this split.
    """
    from mnistmlp.data.convert.sources import find_parts

    if path.suffix.lower() in SUFFIXES:
        raise DataError(
            f"{path}: is a picture by its name", hint=f"mnistmlp predict {quote(str(path))}"
        )
    found = find_parts(path)
    if not found:
        message = f"{path}: no tables, archives or IDX files in this folder"
        raise DataError(message, hint=f"for pictures: mnistmlp predict -r {quote(str(path))}")
    parts = {part.split: part for part in found.parts}
    for line in found.left_out:
        console.note(f"note: {console.escape(line)}")
    if split and split not in parts:
        message = f"{path} holds no {split} set; leave out --split to use the one it has"
        raise SettingError("split", message)
    if len(parts) > 1 and not split:
        name = console.escape(str(path))
        console.note(f"note: {name}: using the test set; --split train selects the other")
    return parts[split or ("test" if "test" in parts else "train")]


def report_images(part: Part, path: Path, block: Block, *, inverted: bool) -> None:
    """Say what is put right in the images of a file, and warn if the first look wrong."""
    from mnistmlp.core.inputs import has_light_background
    from mnistmlp.data.convert.orientation import DOUBT, look_transposed

    name = console.escape(str(path))
    for note in part.notes:
        console.note(f"note: {name}: {console.escape(note)}")
    if light := has_light_background(block.images):
        console.note(f"warning: {name}: {advise_invert(inverted=inverted)}")
    if look_transposed(block.images, block.labels, light=light):
        folder, images = "NEW-FOLDER", SPLITS[part.split][0].name
        command = f"mnistmlp convert {quote(str(path))} {folder} --transpose"
        console.note(f"warning: {name}: {DOUBT}")
        console.note(f"hint: {console.escape(command)}, then --data {folder}/{images}")


def advise_invert(*, inverted: bool) -> str:
    """Return a warning of a light background, with the option that helps."""
    return f"{LIGHT}: {'leave out' if inverted else 'try'} --invert yes"
