"""Frames, circles and thumbs are not the digit; loops and broken strokes are."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from mnistmlp.arrays import Mask
from mnistmlp.pictures.components import Components
from mnistmlp.pictures.marks import find_frames, pick_digit


def canvas() -> tuple[Image.Image, ImageDraw.ImageDraw]:
    picture = Image.new("L", (100, 100))
    return picture, ImageDraw.Draw(picture)


def frames(picture: Image.Image) -> list[bool]:
    mask = np.asarray(picture) > 0
    return [bool(each) for each in find_frames(Components(mask), mask)]


def picked(picture: Image.Image) -> Mask:
    mask = np.asarray(picture) > 0
    return pick_digit(Components(mask), np.asarray(picture, np.float32), mask)


def test_a_box_and_a_circle_are_frames() -> None:
    picture, draw = canvas()
    draw.rectangle((5, 5, 94, 94), outline=255, width=3)
    draw.ellipse((15, 15, 84, 84), outline=255, width=3)
    draw.line((50, 35, 50, 65), 255, 5)
    assert frames(picture) == [True, True, False]


def test_a_frame_may_be_open() -> None:
    picture, draw = canvas()
    draw.arc((10, 10, 90, 90), 0, 320, 255, 3)
    draw.line((50, 35, 50, 65), 255, 5)
    assert frames(picture) == [True, False]


def test_a_loop_with_a_speck_is_none() -> None:
    picture, draw = canvas()
    draw.ellipse((10, 10, 90, 90), outline=255, width=8)
    draw.line((50, 45, 50, 55), 255, 3)
    assert frames(picture) == [False, False]


def test_a_stroke_beside_another_is_not_framed_by_it() -> None:
    picture, draw = canvas()
    draw.line([(20, 10), (20, 80), (90, 80)], 255, 5)  # a 4 in two strokes
    draw.line([(50, 30), (50, 70)], 255, 5)
    assert frames(picture) == [False, False]


def test_a_sheet_is_no_frame() -> None:
    picture, draw = canvas()
    draw.rectangle((10, 10, 90, 90), 255)
    draw.rectangle((30, 30, 70, 70), 0)
    draw.rectangle((35, 35, 65, 65), 255)
    assert frames(picture) == [False, False]


def test_a_thumb_is_not_the_digit() -> None:
    picture, draw = canvas()
    draw.ellipse((-30, 70, 30, 130), 255)
    draw.line((60, 20, 60, 50), 255, 5)
    assert not picked(picture)[99, 0]
    assert picked(picture)[30, 60]


def test_a_pale_patch_at_the_border_is_not_the_digit() -> None:
    picture, draw = canvas()
    draw.rectangle((0, 0, 40, 99), 100)
    draw.line((70, 30, 70, 60), 255, 5)
    assert not picked(picture)[50, 20]
    assert picked(picture)[40, 70]


def test_a_digit_may_touch_the_border() -> None:
    picture, draw = canvas()
    draw.rectangle((0, 0, 99, 20), 255)  # the bar of a 5, cut to the ink
    draw.rectangle((60, 30, 85, 99), 255)
    kept = picked(picture)
    assert kept[10, 50]
    assert kept[90, 70]
