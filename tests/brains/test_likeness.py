"""Which images look like digits."""

from __future__ import annotations

import csv
import io
import string
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from mnistmlp.arrays import Bytes
from mnistmlp.brains.likeness import MIN_LIKENESS, measure_likeness
from mnistmlp.data.datasets import load_dataset
from mnistmlp.pictures.images import read_picture

LOOKALIKES = "OoDQIlijJZzSsBGgqbyaAet"  # letters that are digits, as some people write these


def printed(character: str) -> Bytes:
    """Return a printed character, as a network gets it."""
    page, stream = Image.new("L", (140, 140), 255), io.BytesIO()
    font = ImageFont.load_default(90)
    ImageDraw.Draw(page).text((70, 70), character, 0, font, "mm", stroke_width=2)
    page.save(stream, "png")
    return read_picture(io.BytesIO(stream.getvalue()))


def test_letters_look_unlike_digits() -> None:
    letters = "".join(each for each in string.ascii_letters if each not in LOOKALIKES)
    likeness = measure_likeness(np.stack([printed(each) for each in letters + string.digits]))
    assert likeness.shape == (len(letters) + 10,)
    assert (likeness[:-10] < MIN_LIKENESS).all()
    assert (likeness[-10:] >= MIN_LIKENESS).all()


def test_digits_of_a_data_set_look_like_digits(mnist: Path) -> None:
    images = load_dataset(mnist, "train").images[-10_000:]  # held out, and the threshold's
    assert np.mean(measure_likeness(images) < MIN_LIKENESS) <= 0.002


def test_digits_that_people_write_look_like_digits(handwriting: Path) -> None:
    with (handwriting / "labels.csv").open() as file:
        names = [row["file"] for row in csv.DictReader(file)]
    images = np.stack([read_picture(handwriting / name) for name in names])
    assert (measure_likeness(images) >= MIN_LIKENESS).all()
