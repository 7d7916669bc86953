from collections.abc import Iterator

import numpy as np
import pytest

from mnistmlp.arrays import Grey
from mnistmlp.pictures.background import fit_illumination, is_background_even, is_ink_dark
from mnistmlp.pictures.ink import Invert, ink_box, separate_ink


def test_ink_hardly_affects_the_illumination() -> None:
    y, x = np.mgrid[-1:1:40j, -1:1:40j].astype(np.float32)
    background = 180 + 40 * x - 20 * y + 10 * x * y
    grey = background.copy()
    grey[10:30, 18:24] -= 100
    np.testing.assert_allclose(fit_illumination(grey), background, atol=1)


def shaded(shape: tuple[int, int] = (240, 320)) -> Grey:
    """Return a page in light that fades."""
    y, x = np.mgrid[-0.5 : 0.5 : shape[0] * 1j, -0.5 : 0.5 : shape[1] * 1j]
    page: Grey = (150 + 60 * x + 30 * y - 100 * (x**2 + y**2)).astype(np.float32)
    return page


def draw_seven(page: Grey, top: int, left: int, factor: float, unit: int = 3) -> Grey:
    """Draw a 7, a small one, by its strokes' share of the light."""
    page = page.copy()
    page[top : top + unit, left : left + 10 * unit] *= factor
    for row in range(unit, 16 * unit):
        column = left + 9 * unit - row // 3
        page[top + row, column : column + unit] *= factor
    return page


@pytest.mark.parametrize("factor", [0.4, 0.8, 1.5])
def test_a_small_digit_on_a_shaded_page_is_found(factor: float) -> None:
    rng = np.random.default_rng(0)
    page = draw_seven(shaded(), 60, 200, factor) + rng.normal(0, 2, (240, 320)).astype(np.float32)
    ink = separate_ink(page)
    assert ink
    assert ink.dark == (factor < 1)
    top, left, bottom, right = ink_box(ink.strength, 0.5)
    assert abs(top - 60) <= 2
    assert abs(bottom - 108) <= 3
    assert abs(left - 200) <= 3
    assert abs(right - 230) <= 3


def blank_pages() -> Iterator[Grey]:
    """Yield pages with light, shadows and noise on them."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[-0.5:0.5:100j, -0.5:0.5:140j]
    noise = rng.normal(0, 3, x.shape)
    yield shaded((100, 140)) + noise
    for width in (0.005, 0.05):
        yield 200 - 100 / (1 + np.exp((0.1 - x - 0.3 * y) / width)) + noise  # a shadow's edge
        yield 200 - 100 / (1 + np.exp((np.hypot(x - 0.5, y - 0.5) - 0.3) / width)) + noise
        yield 200 - 60 / (1 + np.exp((np.hypot(x, y) - 0.2) / width)) + noise  # a blot
    yield 128 + 30 * rng.standard_normal(x.shape)
    yield 200 + 4 * np.sin(30 * x + 9 * y) * np.cos(25 * y)


@pytest.mark.parametrize("page", list(blank_pages()))
def test_shades_and_noise_are_not_ink(page: Grey) -> None:
    for levels in (page, 255 - page, page[::2, ::2]):
        assert separate_ink(levels.astype(np.float32)) is None


def test_ink_off_the_border_is_preferred_to_the_edge_of_a_shadow() -> None:
    page = np.full((200, 200), 220, np.float32)
    page[130:] = 110
    for levels in (page, page.T):
        ink = separate_ink(draw_seven(np.ascontiguousarray(levels), 40, 40, 0.4))
        assert ink
        assert ink_box(ink.strength) == pytest.approx((40, 40, 88, 70), abs=3)


@pytest.mark.parametrize("dark", [True, False])
def test_strokes_cut_tight_have_their_own_polarity(dark: bool) -> None:
    mask = np.zeros((200, 100), bool)  # a fat 7: it reaches three corners of the four
    mask[:60] = True
    for row in range(60, 200):
        left = 55 - row // 4
        mask[row, left : left + 45] = True
    for cut in (mask, mask[:, ::-1]):
        grey = np.where(cut == dark, 0, 255).astype(np.float32)
        assert is_ink_dark(grey, even=is_background_even(grey)) == dark


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


def test_a_dot_or_a_block_is_not_a_digit() -> None:
    y, x = np.mgrid[:100, :120]
    for blot in (np.hypot(y - 40, x - 60) < 25, (abs(y - 40) < 20) & (abs(x - 60) < 28)):
        for levels in (np.where(blot, 20, 230), np.where(blot, 200, 30)):
            assert separate_ink(levels.astype(np.float32)) is None
