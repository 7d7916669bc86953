import numpy as np
import pytest

from mnistmlp.pictures.strokes import stroke_width, widen


@pytest.mark.parametrize("width", [1, 2, 5, 10])
def test_width_of_a_line(width: int) -> None:
    ink = np.zeros((300, 60), np.float32)
    ink[10:290, 20 : 20 + width] = 1
    assert stroke_width(ink) == pytest.approx(width, rel=0.06)


def test_nothing_has_no_width() -> None:
    assert stroke_width(np.zeros((5, 5), np.float32)) == 0


@pytest.mark.parametrize("radius", [0.5, 1.0, 2.5, 6.0])
def test_widened_by_a_disc(radius: float) -> None:
    ink = np.zeros((20, 20), np.float32)
    ink[10, 10] = 0.5
    wide = widen(ink, radius)
    y, x = np.mgrid[:20, :20] - 10
    np.testing.assert_array_equal(wide > 0, x**2 + y**2 <= radius**2 + 0.5)
    assert wide.max() == 0.5
