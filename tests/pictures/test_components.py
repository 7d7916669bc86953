import numpy as np
from hypothesis import given, strategies as st
from numpy.typing import NDArray

from mnistmlp.pictures.components import Components

MASKS = st.tuples(st.integers(1, 14), st.integers(1, 14), st.integers(0, 10**6))


def random_mask(height: int, width: int, seed: int) -> NDArray[np.bool_]:
    rng = np.random.default_rng(seed)
    return rng.random((height, width)) < rng.uniform(0.2, 0.8)


def flooded(mask: NDArray[np.bool_]) -> list[set[tuple[int, int]]]:
    """Return the components as sets of pixels, by a flood from each pixel."""
    left = {(int(y), int(x)) for y, x in np.argwhere(mask)}
    found = []
    while left:
        wave = [left.pop()]
        component = set(wave)
        while wave:
            y, x = wave.pop()
            near = {(y + dy, x + dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)} & left
            left -= near
            component |= near
            wave.extend(near)
        found.append(component)
    return found


@given(MASKS)
def test_components_are_those_of_a_flood(case: tuple[int, int, int]) -> None:
    mask = random_mask(*case)
    components, expected = Components(mask), flooded(mask)
    assert components.count == len(expected)
    masks = [components.mask(np.arange(len(expected)) == i) for i in range(len(expected))]
    pixels = [{(int(y), int(x)) for y, x in np.argwhere(each)} for each in masks]
    assert sorted(map(sorted, pixels)) == sorted(map(sorted, expected))
    weights = np.random.default_rng(0).random(mask.shape)
    for number, each in enumerate(masks):
        rows, columns = np.nonzero(each)
        box = [rows.min(), columns.min(), rows.max() + 1, columns.max() + 1]
        assert components.boxes()[number].tolist() == box
        assert components.sizes()[number] == each.sum()
        np.testing.assert_allclose(components.totals(weights)[number], weights[each].sum())


def test_a_spiral_is_one() -> None:
    mask = np.zeros((9, 9), bool)
    for at in (np.s_[0, :], np.s_[:, 8], np.s_[8, 1:], np.s_[2:, 1], np.s_[2, 1:7], np.s_[2:7, 6]):
        mask[at] = True
    assert Components(mask).count == 1


def test_nothing() -> None:
    components = Components(np.zeros((3, 4), bool))
    assert components.count == 0
    assert not components.mask(np.zeros(0, bool)).any()
