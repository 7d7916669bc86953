"""Numbers composed of MNIST's digits: rows, pages, forms; and how well they are read.

Each kind is a way to write and to photograph a number.  `make` yields pictures with
their texts, and `score` compares what was read with them.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator

import numpy as np
from made_digits import Levels, picture
from PIL import Image

import mnistmlp
from mnistmlp.errors import PictureError

Rng = np.random.Generator
Row = tuple[Levels, list[int]]  # ink (h, w) from 0 to 1, and which digits of the data set
SCALE = 4  # pixels of a picture for one of MNIST's
MARGIN = 6 * SCALE


def digit_ink(image: Levels, size: float = 1.0, level: float = 0.5) -> Levels:
    """Return an MNIST image as crisp ink from 0 to 1, cut to the ink.

    The lower the level, from 0 to 1, at which ink begins, the wider are the strokes.
    """
    side = round(28 * SCALE * size)
    large = Image.fromarray(image).resize((side, side), Image.Resampling.BICUBIC)
    ink = np.clip((np.asarray(large) / 255 - level) / 0.2 + 0.5, 0, 1)
    inked = ink > 0
    rows, columns = np.flatnonzero(inked.any(axis=1)), np.flatnonzero(inked.any(axis=0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def furthest_right(left: Levels, right: Levels) -> int:
    """Return the column at which to place an ink so that it just touches another of one height.

    A row counts with the two rows above and below, as strokes touch at corners too.
    """
    ends = np.where(left > 0.5, np.arange(left.shape[1]), -1).max(axis=1)
    starts = np.where(right > 0.5, np.arange(right.shape[1]), 10**6).min(axis=1)
    near = np.stack([np.roll(starts, step) for step in range(-2, 3)]).min(axis=0)
    both = (ends >= 0) & (near < 10**6)
    return int((ends - near)[both].max()) + 1 if both.any() else int(ends.max() - starts.min()) + 1


def compose(inks: list[Levels], gaps: Iterable[float], rng: Rng, *, nested: bool = False) -> Levels:
    """Return digits in a row, (n, h, w), each where it stands.

    Their boxes are so many of MNIST's pixels apart, or overlap by a negative gap.  If
    they are nested, the gap is between the strokes, where these are nearest.
    """
    height = max(len(ink) for ink in inks) + 4 * SCALE
    width = sum(ink.shape[1] for ink in inks) + round(30 * SCALE * len(inks))
    digits = np.zeros((len(inks), height, width))
    for number, (ink, gap) in enumerate(zip(inks, [0.0, *gaps], strict=False)):
        top = (height - len(ink)) // 2 + round(rng.uniform(-1, 1) * SCALE)
        place = 0
        if number:
            column = np.zeros((height, ink.shape[1]))
            column[top : top + len(ink)] = ink
            last = digits[number - 1]
            start = (
                furthest_right(last, column) if nested else last.any(axis=0).nonzero()[0][-1] + 1
            )
            place = max(0, start + round(gap * SCALE))
        digits[number, top : top + len(ink), place : place + ink.shape[1]] = ink
    return digits[:, :, : np.flatnonzero(digits.any(axis=(0, 1)))[-1] + 1]


class Writer:
    """Writes numbers with the digits of a data set."""

    def __init__(self, images: Levels, labels: Levels, seed: int) -> None:
        self.images, self.labels = images, labels
        self.rng = np.random.default_rng(seed)

    def digits(
        self, count: int, low: float, high: float, *, nested: bool = False, level: float = 0.5
    ) -> tuple[Levels, str]:
        """Return digits in a row, (n, h, w), with gaps from low to high, and their text."""
        chosen = self.rng.integers(len(self.images), size=count)
        sizes = 1 + 0.12 * self.rng.uniform(-1, 1, count)
        inks = [
            digit_ink(self.images[i], size, level) for i, size in zip(chosen, sizes, strict=True)
        ]
        gaps = self.rng.uniform(low, high, count - 1)
        text = "".join(str(int(self.labels[i])) for i in chosen)
        return compose(inks, gaps, self.rng, nested=nested), text

    def row(
        self, count: int, low: float, high: float, *, nested: bool = False
    ) -> tuple[Levels, str]:
        """Return the ink of a row of digits with gaps from low to high, and its text."""
        digits, text = self.digits(count, low, high, nested=nested)
        return np.pad(digits.max(axis=0), MARGIN), text

    def page(self, lines: int) -> tuple[Levels, str]:
        """Return lines of 3 to 8 digits, and their texts."""
        rows = [self.row(int(self.rng.integers(3, 9)), 2, 8) for _ in range(lines)]
        width = max(ink.shape[1] for ink, _ in rows) + 10 * SCALE
        padded = []
        for ink, _ in rows:
            left = int(self.rng.integers(10 * SCALE))
            row = ink[MARGIN - 2 * SCALE : 2 * SCALE - MARGIN]
            padded.append(np.pad(row, ((0, 0), (left, width - left - row.shape[1]))))
        return np.pad(np.concatenate(padded), MARGIN), "/".join(text for _, text in rows)

    def form(self, count: int, *, comb: bool = False) -> tuple[Levels, Levels, str]:
        """Return digits in printed boxes: ink, lines, and the text."""
        side, line = 32 * SCALE, max(1, SCALE // 2)
        shape = (side + 2 * MARGIN, side * count + 2 * MARGIN)
        ink, ruled = np.zeros(shape), np.zeros(shape)
        chosen = self.rng.integers(len(self.images), size=count)
        for number, index in enumerate(chosen):
            digit = digit_ink(self.images[index], self.rng.uniform(0.9, 1.05))
            room = [side - size - 4 * SCALE for size in digit.shape]
            top, left = (2 * SCALE + MARGIN + int(self.rng.uniform(0.25, 0.75) * r) for r in room)
            left += number * side
            ink[top : top + digit.shape[0], left : left + digit.shape[1]] = digit
        for number in range(count + 1):
            place, start = MARGIN + number * side, MARGIN + (side // 2 if comb else 0)
            ruled[start : MARGIN + side, place : place + line] = 1
        for place in [MARGIN + side] if comb else [MARGIN, MARGIN + side]:
            ruled[place : place + line, MARGIN : MARGIN + count * side + line] = 1
        return ink, ruled, "".join(str(int(self.labels[i])) for i in chosen)

    def noise(self, shape: tuple[int, ...], deviation: float) -> Levels:
        """Return noise of a standard deviation."""
        return deviation * self.rng.standard_normal(shape)

    def slope(self, shape: tuple[int, ...]) -> Levels:
        """Return a slope in a random direction, from about -0.5 to 0.5."""
        angle = self.rng.uniform(0, 2 * np.pi)
        y, x = np.mgrid[-0.5 : 0.5 : shape[0] * 1j, -0.5 : 0.5 : shape[1] * 1j]
        return np.asarray(np.cos(angle) * x + np.sin(angle) * y)

    def between(self, low: int, high: int) -> int:
        """Return a whole number from low to high."""
        return int(self.rng.integers(low, high + 1))


def dark(written: tuple[Levels, str]) -> tuple[Image.Image, str]:
    """Return dark ink on white."""
    return picture(255 * (1 - written[0])), written[1]


def light(written: tuple[Levels, str]) -> tuple[Image.Image, str]:
    """Return light ink on black."""
    return picture(255 * written[0]), written[1]


def slanted(writer: Writer) -> tuple[Image.Image, str]:
    """Return a row that rises or falls by up to 12 degrees."""
    ink, text = writer.row(writer.between(3, 9), 1.5, 6)
    angle = writer.rng.uniform(-12, 12)
    return picture(255 * (1 - ink)).rotate(
        angle, Image.Resampling.BILINEAR, expand=True, fillcolor=255
    ), text


def photo(writer: Writer, written: tuple[Levels, str]) -> tuple[Image.Image, str]:
    """Return a pencil on shaded paper, with noise."""
    ink, text = written
    paper = 180 + 90 * writer.slope(ink.shape)
    return picture(paper * (1 - 0.55 * ink) + writer.noise(ink.shape, 4)), text


def on_form(writer: Writer, *, comb: bool) -> tuple[Image.Image, str]:
    """Return a number in the boxes of a form, or between the teeth of a comb."""
    ink, ruled, text = writer.form(writer.between(4, 9), comb=comb)
    return picture(250 - np.maximum(210 * ink, 130 * ruled)), text


KINDS: dict[str, Callable[[Writer], tuple[Image.Image, str]]] = {
    "six digits, apart": lambda w: dark(w.row(6, 2, 8)),
    "six digits, narrow": lambda w: dark(w.row(6, 0.75, 2)),
    "2 to 12 digits": lambda w: dark(w.row(w.between(2, 12), 1, 14)),
    "pairs that touch by 1 pixel": lambda w: dark(w.row(2, -1, -1)),
    "pairs that touch by 2 pixels": lambda w: dark(w.row(2, -2, -2)),
    "pairs that touch, nested": lambda w: dark(w.row(2, -1, -1, nested=True)),
    "six digits, nested": lambda w: dark(w.row(6, 0.75, 3, nested=True)),
    "six digits, some touch": lambda w: dark(w.row(6, -2, 4)),
    "slanted rows": slanted,
    "light on dark": lambda w: light(w.row(w.between(2, 12), 1, 8)),
    "shaded paper": lambda w: photo(w, w.row(w.between(2, 12), 1, 8)),
    "a page of lines": lambda w: dark(w.page(w.between(2, 5))),
    "a page, shaded": lambda w: photo(w, w.page(w.between(2, 5))),
    "boxes of a form": lambda w: on_form(w, comb=False),
    "a comb": lambda w: on_form(w, comb=True),
}


def make(
    kind: str, images: Levels, labels: Levels, count: int, seed: int
) -> Iterator[tuple[Image.Image, str]]:
    """Yield so many pictures of a kind, each with its text: `/` stands between lines."""
    writer = Writer(images, labels, seed)
    for _ in range(count):
        yield KINDS[kind](writer)


def edit_distance(read: str, written: str) -> int:
    """Return how many characters to insert, delete or replace: Levenshtein (1966)."""
    row = list(range(len(written) + 1))
    for i, one in enumerate(read, 1):
        before, row[0] = row[0], i
        for j, other in enumerate(written, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (one != other))
    return row[-1]


def score(pairs: Iterable[tuple[str, str]]) -> tuple[float, float]:
    """Return the share of numbers that are read wholly right, and the share of wrong digits."""
    pairs = list(pairs)
    right = sum(read == written for read, written in pairs)
    wrong = sum(edit_distance(read, written) for read, written in pairs)
    return right / len(pairs), wrong / sum(len(written) for _, written in pairs)


def read(picture: Image.Image, brain: mnistmlp.Brain) -> str:
    """Return the text of a picture, `/` between lines; nothing if no digits are found."""
    stream = io.BytesIO()
    picture.save(stream, "png")
    stream.seek(0)
    try:
        return brain.read_number(stream).text.replace("\n", "/")
    except PictureError:
        return ""


def measure(brain: mnistmlp.Brain, count: int, seed: int = 2026) -> Iterator[str]:
    """Yield the rows of a table: kind, numbers wholly right, and wrong digits."""
    data = mnistmlp.load_dataset(mnistmlp.default_folder(), "test")
    for number, kind in enumerate(KINDS):
        made = make(kind, data.images, data.labels, count, seed + number)
        right, wrong = score([(read(each, brain), text) for each, text in made])
        yield f"| {kind} | {right * count:.0f} of {count} | {wrong:.2%} |"
