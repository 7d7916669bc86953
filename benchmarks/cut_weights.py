"""Estimate the weights that tell digits from other segments: python cut_weights.py.

Rows of MNIST's training digits, with gaps from wide to touching, are cut into
segments.  The weights are those under which the right ways through the rows are the
most likely, of all ways: a conditional random field (Lafferty, McCallum and Pereira,
ICML 2001) over segments, as `path_shares` has it.  LeCun, Bottou, Bengio and Haffner
(1998), section VI, train a graph transformer network like that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from made_numbers import MARGIN, Writer
from numpy.typing import NDArray

import mnistmlp
from mnistmlp.pictures.numbers import reading, segments
from mnistmlp.pictures.numbers.cuts import Parts, cut_lines
from mnistmlp.pictures.numbers.lines import find_lines, find_writing

Levels = NDArray[Any]
ROWS, STEPS, RATE, RIDGE = 1200, 150, 0.15, 1e-3
SAME = 0.7  # of ink: intersection over union of a digit and the segment that is it


@dataclass
class Row:
    """A row of digits, cut into segments."""

    found: list[segments.Segment]
    features: Levels  # (n, f)
    skippable: list[bool]
    right: list[int]  # the segments that are its digits


def find_right(
    digits: Levels, labels: Levels, parts: Parts, found: list[segments.Segment]
) -> list[int] | None:
    """Return which segments are the digits (n, h, w), or None if they are not among them."""
    count = len(parts.boxes)
    ink = np.stack([np.bincount(labels.ravel(), digit.ravel(), count + 1) for digit in digits])
    sums = np.pad(np.cumsum(ink[:, 1:], axis=1), ((0, 0), (1, 0)))  # up to each part
    first, end = (np.array([each[i] for each in found]) for i in (0, 1))
    inside = sums[:, end] - sums[:, first]
    union = digits.sum(axis=(1, 2))[:, None] + inside.sum(axis=0) - inside
    same = inside / np.maximum(union, 1e-9)
    best = same.argmax(axis=1)
    if same.max(axis=1).min() < SAME or (end[best][:-1] > first[best][1:]).any():
        return None
    return [int(number) for number in best]


def cut_row(writer: Writer, brain: mnistmlp.Brain) -> Row | None:
    """Return a random row, or None if it is not cut where its digits end."""
    low, nested = writer.rng.uniform(-2.5, 4), bool(writer.rng.random() < 0.3)
    high, count = low + writer.rng.uniform(0, 8), writer.between(1, 6)
    if writer.rng.random() < 0.3:  # two that touch
        low = high = writer.rng.uniform(-2.2, -0.5)
        count = 2
    level = writer.rng.uniform(0.25, 0.7)
    digits, _ = writer.digits(count, low, high, nested=nested, level=level)
    digits = np.pad(digits, ((0, 0), (MARGIN, MARGIN), (MARGIN, MARGIN)))
    writing = find_writing((255 * (1 - digits.max(axis=0))).astype(np.float32), "yes")
    assert writing
    digits = digits.repeat(writing.enlarged, axis=1).repeat(writing.enlarged, axis=2)
    lines = find_lines(writing.boxes, writing.height)
    labels, (parts, *others) = cut_lines(writing, lines)
    found = segments.find_segments(parts, lines[0].height)
    right = find_right(digits, labels, parts, found)
    skippable = segments.find_skippable(parts, lines[0].height)
    if others or not right or not _is_way(found, right, skippable):
        return None
    images = [reading.segment_image(writing.strength, labels, parts, each) for each in found]
    chances = brain.predict_proba(images)
    features = segments.describe_segments(found, chances, lines[0].height)
    return Row(found, features, skippable, right)


def _is_way(found: list[segments.Segment], right: list[int], skippable: list[bool]) -> bool:
    """Tell whether no part is left out that has to belong to a digit."""
    inside = np.zeros(len(skippable), bool)
    for number in right:
        inside[found[number].first : found[number].end] = True
    return bool((inside | skippable).all())


def fit(rows: list[Row]) -> Levels:
    """Return the weights (f,), by Adam (Kingma and Ba, ICLR 2015) on the whole set."""
    scale = np.concatenate([row.features for row in rows]).std(axis=0)
    scale[0] = 1  # the constant
    weights = np.zeros(len(scale))
    mean, square = np.zeros_like(weights), np.zeros_like(weights)
    for step in range(1, STEPS + 1):
        slope = RIDGE * weights
        for row in rows:
            features = row.features / scale
            shares = segments.path_shares(row.found, features @ weights, row.skippable)
            slope += (shares @ features - features[row.right].sum(axis=0)) / len(rows)
        mean, square = 0.9 * mean + 0.1 * slope, 0.99 * square + 0.01 * slope**2
        move = mean / (1 - 0.9**step) / (np.sqrt(square / (1 - 0.99**step)) + 1e-8)
        weights -= RATE * (1 if step < 0.6 * STEPS else 0.3) * move
    return np.asarray(weights / scale)


def main() -> None:
    """Estimate, and print the weights."""
    data = mnistmlp.load_dataset(mnistmlp.default_folder(), "train")
    brain = mnistmlp.pretrained()
    part = slice(50_000, 55_000)
    writer = Writer(data.images[part], data.labels[part], seed=1)
    rows = [row for row in (cut_row(writer, brain) for _ in range(ROWS)) if row]
    weights = fit(rows)
    chosen = [segments.best_path(r.found, r.features @ weights, r.skippable) for r in rows]
    right = np.mean([one == row.right for one, row in zip(chosen, rows, strict=True)])
    print(
        f"{len(rows):,} of {ROWS:,} rows are cut rightly; of those {right:.1%} are put together so"
    )
    print(", ".join(f"{weight:.2f}" for weight in weights))


if __name__ == "__main__":
    main()
