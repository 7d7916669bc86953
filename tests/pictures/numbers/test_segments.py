import itertools

import numpy as np
import pytest

from mnistmlp.pictures.numbers.cuts import Parts
from mnistmlp.pictures.numbers.segments import (
    Segment,
    best_path,
    describe_segments,
    find_segments,
    find_skippable,
    path_shares,
    score_segments,
)


def parts_at(*lefts: int, cut: bool = True, width: int = 10, height: int = 40) -> Parts:
    boxes = np.array([(0, left, height, left + width) for left in lefts])
    inner = np.full(len(lefts) + 1, cut)
    inner[[0, -1]] = False
    return Parts(1, boxes, np.where(inner, 0.5, 0), inner)


def test_segments_are_runs_of_parts_near_one_another() -> None:
    found = find_segments(parts_at(0, 10, 20, 200), 40)
    assert [(s.first, s.end) for s in found] == [
        (0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3), (3, 4),
    ]  # fmt: skip
    assert found[1].box == (0, 0, 40, 20)
    assert (found[0].crossed, found[1].crossed, found[3].crossed) == (0.5, 0.5, 1.0)
    assert found[1].inner == 0.5
    pieces = find_segments(parts_at(0, 14, cut=False), 40)
    assert pieces[1].gap == pytest.approx(0.1)


def test_only_small_pieces_may_be_left_out() -> None:
    assert find_skippable(parts_at(0, 20, cut=False, height=10), 40) == [True, True]
    assert find_skippable(parts_at(0, 20, cut=False), 40) == [False, False]
    assert find_skippable(parts_at(0, 10, 20, height=10), 40) == [False, False, False]


def ways(segments: list[Segment], skippable: list[bool]) -> list[list[int]]:
    """Return all ways through a line, by trying all sets of segments."""
    found = []
    numbers = range(len(segments))
    for chosen in itertools.chain(*(itertools.combinations(numbers, k) for k in range(5))):
        covered = [part for i in chosen for part in range(segments[i].first, segments[i].end)]
        left_out = set(range(len(skippable))) - set(covered)
        if len(covered) == len(set(covered)) and all(skippable[part] for part in left_out):
            found.append(list(chosen))
    return found


@pytest.mark.parametrize("seed", range(5))
def test_the_best_path_and_the_shares_of_all(seed: int) -> None:
    rng = np.random.default_rng(seed)
    segments = find_segments(parts_at(0, 10, 20, 30), 40)
    skippable = (rng.random(4) < 0.5).tolist()
    scores = 2 * rng.standard_normal(len(segments))
    found = ways(segments, skippable)
    totals = np.array([scores[way].sum() for way in found])
    assert best_path(segments, scores, skippable) == found[totals.argmax()]
    chances = np.exp(totals) / np.exp(totals).sum()
    expected = [
        sum(chances[i] for i, way in enumerate(found) if number in way)
        for number in range(len(segments))
    ]
    np.testing.assert_allclose(path_shares(segments, scores, skippable), expected, atol=1e-12)


def test_descriptions_do_not_depend_on_the_scale() -> None:
    probabilities = np.full((3, 10), 0.02)
    probabilities[:, 3] = 0.82
    once, twice = (
        describe_segments(
            find_segments(parts_at(0, 10 * k, width=10 * k, height=40 * k), 40 * k),
            probabilities,
            40 * k,
        )
        for k in (1, 2)
    )
    np.testing.assert_allclose(once, twice)
    certain = np.eye(10)[[3, 3, 3]]
    segments = find_segments(parts_at(0, 10), 40)
    assert np.isfinite(describe_segments(segments, certain, 40)).all()


def test_what_bears_a_likeness_to_another_digit_is_less_likely_one() -> None:
    even, likeness, unsure = np.full((3, 10), 0.0001)
    even[3] = likeness[3] = 0.99
    likeness[8], unsure[3], unsure[8] = 0.009, 0.6, 0.39
    probabilities = np.stack([even, likeness, unsure])
    segments = [Segment(0, 1, (0, 0, 40, 25), 0.0, 6.0, 0.0)] * 3
    first, second, third = score_segments(segments, probabilities, 40)
    assert first > second + 0.5 > third + 1
