"""``mnistmlp predict``."""

from __future__ import annotations

import json
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from mnistmlp import blas
from mnistmlp.cli import console
from mnistmlp.cli.brains import DEFAULT, brain_file, here_or_shipped, load_brains
from mnistmlp.cli.options import DataDir, DatasetName, Json, check_apart, check_target, parse_range
from mnistmlp.cli.predict import options
from mnistmlp.cli.predict import show as drawing
from mnistmlp.cli.predict.recognise import Recognised, recognise_indices, recognise_pictures
from mnistmlp.cli.predict.sources import check, picture_names
from mnistmlp.errors import PictureError, SettingError

if TYPE_CHECKING:
    from mnistmlp.arrays import Array
    from mnistmlp.pictures.images import Reading

UNSURE = "?"


def predict(
    images: options.Images = None,
    files_from: options.FilesFrom = None,
    null: options.Null = False,
    recursive: options.Recursive = False,
    index: options.Index = None,
    split: options.Split = "test",
    brain: options.Brains = None,
    top: options.Top = None,
    reject: options.Reject = 0.0,
    invert: options.Inverted = "auto",
    centre: options.Centre = True,
    raw: options.Raw = False,
    show: options.Show = False,
    explain: options.Explain = False,
    explain_png: options.ExplainPng = None,
    dataset: DatasetName = "mnist",
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Recognise digits in pictures, or in images of the data set.

    Of one image the digit alone is printed; of several a line each: source,
    digit and confidence, separated by tabs.  A picture that cannot be read is
    reported, the others are done, and the exit code is 1.
    """
    blas.configure(threads=1)  # the products are small, and threads take time to start
    images = images or []
    if not images and not index and files_from is None:
        raise SettingError("index", "no image given: name a picture, or use --index N")
    check(images, files_from, null=null)
    ranges = [parse_range("index", text) for text in index or []]
    several = recursive or files_from is not None or len(images) + sum(map(len, ranges)) > 1
    if explain_png:
        if several or ranges:
            raise SettingError("explain-png", "is for one picture")
        _check_steps(explain_png, images[0], brain or [DEFAULT])
    brains = load_brains(brain or [here_or_shipped()], "--brain")
    names = picture_names(images, files_from, null=null, recursive=recursive)
    how = {"invert": invert, "centred": centre, "raw": raw}
    pictures = recognise_pictures(brains, names, **how) if images or files_from is not None else ()
    failed = False
    for result in chain(pictures, recognise_indices(brains, ranges, dataset, data_dir, split)):
        if isinstance(result, PictureError):
            console.report(result)
            failed = True
            continue
        if show or explain:
            (drawing.explain if explain else drawing.show)(result)
        confident = bool(result.probabilities.max() >= reject)
        print(
            _document(result, confident) if as_json else _lines(result, top, several, confident),
            flush=True,
        )
        if explain_png and result.reading:
            _write_steps(explain_png, result.reading, result.probabilities)
    if failed:
        raise typer.Exit(1)


def _check_steps(path: Path, picture: str, brains: list[Path]) -> None:
    """Raise SettingError if the steps could not be written, or would take the place of a source."""
    check_target("explain-png", path)
    check_apart("explain-png", path, {"the picture": Path(picture)})
    for brain in brains:
        check_apart("explain-png", path, {"--brain": brain_file(brain)})


def _write_steps(path: Path, reading: Reading, probabilities: Array) -> None:
    from mnistmlp.pictures.explain import write_explanation

    write_explanation(path, reading, probabilities)


def _document(result: Recognised, confident: bool) -> str:
    digit = int(result.probabilities.argmax())
    return json.dumps(
        {
            "source": result.source,
            "digit": digit if confident else None,
            "confidence": float(result.probabilities.max()),
            "probabilities": result.probabilities.tolist(),
            **result.known,
        }
    )


def _lines(result: Recognised, top: int | None, several: bool, confident: bool) -> str:
    """Return the digit alone, or lines of source, digit and confidence as asked."""
    likeliest = _likeliest(result.probabilities, top or 1)
    if top is None and not several:
        return str(likeliest[0]) if confident else UNSURE
    source = f"{console.one_line(result.source)}\t" if several else ""
    if not confident:
        return f"{source}{UNSURE}\t{result.probabilities.max():.4f}"
    return "\n".join(f"{source}{digit}\t{result.probabilities[digit]:.4f}" for digit in likeliest)


def _likeliest(probabilities: Array, count: int) -> list[int]:
    return [int(digit) for digit in (-probabilities).argsort(kind="stable")[:count]]
