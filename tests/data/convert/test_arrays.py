"""Archives and arrays of NumPy's, with all names, types and shapes that people have."""

import io
import re
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from mnistmlp.data.convert.sources import find_parts
from mnistmlp.errors import DataError
from tests.conftest import peak_memory
from tests.data.convert.samples import IMAGES, LABELS, assert_same, parts_of, read_all, read_one

ONE_HOT = np.eye(10)[LABELS]


@pytest.mark.parametrize(
    "names",
    [
        ("x_train", "y_train", "x_test", "y_test"),
        ("X_train", "Y_train", "X_test", "Y_test"),
        ("train_images", "train_labels", "test_images", "test_labels"),
        ("trainX", "trainY", "testX", "testY"),
        ("train_x", "train_y", "val_x", "val_y"),
    ],
)
def test_the_names_of_four_arrays(names: tuple[str, ...]) -> None:
    arrays = (IMAGES, LABELS, IMAGES[:5], LABELS[:5])
    np.savez("all.npz", **dict(zip(names, arrays, strict=True)))  # type: ignore[arg-type]
    Path("folder").mkdir()
    for name, array in zip(names, arrays, strict=True):
        np.save(f"folder/{name}.npy", array)
    for source in ("all.npz", "folder"):
        train, test = read_all(source)
        assert (train.split, test.split) == ("train", "test")
        assert_same(train)
        assert_same(test, IMAGES[:5], LABELS[:5])
    assert_same(read_one(f"folder/{names[0]}.npy"))


@pytest.mark.parametrize("names", [("x", "y"), ("data", "target"), ("arr_0", "arr_1")])
def test_the_names_of_two_arrays(names: tuple[str, str]) -> None:
    np.savez_compressed("digits.npz", **dict(zip(names, (IMAGES, LABELS), strict=True)))  # type: ignore[arg-type]
    assert_same(read_one("digits.npz"))
    np.savez("test.npz", **{names[0]: IMAGES})  # type: ignore[arg-type]
    found = read_one("test.npz")
    assert_same(found, labels=None)
    assert found.split == "test"


def test_archives_of_one_array_each() -> None:
    Path("kmnist").mkdir()
    for split, count in (("train", 12), ("test", 5)):
        np.savez_compressed(f"kmnist/kmnist-{split}-imgs.npz", IMAGES[:count])
        np.savez_compressed(f"kmnist/kmnist-{split}-labels.npz", LABELS[:count])
    train, test = read_all("kmnist")
    assert_same(train)
    assert_same(test, IMAGES[:5], LABELS[:5])
    assert_same(read_one("kmnist/kmnist-train-imgs.npz"))
    np.savez("pixels.npz", IMAGES)
    assert_same(read_one("pixels.npz"), labels=None)


def test_a_validation_set_is_left_out_beside_a_test_set() -> None:
    arrays = {f"{split}_{what}": IMAGES if what == "images" else LABELS[:, None]
              for split in ("val", "train", "test") for what in ("images", "labels")}  # fmt: skip
    np.savez("medical.npz", **arrays)  # type: ignore[arg-type]
    found = find_parts(Path("medical.npz"))
    assert found
    assert [part.split for part in found.parts] == ["train", "test"]
    assert found.left_out == [
        "medical.npz: 'val_images': left out",
        "medical.npz: 'val_labels': left out",
    ]


@pytest.mark.parametrize(
    ("images", "note"),
    [
        (IMAGES.reshape(-1, 784), "shape 12 x 784, now N x 28 x 28"),
        (IMAGES[..., None], "shape 12 x 28 x 28 x 1, now N x 28 x 28"),
        (IMAGES[:, None], "shape 12 x 1 x 28 x 28, now N x 28 x 28"),
        (IMAGES.astype(np.float32) / 255, "float32 from 0 to 1, scaled to 0 to 255"),
        (IMAGES.astype(np.float16) / 255, "float16 from 0 to 1, scaled to 0 to 255"),
        (IMAGES.astype(np.float64), "float64, now uint8"),
        (IMAGES + 0.25, "float64, rounded to uint8"),
        (IMAGES.astype(">i4"), "int32, now uint8"),
        (IMAGES.astype(np.int64), "int64, now uint8"),
        (np.asfortranarray(IMAGES), None),
    ],
    ids=lambda _: "",
)
def test_images_of_other_types_and_shapes(images: Any, note: str | None) -> None:
    np.savez("digits.npz", x=images, y=LABELS)
    found = read_one("digits.npz")
    assert_same(found)
    assert found.notes == ([note] if note else [])


def test_black_and_white() -> None:
    np.savez("digits.npz", x=IMAGES > 99, y=LABELS)
    assert_same(read_one("digits.npz"), np.uint8(255) * (IMAGES > 99))


@pytest.mark.parametrize(
    ("labels", "note"),
    [
        (LABELS.astype(np.int64), "labels of type int64, now uint8"),
        (LABELS.astype(">i2")[:, None], "labels of type int16, now uint8"),
        (LABELS.astype(float), "labels of type float64, now uint8"),
        (ONE_HOT, "one-hot labels, now digits"),
        (ONE_HOT.astype(bool), "one-hot labels, now digits"),
    ],
    ids=lambda _: "",
)
def test_labels_of_other_types(labels: Any, note: str) -> None:
    np.savez("digits.npz", x=IMAGES, y=labels)
    found = read_one("digits.npz")
    assert_same(found)
    assert found.notes == [note]


@pytest.mark.parametrize(
    ("arrays", "error"),
    [
        ({"x": ONE_HOT}, "a.npz: 'x': 12 x 10, expected N x 28 x 28 or N x 784"),
        ({"w1": ONE_HOT}, "a.npz: no images: found 'w1', expected names like x_train and y_train"),
        ({"w1": 1, "w2": 2, "b": 3}, "a.npz: no images: found 'w1', 'w2', 'b', expected"),
        ({"x": IMAGES, "y": LABELS[1:]}, "a.npz: 'x': 12 images, but 11 labels in a.npz: 'y'"),
        ({"x": IMAGES, "y": LABELS + 9}, "a.npz: 'y': labels from 9 to 17; this network has ten"),
        (
            {"x": IMAGES[:2], "y": [1, 10]},
            "a.npz: 'y': labels from 1 to 10; this network has ten classes, 0 to 9 (counted "
            "from 1?)",
        ),
        ({"x": IMAGES, "y": LABELS + 0.5}, "a.npz: 'y': labels that are not whole numbers"),
        ({"x": IMAGES, "y": ONE_HOT * 0}, "a.npz: 'y': N x 10 labels that are not one-hot"),
        ({"x": IMAGES, "y": ONE_HOT * 2}, "a.npz: 'y': N x 10 labels that are not one-hot"),
        ({"x": IMAGES, "y": IMAGES}, "a.npz: 'y': labels of shape 12 x 28 x 28, expected N"),
        ({"x": IMAGES - 300.0}, "a.npz: 'x': pixels from -300 to -91, not 0 to 1 or 0 to 255"),
        ({"x": IMAGES / 150}, "a.npz: 'x': pixels from 0 to 1.39333, not 0 to 1 or 0 to 255"),
        ({"x": IMAGES * np.nan}, "a.npz: 'x': pixels that are not finite numbers"),
        ({"x": IMAGES.astype("U3")}, "a.npz: 'x': items of type <U3, not numbers"),
        ({"x": IMAGES.astype(complex)}, "a.npz: 'x': items of type complex128, not numbers"),
        ({"x": IMAGES.astype(object)}, "a.npz: 'x': pickled Python objects, which are never"),
        ({"x": np.empty((0, 28, 28), np.uint8)}, "a.npz: 'x': 0, expected N x 28 x 28"),
        ({"x_train": IMAGES, "train_x": IMAGES}, "a.npz: 'x_train' and a.npz: 'train_x' are both"),
    ],
    ids=lambda _: "",
)
def test_what_holds_no_digits(arrays: Any, error: str) -> None:
    np.savez("a.npz", **arrays)
    with pytest.raises(DataError, match=f"^{re.escape(error)}"):
        read_all("a.npz")


def test_an_archive_that_claims_too_much() -> None:
    with zipfile.ZipFile("x.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.npy", bytes(200_000_000))
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        head, {"descr": "|u1", "fortran_order": False, "shape": (10**12, 28, 28)}
    )
    with zipfile.ZipFile("y.npz", "w") as archive:
        archive.writestr("x.npy", head.getvalue())
    with zipfile.ZipFile("z.npz", "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("x.npy", head.getvalue())

    def refuse(name: str, error: str) -> None:
        with pytest.raises(DataError, match=error):
            read_all(f"{name}.npz")

    for name, error in (
        ("x", "^x.npz: .* bytes that unpack to 200,000,000, more than 100 times"),
        ("y", "^y.npz: 'x': needs 784000000000000 bytes, found 0"),
        ("z", "^z.npz: .* compressed by a method other than deflate"),
    ):
        assert peak_memory(lambda args=(name, error): refuse(*args)) < 5_000_000  # type: ignore[misc]


def test_memory_does_not_grow_with_an_array() -> None:
    np.savez_compressed("small.npz", x=np.tile(IMAGES / 255, (100, 1, 1)))
    np.savez_compressed("large.npz", x=np.tile(IMAGES / 255, (600, 1, 1)))
    read_one("small.npz")
    peaks = [peak_memory(lambda n=n: read_one(n)) for n in ("small.npz", "large.npz")]  # type: ignore[misc]
    assert peaks[1] < 1.2 * peaks[0]


BUFFER = io.BytesIO()
np.savez_compressed(BUFFER, x=IMAGES[:3], y=LABELS[:3])
ARCHIVE = BUFFER.getvalue()
CHANGES = st.lists(st.tuples(st.integers(0, len(ARCHIVE)), st.binary(max_size=4)), max_size=4)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(CHANGES, st.integers(0, 2 * len(ARCHIVE)))
def test_any_bytes_are_read_or_refused_in_a_line(
    changes: list[tuple[int, bytes]], end: int
) -> None:
    content = bytearray(ARCHIVE)
    for at, new in changes:
        content[at : at + len(new)] = new
    Path("a.npz").write_bytes(content[:end])
    try:
        found = [read_one("a.npz")] if len(parts_of("a.npz")) == 1 else read_all("a.npz")
    except DataError as error:
        assert "\n" not in str(error)
    else:
        assert all(len(each.images) <= 3 for each in found)
