"""The files that the commands of the documents name, as a reader has them."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

import mnistmlp
from mnistmlp.data.folder import default_folder
from tests.pictures.drawings import draw_page

ROOT = Path(__file__).parents[2]
NUMBERS = {"number.jpg": "photo-01.jpg", "page.jpg": "photo-12.jpg"}


def put_files(document: str, mnist: Path, numbers: Path) -> None:
    """Put into the folder what the commands of a document take."""
    shutil.copytree(mnist, default_folder())
    put_pictures(numbers)
    if document in ("docs/brain-file.md", "docs/evaluating.md"):
        put_brain(mnist)
    if document == "docs/exports.md":
        put_models()
    if document == "docs/maths/README.md":  # its commands are for a clone
        Path("docs").symlink_to(ROOT / "docs")


def put_pictures(numbers: Path) -> None:
    """Put pictures of one digit and of several into the folder."""
    digits = Path("digits")
    digits.mkdir()
    for digit in ("seven", "four"):
        draw_page(digit).save(digits / f"{digit}.png")
    for name, source in {"digit.png": "seven", "scan.png": "seven", "four.png": "four"}.items():
        shutil.copy(digits / f"{source}.png", name)
    for name, source in NUMBERS.items():
        shutil.copy(numbers / source, name)


def put_brain(mnist: Path) -> None:
    """Put the brain into the folder that `mnistmlp train` makes."""
    train, _ = mnistmlp.load(folder=mnist)
    mnistmlp.train("classic", train).save("brain.npz")


def put_models() -> None:
    """Put networks of PyTorch and of Keras into the folder."""
    shapes = {"1.weight": (64, 784), "1.bias": (64,), "4.weight": (10, 64), "4.bias": (10,)}
    layers = {name: np.zeros(shape, "float32") for name, shape in shapes.items()}
    save_file(layers, "model.safetensors")
    save_file({name: array.T.copy() for name, array in layers.items()}, "keras.safetensors")
