"""``mnistmlp convert``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from reprlib import repr as short
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from mnistmlp.cli import console
from mnistmlp.cli.convert.forms import check_form, find_form, write_sets
from mnistmlp.cli.convert.report import (
    converting,
    draw_contact_sheet,
    report_images,
    report_wrong,
    warn_of_doubts,
)
from mnistmlp.cli.convert.writing import check_names
from mnistmlp.cli.options import NUMBER, Force, Quiet, parse_no_stream, parse_seed, whole
from mnistmlp.errors import DataError, SettingError

if TYPE_CHECKING:
    from mnistmlp.data.catalog import Split
    from mnistmlp.data.convert.parts import Images, Part
    from mnistmlp.data.convert.sources import Found

EXAMPLES = (
    (
        "Convert a table of Kaggle's, and train on it",
        "mnistmlp convert train.csv data --split 0.8:0.2\nmnistmlp train --data-dir data",
    ),
    (
        "Convert scans in folders 0 to 9, with 4 warped copies of each",
        "mnistmlp convert scans data --augment 4",
    ),
    ("Write a data set as pictures", "mnistmlp convert data pictures --to png"),
)


def convert(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="SOURCE",
            parser=parse_no_stream,
            help="A table (.csv), an archive (.npz), arrays (.npy), IDX files, pictures with one "
            "folder per class, or a list of pictures; or a folder with any of these.",
        ),
    ],
    target: Annotated[
        Path,
        typer.Argument(
            metavar="TARGET",
            parser=parse_no_stream,
            help="Folder for the IDX files, created if needed; or a table (.csv, .csv.gz) or an "
            "archive (.npz).",
        ),
    ],
    to: Annotated[
        Literal["png"] | None,
        typer.Option(
            help="Write pictures into folders 0 to 9 in TARGET, which must be new.",
            rich_help_panel="Essentials",
        ),
    ] = None,
    split: Annotated[
        str | None,
        typer.Option(
            metavar="TRAIN:TEST",
            help="Divide one set at random into these fractions, such as 0.8:0.2.",
            rich_help_panel="Essentials",
        ),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(
            parser=parse_seed,
            metavar="N",
            show_default="0",
            help="Seed of --split and --augment.",
            rich_help_panel="Essentials",
        ),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(
            parser=whole(1, 10**9),
            metavar="N",
            help="Convert only the first N images of each set in SOURCE.",
            rich_help_panel="Data",
        ),
    ] = None,
    augment: Annotated[
        int | None,
        typer.Option(
            parser=whole(1, 1000),
            metavar="N",
            help="Add N warped copies of each training image, warped as by train --augment.",
            rich_help_panel="Essentials",
        ),
    ] = None,
    transpose: Annotated[
        bool,
        typer.Option(
            "--transpose", help="Swap rows and columns, as EMNIST requires.", rich_help_panel="Data"
        ),
    ] = False,
    invert: Annotated[
        bool,
        typer.Option(
            "--invert",
            help="Swap black and white, for dark ink on a light background.",
            rich_help_panel="Data",
        ),
    ] = False,
    raw: Annotated[
        bool,
        typer.Option(
            "--raw", help="Use pictures of 28 x 28 pixels as they are.", rich_help_panel="Data"
        ),
    ] = False,
    skip_bad: Annotated[
        bool,
        typer.Option(
            "--skip-bad",
            help="Skip wrong rows and pictures, and count them.",
            rich_help_panel="Data",
        ),
    ] = False,
    force: Force = False,
    quiet: Quiet = False,
) -> None:
    """Convert images to IDX files, or back for other tools.

    Every command reads IDX files. A set with test, t10k or val in its name becomes the test
    set, any other the training set. A table has a label and 784 pixels per row, as Kaggle's
    do; a list has the name of a picture and its label per row. Ten classes with names are
    numbered in alphabetical order, and labels.txt lists the names. Pictures are read as
    predict reads them. Without labels, only the images are written; evaluate and predict
    --index need labels as well. SOURCE is never changed.

    For other tools, images are written as a table per set, as an archive with x_train,
    y_train, x_test and y_test, or as pictures, which --raw reads back unchanged. The paths
    of what was written are printed.
    """
    from mnistmlp.data.convert.parts import number_classes

    share = None if split is None else _parse_split(split)
    if seed is not None and not (share or augment):
        raise SettingError("seed", "needs --split or --augment")
    form = find_form(target, to)
    found, are_pictures = _find_parts(source, invert=invert, raw=raw)
    if share or form == "png":
        found = _leave_unlabelled_out(source, found, share)
    splits: list[Split] = ["train", "test"] if share else [part.split for part in found.parts]
    if augment and "train" not in splits:
        raise SettingError("augment", f"needs training images; {source} has none")
    check_form(form, target, splits, source, force=force)
    options = {"transpose": transpose, "invert": invert and not are_pictures, "limit": limit}
    sets = [_read(part, options, skip_bad=skip_bad, quiet=quiet) for part in found.parts]
    if not quiet:
        for line in found.left_out:
            console.note(console.escape(line))
    numbered, names = number_classes(sets, source)
    if form == "idx":
        check_names(target, names, force=force)
    divided = _divide(numbered, share, seed or 0)
    written = [_augment(images, augment or 0, seed or 0, quiet=quiet) for images in divided]
    if not quiet:
        for images in written:
            report_images(images)
            draw_contact_sheet(images)
    paths = write_sets(form, target, written, quiet=quiet)
    warn_of_doubts(written, str(source), transposed=transpose, inverted=invert)
    print(*paths, sep="\n")


def _parse_split(text: str) -> float:
    """Return the share of the training set."""
    parts = text.split(":")
    if len(parts) == 2 and all(map(NUMBER.fullmatch, parts)):
        train, test = map(float, parts)
        if train > 0 and test > 0 and abs(train + test - 1) < 1e-9:
            return train
    raise SettingError(
        "split", f"{short(text)} is not two fractions that add up to 1, such as 0.8:0.2"
    )


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
            raise SettingError("raw", f"needs pictures; {source} holds none")
        return found, False
    if pictures := find_picture_parts(source, invert="yes" if invert else "auto", raw=raw):
        return pictures, True
    raise DataError(
        f"{source}: no tables (.csv, .tsv), archives (.npz, .npy), IDX files, "
        "or folders of pictures, one for each of ten classes, in this folder"
    )


def _leave_unlabelled_out(source: Path, found: Found, share: float | None) -> Found:
    """Return the sets with labels, which pictures by class need, or the one that is divided."""
    labelled = [part for part in found.parts if part.labelled]
    names = " and ".join(part.name for part in labelled) or "nothing in it"
    if share and len(labelled) != 1:
        raise SettingError("split", f"divides one set with labels; {source} has {names}")
    if not labelled:
        raise SettingError("to", f"png sorts pictures by their labels; {source} has none")
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


def _augment(images: Images, copies: int, seed: int, *, quiet: bool) -> Images:
    """Return images with warped copies of each, if they are for training."""
    if not copies or images.split != "train":
        return images
    from mnistmlp.cli.convert.warps import add_warped

    with converting(images.name, quiet=quiet) as on_block:
        return add_warped(images, copies, seed, on_block)
