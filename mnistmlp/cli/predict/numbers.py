"""``mnistmlp predict --numbers``: pictures with several digits."""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from mnistmlp.cli import console
from mnistmlp.cli.options import back_up_replaced
from mnistmlp.cli.predict import show
from mnistmlp.cli.predict.answers import TABLES, Output, make_row, write_probability
from mnistmlp.cli.predict.sources import Source
from mnistmlp.cli.predict.wanted import Wanted
from mnistmlp.errors import PictureError

if TYPE_CHECKING:
    from mnistmlp.brains.classifier import Classifier
    from mnistmlp.pictures.ink import Invert
    from mnistmlp.pictures.numbers.reading import Digit, NumberReading


def print_numbers(
    classifier: Classifier,
    names: Iterable[Source],
    invert: Invert,
    wanted: Wanted,
    output: Output,
) -> bool:
    """Print the numbers in each picture, and return whether all of them could be read."""
    complete = True
    for source, found in _read_numbers(classifier, names, invert):
        if isinstance(found, PictureError):
            show.report(found, wanted)
            complete = False
            continue
        make = _document if wanted.form == "jsonl" else _lines
        output.print(make(source, found, wanted))
        if wanted.explain_png:
            _write_explanation(wanted.explain_png, found, wanted)
    return complete


def _read_numbers(
    classifier: Classifier, names: Iterable[Source], invert: Invert
) -> Iterator[tuple[str, NumberReading | PictureError]]:
    """Yield each picture's name with its reading, or the error, in order."""
    warnings.simplefilter("ignore")  # Pillow's, about odd pictures that can be read
    for name in names:
        if isinstance(name, PictureError):
            yield "", name
        elif name is not None:
            source = sys.stdin.buffer if name == "-" else name
            try:
                yield name, classifier.read_number(source, invert=invert)
            except PictureError as error:
                yield name, error


def _lines(source: str, found: NumberReading, wanted: Wanted) -> str:
    """Return each line of the page, alone or with the source and its confidence."""
    texts = [_text(line, wanted) for line in found.lines]
    confidences = map(found.line_confidence, found.lines)
    if wanted.form in TABLES:
        rows = zip(texts, map(write_probability, confidences), strict=True)
        return "\n".join(make_row((source, *row), wanted.form) for row in rows)
    if not wanted.named:
        return "\n".join(texts)
    name = console.escape(source)
    return "\n".join(
        f"{name}\t{text}\t{confidence:.4f}"
        for text, confidence in zip(texts, confidences, strict=True)
    )


def _text(line: list[Digit], wanted: Wanted) -> str:
    return wanted.spell(None if each.confidence < wanted.reject else each.digit for each in line)


def _document(source: str, found: NumberReading, wanted: Wanted) -> str:
    lines = [_text(line, wanted) for line in found.lines]
    digits = [
        {
            "digit": each.digit if each.confidence >= wanted.reject else None,
            **({"name": _text([each], wanted)} if wanted.class_names else {}),
            "confidence": each.confidence,
            "box": list(each.box),
            "probabilities": each.probabilities.tolist(),
        }
        for line in found.lines
        for each in line
    ]
    return json.dumps(
        {
            "source": source,
            "number": "\n".join(lines),
            "lines": lines,
            "confidence": found.confidence,
            "digits": digits,
        }
    )


def _write_explanation(path: Path, found: NumberReading, wanted: Wanted) -> None:
    from mnistmlp.pictures.explain import draw_boxes, make_drawable

    digits = [each for line in found.lines for each in line]
    labels = [make_drawable(_text([each], wanted), each.digit) for each in digits]
    boxes = [each.box for each in digits]
    back_up_replaced(path)
    draw_boxes(path, found.grey, found.scale, boxes, labels)
