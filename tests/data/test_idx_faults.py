"""Each kind of wrong file is named, and the command of its hint writes the right one."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from mnistmlp.data.datasets import load_dataset
from mnistmlp.data.idx import encode_idx, read_idx
from mnistmlp.errors import IdxError
from tests.conftest import blobs
from tests.data.conftest import obey

IMAGES, LABELS = blobs(60, 1)
IMAGE_NAME, LABEL_NAME = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"


def raw(array: np.ndarray, sizes: tuple[int, ...] | None = None, order: str = ">") -> bytes:
    """Return IDX bytes of an array, with these sizes in the header, in this byte order."""
    magic = bytes([0, 0, 8, len(sizes or array.shape)])
    return magic + np.array(sizes or array.shape, f"{order}u4").tobytes() + array.tobytes()


def little_endian(array: np.ndarray) -> bytes:
    return raw(array)[3::-1] + raw(array, order="<")[4:]


def encoded(array: np.ndarray) -> bytes:
    head, items = encode_idx(array)
    return head + bytes(items)


def write(folder: Path, images: bytes, labels: bytes, *, packed: bool) -> None:
    folder.mkdir()
    for name, content in ((IMAGE_NAME, images), (LABEL_NAME, labels)):
        path = folder / (f"{name}.gz" if packed else name)
        path.write_bytes(gzip.compress(content) if packed else content)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        (little_endian(IMAGES), raw(LABELS), "magic number 03 08 00 00: its header is little"),
        (raw(IMAGES), little_endian(LABELS), "magic number 01 08 00 00: its header is little"),
        (raw(IMAGES, order="<"), raw(LABELS), "the sizes are little-endian, not big-endian"),
        (raw(IMAGES), raw(LABELS, order="<"), "the sizes are little-endian, not big-endian"),
        (little_endian(IMAGES), little_endian(LABELS), "its header is little-endian"),
        (raw(IMAGES, (60_000, 28, 28)), raw(LABELS), "may be that of another set: found 60"),
        (raw(IMAGES, (10, 28, 28)), raw(LABELS), "may be that of another set: found 60"),
        (raw(IMAGES), raw(LABELS, (60_000,)), "may be that of another set: found 60"),
        (raw(IMAGES, (70_000, 28, 28)), raw(LABELS, (70_000,)), "may be that of another set"),
        (raw(IMAGES.reshape(60, 784)), raw(LABELS), "60 x 784 items of type uint8"),
        (raw(IMAGES[..., None]), raw(LABELS), "60 x 28 x 28 x 1 items of type uint8"),
        (raw(IMAGES[:, None]), raw(LABELS), "60 x 1 x 28 x 28 items of type uint8"),
        (encoded(IMAGES.astype("i4")), raw(LABELS), "items of type int32"),
        (encoded(IMAGES / 255), raw(LABELS), "items of type float64"),
        (encoded(IMAGES.astype("f4")), raw(LABELS), "items of type float32"),
        (raw(IMAGES), encoded(LABELS.astype("i4")), "60 items of type int32"),
        (raw(IMAGES), encoded(LABELS.astype("f4")), "60 items of type float32"),
        (raw(IMAGES), raw(LABELS[:, None]), "60 x 1 items of type uint8"),
        (raw(IMAGES), raw(np.eye(10, dtype=np.uint8)[LABELS]), "60 x 10 items of type uint8"),
        (raw(IMAGES), raw(LABELS + np.uint8(1)), "label 10, expected 0 to 9, as if counted from 1"),
    ],
)
def test_the_hint_writes_the_right_files(
    tmp_path: Path, packed: bool, images: bytes, labels: bytes, message: str
) -> None:
    folder = tmp_path / "idx"  # the name that a new folder would get
    write(folder, images, labels, packed=packed)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(IdxError) as caught:
        load_dataset(Path("idx"), "train")
    assert message in str(caught.value)
    mended = load_dataset(obey(caught.value), "train")
    np.testing.assert_array_equal(mended.images, IMAGES)
    np.testing.assert_array_equal(mended.labels, LABELS)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_labels_are_no_fractions_though_none_is_above_1(tmp_path: Path) -> None:
    write(tmp_path / "own", raw(IMAGES), encoded((LABELS % 2).astype("f4")), packed=False)
    with pytest.raises(IdxError) as caught:
        load_dataset(tmp_path / "own", "train")
    assert set(load_dataset(obey(caught.value), "train").labels) == {0, 1}


@pytest.mark.parametrize("name", ["it's $mine", 'a "b" `c`', "-n 😀", "back\\slash", "a\nb"])
def test_a_folder_may_have_any_name(tmp_path: Path, name: str) -> None:
    write(tmp_path / name, little_endian(IMAGES), raw(LABELS), packed=False)
    with pytest.raises(IdxError) as caught:
        load_dataset(Path(name), "train")
    np.testing.assert_array_equal(load_dataset(obey(caught.value), "train").images, IMAGES)


@pytest.mark.parametrize(
    ("images", "found"),
    [(IMAGES.astype("i2") * 4, "0 to 1016"), (IMAGES / 255 * 2 - 1, "-1 to 0.992157")],
)
def test_values_of_another_range_are_named(tmp_path: Path, images: np.ndarray, found: str) -> None:
    write(tmp_path / "own", encoded(images), raw(LABELS), packed=False)
    with pytest.raises(IdxError, match=f"with values from {found}, not 0 to 255") as caught:
        load_dataset(tmp_path / "own", "train")
    assert caught.value.hint is None


@pytest.mark.parametrize("size", [2, 4, 8])
def test_wide_items_under_a_header_of_bytes(size: int, tmp_path: Path) -> None:
    wide = LABELS.astype(f"<i{size}")
    write(tmp_path / "own", raw(IMAGES), raw(LABELS)[:8] + wide.tobytes(), packed=False)
    with pytest.raises(IdxError, match=f"the items seem to have {size} bytes each") as caught:
        load_dataset(tmp_path / "own", "train")
    assert "array.astype(np.uint8).tobytes()" in str(caught.value)
    assert caught.value.hint is None


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\x93NUMPY\x01\0", "a NumPy .npy file"),
        (b"PK\3\4", "a zip archive or .npz file"),
        (b"<!doctype html>", "a web page"),
        (b"\x80\4\x95", "a pickle, which is never opened"),
        (b"label,pixel0", "a table"),
        (b"\x1f\x8b\x08", "compressed twice"),
        (b"\x89PNG\r\n", "a picture"),
    ],
)
def test_files_of_other_kinds_are_named(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "x.gz").write_bytes(gzip.compress(content))
    with pytest.raises(IdxError, match=message):
        read_idx(tmp_path / "x.gz")


def test_exchanged_names_are_noticed(tmp_path: Path) -> None:
    write(tmp_path / "own", raw(LABELS), raw(IMAGES), packed=False)
    with pytest.raises(IdxError, match="it holds labels: are the names of two files swapped"):
        load_dataset(tmp_path / "own", "train")


def test_a_file_cut_short_gets_no_guess(tmp_path: Path) -> None:
    write(tmp_path / "own", raw(IMAGES)[:-5], raw(LABELS), packed=False)
    with pytest.raises(IdxError, match=r"bytes, found 47035$") as caught:
        load_dataset(tmp_path / "own", "train")
    assert caught.value.hint is None
