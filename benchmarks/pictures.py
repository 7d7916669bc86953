"""Measure how well and how fast pictures are recognised: python pictures.py [BRAIN [LABELS]].

MNIST's first test images are made into pictures such as people have them:
on paper in uneven light, in pencil, on a board, with a frame.  With LABELS, a
CSV file (columns file, label, source), it reads those pictures as well.  Writes the
table of docs/pictures.md.
"""

from __future__ import annotations

import csv
import io
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from page import put
from PIL import Image, ImageFilter, ImageOps

import mnistmlp
from mnistmlp.errors import PictureError

Levels = NDArray[Any]
ROOT = Path(__file__).parents[1]
FOLDER = mnistmlp.default_folder()
PROGRAM = Path(sys.executable).with_name("mnistmlp")
SIDE, COUNT = 280, 200
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
}


def read(source: Any) -> Levels | None:
    """Return the image of a picture, or None where no ink is found."""
    try:
        return mnistmlp.read_picture(source)
    except PictureError:
        return None


def score(brain: mnistmlp.Brain, sources: list[Any], labels: list[int]) -> str:
    """Return the part that is recognised, and the mean confidence."""
    images = [read(source) for source in sources]
    blank = np.zeros((28, 28), np.uint8)
    found = mnistmlp.committee(
        [brain.network],
        np.stack([blank if image is None else image for image in images]),
        [brain.temperature],
    )
    read_right = [
        image is not None and digit == label
        for image, digit, label in zip(images, found.argmax(axis=1), labels, strict=True)
    ]
    return f"{sum(read_right)} of {len(labels)} | {found.max(axis=1).mean():.3f}"


def made(brain: mnistmlp.Brain) -> list[str]:
    """Score the pictures made of MNIST's first test images."""
    data = mnistmlp.load_dataset(FOLDER, "test")
    labels = data.labels[:COUNT].tolist()
    inks = [ink_of(image) for image in data.images[:COUNT]]
    lines = []
    for kind, make in KINDS.items():
        streams = []
        for ink in inks:
            streams.append(io.BytesIO())
            make(ink).save(streams[-1], "png")
            streams[-1].seek(0)
        lines.append(f"| {kind} | {score(brain, streams, labels)} |")
        print(lines[-1], flush=True)
    return lines


def handwriting(brain: mnistmlp.Brain, table: Path) -> list[str]:
    """Score pictures by their source, as a table of file, label and source lists them."""
    sources = defaultdict(list)
    with table.open() as file:
        for row in csv.DictReader(file):
            sources[row["source"]].append((table.parent / row["file"], int(row["label"])))
    return [
        f"| {name} | {score(brain, *(list(column) for column in zip(*rows, strict=True)))} |"
        for name, rows in sources.items()
    ]


def seconds(*words: str) -> float:
    """Return the median time of a whole command, of five."""
    times = []
    for _ in range(5):
        started = time.perf_counter()
        subprocess.run([PROGRAM, "predict", *words], stdout=subprocess.DEVNULL, check=True)
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def photo(image: Levels) -> Image.Image:
    """Return a photo of a digit on paper, of 12 megapixels."""
    ink = picture(255 * ink_of(image)).resize((1400, 1400))
    light = np.linspace(150, 220, 4000) - np.linspace(0, 40, 3000)[:, None]
    light[800:2200, 1300:2700] *= 1 - 0.65 * np.asarray(ink) / 255
    return picture(light + 6 * RNG.standard_normal(light.shape)).convert("RGB")


def speed(brain: str) -> str:
    """Time 10,000 small pictures in one call, and a photo."""
    images = mnistmlp.load_dataset(FOLDER, "test").images
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "photo.jpg")
        photo(images[0]).save(path, quality=90)
        one = seconds("--brain", brain, str(path))
        path.unlink()
        for number, image in enumerate(images):
            Image.fromarray(image).save(Path(folder, f"{number:05}.png"))
        small = seconds("--brain", brain, "--recursive", folder)
    return (
        f"10,000 PNGs of 28 x 28 in one call: {small:.2f} s, {len(images) / small:,.0f} a second. "
        f"A JPEG of 12 megapixels: {one:.2f} s. Whole processes, medians of five."
    )


def main() -> None:
    """Measure, and write the page."""
    name, *table = sys.argv[1:] or ["pretrained"]
    path = mnistmlp.PRETRAINED if name == "pretrained" else Path(name)
    brain = mnistmlp.load_brain(path)
    heading = "| {} | recognised | mean confidence |\n| --- | --- | --- |\n"
    parts = [heading.format(f"made of {COUNT} images each") + "\n".join(made(brain))]
    if table:
        rows = "\n".join(handwriting(brain, Path(table[0])))
        parts.append(heading.format("pictures that people wrote or drew, by source") + rows)
    print(put([*parts, speed(str(path))], ROOT / "docs" / "pictures.md"))


if __name__ == "__main__":
    main()
