"""Rulings go, and strokes stay."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from mnistmlp.arrays import Grey
from mnistmlp.pictures.images import read_picture
from mnistmlp.pictures.rulings import erase_long_lines, erase_rulings
from tests.pictures.drawings import DIGITS, DRAWINGS, SIDE, draw_digit, draw_page


def grey_of(picture: Image.Image) -> Grey:
    return np.asarray(picture, np.float32)


@pytest.mark.parametrize("dark", [True, False], ids=["dark", "light"])
@pytest.mark.parametrize("kind", DRAWINGS)
@pytest.mark.parametrize("digit", DIGITS)
def test_a_digit_is_read_without_what_surrounds_it(digit: str, kind: str, dark: bool) -> None:
    plain = draw_page(digit)
    picture = draw_page(digit, kind)
    if not dark:
        picture = Image.eval(picture, lambda level: 255 - level)
    plain.save("plain.png")
    picture.save("picture.png")
    expected, found = read_picture("plain.png"), read_picture("picture.png")
    assert np.corrcoef(expected.ravel(), found.ravel())[0, 1] > 0.75


@pytest.mark.parametrize("dark", [True, False], ids=["dark", "light"])
@pytest.mark.parametrize("kind", ["box", "underline", "comb", "squares", "ruled"])
def test_only_the_lines_change(kind: str, dark: bool) -> None:
    plain, picture = grey_of(draw_page("two")), grey_of(draw_page("two", kind))
    if not dark:
        plain, picture = 255 - plain, 255 - picture
    wrong = np.abs(erase_rulings(picture) - plain) > 20
    assert wrong.mean() < 0.1 * (np.abs(picture - plain) > 20).mean()


@pytest.mark.parametrize("width", [6, 14, 26])
@pytest.mark.parametrize("room", [0, 4, 60])
@pytest.mark.parametrize("digit", DIGITS)
def test_strokes_of_a_digit_stay(digit: str, room: int, width: int) -> None:
    picture = Image.new("L", (SIDE, SIDE), 255)
    draw_digit(picture, digit, width)
    left, top, right, bottom = Image.eval(picture, lambda level: 255 - level).getbbox() or (0,) * 4
    grey = np.pad(grey_of(picture)[top:bottom, left:right], room, constant_values=255)
    assert erase_rulings(grey) is grey


def test_small_pictures_are_left_as_they_are() -> None:
    grey = np.full((28, 28), 250, np.float32)
    grey[14] = 20
    assert erase_rulings(grey) is grey


def test_noise_has_no_lines() -> None:
    grey = np.random.default_rng(0).normal(200, 10, (SIDE, SIDE)).astype(np.float32)
    assert erase_rulings(grey) is grey


def test_rulings_alone_are_no_digit() -> None:
    picture = Image.new("L", (SIDE, SIDE), 250)
    for row in range(20, SIDE, 40):
        ImageDraw.Draw(picture).line([(0, row), (SIDE, row)], 120, 2)
    grey = grey_of(picture)
    assert erase_rulings(grey) is grey


@pytest.mark.parametrize("dark", [True, False])
def test_long_lines_of_a_page_go_but_bars_in_a_row_stay(dark: bool) -> None:
    page = np.full((200, 500), 240, np.float32)
    for left in range(30, 450, 44):
        page[40:46, left : left + 36] = 20  # the bars of 7s
        page[40:100, left + 30 : left + 36] = 20
    bars = page if dark else 255 - page
    assert erase_long_lines(bars, dark, 60) is bars
    page[100:103] = 120
    erased = erase_long_lines(page if dark else 255 - page, dark, 60)
    np.testing.assert_allclose(erased[:98], bars[:98])
    ground = 240 if dark else 15
    assert (np.abs(erased[100:103] - ground) < 5).mean() > 0.85
