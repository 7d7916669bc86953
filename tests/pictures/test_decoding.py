import contextlib
import io
import os
import socket
import struct
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from PIL import Image, ImageDraw

from mnistmlp.errors import LargePictureError, PictureDeviceError, PictureError
from mnistmlp.pictures import decoding
from mnistmlp.pictures.decoding import load_grey, open_at_once, read_bytes
from mnistmlp.pictures.images import read_picture
from tests.conftest import needs_fifos, peak_memory
from tests.pictures.test_images import PATH, likeness, read, seven


def png_of(width: int, height: int) -> bytes:
    """Return the beginning of a PNG that says it has this size."""
    stream = io.BytesIO()
    Image.new("L", (1, 1)).save(stream, "png")
    content = bytearray(stream.getvalue())
    content[16:24] = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    content[29:33] = zlib.crc32(content[12:29]).to_bytes(4, "big")
    return bytes(content)


@pytest.mark.parametrize("size", [(20_000, 20_000), (10_000, 10_000), (52, 10**6)])
def test_pictures_that_would_take_much_memory_are_refused(size: tuple[int, int]) -> None:
    PATH.write_bytes(png_of(*size))
    with pytest.raises(LargePictureError, match=r"picture\.png: too many pixels: "):
        read_picture(PATH)


def test_a_file_of_too_many_bytes_is_refused_and_not_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    seven().save(PATH)
    size = PATH.stat().st_size
    monkeypatch.setattr(decoding, "MAX_BYTES", size)
    assert read_picture(PATH).any()
    with PATH.open("rb") as file:
        assert read_picture(file).any()
    monkeypatch.setattr(decoding, "MAX_BYTES", size - 1)
    message = f": more than {size - 1} bytes"
    with pytest.raises(LargePictureError, match=f"picture.png{message}"):
        read_picture(PATH)
    with PATH.open("rb") as file, pytest.raises(LargePictureError, match=message):
        read_picture(file)


def test_a_photograph_of_many_megapixels_is_read() -> None:
    seven(size=7_000).save("picture.jpg", "jpeg", quality=30)
    assert likeness(read_picture("picture.jpg"), read(seven(size=900))) > 0.99


@pytest.mark.parametrize("size", [(1, 200_000), (200_000, 1)])
def test_a_thin_picture_takes_little(size: tuple[int, int]) -> None:
    PATH.write_bytes(b"P5 %d %d 255\n" % size + bytes(100_000) + b"\xff" * 100_000)

    def read() -> None:
        with contextlib.suppress(PictureError):
            read_picture(PATH, centred=False)

    assert peak_memory(read) < 200_000_000


def test_a_jpeg_of_endless_scans_is_refused() -> None:
    stream = io.BytesIO()
    seven().save(stream, "jpeg", progressive=True)
    content = stream.getvalue()
    scan = content[content.rindex(b"\xff\xda") : -2]
    PATH.write_bytes(content[:-2] + 50 * scan + b"\xff\xd9" + 500 * scan)  # behind the end: no
    assert read_picture(PATH).any()
    PATH.write_bytes(content[:-2] + 100 * (b"\xff\x01" + scan) + b"\xff\xd9")
    with pytest.raises(PictureError, match=r"picture\.png: damaged picture: more than 100 scans"):
        read_picture(PATH)


def saved(kind: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    seven(size=40).save(stream, kind, **options)
    return stream.getvalue()


@pytest.mark.parametrize("content", [b"%!PS-Adobe-3.0 EPSF-3.0\n", b"<html><svg>", saved("ICO")])
def test_formats_that_are_not_meant(content: bytes) -> None:
    with pytest.raises(PictureError, match="not a picture in a supported format"):
        load_grey(content, "picture.png")


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"\0\0\0\x24ftypheic", "a HEIC picture"),
        (b"\0\0\0\nftypmif1", "a HEIC picture"),
        (b"\0\0\0\x1cftypavif", "an AVIF picture"),
        (b"<svg/>", "an SVG drawing"),
        (b"\xef\xbb\xbf<?xml version='1.0'?>\n<!-- by hand -->\n<svg xmlns=''>", "an SVG drawing"),
        (b"%PDF-1.7\n", "a PDF document"),
    ],
)
def test_a_kind_that_is_not_read_is_named(content: bytes, kind: str) -> None:
    with pytest.raises(PictureError) as caught:
        load_grey(content, "IMG_1.jpg")
    known = "PNG, JPEG, GIF, BMP, WEBP, TIFF, PPM"
    assert str(caught.value) == f"IMG_1.jpg: {kind}; supported formats are {known}"
    assert caught.value.hint == "save such files as PNG or JPEG first"


@needs_fifos
def test_a_pipe_is_read_as_far_as_a_file_would_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding, "MAX_BYTES", 10)
    os.mkfifo("pipe")
    with open_at_once(Path("pipe")) as file:
        assert file.read() == b""
        writer = os.open("pipe", os.O_WRONLY)
        os.write(writer, bytes(20))
        with pytest.raises(LargePictureError, match="pipe: more than 10 bytes"):
            read_bytes("pipe")
        os.close(writer)


@pytest.mark.parametrize("name", ["/dev/zero", "/dev/null", "socket"])
def test_devices_and_sockets_are_not_read(name: str) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")
        with pytest.raises(PictureDeviceError, match=f"^{name}: neither a file nor a pipe$"):
            read_picture(name)


@pytest.mark.parametrize("kind", ["I;16", "I;16B", "I", "F"])
def test_deep_levels_are_not_clipped(kind: str) -> None:
    levels = np.arange(0, 65025, 51).reshape(25, 51)
    dtype = {"I;16": "<u2", "I;16B": ">u2", "I": "<i4", "F": "<f4"}[kind]
    stream = io.BytesIO()
    Image.frombytes(kind, (51, 25), levels.astype(dtype).tobytes()).save(stream, "TIFF")
    found = load_grey(stream.getvalue(), "deep.tiff")
    np.testing.assert_allclose(found, levels * (255 / levels.max()), rtol=1e-5)


def test_levels_from_end_to_end_of_single_precision() -> None:
    levels = np.array([[-3e38, 3e38], [0, 0]], np.float32)
    stream = io.BytesIO()
    Image.fromarray(levels).save(stream, "TIFF")
    np.testing.assert_array_equal(load_grey(stream.getvalue(), "x"), [[0, 255], [127.5, 127.5]])


def test_libtiff_says_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    content = bytearray(saved("TIFF", compression="tiff_adobe_deflate"))
    place = content.index(b"x\x9c") if b"x\x9c" in content else content.index(b"x\xda")
    content[place + 4 : place + 20] = bytes(16)
    with pytest.raises(PictureError, match="damaged picture"):
        load_grey(bytes(content), "damaged.tiff")
    assert capfd.readouterr().err == ""


def test_pillow_logs_nothing_to_stderr() -> None:
    stream = io.BytesIO()
    seven("RGB", ink=(0, 0, 0), ground=(9, 9, 9)).save(stream, "TIFF")
    content = stream.getvalue()
    entry = struct.pack("<HHI", 277, 3, 1)  # samples per pixel
    place = content.index(entry) + len(entry)
    code = "import sys; from mnistmlp.pictures.decoding import load_grey as load"
    code += "; load(sys.stdin.buffer.read(), 'x')"
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=content[:place] + b"\xff\xff" + content[place + 2 :],
        capture_output=True,
        check=False,
    )
    assert done.stderr.splitlines()[-1].startswith(b"mnistmlp.errors.OtherKindError: x: not a pict")
    assert b"samples" not in done.stderr


WHOLE = {
    kind: saved(kind, **options)
    for kind, options in {
        "PNG": {},
        "JPEG": {},
        "GIF": {},
        "BMP": {},
        "WEBP": {},
        "PPM": {},
        "TIFF": {"compression": "tiff_lzw"},
    }.items()
}


@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@pytest.mark.filterwarnings("ignore")  # Pillow's, which `predict` ignores as well
@pytest.mark.parametrize("kind", WHOLE)
@given(data=st.data())
def test_damaged_pictures_are_read_or_refused(kind: str, data: st.DataObject) -> None:
    content = bytearray(WHOLE[kind])
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    content = content[: data.draw(st.just(len(content)) | st.integers(0, len(content)))]
    with contextlib.suppress(PictureError):
        assert load_grey(bytes(content), "picture").ndim == 2


@given(content=st.binary(max_size=100))
def test_any_bytes_are_refused(content: bytes) -> None:
    with pytest.raises(PictureError):
        load_grey(content, "picture")


@pytest.mark.parametrize("disc", [False, True])
def test_a_small_card_in_a_transparent_picture_is_cut_out(disc: bool) -> None:
    picture = Image.new("RGBA", (600, 500))
    card = Image.new("RGBA", (200, 200))
    shape = Image.new("L", card.size)
    getattr(ImageDraw.Draw(shape), "ellipse" if disc else "rectangle")((0, 0, 199, 199), fill=255)
    card.paste(seven("RGB", ink="navy", ground="ivory"), (20, 30), shape.crop((20, 30, 220, 230)))
    picture.paste(card, (350, 30))
    picture.putpixel((0, 499), (0, 0, 0, 255))  # a speck
    assert likeness(read(picture), read(seven())) > 0.98


def test_a_plain_bar_in_a_transparent_picture_is_ink() -> None:
    picture = Image.new("RGBA", (200, 200))
    picture.paste((250, 250, 250, 255), (90, 40, 110, 160))
    grey = load_grey(encode(picture), "bar")
    assert grey.shape == (200, 200)
    assert grey[100, 100] > grey[10, 10] + 200


def encode(picture: Image.Image) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, "png")
    return stream.getvalue()
