"""Valid files of every format that the program reads, small, and the same for the same seed."""

from __future__ import annotations

import io
import itertools
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from mnistmlp.brains.checkpoint import Checkpoint, save_checkpoint
from mnistmlp.brains.provenance import Provenance
from mnistmlp.brains.train import describe
from mnistmlp.core.compression import round_to_half
from mnistmlp.data.catalog import SPLITS, Split
from mnistmlp.data.datasets import load_dataset
from mnistmlp.data.idx import write_idx
from mnistmlp.training.loop import fit
from mnistmlp.training.recipes import Recipe
from mnistmlp.training.state import TrainingState
from tests.conftest import blobs, save_brain

RECIPE = Recipe(
    name="tiny", hidden=(8,), activation="relu", loss="cross-entropy", optimizer="adam",
    learning_rate=1e-2, batch_size=40, epochs=3, validation=40, patience=2,
)  # fmt: skip
SETS: tuple[tuple[Split, int], ...] = (("train", 160), ("test", 40))


@dataclass(frozen=True)
class Sample:
    """A valid file."""

    kind: str  # brain, checkpoint, images, labels or picture
    name: str
    content: bytes


def make_data(folder: Path) -> None:
    """Write a data set of the MNIST layout."""
    folder.mkdir()
    for number, (split, size) in enumerate(SETS):
        for file, array in zip(SPLITS[split], blobs(size, number), strict=True):
            write_idx(folder / file.name, array)


def make_samples(folder: Path, data: Path) -> list[Sample]:
    """Write files of every format into a folder, and return them."""
    found = [*_archives(folder, data), *_idx(folder, data)]
    return found + [Sample("picture", name, content) for name, content in _pictures().items()]


def _archives(folder: Path, data: Path) -> list[Sample]:
    """Train, and keep brains and checkpoints of several kinds."""
    found = []
    dataset = load_dataset(data, "train")
    variants: dict[str, dict[str, Any]] = {
        "adam": {},
        "nesterov": {"optimizer": "nesterov", "momentum": 0.9, "dtype": "float64"},
        "sgd": {"optimizer": "sgd", "hidden": (8, 8), "activation": "sigmoid", "loss": "mse"},
    }
    for name, changes in variants.items():
        recipe, half = replace(RECIPE, **changes), name == "sgd"
        provenance = Provenance(
            recipe,
            seed=1,
            dataset={"name": dataset.name, "digests": dataset.digests},
            half=half,
            threads=1,
        )
        path = folder / f"{name}.npz.ckpt"

        def keep(
            state: TrainingState, path: Path = path, provenance: Provenance = provenance
        ) -> None:
            if len(state.history) < provenance.recipe.epochs:
                save_checkpoint(path, Checkpoint(provenance, state))

        training = fit(recipe, dataset.images, dataset.labels, seed=1, on_state=keep)
        found.append(Sample("checkpoint", path.name, path.read_bytes()))
        path = folder / f"{name}.npz"
        if half:
            round_to_half(training.network)
        save_brain(path, training.network, describe(training, provenance))
        found.append(Sample("brain", path.name, path.read_bytes()))
    rng = np.random.default_rng(0)
    older: dict[str, Any] = {}
    for number, (n, m) in enumerate(itertools.pairwise((784, 6, 10)), start=1):
        older |= {f"w{number}": rng.normal(size=(m, n)), f"b{number}": rng.normal(size=(m, 1))}
    stream = io.BytesIO()
    np.savez(stream, **older)
    return [*found, Sample("brain", "older.npz", stream.getvalue())]


def _idx(folder: Path, data: Path) -> list[Sample]:
    found = []
    dataset = load_dataset(data, "test")
    arrays = {"images": dataset.images, "labels": dataset.labels}
    for file, (kind, array) in zip(SPLITS["test"], arrays.items(), strict=True):
        for suffix in ("", ".gz"):
            path = folder / (file.name + suffix)
            write_idx(path, array)
            found.append(Sample(kind, path.name, path.read_bytes()))
    return found


def drawn(mode: str = "L", side: int = 60) -> Image.Image:
    """Draw a 7."""
    picture = Image.new("L", (side, side), 250)
    line = [(side * x // 20, side * y // 20) for x, y in ((5, 4), (15, 4), (9, 17))]
    ImageDraw.Draw(picture).line(line, fill=20, width=side // 10)
    return picture.convert(mode)


def saved(picture: Image.Image, kind: str, **options: Any) -> bytes:
    """Return a picture's bytes in a format."""
    stream = io.BytesIO()
    picture.save(stream, kind, **options)
    return stream.getvalue()


def _pictures() -> dict[str, bytes]:
    grey, colour, clear = drawn("L"), drawn("RGB"), drawn("RGBA")
    clear.putalpha(grey.point(lambda level: 255 - level))
    deep = Image.fromarray(np.asarray(grey, np.uint16) * 257)
    more = {"save_all": True, "append_images": [drawn(side=60).rotate(90), grey.rotate(180)]}
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "a seven"
    return {
        "grey.png": saved(grey, "PNG"),
        "clear.png": saved(clear, "PNG"),
        "palette.png": saved(colour.quantize(16), "PNG", transparency=0),
        "bits.png": saved(drawn("1"), "PNG"),
        "deep.png": saved(deep, "PNG"),
        "exif.png": saved(colour, "PNG", exif=exif),
        "animated.png": saved(grey, "PNG", **more),
        "photo.jpg": saved(drawn("RGB", 300), "JPEG", exif=exif),
        "progressive.jpg": saved(drawn("RGB", 300), "JPEG", progressive=True),
        "ink.jpg": saved(drawn("CMYK"), "JPEG"),
        "grey.jpg": saved(grey, "JPEG"),
        "one.gif": saved(grey, "GIF", transparency=0),
        "animated.gif": saved(grey, "GIF", **more),
        "grey.bmp": saved(grey, "BMP"),
        "colour.bmp": saved(colour, "BMP"),
        "lossy.webp": saved(colour, "WEBP"),
        "clear.webp": saved(clear, "WEBP", lossless=True),
        "animated.webp": saved(grey, "WEBP", exif=exif, **more),
        "plain.tiff": saved(colour, "TIFF"),
        "deep.tiff": saved(deep, "TIFF"),
        "float.tiff": saved(grey.convert("F"), "TIFF"),
        "lzw.tiff": saved(grey, "TIFF", compression="tiff_lzw"),
        "deflate.tiff": saved(clear, "TIFF", compression="tiff_adobe_deflate"),
        "jpeg.tiff": saved(colour, "TIFF", compression="jpeg"),
        "fax.tiff": saved(drawn("1"), "TIFF", compression="group4"),
        "pages.tiff": saved(grey, "TIFF", **more),
        "grey.pgm": saved(grey, "PPM"),
        "colour.ppm": saved(colour, "PPM"),
        "bits.pbm": saved(drawn("1"), "PPM"),
        "deep.pgm": saved(deep, "PPM"),
    }
