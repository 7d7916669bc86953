"""Which parts of a line make up its digits: the best path through a segmentation graph.

Anything between two cuts that are not too far apart may be a digit.  The network sees
each such segment, and the most likely path through the line is found by dynamic
programming: LeCun, Bottou, Bengio and Haffner, "Gradient-based learning applied to
document recognition", Proceedings of the IEEE 86 (1998), section V.  Weights for other
features are estimated to make the right path the most likely of all:
`benchmarks/cut_weights.py`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnistmlp.arrays import Array
from mnistmlp.pictures.numbers.cuts import MAX_CROSSED, Parts

Values = NDArray[np.float64]

# lengths are relative to the height of the line's digits
MAX_WIDTH = 1.7  # of a segment
MAX_PARTS = 7  # in a segment
MAX_GAP = 0.5  # between two parts of a digit
MAX_SKIPPED = 0.5  # longer side of a part that need not belong to a digit
MIN_PROBABILITY = 1e-9  # lower bound of probabilities: logarithms must be finite
MAX_LEAD, MAX_MARGIN = 8.0, 14.0  # above these, more makes no difference

# of the features of `describe_segments`, estimated by benchmarks/cut_weights.py
WEIGHTS = np.array([-1.05, 0.46, 0.40, 5.40, -3.98, -2.57, -2.25, -1.09, -0.29, -18.39, 0.83])


class Segment(NamedTuple):
    """A possible digit: the parts of a line from `first` to before `end`."""

    first: int
    end: int
    box: tuple[int, int, int, int]  # top, left, bottom, right
    crossed: float  # ink crossed by its two cuts
    inner: float  # the least ink crossed by a cut within it
    gap: float  # the widest gap between two of its parts


def find_segments(parts: Parts, height: float) -> list[Segment]:
    """Return the segments of a line that may be digits, by first part and length."""
    segments = []
    count = len(parts.boxes)
    for first in range(count):
        top, left, bottom, right = parts.boxes[first].tolist()
        inner, gap = MAX_CROSSED, 0.0
        for end in range(first + 1, min(first + MAX_PARTS, count) + 1):
            if end > first + 1:
                box = parts.boxes[end - 1].tolist()
                if parts.cut[end - 1]:
                    inner = min(inner, float(parts.crossed[end - 1]))
                else:
                    gap = max(gap, (box[1] - right) / height)
                top, left = min(top, box[0]), min(left, box[1])
                bottom, right = max(bottom, box[2]), max(right, box[3])
                if right - left > MAX_WIDTH * height or gap > MAX_GAP:
                    break
            crossed = float(parts.crossed[first] + parts.crossed[end])
            box = (top, left, bottom, right)
            segments.append(Segment(first, end, box, crossed, inner, gap))
    return segments


def find_skippable(parts: Parts, height: float) -> list[bool]:
    """Return for each part of a line whether it need not belong to a digit.

    That holds for a dash or a dot, but not for a part cut off: that is ink of a digit.
    """
    small = (parts.boxes[:, 2:] - parts.boxes[:, :2]).max(axis=1) < MAX_SKIPPED * height
    skippable: list[bool] = (small & ~parts.cut[:-1] & ~parts.cut[1:]).tolist()
    return skippable


def best_path(segments: list[Segment], scores: Values, skippable: list[bool]) -> list[int]:
    """Return the segments that make up the line with the highest sum of scores.

    Parameters
    ----------
    segments : list of Segment
        In the order of `find_segments`.
    scores : (n,)
        Log-likelihood that each is a digit, up to a constant.
    skippable : list of bool
        For each part of the line, whether it need not belong to a digit.
    """
    total = [0.0] + [-np.inf] * len(skippable)
    last: list[int | None] = [None] * len(total)
    for number, segment in enumerate(segments):
        first = segment.first
        if first > 0 and skippable[first - 1] and total[first - 1] > total[first]:
            total[first], last[first] = total[first - 1], None
        score = total[first] + float(scores[number])
        if score > total[segment.end]:
            total[segment.end], last[segment.end] = score, number
    path, end = [], len(skippable)
    if end and skippable[-1] and total[-2] > total[-1]:
        last[-1] = None
    while end > 0:
        found = last[end]
        if found is None:
            end -= 1
        else:
            path.append(found)
            end = segments[found].first
    return path[::-1]


def path_shares(segments: list[Segment], scores: Values, skippable: list[bool]) -> Values:
    """Return how likely each segment is on the right path through the line, (n,).

    The likelihood of a path is the exponential of its sum of scores.  By the
    forward-backward algorithm: Rabiner, "A tutorial on hidden Markov models",
    Proceedings of the IEEE 77 (1989), section III.A.  Parameters as in `best_path`.
    """
    count = len(skippable)
    before, after = np.full(count + 1, -np.inf), np.full(count + 1, -np.inf)
    before[0] = after[count] = 0
    for first, numbers in enumerate(_by_first(segments, count)):
        if first > 0 and skippable[first - 1]:
            before[first] = np.logaddexp(before[first], before[first - 1])
        for number in numbers:
            end = segments[number].end
            before[end] = np.logaddexp(before[end], before[first] + scores[number])
    if skippable[-1]:
        before[-1] = np.logaddexp(before[-1], before[-2])
    for first, numbers in reversed(list(enumerate(_by_first(segments, count)))):
        if skippable[first]:
            after[first] = after[first + 1]
        for number in numbers:
            rest = after[segments[number].end] + scores[number]
            after[first] = np.logaddexp(after[first], rest)
    firsts, ends = (np.array([segment[i] for segment in segments]) for i in (0, 1))
    shares: Values = np.exp(np.minimum(before[firsts] + scores + after[ends] - before[-1], 0))
    return shares


def _by_first(segments: list[Segment], count: int) -> list[list[int]]:
    """Return the segments that start with each part of a line."""
    found: list[list[int]] = [[] for _ in range(count)]
    for number, segment in enumerate(segments):
        found[segment.first].append(number)
    return found


def score_segments(segments: list[Segment], probabilities: Array, height: float) -> Values:
    """Return the log-likelihood that each segment is a digit, up to a constant, (n,).

    Parameters as in `describe_segments`.
    """
    scores: Values = describe_segments(segments, probabilities, height) @ WEIGHTS
    return scores


def describe_segments(segments: list[Segment], probabilities: Array, height: float) -> Values:
    """Return the features that tell digits from other segments, (n, 11).

    The network has not seen pieces of digits or touching digits, and may be confident
    about them.  But a non-digit usually resembles several digits, so that its first
    choice leads the second, and the mean of the others, by less than a digit's does, in
    logarithms.  The shape of a segment counts as well.

    Parameters
    ----------
    segments : list of Segment
    probabilities : (n, 10)
    height : float
        Of the line's digits, in pixels.
    """
    boxes = np.array([segment.box for segment in segments])
    logs = np.log(np.maximum(np.sort(probabilities.astype(np.float64)), MIN_PROBABILITY))
    lead = np.minimum(logs[:, -1] - logs[:, -2], MAX_LEAD)
    margin = np.minimum(logs[:, -1] - logs[:, :-1].mean(axis=1), MAX_MARGIN)
    tall = np.log((boxes[:, 2] - boxes[:, 0]) / height)
    wide = (boxes[:, 3] - boxes[:, 1]) / height
    cuts = [(s.crossed, s.inner, s.gap, s.end - s.first - 1) for s in segments]
    constant = np.ones(len(segments))
    return np.stack(
        [constant, lead, margin, tall, tall**2, wide, wide**2, *np.transpose(cuts)], axis=1
    )
