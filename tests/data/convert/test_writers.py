from __future__ import annotations

import gzip
import io
import tracemalloc
import zipfile

import numpy as np
import pytest

from mnistmlp.arrays import Bytes
from mnistmlp.data.convert.parts import Images, Wrong
from mnistmlp.data.convert.writers import format_rows, write_arrays, write_table
from tests.data.convert.samples import HEAD, IMAGES, LABELS, table

MANY = np.tile(IMAGES, (200, 1, 1))  # more than a block


def images_of(
    images: Bytes = IMAGES, labels: Bytes | None = LABELS, split: str = "train"
) -> Images:
    return Images(split, "a source", images, labels, Wrong(), [])  # type: ignore[arg-type]


def test_numbers_of_every_length_in_every_column() -> None:
    rows = np.add.outer(np.arange(256), np.arange(3)).astype(np.uint8)
    text = io.StringIO()
    np.savetxt(text, rows, "%d", ",")
    assert format_rows(rows).decode() == text.getvalue()
    assert format_rows(rows[:, :1]).decode() == "".join(f"{k}\n" for k in range(256))
    assert format_rows(rows[:0]) == b""


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("labelled", [False, True])
def test_a_table_is_as_kaggles(packed: bool, labelled: bool) -> None:
    labels, head = (np.tile(LABELS, 200), HEAD) if labelled else (None, HEAD.partition(",")[2])
    written, counts = io.BytesIO(), list[int]()
    write_table(written, images_of(MANY, labels), packed=packed, on_block=counts.append)
    content = written.getvalue()
    assert (gzip.decompress(content) if packed else content).decode() == table(
        MANY, labels, head=head
    )
    assert content[4:8] == bytes(4) or not packed  # no time: the same bytes whenever
    assert counts == [1024, 2048, 2400]


def test_an_archive_is_as_keras_has_it() -> None:
    labels = np.tile(LABELS, 200)
    sets = [images_of(MANY, labels), images_of(IMAGES[:5, ::-1], None, "test")]
    one, two = io.BytesIO(), io.BytesIO()
    for file in (one, two):
        write_arrays(file, sets)
    assert one.getvalue() == two.getvalue()
    one.seek(0)
    with np.load(one, allow_pickle=False) as arrays:
        assert list(arrays) == ["x_train", "y_train", "x_test"]
        for name, array in (("x_train", MANY), ("y_train", labels), ("x_test", IMAGES[:5, ::-1])):
            np.testing.assert_array_equal(arrays[name], array)
            assert arrays[name].dtype == np.uint8
    compressed = {info.compress_type for info in zipfile.ZipFile(one).infolist()}
    assert compressed == {zipfile.ZIP_DEFLATED}


def test_memory_does_not_grow_with_the_images(monkeypatch: pytest.MonkeyPatch) -> None:
    many = np.broadcast_to(IMAGES[0], (8000, 28, 28))
    with open("/dev/null", "wb") as file:  # noqa: PTH123
        tracemalloc.start()
        write_table(file, images_of(many, None), packed=False, on_block=lambda count: None)
        write_arrays(file, [images_of(many, None)])
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 25e6  # the table at once: 75 MB
