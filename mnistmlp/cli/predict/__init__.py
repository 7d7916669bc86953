"""``mnistmlp predict``."""

from __future__ import annotations

import json
from contextlib import closing
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from mnistmlp import blas
from mnistmlp.cli import console
from mnistmlp.cli.brains import (
    DEFAULT_BRAIN,
    brain_file,
    choose_default_brain,
    load_classifier,
)
from mnistmlp.cli.options import (
    DataDir,
    DatasetName,
    Force,
    Json,
    back_up_replaced,
    check_distinct,
    check_target,
)
from mnistmlp.cli.predict import options, show as drawing
from mnistmlp.cli.predict.indices import parse_indices
from mnistmlp.cli.predict.numbers import check_options, print_numbers
from mnistmlp.cli.predict.recognise import Recognised, recognise_indices, recognise_pictures
from mnistmlp.cli.predict.sources import check_sources, picture_names
from mnistmlp.cli.predict.wanted import UNSURE, Wanted
from mnistmlp.errors import PictureError, SettingError

if TYPE_CHECKING:
    from mnistmlp.arrays import Array
    from mnistmlp.brains.classifier import Classifier
    from mnistmlp.pictures.explain import Panel
    from mnistmlp.pictures.images import Reading

NO_IMAGE_HINT = (
    "mnistmlp predict IMAGE... (- is standard input), or --index N for an image of the data set"
)


def predict(
    images: options.Images = None,
    files_from: options.FilesFrom = None,
    null: options.Null = False,
    recursive: options.Recursive = False,
    jobs: options.Jobs = None,
    with_filename: options.WithFilename = None,
    index: options.Index = None,
    split: options.Split = "test",
    seed: options.Seed = None,
    brain: options.Brains = None,
    top: options.Top = None,
    reject: options.Reject = 0.0,
    numbers: options.Numbers = False,
    invert: options.Invert = "auto",
    centre: options.Centre = True,
    raw: options.Raw = False,
    show: options.Show = False,
    explain: options.Explain = False,
    explain_png: options.ExplainPng = None,
    force: Force = False,
    dataset: DatasetName = None,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Recognise digits in pictures, or in images of the data set.

    Of a brain whose classes have names, these are printed in place of digits.
    For one image, only the digit is printed; for several, or with -H, a line each:
    source, digit and confidence, separated by tabs.  A picture that cannot be read is
    reported; the others are still recognised, and the exit code is 1.  With --numbers, a
    picture holds any number of digits, and each line of them is printed as one.
    """
    blas.configure()
    images = images or []
    if not images and not index and files_from is None:
        raise SettingError("IMAGE", "no picture given", hint=NO_IMAGE_HINT)
    check_sources(images, files_from, null=null)
    if numbers:
        single = {"--index": index, "--raw": raw, "--no-centre": not centre, "--top": top}
        check_options(single | {"--show": show, "--explain": explain})
    indices = parse_indices(index or [], seed)
    several = recursive or files_from is not None or len(images) + sum(map(len, indices)) > 1
    named = several if with_filename is None else with_filename
    if explain_png:
        if several or indices:
            raise SettingError("explain-png", "takes one picture only")
        _check_explanation(explain_png, images[0], brain or [DEFAULT_BRAIN], force=force)
    classifier = load_classifier(brain or [choose_default_brain(dataset)], "--brain")
    names = picture_names(images, files_from, null=null, recursive=recursive)
    class_names = classifier.class_names
    wanted = Wanted(named, as_json, reject, top, show, explain, explain_png, class_names)
    if numbers:
        raise typer.Exit(0 if print_numbers(classifier, names, invert, wanted) else 1)
    reading_options = {"invert": invert, "centred": centre, "raw": raw}
    steps = explain or explain_png is not None
    pictures = recognise_pictures(
        classifier, names, jobs or blas.usable_cores(), steps=steps, **reading_options
    )
    given = pictures if images or files_from is not None else ()
    from_data = recognise_indices(classifier, indices, dataset, data_dir, split, seed)
    failed = False
    with closing(pictures):  # ends other processes, whatever happens here
        for result in chain(given, from_data):
            if isinstance(result, PictureError):
                drawing.report(result, wanted)
                failed = True
            else:
                _print_result(result, classifier, wanted)
    if failed:
        raise typer.Exit(1)


def _print_result(result: Recognised, classifier: Classifier, wanted: Wanted) -> None:
    """Print the digit of a picture, and what else is wanted."""
    confident = _is_confident(result, wanted.reject)
    if wanted.explain:
        normalised = drawing.normalised_images(result.image, classifier)
        drawing.explain(result, normalised, wanted, confident=confident)
    elif wanted.show:
        drawing.show(result, wanted, confident=confident)
    if result.count > 1:
        _note_several(result)
    print(_document(result, wanted) if wanted.as_json else _lines(result, wanted), flush=True)
    if wanted.explain_png and result.reading:
        normalised = drawing.normalised_images(result.image, classifier)
        _write_explanation(wanted.explain_png, result.reading, result.probabilities, normalised)


def _is_confident(result: Recognised, reject: float) -> bool:
    """Tell whether a digit is named: one of several is not, if unsure ones are rejected."""
    return bool(result.probabilities.max() >= reject) and (result.count == 1 or not reject)


def _note_several(result: Recognised) -> None:
    source = console.escape(result.source)
    console.note(
        f"note: {source}: several digits here (about {result.count}): --numbers reads them"
    )


def _check_explanation(path: Path, picture: str, brains: list[Path], *, force: bool) -> None:
    """Raise SettingError if the explanation cannot be written, or would replace a source."""
    check_distinct("explain-png", path, {"the picture": Path(picture)})
    for brain in brains:
        check_distinct("explain-png", path, {"--brain": brain_file(brain)})
    check_target("explain-png", path, force=force)


def _write_explanation(
    path: Path, reading: Reading, probabilities: Array, normalised: list[Panel]
) -> None:
    from mnistmlp.pictures.explain import write_explanation

    back_up_replaced(path)
    write_explanation(path, reading, probabilities, normalised)


def _document(result: Recognised, wanted: Wanted) -> str:
    digit = int(result.probabilities.argmax())
    confident = _is_confident(result, wanted.reject)
    named = {"name": wanted.name(digit) if confident else None} if wanted.class_names else {}
    return json.dumps(
        {
            "source": result.source,
            "digit": digit if confident else None,
            **named,
            "confidence": float(result.probabilities.max()),
            "probabilities": result.probabilities.tolist(),
            **({"several": result.count} if result.count > 1 else {}),
            **result.origin,
        }
    )


def _lines(result: Recognised, wanted: Wanted) -> str:
    """Return the digit alone, or lines of source, digit and confidence."""
    likeliest = _rank_digits(result.probabilities, wanted.top or 1)
    confident = _is_confident(result, wanted.reject)
    if wanted.top is None and not wanted.named:
        return wanted.name(likeliest[0]) if confident else UNSURE
    source = f"{console.escape(result.source)}\t" if wanted.named else ""
    if not confident:
        return f"{source}{UNSURE}\t{result.probabilities.max():.4f}"
    return "\n".join(
        f"{source}{wanted.name(digit)}\t{result.probabilities[digit]:.4f}" for digit in likeliest
    )


def _rank_digits(probabilities: Array, count: int) -> list[int]:
    return [int(digit) for digit in (-probabilities).argsort(kind="stable")[:count]]
