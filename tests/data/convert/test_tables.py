"""Tables of images, right and wrong."""

import gzip
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from mnistmlp.data.convert import parts
from mnistmlp.errors import DataError
from tests.conftest import peak_memory
from tests.data.convert.samples import (
    HEAD,
    IMAGES,
    LABELS,
    assert_same,
    parts_of,
    read_one,
    table,
    write,
)

NAMES = HEAD.split(",")


def with_columns(names: list[str], order: list[int]) -> str:
    """Return the table with these names of its columns, in another order."""
    lines = [names, *(line.split(",") for line in table(head=None).splitlines())]
    return "\n".join(",".join(line[k] for k in order) for line in lines)


@pytest.mark.parametrize(
    "text",
    [
        table(),
        table(head=None),
        table().replace("\n", "\r\n"),
        "\ufeff" + table(),
        table().replace("\n", "\n\n"),
        table().rstrip("\n"),
        re.sub(r"\w+", r'"\g<0>"', table()),
        table().replace(",", ", "),
        table().replace(",", ";"),
        table().replace(",", "\t"),
        table().replace(",", " "),
        with_columns(NAMES, [*range(784, 0, -1), 0]),
        with_columns(["Class", *(f"pixel{k}" for k in range(1, 785))], [*range(1, 785), 0]),
        with_columns(
            ["label", *(f"{1 + k // 28}x{1 + k % 28}" for k in range(784))], list(range(785))
        ),
        with_columns(["label", *map(str, range(784))], list(range(785))),
        with_columns([str(k) for k in range(785)], list(range(785))),
        with_columns(NAMES, [*range(1, 785), 0]).split("\n", 1)[1],
    ],
    ids=lambda _: "",
)
def test_the_forms_of_a_table(text: str) -> None:
    assert_same(read_one(write("train.csv", text)))
    assert_same(read_one(write("train.csv.gz", gzip.compress(text.encode()))))


def test_columns_without_a_meaning_are_left_out() -> None:
    lines = table().splitlines()
    text = "\n".join(
        [f",{lines[0]},id", *(f"{k + 1000},{each},x{k}" for k, each in enumerate(lines[1:]))]
    )
    found = read_one(write("train.csv", text))
    assert_same(found)
    assert found.notes == ["columns left out: 'without a name', 'id'"]


def test_a_table_without_labels() -> None:
    for head in (HEAD.partition(",")[2], None):
        found = read_one(write("test.csv", table(labels=None, head=head)))
        assert_same(found, labels=None)
        assert found.split == "test"


@pytest.mark.parametrize(
    ("text", "note"),
    [
        (table(IMAGES / 255, form="%.6g"), "numbers from 0 to 1, scaled to 0 to 255"),
        (table(form="%.1f"), "numbers with fractions, rounded"),
        (table(IMAGES + 0.25, form="%.2f"), "numbers with fractions, rounded"),
    ],
)
def test_fractions(text: str, note: str) -> None:
    found = read_one(write("train.csv", text))
    assert_same(found)
    assert found.notes == [note]


def test_black_and_white_becomes_0_and_255() -> None:
    found = read_one(write("train.csv", table(IMAGES > 99)))
    assert_same(found, np.uint8(255) * (IMAGES > 99))


def test_a_wrong_row_does_not_change_the_range_of_the_others() -> None:
    white = (IMAGES > 99).astype(np.uint8)
    white[5, 3, 4] = 200
    found = read_one(write("train.csv", table(white)))
    assert found.wrong.first == ["train.csv:7: 'pixel88' is '200', not 0 to 1"]
    np.testing.assert_array_equal(found.images, np.delete(white, 5, axis=0) * 255)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda row: row[:-1], "784 columns, expected 785"),
        (lambda row: [*row, "0"], "786 columns, expected 785"),
        (lambda row: [*row[:5], "x", *row[6:]], "'pixel4' is 'x', not 0 to 255"),
        (lambda row: [*row[:5], "256", *row[6:]], "'pixel4' is '256', not 0 to 255"),
        (lambda row: [*row[:5], "", *row[6:]], "'pixel4' is '', not 0 to 255"),
        (lambda row: [*row[:5], "1.5", *row[6:]], "'pixel4' is '1.5', not a whole number"),
        (lambda row: [*row[:5], "nan", *row[6:]], "'pixel4' is 'nan', not 0 to 255"),
        (lambda row: [*row[:5], "1_0", *row[6:]], "'pixel4' is '1_0', not 0 to 255"),
        (lambda row: ["seven", *row[1:]], "label 'seven', not 0 to 9"),
        (lambda row: ["10", *row[1:]], "label 10, not 0 to 9"),
        (lambda row: ["1e999", *row[1:]], "label '1e999', not 0 to 9"),
        (lambda row: ['"1', *row[1:]], "unexpected end of data"),
    ],
)
def test_a_wrong_row_is_named_and_left_out(change, fault: str) -> None:  # type: ignore[no-untyped-def]
    images, labels = np.tile(IMAGES, (10, 1, 1)), np.tile(LABELS, 10)
    lines = table(images, labels).splitlines()
    lines[40] = ",".join(change(lines[40].split(",")))
    found = read_one(write("train.csv", "\n".join(lines)))
    assert (found.wrong.count, found.wrong.first) == (1, [f"train.csv:41: {fault}"])
    np.testing.assert_array_equal(found.images, np.delete(images, 39, axis=0))
    np.testing.assert_array_equal(found.labels, np.delete(labels, 39))


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", "train.csv: empty"),
        ("\n\n", "train.csv: empty"),
        (HEAD, "train.csv: no images"),
        ("a,b\n1,2\n", "train.csv: columns 'a', 'b' …, expected label and pixel0 to pixel783"),
        ("1,2\n", "train.csv: 2 columns, expected 784 pixels, with or without a label"),
        (HEAD.replace("pixel7,", ""), "train.csv: 783 pixel columns, expected 784"),
        (HEAD.replace("pixel7,", "pixel900,"), "train.csv: the pixel columns lack number 7"),
        (HEAD.replace("pixel7,", "pixel8,"), "train.csv: two columns are named after the same"),
        (f"y,{HEAD}", "train.csv: two columns of labels, 'y' and 'label'"),
        ("7," * 50_000, "train.csv: a line of more than 65,536 bytes: not a table"),
        (table().encode("utf-16"), "train.csv: a table in UTF-16, not in UTF-8"),
        (gzip.compress(table().encode())[:-20], "train.csv: damaged gzip stream: "),
        (gzip.compress(b"0," * 10_000_000), "train.csv: a line of more than"),
        (gzip.compress(b"\n" * 10_000_000), "train.csv: unpacks to more than 100 times its size"),
        (b"\x89HDF\r\n", "train.csv: not a table: an HDF5 file"),
        (b"MATLAB 5.0\0\1\r", "train.csv: not a table: no lines of text"),
        (table().replace("\n", "\r")[:60_000], "train.csv: not a table: no lines of text"),
        (table(IMAGES / 150, form="%.3f"), "train.csv: pixels up to 1."),
        (b"PK\3\4", "train.csv: not a table: a zip archive or .npz file"),
        (b"\x80\4x", "train.csv: not a table: a pickle, which is never opened"),
        (table(labels=LABELS + 20), "train.csv: labels from 20 to 28 in 12 rows; this network has"),
    ],
    ids=lambda _: "",
)
def test_what_is_no_table_of_digits(text: str | bytes, error: str) -> None:
    with pytest.raises(DataError, match=f"^{re.escape(error)}"):
        read_one(write("train.csv", text))


def test_a_limit_and_other_pixels() -> None:
    path = write("train.csv", table())
    assert_same(read_one(path, limit=5), IMAGES[:5], LABELS[:5])
    assert_same(read_one(path, transpose=True), IMAGES.swapaxes(1, 2))
    assert_same(read_one(path, invert=True), 255 - IMAGES)


def test_memory_stays_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mnistmlp.data.convert.files.CHUNK", 1 << 16)
    lines = table(head=None).splitlines()
    small, large = write("a.csv", "\n".join(lines * 10)), write("b.csv", "\n".join(lines * 60))
    read_one(small)
    peaks = [peak_memory(lambda path=path: read_one(path)) for path in (small, large)]  # type: ignore[misc]
    assert peaks[1] < 1.2 * peaks[0]


@pytest.mark.parametrize("count", [1, 300])
def test_too_many_images(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "MAX_IMAGES", 11)
    with pytest.raises(DataError, match="more than 11 images"):
        read_one(write("train.csv", table()))


CHANGES = st.lists(
    st.tuples(st.integers(0, 4000), st.integers(0, 40), st.binary(max_size=8)), max_size=4
)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(CHANGES, st.integers(0, 1 << 16), st.booleans())
def test_any_bytes_are_read_or_refused_in_a_line(
    changes: list[tuple[int, int, bytes]], end: int, packed: bool
) -> None:
    content = bytearray(table(IMAGES[:4], LABELS[:4]).encode())
    for at, size, new in changes:
        start = at * len(content) // 4000
        content[start : start + size] = new
    data = gzip.compress(content) if packed else bytes(content)
    try:
        found = read_one(write("train.csv", data[:end] if packed else data))
    except DataError as error:
        assert "\n" not in str(error)
    else:
        assert found.labels is None or len(found.labels) == len(found.images)
        assert len(found.images) + found.wrong.count <= 40


def test_the_tables_of_a_folder() -> None:
    folder = Path("kaggle")
    folder.mkdir()
    write("kaggle/train.csv", table())
    write("kaggle/test.csv", table(labels=None, head=None))
    write("kaggle/sample_submission.csv", "ImageId,Label\n1,0\n")
    train, test = parts_of(folder)
    assert (train.split, train.labelled) == ("train", True)
    assert (test.split, test.labelled) == ("test", False)
    write("kaggle/validation.csv", table())
    assert [part.name for part in parts_of(folder)] == ["kaggle/train.csv", "kaggle/test.csv"]
    write("kaggle/more.csv", table())
    with pytest.raises(DataError, match="both train sets") as caught:
        parts_of(folder)
    assert str(caught.value) == "kaggle/more.csv and kaggle/train.csv are both train sets"
    assert caught.value.hint == "name one, such as kaggle/more.csv"


@pytest.mark.parametrize(
    ("name", "hint"), [("x.xlsx", "save the sheet as CSV"), ("x.csv", "unzip x.csv")]
)
def test_what_to_do_with_a_zip(name: str, hint: str) -> None:
    with pytest.raises(DataError) as caught:
        read_one(write(name, b"PK\3\4"))
    assert caught.value.hint == hint
