import numpy as np

from mnistmlp.pictures.background import fit_illumination
from mnistmlp.pictures.ink import Invert, separate_ink


def test_ink_hardly_affects_the_illumination() -> None:
    y, x = np.mgrid[-1:1:40j, -1:1:40j].astype(np.float32)
    background = 180 + 40 * x - 20 * y + 10 * x * y
    grey = background.copy()
    grey[10:30, 18:24] -= 100
    np.testing.assert_allclose(fit_illumination(grey), background, atol=1)


def test_polarity_can_be_told() -> None:
    grey = np.full((60, 60), 200, np.float32)
    grey[20:40, 28:32] = 40
    told: tuple[Invert, Invert] = ("auto", "yes")
    for invert in told:
        ink = separate_ink(grey, invert)
        assert ink
        assert ink.dark
        assert ink.strength[30, 30] == 1
        assert ink.strength[5, 5] == 0
    assert separate_ink(grey, "no") is None
