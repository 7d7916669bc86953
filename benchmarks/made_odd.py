"""Pictures for pictures.py of things that are no digits: letters, drawings, dots and scribbles.

Every function takes a random generator, so that a seed gives the same pictures.
"""

from __future__ import annotations

import string
from collections.abc import Callable

import numpy as np
from made_digits import picture
from made_pages import Rng, clouds, places
from PIL import Image, ImageDraw, ImageFont

LOOKALIKES = "OoDQIlijJZzSsBGgqbyaAe"  # letters that are digits, as some people write these
OTHERS = "".join(each for each in string.ascii_letters if each not in LOOKALIKES)


def bend(rng: Rng, image: Image.Image) -> Image.Image:
    """Return a drawing slanted, turned and bent a little, as a hand would draw it."""
    side = image.width
    angle, slant = rng.uniform(-0.15, 0.15), rng.uniform(-0.2, 0.2)
    y, x = (side * each for each in places((side, side)))
    push = [side * 0.02 * clouds(rng, (side, side), side // 4) for _ in range(2)]
    column = x * np.cos(angle) + y * (np.sin(angle) + slant) + push[0] + side / 2
    row = y * np.cos(angle) - x * np.sin(angle) + push[1] + side / 2
    index = [np.clip(np.rint(each), 0, side - 1).astype(int) for each in (row, column)]
    return picture(np.asarray(image)[index[0], index[1]])


def letter(rng: Rng, characters: str) -> Image.Image:
    """Return one of some letters in Pillow's font, dark on white, bent a little."""
    page = Image.new("L", (280, 280), 255)
    character = characters[rng.integers(len(characters))]
    font = ImageFont.load_default(180)
    ImageDraw.Draw(page).text((140, 140), character, 0, font, "mm", stroke_width=3)
    return bend(rng, page)


def sketch(draw: Callable[[ImageDraw.ImageDraw, int], None]) -> Callable[[Rng], Image.Image]:
    """Return the function that draws something with a pen of random width."""

    def make(rng: Rng) -> Image.Image:
        page = Image.new("L", (280, 280), 255)
        draw(ImageDraw.Draw(page), int(rng.integers(8, 22)))
        return bend(rng, page)

    return make


def smiley(draw: ImageDraw.ImageDraw, pen: int) -> None:
    """Draw a face: a circle, two eyes and a mouth."""
    draw.ellipse((40, 40, 240, 240), outline=0, width=pen)
    for left in (95, 165):
        draw.ellipse((left, 100, left + 22, 122), fill=0)
    draw.arc((85, 90, 195, 200), 20, 160, fill=0, width=pen)


def star(draw: ImageDraw.ImageDraw, pen: int) -> None:
    """Draw a five-pointed star in one line."""
    points = [
        (140 + 105 * np.sin(4 * np.pi * k / 5), 140 - 105 * np.cos(4 * np.pi * k / 5))
        for k in range(6)
    ]
    draw.line(points, fill=0, width=pen, joint="curve")


def lines(*paths: list[tuple[int, int]]) -> Callable[[ImageDraw.ImageDraw, int], None]:
    """Return the function that draws lines through points."""

    def draw(drawing: ImageDraw.ImageDraw, pen: int) -> None:
        for path in paths:
            drawing.line(path, fill=0, width=pen, joint="curve")

    return draw


def dot(rng: Rng) -> Image.Image:
    """Return a filled blob, round or longish, at most twice as long as wide."""
    page = Image.new("L", (280, 280), 255)
    centre, radius = rng.uniform(80, 200, 2), rng.uniform(6, 60)
    stretch = rng.uniform(0.7, 1.4)
    box = (*(centre - radius * np.array([stretch, 1])), *(centre + radius * np.array([stretch, 1])))
    ImageDraw.Draw(page).ellipse(box, fill=0)
    return bend(rng, page)


def block(rng: Rng) -> Image.Image:
    """Return a filled square or rectangle, at most twice as long as wide."""
    page = Image.new("L", (280, 280), 255)
    width, height = rng.uniform(40, 80, 2)
    ImageDraw.Draw(page).rectangle((140 - width, 140 - height, 140 + width, 140 + height), fill=0)
    return bend(rng, page)


def wander(rng: Rng, turns: int) -> Image.Image:
    """Return a smooth line through random points."""
    page = Image.new("L", (280, 280), 255)
    points = rng.uniform(30, 250, (turns, 2))
    t = np.linspace(0, turns - 1, 40 * turns)
    near = np.exp(-2.5 * (t[:, None] - np.arange(turns)) ** 2)
    path = near @ points / near.sum(axis=1, keepdims=True)
    pen = int(rng.integers(8, 20))
    ImageDraw.Draw(page).line([tuple(p) for p in path.tolist()], fill=0, width=pen, joint="curve")
    return page


ODD: dict[str, Callable[[Rng], Image.Image]] = {
    "a dot": dot,
    "a block": block,
    "a smiley": sketch(smiley),
    "a star": sketch(star),
    "a tick": sketch(lines([(50, 150), (110, 220), (230, 60)])),
    "a cross": sketch(lines([(60, 60), (220, 220)], [(220, 60), (60, 220)])),
    "a plus": sketch(lines([(140, 40), (140, 240)], [(40, 140), (240, 140)])),
    "a house": sketch(
        lines([(60, 230), (60, 120), (140, 40), (220, 120), (220, 230), (60, 230), (60, 120)])
    ),
    "an arrow": sketch(lines([(40, 140), (240, 140)], [(180, 80), (240, 140), (180, 200)])),
    "a hash": sketch(
        lines(
            *([(at, 50), (at, 230)] for at in (105, 175)),
            *([(50, at), (230, at)] for at in (105, 175)),
        )
    ),
    "a random stroke": lambda rng: wander(rng, int(rng.integers(3, 6))),
    "a scribble": lambda rng: wander(rng, 14),
    "a letter like a digit": lambda rng: letter(rng, LOOKALIKES),
    "another letter": lambda rng: letter(rng, OTHERS),
}
