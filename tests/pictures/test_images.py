import csv
import io
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageOps

from mnistmlp.arrays import Bytes
from mnistmlp.data.datasets import load_dataset
from mnistmlp.errors import PictureError
from mnistmlp.pictures.images import centre, examine_picture, read_picture, scale, square
from mnistmlp.pictures.ink import ink_box
from tests.conftest import needs_fifos

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


UPRIGHT = {  # what undoes each orientation of EXIF, turned round
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@pytest.mark.parametrize("orientation", UPRIGHT)
@pytest.mark.parametrize("suffix", ["png", "jpg"])
def test_a_picture_lies_as_its_exif_says(orientation: int, suffix: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    how = UPRIGHT[orientation]
    picture = seven() if how is None else seven().transpose(how)
    picture.save(f"turned.{suffix}", exif=exif)
    assert likeness(read_picture(Path(f"turned.{suffix}")), read(seven())) > 0.99


def test_a_jpeg_of_printers_inks() -> None:
    ink = seven("CMYK", ink=(0, 0, 0, 255), ground=(0, 0, 0, 0))
    ink.save("picture.jpg")
    assert likeness(read_picture(Path("picture.jpg")), read(seven())) > 0.95


def test_the_first_frame_of_an_animation() -> None:
    frames = [seven().convert("P"), Image.new("L", (200, 200), 255).convert("P")]
    frames[0].save("picture.gif", save_all=True, append_images=frames[1:])
    assert likeness(read_picture(Path("picture.gif")), read(seven())) > 0.95


@pytest.mark.parametrize("suffix", ["jpg", "png", "gif", "bmp", "webp", "tiff", "ppm"])
def test_a_file_that_was_cut_short(suffix: str) -> None:
    path = Path(f"picture.{suffix}")
    seven("RGB", ink="black", ground="white").save(path)
    content = path.read_bytes()
    for part in (3, 10):
        path.write_bytes(content[: len(content) * part // 20])
        with pytest.raises(PictureError, match=r"damaged picture|not a picture") as caught:
            read_picture(path)
        assert "\n" not in str(caught.value)


def test_a_file_that_may_not_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **options: object) -> None:
        raise PermissionError(13, "Permission denied")

    path = saved(seven())
    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(PictureError, match=r"^picture\.png: permission denied$"):
        read_picture(path)


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
    assert sorted([image.any(axis=0).sum(), image.any(axis=1).sum()]) == [2, 20]  # widened


@needs_fifos
def test_what_is_no_picture(tmp_path: Path) -> None:
    stream = io.BytesIO()
    seven().save(stream, "png")
    os.mkfifo("fifo")
    PATH.write_bytes(stream.getvalue()[:200])
    Path("text.png").write_text("a letter")
    Path("empty.png").touch()
    for name, message in (
        ("picture.png", "damaged picture"),
        ("text.png", "not a picture in a supported format"),
        ("empty.png", "empty"),
        ("none.png", "no such file"),
        (".", "a folder"),
        ("fifo", "empty"),
    ):
        with pytest.raises(PictureError, match=message) as caught:
            read_picture(Path(name))
        assert str(caught.value).startswith(f"{name}: ")
        assert "\n" not in str(caught.value)


Levels = NDArray[np.floating]
SIDE = 280
NOISE = np.random.default_rng(1).standard_normal((SIDE, SIDE))
SLOPE = np.linspace(0, 1, SIDE)


def strokes(width: int = 22) -> Levels:
    """Return the ink of a 5, (280, 280), from 0 to 1."""
    picture = Image.new("L", (SIDE, SIDE), 0)
    draw = ImageDraw.Draw(picture)
    points = [(190, 60), (110, 60), (100, 130), (160, 125), (185, 165), (160, 215), (95, 215)]
    draw.line(points, fill=255, width=width, joint="curve")
    return np.asarray(picture, np.float32) / 255


def on_paper(ink: Levels, paper: Any, left: float = 0.3, noise: float = 0.0) -> Image.Image:
    """Return ink on paper of some levels; `left` of the light is left where ink is."""
    levels = paper * (1 - (1 - left) * ink) + noise * NOISE
    return Image.fromarray(np.clip(levels, 0, 255).astype(np.uint8))


def as_jpeg(picture: Image.Image) -> Image.Image:
    stream = io.BytesIO()
    picture.save(stream, "jpeg", quality=60)
    return Image.open(stream)


def on_a_desk(ink: Levels) -> Image.Image:
    desk = Image.new("L", (480, 360), 60)
    desk.paste(on_paper(ink, 215.0), (120, 40))
    return desk


def with_marks(picture: Image.Image, *boxes: tuple[int, int, int, int]) -> Image.Image:
    for box in boxes:
        picture.paste(20, box)
    return picture


def thin_on_a_canvas(width: int) -> Image.Image:
    canvas = Image.new("L", (1470, 539), 255)
    canvas.paste(on_paper(strokes(width), 255.0, left=0.0), (900, 180))
    return canvas


KINDS = {
    "grey paper, noise": as_jpeg(on_paper(strokes(), 180.0, noise=5)),
    "pencil": as_jpeg(on_paper(strokes(), 200.0, left=0.7, noise=6)),
    "light that fades": as_jpeg(on_paper(strokes(), 90 + 150 * SLOPE, left=0.45, noise=4)),
    "the edge of a shadow": as_jpeg(
        on_paper(strokes(), 110 + 115 / (1 + np.exp(60 * (SLOPE - 0.5))), left=0.4)
    ),
    "light on dark": on_paper(strokes(), 40.0, left=5.0),
    "a board in fading light": on_paper(strokes(), 40 + 50 * SLOPE, left=2.6, noise=4),
    "paper on a desk": on_a_desk(strokes()),
    "a frame": ImageOps.expand(on_paper(strokes(), 230.0), 4, 0),
    "a dark band": with_marks(on_paper(strokes(), 230.0), (0, 0, 12, SIDE)),
    "stray marks": with_marks(on_paper(strokes(), 255.0), (8, 250, 13, 255), (260, 20, 264, 24)),
    "one pixel wide": thin_on_a_canvas(1),
    "three pixels wide": thin_on_a_canvas(3),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_of_any_kind_is_the_same_digit(kind: str) -> None:
    width = 3 if "wide" in kind else 22
    expected = read(on_paper(strokes(width), 255.0, left=0.0))
    assert likeness(read(KINDS[kind]), expected) > 0.9


def test_a_boxy_zero_is_no_sheet_of_paper() -> None:
    picture = Image.new("L", (160, 220), 255)
    ImageDraw.Draw(picture).rectangle((40, 40, 120, 180), outline=0, width=9)
    image = read(picture)
    assert image[:, 14].astype(int).max() > 200
    assert image[8:20, 12:16].max() == 0  # its inside is empty, and not all there is


@pytest.mark.parametrize("size", [(1500, 1500), (2000, 300)])
def test_a_small_digit_on_a_large_canvas(size: tuple[int, int]) -> None:
    digit = on_paper(strokes(), 255.0, left=0.0).resize((90, 90), Image.Resampling.BOX)
    canvas = Image.new("L", size, 255)
    canvas.paste(digit, (size[0] // 2, size[1] // 3))
    expected = read(on_paper(strokes(), 255.0, left=0.0))
    assert likeness(read(canvas), expected) > 0.9


@pytest.mark.parametrize(("card", "ink"), [(255, 0), (0, 255)])
def test_a_round_card_on_nothing(card: int, ink: int) -> None:
    mask = Image.new("L", (SIDE, SIDE), 0)
    ImageDraw.Draw(mask).ellipse((5, 5, SIDE - 5, SIDE - 5), fill=255)
    picture = Image.new("L", (SIDE, SIDE), card)
    picture.paste(ink, (0, 0), Image.fromarray((255 * strokes()).astype(np.uint8)))
    picture.putalpha(mask)
    assert likeness(read(picture), read(on_paper(strokes(), 255.0, left=0.0))) > 0.95


@pytest.mark.parametrize("ink", [0, 255])
def test_faint_ink_on_nothing(ink: int) -> None:
    picture = Image.new("L", (SIDE, SIDE), ink)
    picture.putalpha(Image.fromarray((100 * strokes()).astype(np.uint8)))
    assert likeness(read(picture), read(on_paper(strokes(), 255.0, left=0.0))) > 0.95


@pytest.mark.parametrize(("low", "high"), [(0, 1.02), (-0.02, 1), (-255, 0), (0, 1023), (0, 3e38)])
def test_numbers_of_any_range(low: float, high: float) -> None:
    levels = (low + (high - low) * strokes()).astype(np.float32)
    Image.fromarray(levels).save("picture.tiff")
    found = read_picture(Path("picture.tiff"))
    assert likeness(found, read(on_paper(strokes(), 255.0, left=0.0))) > 0.95


@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("raw", [False, True])
def test_levels_that_are_no_numbers(odd: float, raw: bool) -> None:
    levels = np.zeros((28, 28), np.float32)
    levels[3, 3] = odd
    Image.fromarray(levels).save("picture.tiff")
    with pytest.raises(PictureError, match="damaged picture: some of its levels are not finite"):
        read_picture(Path("picture.tiff"), raw=raw)


def test_no_name() -> None:
    with pytest.raises(PictureError, match=r"^'': the name is empty$"):
        read_picture("")


def test_thin_strokes_stay_where_they_are_in_a_whole_picture() -> None:
    picture = Image.new("L", (280, 280), 255)
    draw = ImageDraw.Draw(picture)
    for column in (25, 255):
        draw.line([(column, 40), (column, 240)], fill=0, width=2)
    columns = np.flatnonzero((read(picture, centred=False) > 100).any(axis=0))
    assert set(columns) <= {1, 2, 3, 24, 25, 26}


def test_a_broken_stroke_keeps_its_pieces() -> None:
    ink = strokes()
    ink[:, 150:156] = 0
    broken = read(on_paper(ink, 255.0))
    assert likeness(broken, read(on_paper(strokes(), 255.0))) > 0.9


@pytest.mark.parametrize("ink", ["yellow", "black", "white"])
def test_ink_on_nothing(ink: str) -> None:
    colour = {"yellow": (255, 220, 30), "black": (0, 0, 0), "white": (255, 255, 255)}[ink]
    picture = Image.new("RGBA", (SIDE, SIDE), (*colour, 0))
    picture.putalpha(Image.fromarray((255 * strokes()).astype(np.uint8)))
    assert likeness(read(picture), read(on_paper(strokes(), 255.0, left=0.0))) > 0.99


def test_colours_of_one_lightness() -> None:
    red, green = (200, 40, 40), (40, 122, 40)  # of the same luminance
    picture = Image.new("RGB", (SIDE, SIDE), green)
    picture.paste(red, (0, 0), Image.fromarray((255 * strokes()).astype(np.uint8)))
    assert likeness(read(picture, invert="auto"), read(on_paper(strokes(), 255.0))) > 0.9


NOTHING = {
    "noise": 128 + 40 * NOISE,
    "faint noise": 200 + 5 * NOISE,
    "black and white noise": np.where(NOISE > 0, 255, 0),
    "light that fades": np.broadcast_to(90 + 150 * SLOPE, (SIDE, SIDE)) + 4 * NOISE,
    "a dark corner": 230 - 120 * (SLOPE * SLOPE[:, None]) + 3 * NOISE,
}


@pytest.mark.parametrize("kind", NOTHING)
@pytest.mark.parametrize("side", [28, SIDE])
def test_where_nothing_is_drawn_there_is_no_ink(kind: str, side: int) -> None:
    levels = np.clip(NOTHING[kind], 0, 255).astype(np.uint8)[:: SIDE // side, :: SIDE // side]
    with pytest.raises(PictureError, match=r"picture\.png: no ink found"):
        read(Image.fromarray(levels))


def test_steps_are_told() -> None:
    picture = on_paper(strokes(4), 255.0, left=0.0)
    reading = examine_picture(saved(picture))
    assert reading.dark
    assert reading.grey.shape == (SIDE, SIDE)
    assert reading.ink is not None
    assert (reading.ink.min(), reading.ink.max()) == (0, 1)
    assert reading.box == pytest.approx((58, 91, 218, 193), abs=4)
    assert reading.width == pytest.approx(4 * 20 / 160, rel=0.4)
    assert examine_picture(saved(ImageOps.invert(picture))).dark is False


def test_thin_strokes_become_as_wide_as_usual() -> None:
    masses = [int((read(on_paper(strokes(width), 255.0)) > 127).sum()) for width in (2, 6, 14)]
    assert masses[0] == pytest.approx(masses[2], rel=0.2)
    assert masses[1] == pytest.approx(masses[2], rel=0.2)


def saved(picture: Image.Image) -> Path:
    picture.save(PATH)
    return PATH


def test_a_whole_picture_can_be_scaled_as_it_is() -> None:
    picture = Image.new("L", (280, 140), 255)
    picture.paste(0, (200, 30, 220, 110))
    image = read_picture(saved(picture), centred=False)
    rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
    assert (rows[0], rows[-1]) == pytest.approx((10, 17), abs=1)
    assert (columns[0], columns[-1]) == pytest.approx((20, 21), abs=1)


def test_raw_is_taken_as_it_is() -> None:
    levels = np.arange(784, dtype=np.uint8).reshape(28, 28)
    path = saved(Image.fromarray(levels))
    np.testing.assert_array_equal(read_picture(path, raw=True), levels)
    np.testing.assert_array_equal(read_picture(path, raw=True, invert="yes"), 255 - levels)
    with pytest.raises(PictureError, match=r"picture\.png: 40 x 30 pixels, not 28 x 28"):
        read_picture(saved(Image.new("L", (40, 30))), raw=True)


def test_mnist_images_are_left_as_they_are(mnist: Path) -> None:
    images = load_dataset(mnist, "test", limit=500).images
    readings = [examine_picture(saved(Image.fromarray(image))) for image in images]
    ready = [image for image, each in zip(images, readings, strict=True) if each.ink is None]
    assert len(ready) > 0.97 * len(images)
    for image, reading in zip(images, readings, strict=True):
        if reading.ink is None:
            np.testing.assert_array_equal(reading.image, image)
        else:
            assert likeness(reading.image, image) > 0.8
    for image in ready[:100]:
        inverted = read_picture(saved(Image.fromarray(255 - image)))
        np.testing.assert_array_equal(inverted, image)


def test_steps_leave_an_mnist_image_as_it_is(mnist: Path) -> None:
    found = []
    for image in load_dataset(mnist, "test", limit=500).images:
        ink = image / np.float32(255)
        top, left, bottom, right = ink_box(ink)
        scaled = 255 * scale(ink[top:bottom, left:right], 20)
        found.append(likeness(centre(scaled), image))
    assert np.median(found) > 0.999
    assert np.percentile(found, 1) > 0.9


def test_square() -> None:
    assert square(np.ones((3, 6), np.float32)).shape == (6, 6)
    assert square(np.ones((6, 3), np.float32)).sum(axis=0).tolist() == [0, 6, 6, 6, 0, 0]


def test_handwriting_of_many_kinds_is_found(handwriting: Path) -> None:
    with (handwriting / "labels.csv").open() as file:
        names = [row["file"] for row in csv.DictReader(file)]
    assert len(names) == 67
    for name in names:
        image = read_picture(handwriting / name)
        assert 15 <= (image > 127).sum() <= 250, name  # strokes, neither dust nor a filled box
