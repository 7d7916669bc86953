import gzip
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from hypothesis.extra import numpy as npst

from mnistmlp.data.idx import DTYPES, encode_idx, read_header, read_idx, write_idx
from mnistmlp.errors import IdxError, WriteError
from tests.conftest import needs_fifos, peak_memory

in_one_folder = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
arrays = st.sampled_from(list(DTYPES.values())).flatmap(
    lambda dtype: npst.arrays(dtype, npst.array_shapes(min_dims=0, min_side=0, max_dims=4))
)


@pytest.mark.parametrize("name", ["plain", "packed.gz"])
@in_one_folder
@given(array=arrays)
def test_an_array_survives_a_round_trip(tmp_path: Path, name: str, array: np.ndarray) -> None:
    write_idx(tmp_path / name, array, overwrite=True)
    found = read_idx(tmp_path / name)
    assert (found.dtype, found.shape) == (array.dtype, array.shape)
    assert found.tobytes() == array.tobytes()
    assert read_header(tmp_path / name).shape == array.shape
    if array.ndim:
        first = read_idx(tmp_path / name, limit=2)
        assert first.tobytes() == array[:2].tobytes()


@in_one_folder
@given(data=st.data())
def test_any_bytes_are_read_or_refused(tmp_path: Path, data: st.DataObject) -> None:
    head, items = encode_idx(np.arange(24, dtype=np.int16).reshape(2, 3, 4))
    whole = bytearray(head + bytes(items))
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    content = bytes(whole[: data.draw(st.integers(0, len(whole)))])
    if data.draw(st.booleans()):
        content = gzip.compress(content)[: data.draw(st.integers(0, 90))]
    path = tmp_path / "file"
    path.write_bytes(content)
    try:
        read_idx(path)
    except IdxError as error:
        assert str(error).startswith(str(path))
        assert "\n" not in str(error)


def test_header_is_big_endian(tmp_path: Path) -> None:
    write_idx(tmp_path / "f", np.array([[1, 2, 3]], np.int16))
    assert (tmp_path / "f").read_bytes() == (
        b"\0\0\x0b\x02" + b"\0\0\0\1" + b"\0\0\0\3" + b"\0\1\0\2\0\3"
    )


def test_a_compressed_file_has_no_timestamp(tmp_path: Path) -> None:
    write_idx(tmp_path / "f.gz", np.zeros(3, np.uint8))
    assert (tmp_path / "f.gz").read_bytes()[4:8] == bytes(4)


def test_plain_files_are_mapped_and_all_arrays_are_read_only(tmp_path: Path) -> None:
    array = np.arange(60, dtype=np.uint8).reshape(5, 3, 4)
    for name in ("plain", "packed.gz"):
        write_idx(tmp_path / name, array, overwrite=True)
        assert not read_idx(tmp_path / name).flags.writeable
    base: Any = read_idx(tmp_path / "plain")
    while isinstance(base, np.ndarray) and not isinstance(base, np.memmap):
        base = base.base
    assert isinstance(base, np.memmap)


MAGIC = b"\0\0\x08\x01"


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "magic number missing"),
        (b"\0\0\x08", "magic number 00 00 08"),
        (b"<!doctype html>", "magic number 3c 21 64 6f"),
        (b"\1\0\x08\x01", "magic number 01 00 08 01"),
        (b"\0\0\x07\x01\0\0\0\1a", "unknown type 0x07"),
        (b"\0\0\x08\xff", "255 dimensions, more than 32"),
        (b"\0\0\x08\x02\0\0\0\1\0\0", "header of 10 bytes, expected 12"),
        (MAGIC + b"\0\0\0\5abc", "5 items need 5 bytes, found 3"),
        (MAGIC + b"\0\0\0\2abc", "2 items need 2 bytes, found 3"),
        (b"\0\0\x0c\x02\0\0\0\2\0\0\0\3abcd", "2 x 3 items need 24 bytes, found 4"),
        (b"\0\0\x0e\x03" + b"\xff" * 12, "more than this machine can address"),
    ],
)
def test_the_error_names_the_damage(
    tmp_path: Path, packed: bool, content: bytes, message: str
) -> None:
    path = tmp_path / "damaged"
    path.write_bytes(gzip.compress(content) if packed else content)
    with pytest.raises(IdxError) as caught:
        read_idx(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert message in str(caught.value)


def test_damaged_gzip_streams_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "file.gz"
    write_idx(path, np.random.default_rng(0).integers(0, 255, 5000, np.uint8))
    whole = path.read_bytes()
    flipped = bytearray(whole)
    flipped[2500] ^= 0xFF
    for content in (whole[:3000], whole[:-4], bytes(flipped), whole + b"garbage"):
        path.write_bytes(content)
        with pytest.raises(IdxError, match=r"file\.gz: damaged gzip stream"):
            read_idx(path)


def test_memory_follows_the_content_not_the_header(tmp_path: Path) -> None:
    path = tmp_path / "liar.gz"
    path.write_bytes(gzip.compress(b"\0\0\x08\x02" + b"\0\1\0\0" * 2 + b"abc"))

    def read() -> None:
        with pytest.raises(IdxError, match="bytes, found 3"):
            read_idx(path)

    assert peak_memory(read) < 4_000_000


def test_surplus_content_is_not_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "bomb.gz"
    path.write_bytes(gzip.compress(MAGIC + b"\0\0\0\2" + bytes(50_000_000)))
    with pytest.raises(IdxError, match="found at least 1048578"):
        read_idx(path)


def test_a_gzip_bomb_with_a_true_header_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.gz"
    path.write_bytes(gzip.compress(MAGIC + b"\1\0\0\0" + bytes(1 << 24)))

    def read() -> None:
        with pytest.raises(IdxError, match="bytes that unpack to more than 100 times"):
            read_idx(path)

    assert peak_memory(read) < 6_000_000


@needs_fifos
def test_a_path_that_is_not_a_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    for path, message in (
        (tmp_path / "none", "no such file"),
        (tmp_path, "not a regular file"),
        (tmp_path / "fifo", "not a regular file"),
    ):
        with pytest.raises(IdxError, match=message):
            read_idx(path)


def test_writing_errors_leave_no_file(tmp_path: Path) -> None:
    with pytest.raises(IdxError, match="no type for complex128"):
        write_idx(tmp_path / "f", np.zeros(3, complex))
    with pytest.raises(WriteError, match="cannot be written"):
        write_idx(tmp_path / "none" / "f", np.zeros(3, np.uint8))
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_there_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"mine")
    with pytest.raises(WriteError, match="f exists"):
        write_idx(tmp_path / "f", np.zeros(3, np.uint8))
    assert (tmp_path / "f").read_bytes() == b"mine"
