"""Reading the numbers in a picture: lines of digits, some of which may touch."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import BinaryIO, TypeAlias

import numpy as np

from mnistmlp.arrays import Array, Bytes, Grey, Indices, Mask, StrPath
from mnistmlp.errors import PictureError, check_choice
from mnistmlp.pictures.decoding import decode, read_bytes
from mnistmlp.pictures.filters import shrink
from mnistmlp.pictures.images import fit_into_image
from mnistmlp.pictures.ink import INVERT, Invert, no_ink_error
from mnistmlp.pictures.numbers.cuts import Parts, cut_lines
from mnistmlp.pictures.numbers.lines import (
    OVERVIEW,
    Line,
    Writing,
    find_lines,
    find_writing,
    level_lines,
)
from mnistmlp.pictures.numbers.segments import (
    Segment,
    best_path,
    find_segments,
    find_skippable,
    path_shares,
    score_segments,
)

PAGE_SIDE = 1024  # pixels: a page of numbers has finer detail than a picture of one digit
MAX_PIECES = 1500  # of writing; a page of noise has more

Box: TypeAlias = "tuple[int, int, int, int]"  # top, left, bottom, right, the last two exclusive
Classify = Callable[[Bytes], Array]  # images (n, 28, 28) -> probabilities (n, 10)


@dataclass(frozen=True)
class Digit:
    """A digit of a number."""

    digit: int
    confidence: float  # of being a digit of the number, and this one
    box: Box  # in pixels of the picture
    probabilities: Array = field(repr=False)  # (10,) given that it is a digit
    image: Bytes = field(repr=False)  # (28, 28)


@dataclass(frozen=True, repr=False)
class NumberReading:
    """A picture and the digits found in it."""

    grey: Grey  # (h, w), 0 to 255: the picture, upright, opaque, reduced if it was large
    scale: float  # pixels of the picture per pixel of `grey`
    dark: bool  # whether the ink is darker than the background
    lines: list[list[Digit]]  # from top to bottom, each from left to right

    @property
    def text(self) -> str:
        """The digits, one line of text per line."""
        return "\n".join("".join(str(each.digit) for each in line) for line in self.lines)

    @property
    def confidence(self) -> float:
        """The probability that all digits are right: the product of their confidences."""
        return math.prod(map(self.line_confidence, self.lines))

    @staticmethod
    def line_confidence(line: list[Digit]) -> float:
        """Return the probability that all digits of a line are right."""
        return math.prod(each.confidence for each in line)

    def __repr__(self) -> str:
        return f"<NumberReading: {self.text!r}, confidence {self.confidence:.4f}>"


def read_number(
    source: StrPath | BinaryIO, classify: Classify, *, invert: Invert = "auto"
) -> NumberReading:
    """Read the digits in a picture, line by line.

    Parameters
    ----------
    source : path or binary stream
        As in `read_picture`.
    classify : callable
        Takes images (n, 28, 28), uint8, and returns the probabilities of their digits
        (n, 10).  Called once.
    invert : {'auto', 'yes', 'no'}
        Whether the picture shows dark ink on a light background; ``auto`` finds out.

    Raises
    ------
    PictureError
        If it cannot be read, has too many pixels, or shows no digits.
    """
    check_choice("invert", invert, INVERT)
    data, name = read_bytes(source)
    grey, size = decode(data, name, PAGE_SIDE)
    writing = find_writing(grey, invert)
    if not writing:
        raise no_ink_error(name, shrink(grey, OVERVIEW), invert)
    if len(writing.boxes) > MAX_PIECES:
        raise PictureError(f"{name}: no numbers: more than {MAX_PIECES:,} pieces of ink")
    scale = max(size) / max(grey.shape)
    share = scale / writing.enlarged
    lines = [
        [_scale_box(digit, share, size) for digit in line] for line in read_lines(writing, classify)
    ]
    if not lines:
        raise PictureError(f"{name}: no digits found")
    return NumberReading(grey, scale, writing.dark, lines)


def read_lines(writing: Writing, classify: Classify) -> list[list[Digit]]:
    """Read the digits of the pieces of writing on a page."""
    level, shifts = level_lines(writing)
    lines = find_lines(level.boxes, level.height)
    labels, parts = cut_lines(level, lines)
    segments = [find_segments(*each) for each in zip(parts, [x.height for x in lines], strict=True)]
    images = [
        segment_image(level.strength, labels, own, segment)
        for own, found in zip(parts, segments, strict=True)
        for segment in found
    ]
    if not images:
        return []
    probabilities = classify(np.stack(images))
    digits, start = [], 0
    for line, own, found in zip(lines, parts, segments, strict=True):
        chances = probabilities[start : start + len(found)]
        row = []
        for number, share in choose_segments(line, own, found, chances):
            box = _original_box(labels, own, found[number], shifts)
            row.append(_make_digit(chances[number], share, box, images[start + number]))
        digits.append(row)
        start += len(found)
    return [row for row in digits if row]


def choose_segments(
    line: Line, parts: Parts, segments: list[Segment], probabilities: Array
) -> list[tuple[int, float]]:
    """Return the segments that are the digits of a line, and how likely each is one."""
    skippable = find_skippable(parts, line.height)
    scores = score_segments(segments, probabilities, line.height)
    shares = path_shares(segments, scores, skippable)
    return [(number, float(shares[number])) for number in best_path(segments, scores, skippable)]


def segment_image(ink: Grey, labels: Indices, parts: Parts, segment: Segment) -> Bytes:
    """Return a segment of a line as an image (28, 28)."""
    top, left, bottom, right = segment.box
    area = slice(top, bottom), slice(left, right)
    own = _is_within(labels[area], parts, segment)
    return fit_into_image(np.where(own, ink[area], 0).astype(np.float32))[0]


def _is_within(labels: Indices, parts: Parts, segment: Segment) -> Mask:
    return (labels >= parts.number + segment.first) & (labels < parts.number + segment.end)


def _original_box(labels: Indices, parts: Parts, segment: Segment, shifts: Indices) -> Box:
    """Return the box of a segment on the page before its lines were levelled."""
    top, left, bottom, right = segment.box
    own = _is_within(labels[top:bottom, left:right], parts, segment)
    rows, columns = np.nonzero(own)
    rows = rows - shifts[left + columns]
    return top + int(rows.min()), left, top + int(rows.max()) + 1, right


def _make_digit(probabilities: Array, share: float, box: Box, image: Bytes) -> Digit:
    digit = int(probabilities.argmax())
    return Digit(digit, share * float(probabilities[digit]), box, probabilities, image)


def _scale_box(digit: Digit, scale: float, size: tuple[int, int]) -> Digit:
    """Return a digit with its box in pixels of the picture before reduction."""
    top, left, bottom, right = (round(scale * each) for each in digit.box)
    box = top, left, min(bottom, size[0]), min(right, size[1])
    return replace(digit, box=box)
