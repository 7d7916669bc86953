"""IDX files of other names, types, shapes and byte orders."""

import gzip
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnistmlp.data.convert.parts import collect
from mnistmlp.data.convert.sources import find_parts
from mnistmlp.data.idx import encode_idx, write_idx
from mnistmlp.errors import DataError
from tests.data.convert.samples import IMAGES, LABELS, assert_same, read_all, read_one, write

NAME, BESIDE = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"


def content(array: Any) -> bytes:
    head, items = encode_idx(array)
    return head + bytes(items)


def swapped(data: bytes, words: int) -> bytes:
    """Return bytes whose first 32-bit words are in the other byte order."""
    end = 4 * words
    return np.frombuffer(data[:end], ">u4").astype("<u4").tobytes() + data[end:]


@pytest.mark.parametrize(
    ("names", "splits"),
    [
        (("train-images.idx3-ubyte", "train-labels.idx1-ubyte"), ["train"]),
        (("test-images-idx3-ubyte.gz", "test-labels-idx1-ubyte.gz"), ["test"]),
        (
            (
                "emnist-digits-train-images-idx3-ubyte.gz",
                "emnist-digits-train-labels-idx1-ubyte.gz",
                "emnist-digits-test-images-idx3-ubyte.gz",
                "emnist-digits-test-labels-idx1-ubyte.gz",
            ),
            ["train", "test"],
        ),
    ],
)
def test_other_names(names: tuple[str, ...], splits: list[str]) -> None:
    folder = Path("folder")
    folder.mkdir()
    for name in names:
        write_idx(folder / name, IMAGES if "images" in name else LABELS)
    found = read_all(folder)
    assert [each.split for each in found] == splits
    for each in found:
        assert_same(each)
    for name in names:
        if "images" in name:
            assert_same(read_one(folder / name))
        else:
            with pytest.raises(
                DataError, match="labels, going by its name; give the file with the images"
            ):
                read_one(folder / name)


def test_the_labels_of_another_set_are_not_taken() -> None:
    write_idx("a-images-idx3-ubyte", IMAGES)
    write_idx("b-labels-idx1-ubyte", LABELS)
    assert_same(read_one("a-images-idx3-ubyte"), labels=None)


@pytest.mark.parametrize(
    ("data", "note"),
    [
        (content(IMAGES), None),
        (swapped(content(IMAGES), 4), f"{NAME}: the header is little-endian"),
        (content(IMAGES)[:4] + swapped(content(IMAGES)[4:], 3), f"{NAME}: the header is little-"),
        (
            content(IMAGES)[:4] + b"\0\0\xea\x60" + content(IMAGES)[8:],
            f"{NAME}: the header counts 60,000, found 12",
        ),
        (content(IMAGES.reshape(-1, 784)), "shape 12 x 784, now"),
        (content(IMAGES[..., None]), "shape 12 x 28 x 28 x 1, now"),
        (content(IMAGES.astype(">i4")), "int32, now uint8"),
        (content(IMAGES.astype("<i4")), "int32, now uint8"),
        (
            content(IMAGES.astype(">i4"))[:16] + IMAGES.astype("<i4").tobytes(),
            f"{NAME}: the items are little-endian",
        ),
        (content(IMAGES / 255), "float64 from 0 to 1, scaled"),
        (content((IMAGES / 255).astype(">f4")), "float32 from 0 to 1, scaled"),
        (
            content(IMAGES / 255)[:16] + (IMAGES / 255).astype("<f8").tobytes(),
            f"{NAME}: the items are little-endian",
        ),
        (content(IMAGES.astype(np.float32)), "float32, now uint8"),
    ],
    ids=lambda _: "",
)
@pytest.mark.parametrize("packed", [False, True])
def test_images_that_are_put_right(data: bytes, note: str | None, packed: bool) -> None:
    write(NAME, gzip.compress(data) if packed else data)
    write_idx(BESIDE, LABELS)
    found = read_one(NAME)
    assert_same(found)
    if note:
        assert found.notes[0].startswith(note)
    else:
        assert found.notes == []


def test_minute_numbers_are_those_of_the_other_byte_order() -> None:
    white = IMAGES > 99  # 1.0, which reads as 4.6e-41
    write(NAME, content(white.astype(">f4"))[:16] + white.astype("<f4").tobytes())
    assert_same(read_one(NAME), np.uint8(255) * white, None)


@pytest.mark.parametrize(
    "labels", [LABELS.astype(">i4"), LABELS.astype(">i2")[:, None], np.eye(10)[LABELS]], ids=str
)
def test_labels_that_are_put_right(labels: Any) -> None:
    write_idx(NAME, IMAGES)
    write_idx(BESIDE, labels)
    assert_same(read_one(NAME))


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (content(IMAGES)[:-100], f"{NAME}: 12 x 28 x 28 items need 9408 bytes, found 9308"),
        (content(IMAGES[:, :20]), f"{NAME}: 12 x 20 x 28, expected N x 28 x 28 or N x 784"),
        (content(IMAGES)[:7], f"{NAME}: header of 7 bytes, expected 16"),
        (content(IMAGES)[:16], f"{NAME}: 12 x 28 x 28 items need 9408 bytes, found 0"),
        (b"\0\0\7\1" + bytes(50), f"{NAME}: not an IDX file: unknown type 0x07"),
        (
            gzip.compress(content(np.zeros((20_000, 28, 28), np.uint8))),
            f"{NAME}: unpacks to more than 100 times its size",
        ),
        (gzip.compress(content(IMAGES))[:-20], f"{NAME}: damaged gzip stream"),
        (gzip.compress(bytes(10**7)), f"{NAME}: a line of more than 65,536 bytes: not a table"),
    ],
    ids=lambda _: "",
)
def test_what_cannot_be_put_right(data: bytes, error: str) -> None:
    write(NAME, data)
    with pytest.raises(DataError, match=f"^{re.escape(error)}"):
        read_one(NAME)


@pytest.mark.parametrize(
    ("case", "counts"),
    [
        ("own-data-wrong-count", [200, 50]),
        ("own-data-little-endian", [200, 50]),
        ("own-data-test-names", [200, 50]),
        ("other-data/mnist.npz", None),
        ("other-data/emnist-digits-test-images-idx3-ubyte.gz", None),
    ],
)
def test_the_cases(cases: Path, case: str, counts: list[int] | None) -> None:
    found = read_all(cases / case)
    assert all(each.labels is not None for each in found)
    if counts:
        assert [len(each.images) for each in found] == counts


def test_several_sets_in_a_folder(cases: Path) -> None:
    with pytest.raises(DataError, match="other-data: several sets: ") as caught:
        read_all(cases / "other-data")
    assert caught.value.hint
    assert caught.value.hint.startswith("name one, such as ")


def test_backups_and_packed_twins_are_no_sets_of_their_own() -> None:
    Path("own").mkdir()
    for name, array in (("images-idx3", IMAGES), ("labels-idx1", LABELS)):
        for suffix in ("", ".bak", ".bak1", ".gz"):
            write_idx(f"own/train-{name}-ubyte{suffix}", array)
    found = find_parts(Path("own"))
    assert found
    assert_same(collect(found.parts[0]))
    assert found.left_out == [
        f"own/train-{name}-ubyte.gz: left out: an unpacked copy exists"
        for name in ("images-idx3", "labels-idx1")
    ]
    assert_same(read_one("own/train-images-idx3-ubyte.bak"))  # by its name, it is read


def test_pictures_beside_other_forms_are_not_passed_over_in_silence() -> None:
    Path("own/7").mkdir(parents=True)
    write_idx("own/train-images-idx3-ubyte", IMAGES)
    found = find_parts(Path("own"))
    assert found
    assert found.left_out == ["own: left out: the pictures in folders 0 to 9"]
