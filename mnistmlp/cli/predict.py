"""``mnistmlp predict``."""

from __future__ import annotations

import json
from itertools import chain
from pathlib import Path
from typing import Annotated, Literal

import typer

from mnistmlp import blas
from mnistmlp.cli import console, options
from mnistmlp.cli.brains import here_or_shipped, load_networks
from mnistmlp.cli.recognise import (
    Recognised,
    recognise_indices,
    recognise_pictures,
)
from mnistmlp.cli.show import show as draw
from mnistmlp.errors import PictureError, SettingError


def predict(
    images: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[IMAGE]...", show_default=False, help="Pictures; - is standard input."
        ),
    ] = None,
    index: Annotated[
        list[str] | None,
        typer.Option(
            metavar="N", help="Image N of the data set, or N:M for N to M - 1; repeatable."
        ),
    ] = None,
    split: Annotated[Literal["test", "train"], typer.Option(help="Where --index counts.")] = "test",
    brain: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            show_default="brain.npz, or pretrained if there is none",
            help="Brain file, or pretrained: the one that comes along; several are averaged.",
        ),
    ] = None,
    top: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=10,
            metavar="K",
            help="Print the K likeliest digits, each with its confidence.",
        ),
    ] = None,
    invert: Annotated[
        Literal["auto", "yes", "no"],
        typer.Option(help="Whether pictures are dark ink on a light ground; auto looks at each."),
    ] = "auto",
    show: Annotated[
        bool, typer.Option("--show", help="Draw image and probabilities on stderr.")
    ] = False,
    dataset: options.DatasetName = "mnist",
    data_dir: options.DataDir = None,
    as_json: options.Json = False,
) -> None:
    """Recognise digits in pictures, or in images of the data set.

    Of one image the digit alone is printed; of several a line each: source,
    digit and confidence, separated by tabs.  A picture that cannot be read is
    reported, the others are done, and the exit code is 1.
    """
    blas.settle(threads=1)  # the products are small, and threads take time to start
    if not images and not index:
        raise SettingError("index", "no image given: name a picture, or use --index N")
    ranges = [options.parse_range("index", text) for text in index or []]
    networks = load_networks(brain or [here_or_shipped()], "--brain")
    several = len(images or []) + sum(map(len, ranges)) > 1
    failed = False
    for result in chain(
        recognise_pictures(networks, images or [], invert),
        recognise_indices(networks, ranges, data_dir, split),
    ):
        if isinstance(result, PictureError):
            console.report(result)
            failed = True
            continue
        if show:
            draw(result.source, result.image, result.probabilities)
        print(_document(result) if as_json else _lines(result, top, several), flush=True)
    if failed:
        raise typer.Exit(1)


def _document(result: Recognised) -> str:
    return json.dumps(
        {
            "source": result.source,
            "digit": int(result.probabilities.argmax()),
            "confidence": float(result.probabilities.max()),
            "probabilities": result.probabilities.tolist(),
            **result.known,
        }
    )


def _lines(result: Recognised, top: int | None, several: bool) -> str:
    """Return the digit alone, or lines of source, digit and confidence as asked."""
    if top is None and not several:
        return str(result.probabilities.argmax())
    likeliest = (-result.probabilities).argsort(kind="stable")[: top or 1]
    source = f"{console.one_line(result.source)}\t" if several else ""
    return "\n".join(f"{source}{digit}\t{result.probabilities[digit]:.4f}" for digit in likeliest)
