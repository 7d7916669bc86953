"""Pictures made of MNIST's images, as people have them: on paper, on a board, in a form.

A kind is a function from crisp ink, (280, 280) from 0 to 1, to a picture; `KINDS`
names them.  What surrounds a digit is drawn four times as large, and reduced.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageOps

Levels = NDArray[Any]
Points = list[tuple[float, float]]
Box = tuple[int, int, int, int]  # left, top, right, bottom
BICUBIC = Image.Resampling.BICUBIC
SIDE = 280
Y, X = np.mgrid[-0.5 : 0.5 : SIDE * 1j, -0.5 : 0.5 : SIDE * 1j]
RNG = np.random.default_rng(7)


def picture(levels: Levels) -> Image.Image:
    """Return levels as a picture."""
    return Image.fromarray(np.clip(np.rint(levels), 0, 255).astype(np.uint8))


def jpeg(levels: Levels) -> Image.Image:
    """Return levels as a JPEG of middling quality."""
    stream = io.BytesIO()
    picture(levels).save(stream, "jpeg", quality=60)
    return Image.open(stream)


def ink_of(image: Levels) -> Levels:
    """Return an MNIST image as crisp ink, (280, 280) from 0 to 1."""
    large = Image.fromarray(image).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    return np.clip((np.asarray(large) / 255 - 0.4) / 0.2, 0, 1)


def noise(deviation: float) -> Levels:
    """Return noise of a standard deviation."""
    return deviation * RNG.standard_normal((SIDE, SIDE))


def clouds(deviation: float, size: int) -> Levels:
    """Return noise that is smooth over so many pixels."""
    coarse = picture(128 + 60 * RNG.standard_normal((SIDE // size, SIDE // size)))
    smooth = np.asarray(coarse.resize((SIDE, SIDE), Image.Resampling.BICUBIC), np.float64)
    return deviation * (smooth - 128) / 60


def slope() -> Levels:
    """Return a slope in a random direction, from about -0.5 to 0.5."""
    angle = RNG.uniform(0, 2 * np.pi)
    return np.asarray(np.cos(angle) * X + np.sin(angle) * Y)


def blurred(ink: Levels, radius: float) -> Levels:
    """Return ink with soft edges."""
    return np.asarray(picture(255 * ink).filter(ImageFilter.GaussianBlur(radius))) / 255


def cut(ink: Levels) -> Image.Image:
    """Return dark ink on white, cut to the ink."""
    dark = picture(255 * (1 - ink))
    return dark.crop(picture(255 * ink).getbbox())


def shadow(ink: Levels) -> Image.Image:
    """Return dark ink on paper that a shadow lies on half of."""
    edge = 1 / (1 + np.exp(-80 * (slope() - RNG.uniform(-0.2, 0.2))))
    return jpeg(225 * (0.5 + 0.5 * edge) * (1 - 0.6 * ink) + noise(4))


def patch(ink: Levels) -> Image.Image:
    """Return grey paper cut to the digit, on a white square."""
    box = picture(255 * ink).getbbox()
    page = Image.new("L", (SIDE, SIDE), 255)
    page.paste(picture(np.full((SIDE, SIDE), 225) + noise(4)).crop(box), box)
    page.paste(50, (0, 0), picture(255 * ink))
    return page


def skeleton(mask: Levels) -> Levels:
    """Return a mask thinned to lines a pixel wide: Zhang and Suen, CACM 27 (1984)."""
    m = np.pad(mask, 1).astype(np.uint8)
    rings = [(-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1)]
    before = -1
    while before != m.sum():
        before = m.sum()
        for first, second in (((0, 2, 4), (2, 4, 6)), ((0, 2, 6), (0, 4, 6))):
            near = [np.roll(m, (-y, -x), (0, 1)) for y, x in rings]
            count = np.sum(near, axis=0)
            steps = sum((near[i] == 0) & (near[(i + 1) % 8] == 1) for i in range(8))
            open_ = [np.prod([near[i] for i in which], axis=0) == 0 for which in (first, second)]
            m[(m == 1) & (count >= 2) & (count <= 6) & (steps == 1) & open_[0] & open_[1]] = 0
    return m[1:-1, 1:-1]


def thin(ink: Levels) -> Image.Image:
    """Return strokes a pixel wide somewhere on a wide canvas."""
    canvas = Image.new("L", (1470, 539), 255)
    place = (int(RNG.integers(1190)), int(RNG.integers(259)))
    canvas.paste(0, place, picture(255 * skeleton(ink > 0.5)))
    return canvas


def desk(ink: Levels) -> Image.Image:
    """Return paper on a darker desk."""
    page = Image.new("L", (480, 360), 70)
    page.paste(jpeg(215 * (1 - 0.65 * ink) + noise(4)), (100, 40))
    return page


def yellow(ink: Levels) -> Image.Image:
    """Return yellow ink on white."""
    page = Image.new("RGB", (SIDE, SIDE), "white")
    page.paste((250, 220, 40), (0, 0), picture(255 * ink))
    return page


def transparent(ink: Levels) -> Image.Image:
    """Return white ink on nothing."""
    page = Image.new("RGBA", (SIDE, SIDE), "white")
    page.putalpha(picture(255 * ink))
    return page


def band(ink: Levels) -> Image.Image:
    """Return a page with a dark band along one side."""
    page, width = picture(215 * (1 - ink)), int(RNG.integers(4, 16))
    sides = [(0, 0, width, SIDE), (0, 0, SIDE, width), (SIDE - width, 0, SIDE, SIDE)]
    page.paste(int(RNG.integers(20, 90)), sides[RNG.integers(3)])
    return page


def ruled(ink: Levels) -> Image.Image:
    """Return dark ink on ruled paper."""
    lines = np.where(np.arange(SIDE) % 60 < 3, 190, 235)[:, None]
    return picture(lines * (1 - ink) + 60 * ink)


# --- Beside the digit ---------------------------------------------------------


def smaller(ink: Levels, height: float, down: float = 0.5) -> tuple[Levels, Box]:
    """Return ink scaled to a height, in the middle of the picture or further down, and its box."""
    digit = picture(255 * ink)
    digit = digit.crop(digit.getbbox())
    factor = height / max(digit.size)
    digit = digit.resize([max(1, round(side * factor)) for side in digit.size], BICUBIC)
    left, top = (SIDE - digit.width) // 2, round(down * SIDE - digit.height / 2)
    canvas = Image.new("L", (SIDE, SIDE))
    canvas.paste(digit, (left, top))
    return np.asarray(canvas) / 255, (left, top, left + digit.width, top + digit.height)


def lines(paths: list[Points], width: float, angle: float = 0) -> Levels:
    """Return lines through points, turned by an angle in degrees, (280, 280) from 0 to 1."""
    canvas = Image.new("L", (4 * SIDE, 4 * SIDE))
    cosine, sine = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    for path in paths:
        x, y = (np.array(path) - SIDE / 2).T
        turned = np.stack([x * cosine - y * sine, x * sine + y * cosine], axis=1) + SIDE / 2
        flat = [float(place) for place in (4 * turned).ravel()]
        ImageDraw.Draw(canvas).line(flat, 255, max(4, round(4 * width)), "curve")
    return np.asarray(canvas.reduce(4)) / 255


def rectangle(left: float, top: float, right: float, bottom: float) -> list[Points]:
    """Return the four sides of a rectangle."""
    corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
    return [[corners[i - 1], corners[i]] for i in range(4)]


def wobbly(path: Points) -> Points:
    """Return a line as a hand draws it."""
    part = np.linspace(0, 1, 20)[:, None]
    start, end = np.array(path[0]), np.array(path[-1])
    across = np.array([start[1] - end[1], end[0] - start[0]]) / np.hypot(*(end - start))
    off = 1.5 * np.sin(RNG.uniform(0, 2 * np.pi) + RNG.uniform(4, 12) * part)
    return [(float(x), float(y)) for x, y in start + part * (end - start) + off * across]


def on_paper(ink: Levels, printed: Levels, level: float) -> Image.Image:
    """Return dark ink over printed lines of a grey level."""
    return jpeg((235 - (235 - level) * printed) * (1 - ink) + 50 * ink + noise(2))


def printed_box(ink: Levels) -> Image.Image:
    """Return a digit in a printed box, 3 to 15 pixels from the border."""
    ink, _ = smaller(ink, RNG.uniform(80, 160))
    inset = RNG.uniform(3, 15)
    sides = rectangle(inset, inset, SIDE - inset, SIDE - inset)
    return on_paper(ink, lines(sides, RNG.uniform(1, 4)), RNG.uniform(30, 120))


def drawn_box(ink: Levels) -> Image.Image:
    """Return a digit in a box drawn by hand: askew, and open at a corner."""
    ink, _ = smaller(ink, RNG.uniform(80, 140))
    sides = [wobbly(side) for side in rectangle(*RNG.uniform(20, 45, 2), *RNG.uniform(235, 260, 2))]
    sides[0] = sides[0][2:]
    return on_paper(ink, lines(sides, RNG.uniform(3, 8), RNG.uniform(-5, 5)), 60)


def touched_box(ink: Levels) -> Image.Image:
    """Return a digit that touches a side of its printed box."""
    ink, box = smaller(ink, RNG.uniform(100, 160))
    middle, room = SIDE / 2, RNG.uniform(10, 40)
    left, right = min(box[0] - room, middle - 60), max(box[2] + room, middle + 60)
    sides = [left, box[1] - room, right, box[3] + room]
    which = int(RNG.integers(4))
    sides[which] = box[which] + (4 if which < 2 else -4)
    return on_paper(ink, lines(rectangle(*sides), RNG.uniform(1, 4)), 90)


def comb(ink: Levels) -> Image.Image:
    """Return a digit in a comb of a form: a base line with short ticks."""
    ink, box = smaller(ink, RNG.uniform(90, 150))
    base, cell = box[3] + RNG.uniform(0, 20), max(box[2] - box[0] + 20, 70)
    tick = RNG.uniform(0.15, 0.5) * (box[3] - box[1])
    places = SIDE / 2 + cell * np.arange(-2.5, 3)
    paths: list[Points] = [[(0, base), (SIDE, base)]]
    paths += [[(float(place), base), (float(place), base - tick)] for place in places]
    return on_paper(ink, lines(paths, RNG.uniform(1, 4), RNG.uniform(-2, 2)), 90)


def squared(ink: Levels) -> Image.Image:
    """Return a digit two squares high on squared paper."""
    square = RNG.uniform(25, 60)
    ink, _ = smaller(ink, 1.9 * square)
    places = [float(place) for place in np.arange(-100 + RNG.uniform(0, square), 400, square)]
    paths: list[Points] = [[(-100, place), (400, place)] for place in places]
    paths += [[(place, -100), (place, 400)] for place in places]
    printed = lines(paths, RNG.uniform(1, 2.5), RNG.uniform(-5, 5))
    return on_paper(ink, printed, RNG.uniform(150, 200))


def underlined(ink: Levels) -> Image.Image:
    """Return a digit with an underline, which touches it or not."""
    ink, box = smaller(ink, RNG.uniform(80, 160))
    past, base = RNG.uniform(10, 50), box[3] + RNG.uniform(-2, 20)
    path = wobbly([(box[0] - past, base), (box[2] + past, base)])
    return on_paper(ink, lines([path], RNG.uniform(2, 8), RNG.uniform(-2, 2)), 50)


def circled(ink: Levels) -> Image.Image:
    """Return a digit in a circle, nearly closed."""
    ink, box = smaller(ink, RNG.uniform(80, 140))
    radius = np.hypot(box[2] - box[0], box[3] - box[1]) / 2 * RNG.uniform(1.1, 1.3) + 6
    angles = np.linspace(0, RNG.uniform(5.9, 6.4), 60) + RNG.uniform(0, 6)
    places = SIDE / 2 + radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    path = [(float(x), float(y)) for x, y in places]
    return on_paper(ink, lines([path], RNG.uniform(2, 8)), 50)


def thumb(ink: Levels) -> Image.Image:
    """Return a digit on paper, with a dark thumb in a corner of the photo."""
    ink, _ = smaller(ink, RNG.uniform(100, 170))
    across, down = RNG.choice([-0.5, 0.5], 2)
    distance = np.hypot(X - across, RNG.uniform(0.8, 1.2) * (Y - down))
    dark = 1 / (1 + np.exp((distance - RNG.uniform(0.12, 0.26)) * 200))
    return jpeg((220 - 140 * dark) * (1 - 0.75 * ink) + noise(4))


KINDS: dict[str, Callable[[Levels], Image.Image]] = {
    "dark on white": lambda ink: picture(255 * (1 - ink)),
    "white on black": lambda ink: picture(255 * ink),
    "fading light": lambda ink: jpeg((180 + 110 * slope()) * (1 - 0.6 * ink) + noise(4)),
    "the edge of a shadow": shadow,
    "dark corners": lambda ink: jpeg(210 * (1 - 1.1 * (X**2 + Y**2)) * (1 - 0.55 * ink) + noise(4)),
    "pencil, 60 levels": lambda ink: jpeg(
        200 + clouds(6, 40) - 60 * blurred(ink, 3) * (1 + clouds(0.3, 8)) + noise(6)
    ),
    "pencil in fading light": lambda ink: jpeg(
        (180 + 90 * slope()) * (1 - 0.28 * blurred(ink, 2)) + noise(5)
    ),
    "rough paper": lambda ink: jpeg(190 + clouds(10, 3) + clouds(8, 30) - 90 * ink + noise(3)),
    "chalk": lambda ink: jpeg(50 + clouds(10, 30) + noise(5) + 130 * ink * (1 + clouds(0.25, 4))),
    "chalk in fading light": lambda ink: jpeg((70 + 50 * slope()) * (1 + 1.6 * ink) + noise(5)),
    "grey paper on a white square": patch,
    "paper on a desk": desk,
    "a black frame": lambda ink: ImageOps.expand(picture(230 * (1 - ink)), 3, 0),
    "a dark band at the border": band,
    "ruled paper": ruled,
    "yellow on white": yellow,
    "white on nothing": transparent,
    "28 x 28, cut to the ink": lambda ink: ImageOps.pad(cut(ink), (28, 28), color=255),
    "thick, cut to the ink": lambda ink: cut(
        np.asarray(picture(255 * ink).filter(ImageFilter.MaxFilter(15))) / 255
    ),
    "strokes a pixel wide": thin,
    "a printed box": printed_box,
    "a drawn box": drawn_box,
    "a box that the digit touches": touched_box,
    "a comb of a form": comb,
    "squared paper": squared,
    "underlined": underlined,
    "circled": circled,
    "a thumb in a corner": thumb,
}
