"""Pictures to predict, and what is printed about them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PIL import Image

from mnistmlp.data.datasets import load_dataset


@pytest.fixture
def picture(small: Path) -> Path:
    """A test image as a PNG: image 0, made larger."""
    image = load_dataset(small, "test").images[0]
    Image.fromarray(image).resize((280, 280)).save("digit.png")
    return Path("digit.png")


@pytest.fixture
def pictures(small: Path) -> list[str]:
    """Twelve test images as PNGs, in folders."""
    paths = [Path(f"pictures/{'even' if i % 2 == 0 else 'odd'}/{i:02}.png") for i in range(12)]
    for path, image in zip(paths, load_dataset(small, "test").images[:12], strict=True):
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).resize((112, 112)).save(path)
    return [str(path) for path in paths]


@contextmanager
def piped(content: bytes) -> Iterator[str]:
    """Yield the name of a pipe that holds this content, as a shell's `<(...)` makes one."""
    reader, writer = os.pipe()
    with os.fdopen(reader), os.fdopen(writer, "wb") as pipe:
        pipe.write(content)
        pipe.close()
        yield f"/dev/fd/{reader}"


def sources(stdout: str) -> list[str]:
    return [line.split("\t")[0] for line in stdout.splitlines()]
