"""Each form of images and labels is taken as the plain array, or refused with what mends it."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnistmlp.arrays import Bytes
from mnistmlp.core.inputs import check_images, check_labels, check_pair, is_single
from mnistmlp.errors import InputError

GREY = np.random.default_rng(0).integers(0, 256, (5, 28, 28), np.uint8)
GREY[:, 0, :2] = 0, 255
BLACK_AND_WHITE = np.where(GREY > 127, 255, 0).astype(np.uint8)
LABELS = np.array([0, 9, 1, 5, 5])

Form = Callable[[Any], Any]

pytestmark = pytest.mark.filterwarnings("ignore:the matrix subclass:PendingDeprecationWarning")


class Box:
    """Something that NumPy takes as an array, and that is none."""

    def __init__(self, values: Any) -> None:
        self.values = values

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return self.values


class Subclass(np.ndarray[Any, Any]):
    """An array that indexes otherwise than arrays do."""

    def __getitem__(self, key: Any) -> Any:
        raise AssertionError


def in_file(values: Any) -> Any:
    if values.size == 0 or values.dtype.hasobject:  # cannot be mapped
        return values
    Path("array").write_bytes(values.tobytes())
    return np.memmap("array", values.dtype, "r", shape=values.shape)


def read_only(values: Any) -> Any:
    values = values.copy()
    values.flags.writeable = False
    return values


def mend(error: InputError, what: str, values: Any) -> Any:
    """Do what the message says."""
    line = re.search(r": write (.*?)(?: if |$)", str(error))
    if not line:
        raise error
    return eval(line[1], {"np": np, what: values})


def settle(images: Any) -> Bytes:
    """Return images as they are taken in the end; levels and shape may need a line each."""
    for _ in range(3):
        try:
            return check_images(images)
        except InputError as error:
            images = mend(error, "images", images)
    return check_images(images)


def of(kind: Any, change: Form = lambda x: x) -> Form:
    """Return what makes an array of a type."""
    return lambda x: change(x).astype(kind)


# --- Images: each shape, each type, each place in memory --------------------------

SHAPES: dict[str, tuple[int, Form]] = {  # number of images, and how they lie
    "(n, 28, 28)": (5, lambda x: x),
    "(n, 784)": (5, lambda x: x.reshape(5, 784)),
    "(28, 28)": (1, lambda x: x[0]),
    "(784,)": (1, lambda x: x[0].ravel()),
    "(1, 28, 28)": (1, lambda x: x[:1]),
    "(n, 1, 28, 28)": (5, lambda x: x[:, None]),
    "(n, 28, 28, 1)": (5, lambda x: x[..., None]),
    "(28, 28, 1)": (1, lambda x: x[0, ..., None]),
    "(784, n)": (5, lambda x: x.reshape(5, 784).T),
    "(0, 28, 28)": (0, lambda x: x[:0]),
    "(0, 784)": (0, lambda x: x.reshape(5, 784)[:0]),
    "(784, 0)": (0, lambda x: x.reshape(5, 784)[:0].T),
    "(0, 1, 28, 28)": (0, lambda x: x[:0, None]),
}
MEMORY: dict[str, Form] = {
    "C order": lambda x: x,
    "Fortran order": np.asfortranarray,
    "sliced": lambda x: np.repeat(x, 2, axis=-1)[..., ::2],
    "negative strides": lambda x: np.flip(np.flip(x).copy()),
    "read-only": read_only,
    "mapped": in_file,
    "masked": np.ma.masked_array,
    "matrix": lambda x: np.matrix(x) if x.ndim == 2 and len(x) else x,
    "subclass": lambda x: x.view(Subclass),
    "list": lambda x: x.tolist(),
    "list of arrays": lambda x: list(x) if x.ndim > 1 else x,
    "__array__": Box,
}
FLOATS = [np.float16, np.float32, np.float64, np.longdouble]
WHOLE = [*"BhHiIlLqQ", ">i2", ">u4"]
TYPES: dict[str, tuple[Bytes, Form]] = {
    **{f"{np.dtype(t)} {t}": (GREY, of(t)) for t in WHOLE},
    "object": (GREY, lambda x: x.astype(object)),
    "bool": (BLACK_AND_WHITE, lambda x: x > 0),
    **{f"0 and 1, {t}": (BLACK_AND_WHITE, of(t, lambda x: x // 255)) for t in "bBhl"},
}
SCALES: dict[str, Form] = {
    "0 to 255": lambda x: x,
    "0 to 1": lambda x: x / 255,
    "-1 to 1": lambda x: x / 127.5 - 1,
    "-0.5 to 0.5": lambda x: x / 255 - 0.5,
    "standardised": lambda x: (x / 255 - 0.1307) / 0.3081,
}
TYPES |= {
    f"{each.__name__} {name}": (GREY, of(each, scale))
    for name, scale in SCALES.items()
    for each in FLOATS
}


@pytest.mark.parametrize("kind", TYPES)
def test_images_of_each_kind_are_those_of_the_plain_array(kind: str) -> None:
    expected, convert = TYPES[kind]
    for (shape, (count, lay)), place in product(SHAPES.items(), MEMORY):
        images = settle(MEMORY[place](lay(convert(expected))))
        wanted = expected[:count].reshape(-1, 784)
        assert images.dtype == np.uint8
        np.testing.assert_array_equal(images.reshape(-1, 784), wanted, f"{shape}, {place}")


@pytest.mark.parametrize("name", ["(n, 28, 28)", "(n, 784)", "(28, 28)", "(784,)", "(1, 28, 28)"])
def test_bytes_are_taken_as_they_are(name: str) -> None:
    _, lay = SHAPES[name]
    images = lay(GREY)
    assert check_images(images) is images
    assert is_single(images) == ("n" not in name and "1," not in name)


def test_an_empty_list_is_no_images() -> None:
    assert check_images([]).shape == (0, 28, 28)


@pytest.mark.parametrize(
    ("images", "found"),
    [
        (
            np.zeros((5, 28, 28, 3), np.uint8),
            r"of shape \(5, 28, 28, 3\): colour pictures.*Brain.read",
        ),
        (
            np.zeros((5, 3, 28, 28), np.uint8),
            r"of shape \(5, 3, 28, 28\): colour pictures.*Brain.read",
        ),
        (np.zeros((5, 28, 28, 4), np.uint8), r"of shape \(5, 28, 28, 4\): colour pictures"),
        (np.zeros((5, 3), np.uint8), r"of shape \(5, 3\): expected \(n, 28, 28\) or \(n, 784\)"),
        (np.zeros((5, 32, 32), np.uint8), r"of shape \(5, 32, 32\): expected .*any size"),
        (np.zeros((2, 3, 784), np.uint8), r"of shape \(2, 3, 784\): expected"),
        (
            np.zeros((5, 785), np.uint8),
            r"of shape \(5, 785\): expected 784 pixels .* without the label",
        ),
        (np.zeros((28, 27), np.uint8), r"of shape \(28, 27\): expected"),
        (np.zeros((0, 3), np.uint8), r"of shape \(0, 3\): expected"),
        ([[1, 2], [3]], "cannot be converted to an array"),
        ([GREY[0], GREY[0, :5]], "cannot be converted to an array"),
        (GREY.astype(np.int16) - 1, "of int16 from -1 to 254, not grey levels from 0 to 255"),
        (GREY.astype(np.uint16) * 257, "of uint16 from 0 to 65535, not grey"),
        (GREY.astype(np.int8), "of int8 from -128 to 127, not grey"),
        (GREY / 255 * 3 - 1, "of float64 from -1 to 2, not grey"),
        (GREY * 2.0, "of float64 from 0 to 510, not grey"),
        (GREY * np.nan, "of type float64 with values that are not finite"),
        (np.where(GREY, np.float16(np.inf), 0), "of type float16 with values that are not finite"),
        (GREY.astype(complex), "of type complex128, not grey"),
        (GREY.astype(str), "of type <U3, not grey"),
        (GREY.astype("m8[s]"), r"of type timedelta64\[s\], not grey"),
        (np.ma.masked_equal(GREY, 255), r"with masked values: write images.filled\(0\)"),
        (None, "are a single NoneType, not an array"),
        (7, "are a single int, not an array"),
        (iter(GREY), "are a single .*, not an array"),
        ("scan.png", "are a name, 'scan.png', not an array; Brain.read"),
        (Path("scan.png"), "are a name, 'scan.png'"),
        (b"\x89PNG" * 1000, r"are a name, '.{,40}', not"),  # the bytes of a file
    ],
)
def test_what_is_no_images_is_refused(images: Any, found: str) -> None:
    with pytest.raises(InputError, match=f"^images {found}"):
        check_images(images)


def test_a_mask_is_filled_with_black_by_the_line() -> None:
    assert np.array_equal(settle(np.ma.masked_equal(GREY, 255)), np.where(GREY == 255, 0, GREY))


def test_an_array_of_arrays_is_stacked_by_the_line() -> None:
    images = np.empty(5, object)
    images[:] = list(GREY)
    assert np.array_equal(settle(images), GREY)


def test_what_holds_the_images_says_so() -> None:
    class Holder:
        images = GREY

    with pytest.raises(InputError, match=r"are a single Holder, not an array; it has \.images"):
        check_images(Holder())  # type: ignore[arg-type]


def test_levels_of_0_and_1_are_seen_beyond_the_first_images() -> None:
    images = np.zeros((1001, 784), np.uint8)
    images[:, 5] = 1
    with pytest.raises(InputError, match="of uint8 from 0 to 1"):
        check_images(images)
    images[1000, 7] = 2
    assert check_images(images) is images


# --- Labels ---------------------------------------------------------------------

LABEL_FORMS: dict[str, Form] = {
    **{t: of(t) for t in ["b", *WHOLE]},
    **{np.dtype(t).name: of(t) for t in FLOATS},
    "strings": lambda y: y.astype(str),
    "bytes": lambda y: y.astype("S"),
    "strings of floats": lambda y: np.array([f"{each}.0" for each in y]),
    "long strings": lambda y: y.astype(np.dtypes.StringDType()),
    "objects": lambda y: y.astype(object),
    "objects, strings": lambda y: y.astype(str).astype(object),
    "one-hot": lambda y: np.eye(10)[y],
    "one column": lambda y: y[:, None],
    "one row": lambda y: y[None],
}


@pytest.mark.parametrize("kind", LABEL_FORMS)
def test_labels_of_each_kind_are_those_of_the_plain_array(kind: str) -> None:
    for place, put in MEMORY.items():
        labels = put(LABEL_FORMS[kind](LABELS))
        try:
            found = check_labels(labels, 5)
        except InputError as error:
            found = check_labels(mend(error, "labels", labels), 5)
        assert np.issubdtype(found.dtype, np.integer), place
        assert found.tolist() == LABELS.tolist(), place


def test_integers_are_taken_as_they_are() -> None:
    assert check_labels(LABELS, 5) is LABELS


@pytest.mark.parametrize("first", [1, 0])
def test_labels_from_1_to_10_are_mended_by_the_line_that_fits(first: int) -> None:
    """They count from 1, or 10 stands for 0."""
    labels = np.where(LABELS == 0, 10, LABELS) if first == 0 else LABELS + 1
    labels = np.append(labels, [1, 10])
    with pytest.raises(InputError, match="from 1 to 10") as caught:
        check_labels(labels, 7)
    lines = re.findall(r"labels [-%] \d+", str(caught.value))
    mended = eval(lines[0 if first else 1], {"labels": labels})
    assert check_labels(mended, 7).tolist()[:5] == LABELS.tolist()


@pytest.mark.parametrize(
    ("labels", "found"),
    [
        (LABELS[:4], "4 labels, but 5 images"),
        (np.append(LABELS, 3), "6 labels, but 5 images"),
        (LABELS - 1, "labels from -1 to 8, expected 0 to 9$"),
        (LABELS + 5, "labels from 5 to 14, expected 0 to 9$"),
        (np.array([0, 1, 2, 3, 10], np.uint64), "labels from 0 to 10, expected 0 to 9$"),
        (LABELS + 0.5, "labels of type float64, expected integers from 0 to 9$"),
        (LABELS * np.nan, "labels of type float64, expected integers from 0 to 9$"),
        (LABELS > 4, "labels of type bool, expected integers"),
        (LABELS + 0j, "labels of type complex128, expected integers"),
        (LABELS.astype("m8[s]"), "labels of type timedelta64"),
        (["a", "b", "c", "d", "e"], "labels of type <U1, expected integers from 0 to 9$"),
        (np.array([None] * 5), "labels of type object, expected integers from 0 to 9$"),
        (np.zeros((5, 3), int), r"labels of shape \(5, 3\), expected \(n,\)$"),
        (np.zeros((5, 1, 1), int), r"labels of shape \(5, 1, 1\), expected \(n,\)$"),
        ([[1], [2, 3], [4], [5], [6]], "labels cannot be converted to an array"),
        (np.ma.masked_equal(LABELS, 5), "labels with masked values: leave these images out"),
        (5, "labels are a single int, not an array"),
        (None, "labels are a single NoneType, not an array"),
        ("labels.csv", "labels are a name"),
    ],
)
def test_what_is_no_labels_is_refused(labels: Any, found: str) -> None:
    with pytest.raises(InputError, match=f"^{found}"):
        check_labels(labels, 5)


# --- Both -----------------------------------------------------------------------


def test_a_pair_is_flat_images_and_their_labels() -> None:
    images, labels = check_pair(GREY.tolist(), LABELS.tolist())
    assert np.array_equal(images, GREY.reshape(5, 784))
    assert labels.tolist() == LABELS.tolist()


@pytest.mark.parametrize("images", [[], GREY[:0], GREY.reshape(5, 784)[:0]])
def test_a_pair_has_images(images: Any) -> None:
    with pytest.raises(InputError, match="no images"):
        check_pair(images, LABELS[:0])


def test_a_pair_of_one_image_and_its_label_is_mended_by_the_line() -> None:
    with pytest.raises(InputError, match=r"\(28, 28\): write \[image\] and \[label\]"):
        check_pair(GREY[0], 3)
    assert check_pair([GREY[0]], [3])[1].tolist() == [3]
