"""Train the network that tells digits from other things: python train_likeness.py FONTS.

FONTS is a folder of handwriting fonts, one file each; the bundled weights come from the 79 named
below, as Fontsource packs them (the Latin subset, regular weight, WOFF).  MNIST's training images,
synthetic digits and the fonts' digits are digits; the fonts' letters, but for those that people
write like digits, their signs, and drawings are not.  Every fifth font is held out, and so are
MNIST's last 10,000 training images, of which the threshold leaves out 0.2 %.

Writes mnistmlp/brains/likeness.npz, and prints what is kept of what was held out.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from multiprocessing import Pool
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from made_digits import Levels
from made_odd import LOOKALIKES, ODD, OTHERS, bend
from made_pages import Rng
from pictures import encode
from PIL import Image, ImageDraw, ImageFont

import mnistmlp
from mnistmlp.brains import likeness
from mnistmlp.core.network import layer_matrices
from mnistmlp.errors import PictureError

NAMES = """
amatic-sc annie-use-your-telescope architects-daughter bad-script cabin-sketch caveat caveat-brush
cedarville-cursive charm chilanka comic-neue coming-soon cookie covered-by-your-grace crafty-girls
dancing-script dawning-of-a-new-day delius delius-swash-caps east-sea-dokdo edu-nsw-act-foundation
edu-sa-beginner fredericka-the-great gaegu gamja-flower give-you-glory gloria-hallelujah gochi-hand
grape-nuts hachi-maru-pop handlee hi-melody homemade-apple indie-flower itim julee
just-another-hand kalam klee-one kristi la-belle-aurore londrina-sketch long-cang loved-by-the-king
mali mansalva marck-script merienda nanum-pen-script neucha nothing-you-could-do oregano
over-the-rainbow pacifico pangolin patrick-hand patrick-hand-sc permanent-marker playpen-sans
poor-story rancho reenie-beanie rock-salt sacramento satisfy schoolbell shadows-into-light
short-stack single-day sriracha sue-ellen-francisco sunshiney swanky-and-moo-moo the-girl-next-door
vibur waiting-for-the-sunrise walter-turncoat yomogi zeyada
"""
SIGNS = "?!&@#+=*%$~^äöü"
COPIES = {"digit": 20, "letter": 10, "lookalike": 5, "sign": 5}  # of each character of a font
CHARACTERS = {"digit": "0123456789", "letter": OTHERS, "lookalike": LOOKALIKES, "sign": SIGNS}
DRAWINGS = [
    kind for kind in ODD if not kind.endswith(("dot", "block", "stroke", "letter", "digit"))
]
DRAWN = 400  # of each kind of drawing
SIDE, POINTS = 112, 64  # pixels of a page and of the font
HELD_OUT = 5  # every fifth font
LOST = 0.002  # share of MNIST's validation images under the threshold
RECIPE = mnistmlp.Recipe(
    name="likeness",
    hidden=(32,),
    activation="relu",
    loss="cross-entropy",
    label_smoothing=0.1,
    optimizer="adam",
    learning_rate=0.003,
    schedule="one-cycle",
    batch_size=256,
    epochs=30,
    validation=0,
)


class Samples(NamedTuple):
    """Images of one kind, some of which are held out."""

    kind: str
    held_out: bool
    images: Levels  # (n, 28, 28)


def write(rng: Rng, font: ImageFont.FreeTypeFont, character: str) -> Image.Image:
    """Return a character, dark on white, with a pen of random width, bent a little."""
    page = Image.new("L", (SIDE, SIDE), 255)
    width, middle = int(rng.integers(0, 5)), (SIDE // 2, SIDE // 2)
    ImageDraw.Draw(page).text(middle, character, 0, font, "mm", stroke_width=width)
    return bend(rng, page)


def read(make: Callable[[], Image.Image], count: int) -> Levels:
    """Return what the network sees of pictures, (n, 28, 28); those without ink are left out."""
    images = []
    for _ in range(count):
        try:
            images.append(mnistmlp.read_picture(encode(make())))
        except PictureError:
            continue
    return np.array(images, np.uint8).reshape(-1, 28, 28)


def sample_font(numbered: tuple[int, Path]) -> list[Samples]:
    """Return the characters of a font."""
    number, path = numbered
    rng, font = np.random.default_rng(number), ImageFont.truetype(str(path), POINTS)
    return [
        Samples(
            kind,
            number % HELD_OUT == 0,
            np.concatenate([read(partial(write, rng, font, each), copies) for each in characters]),
        )
        for (kind, characters), copies in zip(CHARACTERS.items(), COPIES.values(), strict=True)
    ]


def sample_drawings(kind: str) -> list[Samples]:
    """Return drawings of a kind, half of them held out."""
    rng = np.random.default_rng(list(ODD).index(kind))
    images = read(partial(ODD[kind], rng), DRAWN)
    half = len(images) // 2
    return [Samples("drawing", False, images[:half]), Samples("drawing", True, images[half:])]


def sample_all(fonts: list[Path]) -> list[Samples]:
    """Return all samples: digits, letters, signs and drawings."""
    data = mnistmlp.load_dataset(mnistmlp.default_folder(), "train")
    with Pool() as pool:
        found = pool.map(sample_font, enumerate(fonts), 1) + pool.map(sample_drawings, DRAWINGS)
    return [
        Samples("MNIST", False, data.images[:-10_000]),
        Samples("MNIST", True, data.images[-10_000:]),
        Samples("synthetic", False, mnistmlp.make_digits(15_000, 5)[0]),
        Samples("synthetic", True, mnistmlp.make_digits(3_000, 77)[0]),
        *(samples for each in found for samples in each),
    ]


def train(samples: list[Samples]) -> None:
    """Train on the samples that are not held out, and write the weights as whole numbers.

    The package's networks have ten outputs; two are used, and the difference of their weights
    is that of a single sigmoid.  Each of the 14 × 14 means stands on four pixels of its images.
    """
    chosen = [each for each in samples if not each.held_out and each.kind != "lookalike"]
    means = likeness.halve(np.concatenate([each.images for each in chosen]))
    squares = np.rint(255 * means).astype(np.uint8).reshape(-1, likeness.HALF, likeness.HALF)
    images = squares.repeat(2, axis=1).repeat(2, axis=2)
    digit = [each.kind in ("MNIST", "synthetic", "digit") for each in chosen]
    labels = np.repeat(np.array(digit, np.uint8), [len(each.images) for each in chosen])
    network = mnistmlp.fit(RECIPE, images, labels).network
    first, last = layer_matrices(network.parameters, network.sizes)
    pixels = first[:, :-1].reshape(-1, likeness.HALF, 2, likeness.HALF, 2)
    hidden = np.column_stack([pixels.sum(axis=(2, 4)).reshape(len(first), -1), first[:, -1]])
    arrays: dict[str, Any] = {}
    for name, weights in {"hidden": hidden, "output": last[1] - last[0]}.items():
        scale = np.float32(np.abs(weights).max() / 127)
        arrays |= {name: np.rint(weights / scale).astype(np.int8), f"{name}_scale": scale}
    np.savez_compressed(Path(likeness.__file__).with_name(likeness.FILE), **arrays)
    likeness.load_weights.cache_clear()


def main() -> None:
    """Train, and print which share of what was held out is at or above the threshold."""
    fonts = [next(Path(sys.argv[1]).glob(f"{name}.*")) for name in NAMES.split()]
    samples = sample_all(fonts)
    train(samples)
    held_out: dict[str, list[Levels]] = {}
    for each in samples:
        if each.held_out:
            held_out.setdefault(each.kind, []).append(likeness.measure_likeness(each.images))
    found = {kind: np.concatenate(parts) for kind, parts in held_out.items()}
    least = np.quantile(found["MNIST"], LOST)
    print(f"threshold {least:.3f}")
    for kind, values in found.items():
        print(f"{kind}: {(values >= least).mean():.2%} of {len(values):,} kept")


if __name__ == "__main__":
    main()
