"""``mnistmlp predict``."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
from mnistmlp.cli.predict.answers import (
    Output,
    check_format,
    choose_format,
    is_confident,
    make_header,
    write_answer,
)
from mnistmlp.cli.predict.indices import parse_indices
from mnistmlp.cli.predict.numbers import print_numbers
from mnistmlp.cli.predict.recognise import (
    Recognised,
    recognise_file,
    recognise_indices,
    recognise_pictures,
)
from mnistmlp.cli.predict.sources import check_options, check_sources, picture_names
from mnistmlp.cli.predict.wanted import Wanted
from mnistmlp.errors import PictureError, SettingError

if TYPE_CHECKING:
    from mnistmlp.arrays import Array
    from mnistmlp.brains.classifier import Classifier
    from mnistmlp.pictures.explain import Panel
    from mnistmlp.pictures.images import Reading

EXAMPLES = (
    ("Recognise the digit in a picture", "mnistmlp predict scan.png"),
    (
        "Recognise all pictures in a folder, as a table",
        "mnistmlp predict --recursive scans --format csv --header",
    ),
    ("Draw a test image with its probabilities", "mnistmlp predict --index 42 --show"),
)


def predict(
    images: options.Images = None,
    files_from: options.FilesFrom = None,
    null: options.Null = False,
    recursive: options.Recursive = False,
    jobs: options.Jobs = None,
    with_filename: options.WithFilename = None,
    index: options.Index = None,
    data: options.Data = None,
    split: options.Split = None,
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
    form: options.Form = None,
    header: options.Header = False,
    probabilities: options.Probabilities = False,
    as_json: Json = False,
) -> None:
    """Recognise digits in pictures, tables or the data set.

    For one image, only the digit is printed; for several, or with -H, one line each:
    source, digit and confidence, separated by tabs.  If the classes of the brain have
    names, these are printed instead of digits.  Pictures that cannot be read and wrong rows
    of a table are reported, the others are still recognised, and the exit code is 1.  With
    --numbers, a picture may hold any number of digits, and each line of them is printed as
    one number.
    """
    blas.configure()
    images = images or []
    check_sources(images, files_from, index, data, null=null)
    if numbers:
        single = {"--index": index, "--data": data, "--raw": raw, "--no-centre": not centre}
        of_digits = {"--top": top, "--probabilities": probabilities}
        check_options("numbers", single | of_digits | {"--show": show, "--explain": explain})
    if data is not None:
        of_pictures = {"--raw": raw, "--recursive": recursive, "--no-centre": not centre}
        check_options("data", of_pictures | {"--dataset": dataset})
    indices = parse_indices(index or [], seed)
    several = len(images) + sum(map(len, indices)) > 1
    several = several or recursive or files_from is not None or data is not None
    named = several if with_filename is None else with_filename
    chosen, by_index = choose_format(form, as_json=as_json), not images and files_from is None
    drawn = (show, explain, explain_png)
    wanted = Wanted(named, chosen, probabilities, by_index, reject, top, *drawn)
    check_format(wanted, header=header, no_filename=with_filename is False)
    if explain_png:
        if several or indices:
            raise SettingError("explain-png", "takes one picture only")
        _check_explanation(explain_png, images[0], brain or [DEFAULT_BRAIN], force=force)
    classifier = load_classifier(brain or [choose_default_brain(dataset)], "--brain")
    names = picture_names(images, files_from, null=null, recursive=recursive)
    wanted = wanted._replace(class_names=classifier.class_names)
    output = Output(make_header(wanted, header=header, numbers=numbers))
    if numbers:
        raise typer.Exit(0 if print_numbers(classifier, names, invert, wanted, output) else 1)
    reading: dict[str, Any] = {"invert": invert, "centred": centre, "raw": raw}
    reading["steps"] = explain or explain_png is not None
    pictures = recognise_pictures(classifier, names, jobs or blas.usable_cores(), **reading)
    given = () if by_index else pictures
    from_set = recognise_indices(classifier, indices, dataset, data_dir, split or "test", seed)
    from_file = recognise_file(classifier, data, split, invert)
    with closing(pictures):  # ends other processes, whatever happens here
        complete = _print_results(chain(given, from_set, from_file), classifier, wanted, output)
    if not complete:
        raise typer.Exit(1)


def _print_results(
    results: Iterable[Recognised | PictureError],
    classifier: Classifier,
    wanted: Wanted,
    output: Output,
) -> bool:
    """Print the results, and return whether all pictures could be read."""
    complete = True
    for result in results:
        if isinstance(result, PictureError):
            drawing.report(result, wanted)
            complete = False
        else:
            _print_result(result, classifier, wanted, output)
    output.print_header()  # of no rows
    return complete


def _print_result(
    result: Recognised, classifier: Classifier, wanted: Wanted, output: Output
) -> None:
    """Print the digit of a picture, and what else is wanted."""
    confident = is_confident(result, wanted.reject)
    if wanted.explain:
        normalised = drawing.normalised_images(result.image, classifier)
        drawing.explain(result, normalised, wanted, confident=confident)
    elif wanted.show:
        drawing.show(result, wanted, confident=confident)
    if result.count > 1:
        _note(result, f"several digits (about {result.count}); use --numbers to read them")
    elif result.odd:
        _note(result, "looks more like a letter or a drawing than a digit")
    output.print(write_answer(result, wanted))
    if wanted.explain_png and result.reading:
        normalised = drawing.normalised_images(result.image, classifier)
        _write_explanation(wanted, result.reading, result.probabilities, normalised)


def _note(result: Recognised, text: str) -> None:
    console.note(f"note: {console.escape(result.source)}: {text}")


def _check_explanation(path: Path, picture: str, brains: list[Path], *, force: bool) -> None:
    """Raise SettingError if the explanation cannot be written, or would replace a source."""
    check_distinct("explain-png", path, {"the picture": Path(picture)})
    for brain in brains:
        check_distinct("explain-png", path, {"--brain": brain_file(brain)})
    check_target("explain-png", path, force=force)


def _write_explanation(
    wanted: Wanted, reading: Reading, probabilities: Array, normalised: list[Panel]
) -> None:
    from mnistmlp.pictures.explain import write_explanation

    assert wanted.explain_png
    back_up_replaced(wanted.explain_png)
    write_explanation(wanted.explain_png, reading, probabilities, normalised, wanted.class_names)
