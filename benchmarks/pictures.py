"""Measure how well and how fast pictures are recognised: python pictures.py [BRAIN [LABELS]].

MNIST's first test images are made into pictures such as people have them, by
`made_digits`, `made_pages` and `made_numbers`: on paper in uneven light, in a form, several
in a row; `made_odd` draws what is no digit.  With LABELS, a CSV file (columns file, label,
source), it reads those pictures as well.  Writes the tables of docs/pictures.md.
"""

from __future__ import annotations

import csv
import io
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import made_numbers
import made_pages
import numpy as np
from made_digits import KINDS, RNG, Levels, ink_of, picture
from made_odd import ODD
from page import put
from PIL import Image

import mnistmlp
from mnistmlp.brains.likeness import MIN_LIKENESS, measure_likeness
from mnistmlp.errors import PictureError

ROOT = Path(__file__).parents[1]
FOLDER = mnistmlp.default_folder()
PROGRAM = Path(sys.executable).with_name("mnistmlp")
COUNT, FEW = 200, 50  # pictures of a kind
REJECT = 0.8


def read(source: Any) -> Levels | None:
    """Return the image of a picture, or None where no ink is found."""
    try:
        return mnistmlp.read_picture(source)
    except PictureError:
        return None


def recognise(brain: mnistmlp.Brain, sources: list[Any]) -> tuple[Levels, Levels, Levels]:
    """Return the digits (n,), -1 where no ink is found, their confidence, and the likeness."""
    found = [read(source) for source in sources]
    inked = np.array([image is not None for image in found])
    images = np.stack([np.zeros((28, 28), np.uint8) if image is None else image for image in found])
    shares, likeness = brain.predict_proba(images), measure_likeness(images)
    return (
        np.where(inked, shares.argmax(axis=1), -1),
        np.where(inked, shares.max(axis=1), 0),
        likeness,
    )


def score(brain: mnistmlp.Brain, sources: list[Any], labels: list[int]) -> str:
    """Return the part that is recognised, and the mean confidence."""
    digits, confidence, _ = recognise(brain, sources)
    return f"{(digits == labels).sum()} of {len(labels)} | {confidence.mean():.3f}"


def encode(page: Image.Image) -> io.BytesIO:
    """Return a picture as a PNG."""
    stream = io.BytesIO()
    page.save(stream, "png")
    stream.seek(0)
    return stream


def made(brain: mnistmlp.Brain) -> Iterator[str]:
    """Score the pictures made of MNIST's first test images."""
    data = mnistmlp.load_dataset(FOLDER, "test")
    labels = data.labels[:COUNT].tolist()
    inks = [ink_of(image) for image in data.images[:COUNT]]
    rng = np.random.default_rng(7)
    shaded = made_pages.SHADED | made_pages.TRANSPARENT
    kinds = KINDS | {kind: partial(make, rng) for kind, make in shaded.items()}
    for kind, make in kinds.items():
        yield f"| {kind} | {score(brain, [encode(make(ink)) for ink in inks], labels)} |"


def odd(brain: mnistmlp.Brain) -> Iterator[str]:
    """Count what is read though it is no digit, beside the digits that are."""
    rng = np.random.default_rng(7)
    kinds = {kind: [encode(make(rng)) for _ in range(FEW)] for kind, make in ODD.items()}
    blanks = made_pages.blank_pages(rng, COUNT // len(made_pages.BLANKS))
    kinds["a blank page"] = [encode(page) for _, page in blanks]
    images = mnistmlp.load_dataset(FOLDER, "test").images[:COUNT]
    kinds["a digit"] = [encode(picture(255 * (1 - ink_of(image)))) for image in images]
    for kind, sources in kinds.items():
        digits, confidence, likeness = recognise(brain, sources)
        read, sure, like = digits >= 0, confidence >= REJECT, likeness >= MIN_LIKENESS
        counts = f"{(read & like).sum()} | {sure.sum()} | {(sure & like).sum()}"
        yield f"| {kind} | {read.sum()} of {len(sources)} | {counts} |"


def handwriting(brain: mnistmlp.Brain, labels: Path) -> list[str]:
    """Score pictures by their source, as a table of file, label and source lists them."""
    sources = defaultdict(list)
    with labels.open() as file:
        for row in csv.DictReader(file):
            sources[row["source"]].append((labels.parent / row["file"], int(row["label"])))
    return [
        f"| {name} | {score(brain, *(list(column) for column in zip(*rows, strict=True)))} |"
        for name, rows in sources.items()
    ]


def seconds(*words: str) -> float:
    """Return the median time of a whole command, of five."""
    times = []
    for _ in range(5):
        started = time.perf_counter()
        subprocess.run([PROGRAM, "predict", *words], stdout=subprocess.DEVNULL, check=True)
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def photo(image: Levels) -> Image.Image:
    """Return a photo of a digit on paper, of 12 megapixels."""
    ink = picture(255 * ink_of(image)).resize((1400, 1400))
    light = np.linspace(150, 220, 4000) - np.linspace(0, 40, 3000)[:, None]
    light[800:2200, 1300:2700] *= 1 - 0.65 * np.asarray(ink) / 255
    return picture(light + 6 * RNG.standard_normal(light.shape)).convert("RGB")


def speed(brain: str) -> str:
    """Time 10,000 small pictures in one call, and a photo."""
    images = mnistmlp.load_dataset(FOLDER, "test").images
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "photo.jpg")
        photo(images[0]).save(path, quality=90)
        one = seconds("--brain", brain, str(path))
        path.unlink()
        for number, image in enumerate(images):
            Image.fromarray(image).save(Path(folder, f"{number:05}.png"))
        small = seconds("--brain", brain, "--recursive", folder)
    return (
        f"10,000 PNGs of 28 x 28 in one call: {small:.2f} s, {len(images) / small:,.0f} a second. "
        f"A JPEG of 12 megapixels: {one:.2f} s. Whole processes, medians of five."
    )


def table(heading: str, columns: str, rows: Iterable[str]) -> str:
    """Return a table, and print its rows as they come."""
    lines = [f"| {heading} | {columns} |", "|" + " --- |" * (columns.count("|") + 2)]
    for row in rows:
        lines.append(row)
        print(row, flush=True)
    return "\n".join(lines)


def main() -> None:
    """Measure, and write the page."""
    name, *labels = sys.argv[1:] or ["pretrained"]
    brain = mnistmlp.pretrained() if name == "pretrained" else mnistmlp.load_brain(name)
    scores = "recognised | mean confidence"
    numbers = made_numbers.measure(brain, COUNT // 2)
    parts = [
        table(f"made of {COUNT} images each", scores, made(brain)),
        table("not a digit", f"read | like a digit | sure: {REJECT} | both", odd(brain)),
        table("numbers, made of MNIST's digits", "all digits right | wrong digits", numbers),
    ]
    if labels:
        rows = handwriting(brain, Path(labels[0]))
        parts.append(table("pictures that people wrote or drew, by source", scores, rows))
    print(put([*parts, speed(name)], ROOT / "docs" / "pictures.md"))


if __name__ == "__main__":
    main()
