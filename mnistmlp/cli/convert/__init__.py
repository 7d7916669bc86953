"""``mnistmlp convert``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from reprlib import repr as short
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mnistmlp.cli import console
from mnistmlp.cli.convert.report import (
    converting,
    draw_contact_sheet,
    report_images,
    report_wrong,
    warn_of_doubts,
)
from mnistmlp.cli.convert.writing import check_folder, check_names, write_images, write_names
from mnistmlp.cli.options import NUMBER, Force, Quiet, parse_file, parse_folder, whole
from mnistmlp.errors import DataError, SettingError

if TYPE_CHECKING:
    from mnistmlp.data.catalog import Split
    from mnistmlp.data.convert.parts import Images, Part
    from mnistmlp.data.convert.sources import Found


def convert(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="SOURCE",
            parser=parse_file,
            help="A table (.csv), an archive (.npz), arrays (.npy), IDX files, pictures in "
            "a folder for each class or a list of them; or a folder with these.",
        ),
    ],
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="FOLDER", parser=parse_folder, help="Folder for the IDX files; made if need be."
        ),
    ],
    split: Annotated[
        str | None,
        typer.Option(
            metavar="TRAIN:TEST",
            help="Divide one set at random into these parts: 0.8:0.2.",
        ),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(
            parser=whole(0, 2**63 - 1),
            metavar="INTEGER",
            show_default="0",
            help="Seed of --split's choice.",
        ),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(
            parser=whole(1, 10**9),
            metavar="INTEGER",
            help="Convert only so many images of each set in SOURCE, from the start.",
        ),
    ] = None,
    transpose: Annotated[
        bool, typer.Option("--transpose", help="Swap rows and columns, as EMNIST needs it.")
    ] = False,
    invert: Annotated[
        bool, typer.Option("--invert", help="Swap black and white, for dark ink on white.")
    ] = False,
    raw: Annotated[
        bool, typer.Option("--raw", help="Take pictures of 28 x 28 pixels as they are.")
    ] = False,
    skip_bad: Annotated[
        bool,
        typer.Option("--skip-bad", help="Leave out wrong rows and pictures, and count them."),
    ] = False,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Write images in other forms as IDX files, which every command reads, and print the folder.

    A set whose name speaks of test, t10k or val is the test set, any other the
    training set. Tables have a label and 784 pixels a row, as Kaggle's; a list has a
    picture's name and a label. Ten classes that are words are numbered in their order,
    and labels.txt names them. Pictures are read as predict reads them. Without labels,
    only the images are written: evaluate and predict --index need labels too. SOURCE is
    only read, and a file in FOLDER is never replaced unasked.
    """
    from mnistmlp.data.convert.parts import number_classes

    share = None if split is None else _parse_split(split)
    if seed is not None and not share:
        raise SettingError("seed", "is of --split, which is not given")
    found, are_pictures = _find_parts(source, invert=invert, raw=raw)
    if share:
        found = _choose_divisible(source, found)
    splits: list[Split] = ["train", "test"] if share else [part.split for part in found.parts]
    check_folder(folder, splits, force=force)
    options = {"transpose": transpose, "invert": invert and not are_pictures, "limit": limit}
    sets = [_read(part, options, skip_bad=skip_bad, quiet=quiet) for part in found.parts]
    if not quiet:
        for line in found.left_out:
            console.note(console.escape(line))
    numbered, names = number_classes(sets, source)
    check_names(folder, names, force=force)
    written = _divide(numbered, share, seed or 0)
    for images in written:
        if not quiet:
            report_images(images)
            draw_contact_sheet(images)
        write_images(folder, images, quiet=quiet)
    write_names(folder, names, quiet=quiet)
    warn_of_doubts(written, str(source), transposed=transpose, inverted=invert)
    print(folder)


def _parse_split(text: str) -> float:
    """Return the share of the training set."""
    parts = text.split(":")
    if len(parts) == 2 and all(map(NUMBER.fullmatch, parts)):
        train, test = map(float, parts)
        if train > 0 and test > 0 and abs(train + test - 1) < 1e-9:
            return train
    raise SettingError("split", f"{short(text)} is not two shares that make 1, such as 0.8:0.2")


def _find_parts(source: Path, *, invert: bool, raw: bool) -> tuple[Found, bool]:
    """Return the sets in a source, and whether they are pictures.

    Raises
    ------
    DataError
        If there are none.
    SettingError
        If they are no pictures, but `raw` is for pictures.
    """
    from mnistmlp.cli.convert.pictures import find_picture_parts
    from mnistmlp.data.convert.sources import find_parts, is_list

    if found := None if is_list(source) else find_parts(source):
        if raw:
            raise SettingError("raw", f"is for pictures; {source} is of another form")
        return found, False
    if pictures := find_picture_parts(source, invert="yes" if invert else "auto", raw=raw):
        return pictures, True
    raise DataError(
        f"{source}: no tables (.csv, .tsv), archives (.npz, .npy), IDX files, "
        "or folders of pictures, one for each of ten classes, in this folder"
    )


def _choose_divisible(source: Path, found: Found) -> Found:
    """Return the one set with labels, which --split divides; the others are left out."""
    labelled = [part for part in found.parts if part.labelled]
    if len(labelled) != 1:
        names = " and ".join(part.name for part in labelled) or "nothing in it"
        raise SettingError("split", f"divides one set with labels; {source} has {names}")
    others = [f"{part.name}: left out: no labels" for part in found.parts if not part.labelled]
    return replace(found, parts=labelled, left_out=[*found.left_out, *others])


def _read(part: Part, options: dict[str, Any], *, skip_bad: bool, quiet: bool) -> Images:
    """Read a set; raise DataError if rows of it are wrong, unless they are to be left out."""
    from mnistmlp.data.convert.parts import collect

    with converting(part.name, quiet=quiet) as on_block:
        images = collect(part, on_block=on_block, **options)
    wrong, count = images.wrong, len(images.images)
    if wrong.count and not (skip_bad and count):
        raise wrong.error(part.name, count, "--skip-bad leaves them out" if count else None)
    report_wrong(wrong, part.name)
    return images


def _divide(sets: Sequence[Images], share: float | None, seed: int) -> Sequence[Images]:
    """Return the sets to write: those read, or the two parts of the only one."""
    from mnistmlp.data.convert.parts import divide

    return divide(sets[0], share, seed) if share else sets
