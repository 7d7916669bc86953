"""Measure how well and how fast pictures are recognised: python pictures.py [BRAIN [LABELS]].

MNIST's first test images are made into pictures such as people have them, by
`made_digits`: on paper in uneven light, in pencil, on a board, in a form.  With LABELS, a
CSV file (columns file, label, source), it reads those pictures as well.  Writes the
table of docs/pictures.md.
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
from pathlib import Path
from typing import Any

import numpy as np
from made_digits import KINDS, RNG, Levels, ink_of, picture
from page import put
from PIL import Image

import mnistmlp
from mnistmlp.errors import PictureError

ROOT = Path(__file__).parents[1]
FOLDER = mnistmlp.default_folder()
PROGRAM = Path(sys.executable).with_name("mnistmlp")
COUNT = 200


def read(source: Any) -> Levels | None:
    """Return the image of a picture, or None where no ink is found."""
    try:
        return mnistmlp.read_picture(source)
    except PictureError:
        return None


def score(brain: mnistmlp.Brain, sources: list[Any], labels: list[int]) -> str:
    """Return the part that is recognised, and the mean confidence."""
    images = [read(source) for source in sources]
    blank = np.zeros((28, 28), np.uint8)
    found = mnistmlp.committee(
        [brain.network],
        np.stack([blank if image is None else image for image in images]),
        [brain.temperature],
    )
    read_right = [
        image is not None and digit == label
        for image, digit, label in zip(images, found.argmax(axis=1), labels, strict=True)
    ]
    return f"{sum(read_right)} of {len(labels)} | {found.max(axis=1).mean():.3f}"


def made(brain: mnistmlp.Brain) -> list[str]:
    """Score the pictures made of MNIST's first test images."""
    data = mnistmlp.load_dataset(FOLDER, "test")
    labels = data.labels[:COUNT].tolist()
    inks = [ink_of(image) for image in data.images[:COUNT]]
    lines = []
    for kind, make in KINDS.items():
        streams = []
        for ink in inks:
            streams.append(io.BytesIO())
            make(ink).save(streams[-1], "png")
            streams[-1].seek(0)
        lines.append(f"| {kind} | {score(brain, streams, labels)} |")
        print(lines[-1], flush=True)
    return lines


def handwriting(brain: mnistmlp.Brain, table: Path) -> list[str]:
    """Score pictures by their source, as a table of file, label and source lists them."""
    sources = defaultdict(list)
    with table.open() as file:
        for row in csv.DictReader(file):
            sources[row["source"]].append((table.parent / row["file"], int(row["label"])))
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


def main() -> None:
    """Measure, and write the page."""
    name, *table = sys.argv[1:] or ["pretrained"]
    path = mnistmlp.PRETRAINED if name == "pretrained" else Path(name)
    brain = mnistmlp.load_brain(path)
    heading = "| {} | recognised | mean confidence |\n| --- | --- | --- |\n"
    parts = [heading.format(f"made of {COUNT} images each") + "\n".join(made(brain))]
    if table:
        rows = "\n".join(handwriting(brain, Path(table[0])))
        parts.append(heading.format("pictures that people wrote or drew, by source") + rows)
    print(put([*parts, speed(str(path))], ROOT / "docs" / "pictures.md"))


if __name__ == "__main__":
    main()
