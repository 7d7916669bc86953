"""Pictures for pictures.py: blank pages, shaded small pictures, and cards on nothing.

Every function takes a random generator, so that a seed gives the same pictures.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator

import numpy as np
from made_digits import Levels, picture
from PIL import Image, ImageFilter

Rng = np.random.Generator
SIZES = (28, 40, 64, 100, 160, 280, 400, 640, 1000, 2000)  # of blank pages: the longer side


def jpeg(image: Image.Image, quality: int) -> Image.Image:
    """Return a picture as a JPEG of some quality."""
    stream = io.BytesIO()
    image.save(stream, "jpeg", quality=quality)
    return Image.open(stream)


def clouds(rng: Rng, shape: tuple[int, int], size: int) -> Levels:
    """Return noise of a deviation of about 1 that is smooth over so many pixels."""
    coarse = rng.standard_normal([max(2, side // size + 1) for side in shape]).astype(np.float32)
    smooth = Image.fromarray(coarse).resize(shape[::-1], Image.Resampling.BICUBIC)
    return np.asarray(smooth, np.float64)


def places(shape: tuple[int, int]) -> tuple[Levels, Levels]:
    """Return the rows (h, 1) and columns (1, w) of a page, from -0.5 to 0.5."""
    y, x = (np.linspace(-0.5, 0.5, side) for side in shape)
    return y[:, None], x[None, :]


def along(rng: Rng, shape: tuple[int, int]) -> Levels:
    """Return how far each pixel lies along a random direction, from about -0.5 to 0.5."""
    angle = rng.uniform(0, 2 * np.pi)
    y, x = places(shape)
    return np.asarray(np.cos(angle) * x + np.sin(angle) * y)


# --- Blank pages --------------------------------------------------------------


def texture(rng: Rng, shape: tuple[int, int]) -> Levels:
    """Return rough paper: noise on several scales."""
    page = np.full(shape, rng.uniform(120, 230))
    for size in (1, 3, 10, 40):
        page += rng.uniform(0, 6) * clouds(rng, shape, size)
    return page


def gradient(rng: Rng, shape: tuple[int, int]) -> Levels:
    """Return light that fades along a direction."""
    return rng.uniform(120, 200) + rng.uniform(30, 160) * along(rng, shape)


def vignette(rng: Rng, shape: tuple[int, int]) -> Levels:
    """Return a page that is darker towards its corners, around a point near its middle."""
    y, x = places(shape)
    off = (y - rng.uniform(-0.15, 0.15)) ** 2 + (x - rng.uniform(-0.15, 0.15)) ** 2
    page: Levels = rng.uniform(150, 250) * (1 - rng.uniform(0.3, 1.2) * off)
    return page


def shadow_edge(rng: Rng, shape: tuple[int, int]) -> Levels:
    """Return a page with a shadow on one side, its edge hard or soft, straight or curved."""
    across = along(rng, shape) + rng.uniform(0, 0.15) * np.sin(6 * along(rng, shape))
    edge = 1 / (1 + np.exp(-rng.choice([15, 40, 120]) * (across - rng.uniform(-0.3, 0.3))))
    page: Levels = rng.uniform(160, 240) * (1 - rng.uniform(0.2, 0.6) * edge)
    return page


def hand_shadow(rng: Rng, shape: tuple[int, int]) -> Levels:
    """Return a page with a soft round shadow on it."""
    y, x = places(shape)
    centre = rng.uniform(-0.6, 0.6, 2)
    off = np.hypot(y - centre[0], (x - centre[1]) * rng.uniform(0.5, 1.5))
    blob = 1 / (1 + np.exp((off - rng.uniform(0.1, 0.4)) * rng.choice([10, 25])))
    page: Levels = rng.uniform(160, 240) * (1 - rng.uniform(0.1, 0.4) * blob)
    return page


def dark_corner(rng: Rng, shape: tuple[int, int]) -> Levels:
    """Return a page of which one corner is dark."""
    y, x = places(shape)
    off = np.hypot(y - rng.choice([-0.5, 0.5]), x - rng.choice([-0.5, 0.5]))
    corner = 1 / (1 + np.exp((off - rng.uniform(0.1, 0.4)) * rng.choice([10, 40, 200])))
    page: Levels = rng.uniform(160, 240) * (1 - rng.uniform(0.3, 0.9) * corner)
    return page


def crease(rng: Rng, shape: tuple[int, int]) -> Levels:
    """Return a page folded along a line: its halves differ, and the fold has a soft edge."""
    across = along(rng, shape) - rng.uniform(-0.2, 0.2)
    fold = np.exp(-((across / rng.uniform(0.01, 0.03)) ** 2))
    return rng.uniform(170, 230) + rng.uniform(2, 12) * np.sign(across) - rng.uniform(2, 8) * fold


def sensor(rng: Rng, shape: tuple[int, int]) -> Levels:
    """Return a page photographed in poor light: coloured noise, fine and in blotches."""
    page = np.full((*shape, 3), rng.uniform(60, 180)) + rng.uniform(-8, 8, 3)
    for channel in range(3):
        page[..., channel] += rng.uniform(4, 14) * rng.standard_normal(shape)
        page[..., channel] += rng.uniform(0, 5) * clouds(rng, shape, 12)
    return page


def board(rng: Rng, shape: tuple[int, int]) -> Levels:
    """Return a board that was wiped, or a dark table."""
    page = rng.uniform(20, 70) * (1 + rng.uniform(0, 0.8) * along(rng, shape))
    return page + rng.uniform(1, 5) * clouds(rng, shape, 20) + 3 * rng.standard_normal(shape)


BLANKS: dict[str, Callable[[Rng, tuple[int, int]], Levels]] = {
    "plain": lambda rng, shape: np.full(shape, rng.uniform(0, 255)),
    "paper texture": texture,
    "a gradient": gradient,
    "a vignette": vignette,
    "the edge of a shadow": shadow_edge,
    "a soft shadow": hand_shadow,
    "a dark corner": dark_corner,
    "a crease": crease,
    "sensor noise": sensor,
    "a board": board,
}


def blank_pages(rng: Rng, count: int = 20) -> Iterator[tuple[str, Image.Image]]:
    """Yield so many blank pages of each kind, of all sizes, clean, noisy, and as JPEGs."""
    for kind, make in BLANKS.items():
        for number in range(count):
            longer = SIZES[number % len(SIZES)]
            shorter = max(28, round(longer * rng.uniform(0.6, 1)))
            shape = (longer, shorter) if rng.random() < 0.5 else (shorter, longer)
            page = make(rng, shape)
            page = page + rng.choice([0, 1.5, 4, 8]) * rng.standard_normal(page.shape)
            how = int(rng.choice([0, 15, 40, 75]))
            yield kind, jpeg(picture(page), how) if how else picture(page)


# --- Shaded pictures of a digit -----------------------------------------------


def place_ink(rng: Rng, ink: Levels, shape: tuple[int, int], size: int) -> Levels:
    """Return ink (h, w) scaled to a size, somewhere on a page of a shape."""
    small = picture(255 * ink).resize((size, size), Image.Resampling.BOX)
    page = Image.new("L", shape[::-1])
    room = [max(1, side - size + 1) for side in shape]
    page.paste(small, (int(rng.integers(room[1])), int(rng.integers(room[0]))))
    return np.asarray(page) / 255


def fine(ink: Levels, pixels: int) -> Levels:
    """Return ink with its strokes thinner by so many pixels."""
    return np.asarray(picture(255 * ink).filter(ImageFilter.MinFilter(pixels | 1))) / 255


def blue_pen(rng: Rng, ink: Levels) -> Image.Image:
    """Return a blue pen's digit, small in a large photo of shaded grey paper."""
    shape = (900, 1200)
    page = rng.uniform(110, 170) * (1 + rng.uniform(0.1, 0.5) * along(rng, shape))
    page += vignette(rng, shape) / 6 + 3 * clouds(rng, shape, 6)
    drawn = place_ink(rng, fine(ink, 7), shape, int(rng.integers(240, 420)))[..., None]
    colour = np.array([0.45, 0.45, 0.75])
    photo = page[..., None] * (1 - drawn * (1 - colour)) * np.array([1, 0.98, 0.94])
    return jpeg(picture(photo + 4 * rng.standard_normal(photo.shape)), 75)


def tiny(rng: Rng, ink: Levels) -> Image.Image:
    """Return a picture of 40 x 40 with a vignette, the ink blurred."""
    shape = (40, 40)
    drawn = place_ink(rng, ink, shape, int(rng.integers(22, 34)))
    drawn = np.asarray(picture(255 * drawn).filter(ImageFilter.GaussianBlur(0.6))) / 255
    page = vignette(rng, shape) * (1 - 0.75 * drawn)
    return picture(page + rng.choice([0, 2]) * rng.standard_normal(shape))


def halo(rng: Rng, ink: Levels) -> Image.Image:
    """Return a picture of 40 x 40 whose middle is greyer than its border, as if retouched."""
    shape = (40, 40)
    y, x = places(shape)
    off = np.maximum(abs(y) + 0 * x, abs(x) + 0 * y)
    page = 200 - 30 / (1 + np.exp((off - rng.uniform(0.3, 0.4)) * 40)) + 8 * along(rng, shape)
    drawn = place_ink(rng, ink, shape, int(rng.integers(24, 34)))
    return picture(page * (1 - 0.7 * drawn))


def ballpoint(rng: Rng, ink: Levels) -> Image.Image:
    """Return faint thin strokes on paper in uneven light."""
    shape = (480, 360)
    drawn = place_ink(rng, fine(ink, 11), shape, int(rng.integers(150, 280)))
    page = 200 + 60 * along(rng, shape) + 3 * clouds(rng, shape, 5)
    return jpeg(picture(page * (1 - 0.3 * drawn) + 3 * rng.standard_normal(shape)), 70)


def pale_pencil(rng: Rng, ink: Levels) -> Image.Image:
    """Return pale grey strokes of uneven strength, small on a page with a vignette."""
    shape = (600, 800)
    drawn = place_ink(rng, fine(ink, 5), shape, int(rng.integers(200, 300)))
    drawn = drawn * np.clip(1 + 0.4 * clouds(rng, shape, 4), 0.3, 1.4)
    page = vignette(rng, shape) * (1 - 0.22 * drawn)
    return jpeg(picture(page + 3 * rng.standard_normal(shape)), 75)


def lamp(rng: Rng, ink: Levels) -> Image.Image:
    """Return light strokes on a dark board with a bright spot."""
    shape = (300, 400)
    drawn = place_ink(rng, ink, shape, int(rng.integers(140, 260)))
    page = vignette(rng, shape) / 3
    return jpeg(picture(page + 90 * drawn + 4 * rng.standard_normal(shape)), 70)


def half_shaded(rng: Rng, ink: Levels) -> Image.Image:
    """Return thin dark strokes on paper that a soft shadow falls on."""
    shape = (500, 500)
    drawn = place_ink(rng, fine(ink, 7), shape, int(rng.integers(160, 320)))
    page = shadow_edge(rng, shape) * (1 - 0.5 * drawn)
    return jpeg(picture(page + 3 * rng.standard_normal(shape)), 75)


SHADED: dict[str, Callable[[Rng, Levels], Image.Image]] = {
    "blue pen on shaded paper": blue_pen,
    "40 x 40 with a vignette": tiny,
    "40 x 40 with a halo": halo,
    "faint ballpoint": ballpoint,
    "pale pencil, small": pale_pencil,
    "chalk under a lamp": lamp,
    "thin strokes, half in shadow": half_shaded,
}


# --- Transparent pictures -----------------------------------------------------


def card(rng: Rng, ink: Levels) -> Image.Image:
    """Return a white card with dark ink, somewhere on a large transparent page."""
    size = int(rng.integers(60, 160))
    page = Image.new("RGBA", (500, 400), (0, 0, 0, 0))
    paper = picture(255 * (1 - ink)).resize((size, size)).convert("RGBA")
    page.paste(paper, (int(rng.integers(340)), int(rng.integers(240))))
    return page


def soft_card(rng: Rng, ink: Levels) -> Image.Image:
    """Return a card with soft edges and light or dark ink on it."""
    page = card(rng, ink if rng.random() < 0.5 else 1 - ink)
    page.putalpha(page.getchannel("A").filter(ImageFilter.GaussianBlur(3)))
    return page


def stroke(rng: Rng, ink: Levels) -> Image.Image:
    """Return opaque ink of any colour on nothing, small on a large page."""
    size = int(rng.integers(60, 300))
    page = Image.new("RGBA", (500, 400), (*(int(c) for c in rng.integers(0, 256, 3)), 0))
    alpha = Image.new("L", page.size)
    small = picture(255 * ink).resize((size, size))
    alpha.paste(small, (int(rng.integers(200)), int(rng.integers(101))))
    page.putalpha(alpha)
    return page


TRANSPARENT: dict[str, Callable[[Rng, Levels], Image.Image]] = {
    "a small card on nothing": card,
    "a card with soft edges": soft_card,
    "ink of any colour on nothing": stroke,
}
