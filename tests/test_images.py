import csv
import io
import os
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from mnistmlp.core import Bytes
from mnistmlp.datasets import load_dataset
from mnistmlp.errors import PictureError
from mnistmlp.images import centre, crop, otsu_threshold, read_picture, scale, separate_ink

PATH = Path("picture.png")


def seven(mode: str = "L", ink: Any = 0, ground: Any = 255, size: int = 200) -> Image.Image:
    """Draw a 7 in the upper left part of a square."""
    picture = Image.new(mode, (size, size), ground)
    unit = size // 20
    line = [(3 * unit, 3 * unit), (9 * unit, 3 * unit), (5 * unit, 13 * unit)]
    ImageDraw.Draw(picture).line(line, fill=ink, width=unit)
    return picture


def likeness(one: Bytes, other: Bytes) -> float:
    """Return the correlation of two images: 1 if they are the same."""
    return float(np.corrcoef(one.ravel(), other.ravel())[0, 1])


def read(picture: Image.Image, **options: Any) -> Bytes:
    path = PATH.with_suffix(".tiff") if picture.mode in "IF" else PATH
    picture.save(path)
    return read_picture(path, **options)


def test_the_digit_is_scaled_and_centred() -> None:
    image = read(seven())
    assert image.shape == (28, 28)
    assert image.dtype == np.uint8
    rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
    assert rows[-1] - rows[0] + 1 == 20
    assert columns[-1] - columns[0] + 1 == pytest.approx(20 * 7 / 11, abs=1)
    assert image.max() == 255
    mass = image / image.sum()
    assert mass.sum(axis=1) @ np.arange(28) == pytest.approx(14, abs=0.51)
    assert mass.sum(axis=0) @ np.arange(28) == pytest.approx(14, abs=0.51)


@pytest.mark.parametrize(
    "picture",
    [
        seven(ink=255, ground=0),
        seven(ink=90, ground=150),
        seven(ink=200, ground=120),
        seven("RGB", ink="navy", ground="white"),
        seven("RGBA", ink=(0, 0, 0, 255), ground=(0, 0, 0, 0)),
        seven("LA", ink=(0, 255), ground=(255, 0)),
        seven().convert("P"),
        seven("1", ink=0, ground=1),
        seven("I;16", ink=1000, ground=65000),
        seven("I", ink=1000, ground=65000),
        seven("I", ink=0, ground=255),
        seven("F", ink=0.1, ground=0.9),
        seven("CMYK", ink=(0, 0, 0, 255), ground=(0, 0, 0, 0)).convert("RGB"),
    ],
    ids=lambda picture: picture.mode,
)
def test_any_ink_on_any_ground_is_the_same_digit(picture: Image.Image) -> None:
    expected = read(seven())
    np.testing.assert_allclose(read(picture), expected, atol=12)


def test_polarity_can_be_told() -> None:
    picture = seven()
    np.testing.assert_array_equal(read(picture, invert="yes"), read(picture))
    with pytest.raises(PictureError, match="no ink found"):
        read(picture, invert="no")
    light = seven(ink=255, ground=0)
    np.testing.assert_array_equal(read(light, invert="no"), read(light))
    with pytest.raises(PictureError, match="no ink found"):
        read(light, invert="yes")


def test_a_picture_lies_as_its_exif_says() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees clockwise
    seven().transpose(Image.Transpose.ROTATE_90).save("turned.png", exif=exif)
    np.testing.assert_array_equal(read_picture(Path("turned.png")), read(seven()))


@pytest.mark.parametrize("suffix", ["jpg", "gif", "bmp", "webp", "tiff", "ppm"])
def test_formats(suffix: str) -> None:
    seven("RGB", ink="black", ground="white").save(f"picture.{suffix}")
    assert likeness(read_picture(Path(f"picture.{suffix}")), read(seven())) > 0.95


def test_a_stream_is_read() -> None:
    stream = io.BytesIO()
    seven().save(stream, "png")
    stream.seek(0)
    np.testing.assert_array_equal(read_picture(stream), read(seven()))


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1), (28, 28)])
@pytest.mark.parametrize("grey", [0, 127, 255])
def test_no_ink(size: tuple[int, int], grey: int) -> None:
    with pytest.raises(PictureError, match=r"picture\.png: no ink found"):
        read(Image.new("L", size, grey))


@pytest.mark.parametrize("side", ["wide", "high"])
def test_a_line_of_ink(side: str) -> None:
    picture = Image.new("L", (400, 400), 255)
    ends = [(20, 200), (380, 200)] if side == "wide" else [(200, 20), (200, 380)]
    ImageDraw.Draw(picture).line(ends, fill=0, width=1)
    image = read(picture)
    assert sorted([image.any(axis=0).sum(), image.any(axis=1).sum()]) == [1, 20]


def png_of(width: int, height: int) -> bytes:
    """Return the beginning of a PNG that says it has this size."""
    stream = io.BytesIO()
    Image.new("L", (1, 1)).save(stream, "png")
    content = bytearray(stream.getvalue())
    content[16:24] = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    content[29:33] = zlib.crc32(content[12:29]).to_bytes(4, "big")
    return bytes(content)


@pytest.mark.parametrize("size", [(20_000, 20_000), (10_000, 10_000)])
def test_hundreds_of_megapixels_are_refused(size: tuple[int, int]) -> None:
    PATH.write_bytes(png_of(*size))
    with pytest.raises(PictureError, match=r"picture\.png: more than 89 million pixels"):
        read_picture(PATH)


def test_what_is_no_picture(tmp_path: Path) -> None:
    stream = io.BytesIO()
    seven().save(stream, "png")
    os.mkfifo("fifo")
    PATH.write_bytes(stream.getvalue()[:200])
    Path("text.png").write_text("a letter")
    Path("empty.png").touch()
    for name, message in (
        ("picture.png", "damaged picture"),
        ("text.png", "not a picture of a known kind"),
        ("empty.png", "not a picture of a known kind"),
        ("none.png", "No such file"),
        (".", "not a regular file"),
        ("fifo", "not a regular file"),
    ):
        with pytest.raises(PictureError, match=message) as caught:
            read_picture(Path(name))
        assert str(caught.value).startswith(f"{name}: ")
        assert "\n" not in str(caught.value)


def test_otsu_finds_the_gap() -> None:
    grey = np.array([10, 12, 14, 200, 205, 210], np.float32)
    assert 14 <= otsu_threshold(grey) <= 200


def test_steps_leave_an_mnist_image_as_it_is(mnist: Path) -> None:
    images = load_dataset(mnist, "test", limit=500).images
    found = []
    for image in images:
        ink = separate_ink(image.astype(np.float32))
        assert ink is not None
        found.append(likeness(centre(scale(crop(ink))), image))
    assert np.median(found) > 0.999
    assert np.percentile(found, 1) > 0.9


def test_handwriting_of_many_kinds_is_found(handwriting: Path) -> None:
    with (handwriting / "labels.csv").open() as file:
        names = [row["file"] for row in csv.DictReader(file)]
    assert len(names) == 67
    for name in names:
        image = read_picture(handwriting / name)
        assert 15 <= (image > 127).sum() <= 250, name  # strokes, neither dust nor a filled box
