"""Pictures to predict, and what is printed about them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PIL import Image, ImageDraw


def seven(foot: int) -> Image.Image:
    """Draw a 7, light on dark, whose stem ends in a column."""
    image = Image.new("L", (280, 280))
    ImageDraw.Draw(image).line([(80, 60), (190, 60), (foot, 220)], fill=255, width=24)
    return image


@pytest.fixture
def picture() -> Path:
    """A 7, light on dark."""
    seven(120).save("digit.png")
    return Path("digit.png")


@pytest.fixture
def pictures() -> list[str]:
    """Twelve sevens as PNGs, each with another slant, in folders."""
    paths = [Path(f"pictures/{'even' if i % 2 == 0 else 'odd'}/{i:02}.png") for i in range(12)]
    for number, path in enumerate(paths):
        path.parent.mkdir(parents=True, exist_ok=True)
        seven(60 + 10 * number).save(path)
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
