"""Pictures to predict, and what is printed about them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from mnistmlp.data.datasets import load_dataset


@pytest.fixture
def picture() -> Path:
    """A 7, light on dark."""
    image = Image.new("L", (280, 280))
    ImageDraw.Draw(image).line([(80, 60), (190, 60), (120, 220)], fill=255, width=24)
    image.save("digit.png")
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
