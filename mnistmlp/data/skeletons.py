"""Skeletons of the ten digits: hand-designed strokes, several ways of writing each.

A skeleton is one or more strokes.  A stroke is a list of points that the pen
passes through, ``x,y`` with x to the right and y down, in hundredths of the
digit's height.  The points are joined by a smooth curve, which passes through
each point in the direction from the one before it to the one after it: a
Catmull-Rom spline of cubic segments (Catmull and Rom, "A class of local
interpolating splines", 1974).  A point marked ``!`` is a corner, where the
curve ends and a new one starts.

Every element of a basis matrix is a multiple of 2⁻¹⁹, so that its products with
points rounded to 1/16 are summed exactly, in any order and by any library.
"""

from __future__ import annotations

import math
from bisect import bisect
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

SAMPLES = 96  # positions along the strokes of a digit, mostly less than an MNIST pixel apart
STEPS = 64  # possible positions on a segment

SKELETONS: dict[int, list[tuple[float, tuple[str, ...]]]] = {  # frequency, strokes
    0: [
        (5, ("38,0 4,30 6,80 34,100 64,72 62,22 34,0",)),
        (2, ("52,12 18,8 0,55 22,98 60,82 66,34 40,2 22,12",)),
        (2, ("28,3 4,36 8,84 34,100 58,70 54,18 24,2",)),
        (1, ("24,6 0,56 28,100 76,76 80,24 40,0 18,14",)),
        (0.5, ("14,0 2,50 22,100 56,80 60,30 42,2 26,18",)),
    ],
    1: [
        (8, ("0,0 0,33 0,67 0,100",)),
        (1.5, ("-22,24 0,0! 0,50 0,100",)),
        (1, ("-22,20 0,0! 0,50 0,100", "-28,100 0,100 28,99")),
    ],
    2: [
        (3, ("4,24 24,1 50,16 40,52 2,98! 30,96 66,96",)),
        (3, ("4,20 28,0 52,20 38,60 12,94 0,90 10,78 36,90 70,94",)),
        (1.5, ("4,28 22,1 46,14 42,50 20,84 2,98 16,92 40,96 66,90",)),
        (1, ("2,10 30,0 54,14 40,50 2,94! 34,98 66,98",)),
        (2, ("8,20 34,0 52,20 36,66 8,96 2,80 26,74 56,92 92,80",)),
        (1, ("10,34 40,16 56,30 36,64 0,94! 44,86 100,84",)),
        (1, ("14,8 44,0 58,24 40,74 14,98 0,82 14,66 46,84 60,100",)),
    ],
    3: [
        (4, ("2,14 28,0 50,18 20,46! 44,54 54,78 28,100 0,90",)),
        (2, ("2,8 30,0 52,12 40,36 14,48 44,56 54,80 28,100 0,94",)),
        (1, ("2,4 28,2 54,0! 22,40! 48,52 54,80 26,100 0,90",)),
        (1.5, ("0,22 26,0 54,10 30,42! 56,50 52,78 26,98 -14,96",)),
        (1, ("6,8 30,0 44,16 18,34! 44,40 58,66 40,96 0,100",)),
    ],
    4: [
        (3, ("12,0 6,26 0,52! 30,52 66,46", "54,4 50,50 46,100")),
        (2, ("8,0 2,36 14,54 38,50 54,38", "58,0 54,50 46,100")),
        (1, ("48,0 24,32 0,64! 34,62 70,60", "48,0 48,50 46,100")),
        (0.8, ("10,0 2,36 16,54 40,46 56,2! 52,50 46,100",)),
        (2, ("6,12 0,36 0,56! 36,56 76,50", "46,14 42,56 38,100")),
        (1, ("24,0 10,30 0,58! 32,54 84,44", "64,8 44,54 26,100")),
    ],
    5: [
        (4, ("14,4 8,42! 36,38 56,64 34,98 0,92", "14,4 36,4 66,0")),
        (3, ("62,0 38,3 14,4! 8,42! 38,40 54,66 32,98 0,92",)),
        (2, ("58,2 20,4 14,36 44,54 48,80 24,100 0,90",)),
        (2, ("22,14 12,44! 40,48 46,74 24,98 -8,96", "22,14 46,10 84,0")),
        (1, ("70,8 46,2 24,8 16,34! 46,34 60,60 40,94 6,100 2,82",)),
    ],
    6: [
        (4, ("46,0 18,28 2,66 18,98 48,86 48,62 26,56 6,78",)),
        (2, ("28,0 8,34 2,72 22,100 50,84 46,58 24,54 6,70",)),
        (2, ("52,2 20,32 2,74 20,100 44,84 38,62 18,66 8,86",)),
        (1.5, ("14,0 2,40 4,80 28,100 62,82 56,52 32,50 8,74",)),
        (1.5, ("16,4 2,46 6,84 32,98 76,78 58,58 24,84",)),
        (1, ("30,0 10,40 2,78 22,100 66,88 70,62 44,60 14,86",)),
    ],
    7: [
        (4, ("0,8 28,5 56,2! 38,48 22,100",)),
        (2, ("0,20 4,6! 30,6 58,4! 42,40 28,100",)),
        (2, ("0,8 28,5 56,2! 38,48 22,100", "10,54 32,50 56,48")),
        (2, ("0,10 26,2 52,6 48,30 34,62 26,100",)),
        (1.5, ("-4,34 2,8 22,14 66,2! 44,44 26,100",)),
        (1, ("0,24 2,4! 30,6 60,6! 54,50 50,100",)),
        (1, ("-10,18 24,12 70,0! 36,50 8,100",)),
    ],
    8: [
        (4, ("52,12 28,0 6,20 26,46 50,74 26,100 0,78 24,50 48,24 50,8",)),
        (2, ("30,0 6,20 26,46 50,76 26,100 2,78 24,48 50,22 32,0",)),
        (1.5, ("28,0 8,22 28,46 48,22 28,0", "28,46 2,74 26,100 52,74 28,46")),
        (2, ("52,8 26,0 8,18 26,44 42,74 22,100 2,82 28,50 62,4",)),
        (1.5, ("44,14 24,6 6,22 20,40 56,64 36,98 4,84 20,52 44,30 50,4",)),
        (0.6, ("34,0 16,14 30,40 40,74 22,100 10,76 24,44 42,16 30,0",)),
        (1, ("64,10 34,0 16,14 38,42 60,72 26,100 0,82 30,52 70,30 62,4",)),
    ],
    9: [
        (5, ("50,16 28,0 2,24 16,48 40,36 52,8! 48,52 42,100",)),
        (2, ("46,14 26,0 2,22 18,46 44,32 50,12 52,50 38,96 12,92",)),
        (2, ("40,4 10,10 2,36 24,48 46,26 48,4! 46,50 44,100",)),
        (2, ("44,12 24,2 4,20 14,38 38,26 50,4 34,56 20,100",)),
        (1, ("60,12 30,0 0,22 18,38 50,26 60,8! 40,50 14,100",)),
        (1.5, ("44,10 24,0 4,18 12,40 34,36 48,6! 50,52 34,98 0,90",)),
        (1.5, ("42,8 20,4 6,24 22,40 42,20 46,12 48,56 46,100",)),
    ],
}


@dataclass(frozen=True)
class Segment:
    """The curve from one point to the next, given by the indices of its points."""

    before: int  # the same as start if that is a corner
    start: int
    end: int
    after: int  # the same as end if that is a corner
    length: float  # of the straight line


@dataclass(frozen=True)
class Skeleton:
    """One way of writing a digit."""

    points: NDArray[np.float64]  # (k, 2), x and y, centred on (0, 0)
    basis: NDArray[np.float64]  # (SAMPLES, k), basis @ points are the positions along the strokes


def parse_strokes(strokes: tuple[str, ...]) -> Skeleton:
    """Parse the strokes of a skeleton from the table."""
    points: list[list[int]] = []
    segments: list[Segment] = []
    for words in map(str.split, strokes):
        first, last = len(points), len(points) + len(words) - 1
        points += [[int(number) for number in word.rstrip("!").split(",")] for word in words]
        corners = {first, last} | {first + i for i, word in enumerate(words) if word[-1] == "!"}
        for start, end in zip(range(first, last), range(first + 1, last + 1), strict=True):
            before = start if start in corners else start - 1
            after = end if end in corners else end + 1
            x, y = (a - b for a, b in zip(points[end], points[start], strict=True))
            segments.append(Segment(before, start, end, after, math.sqrt(x * x + y * y)))
    coordinates = np.array(points, np.float64)
    centre = np.rint((coordinates.min(axis=0) + coordinates.max(axis=0)) / 2)
    return Skeleton(coordinates - centre, _basis_matrix(segments, len(points)))


def _basis_matrix(segments: list[Segment], points: int) -> NDArray[np.float64]:
    """Return the weight of each point at positions spaced evenly along the segments."""
    ends = list(accumulate(segment.length for segment in segments))
    basis = np.zeros((SAMPLES, points))
    for weights, sample in zip(basis, range(SAMPLES), strict=True):
        position = (sample + 0.5) / SAMPLES * ends[-1]
        index = bisect(ends, position)
        segment = segments[index]
        t = round(STEPS * (1 - (ends[index] - position) / segment.length)) / STEPS
        leaving, arriving = t * (1 - t) ** 2, t * t * (t - 1)  # Hermite basis of the tangents
        leaving *= 1.0 if segment.before == segment.start else 0.5
        arriving *= 1.0 if segment.after == segment.end else 0.5
        weights[segment.start] += (1 + 2 * t) * (1 - t) ** 2 - arriving
        weights[segment.end] += t * t * (3 - 2 * t) + leaving
        weights[segment.before] -= leaving
        weights[segment.after] += arriving
    return basis
