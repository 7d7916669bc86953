import numpy as np
import pytest

from mnistmlp.arrays import Grey
from mnistmlp.pictures.evidence import is_cut_off, reaches_border, widest_square
from mnistmlp.pictures.ink import separate_ink

Y, X = np.mgrid[:200, :160].astype(np.float32)


def disc(row: float, column: float, radius: float) -> Grey:
    """Return a disc, (200, 160), from 0 to 1."""
    return np.asarray(np.hypot(Y - row, X - column) < radius, np.float32)


@pytest.mark.parametrize(("row", "column"), [(100, 170), (100, -10), (-12, 80), (212, 80)])
def test_a_shadow_that_goes_on_beyond_the_border_is_no_digit(row: float, column: float) -> None:
    shadow = disc(row, column, 40)
    assert is_cut_off(shadow)
    assert separate_ink(220 - 60 * shadow) is None


def test_a_digit_at_the_border_is_not_cut_off() -> None:
    seven = np.zeros((200, 160), np.float32)
    seven[:12, 40:110] = 1
    for row in range(150):
        seven[row, 98 - row // 3 : 110 - row // 3] = 1
    assert not is_cut_off(seven)
    assert separate_ink(220 - 150 * seven) is not None


def test_a_picture_that_is_cut_to_the_digit_is_not_cut_off() -> None:
    assert not is_cut_off(np.ones((50, 8), np.float32))
    assert is_cut_off(np.pad(np.ones((50, 8), np.float32), ((9, 9), (0, 9))))


def test_the_widest_square_tells_a_blot_from_strokes() -> None:
    assert widest_square(disc(100, 80, 40)) == pytest.approx(0.5**0.5, abs=0.06)
    ring = disc(100, 80, 60) - disc(100, 80, 45)
    assert widest_square(ring) < 0.15
    assert not reaches_border(ring)
    assert reaches_border(disc(100, 150, 20))
