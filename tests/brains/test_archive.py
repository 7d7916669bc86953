import json
import os
import struct
import sys
import warnings
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from hypothesis.extra import numpy as npst

from mnistmlp.brains.archive import (
    MAX_META,
    ArchiveError,
    read_archive,
    write_archive,
)
from mnistmlp.data.convert.zips import RATIO_EXEMPT_SIZE
from tests.conftest import names, peak_memory

PATH = Path("file.npz")
in_one_folder = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
texts = st.text(st.characters(exclude_categories=["Cs"]))
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=10,
)
floats = st.sampled_from(["<f2", "<f4", ">f4", "<f8", ">f8"]).flatmap(
    lambda dtype: npst.arrays(dtype, npst.array_shapes(max_dims=2), elements={"allow_nan": False})
)


def read(max_size: int = 10**9) -> tuple[dict[str, Any], dict[str, Any] | None]:
    return read_archive(PATH, "file of ours", lambda names, meta: None, max_size)


def refused(match: str) -> None:
    with warnings.catch_warnings(), pytest.raises(ArchiveError, match=match) as caught:
        warnings.simplefilter("error")
        read()
    assert str(caught.value).startswith("file.npz: ")
    assert len(str(caught.value)) < 250
    assert "\n" not in str(caught.value)


def write_members(method: int = zipfile.ZIP_DEFLATED, **members: bytes) -> None:
    with zipfile.ZipFile(PATH, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.npy", content)


def member(header: str, body: bytes = b"", version: bytes = b"\1\0") -> bytes:
    text = header.encode()
    size = struct.pack("<H" if version == b"\1\0" else "<I", len(text))
    return b"\x93NUMPY" + version + size + text + body


def array_of(dtype: str, shape: str, body: bytes = b"") -> bytes:
    return member(f"{{'descr': {dtype}, 'fortran_order': False, 'shape': {shape}}}", body)


@in_one_folder
@given(
    arrays=st.dictionaries(st.sampled_from("abcd"), floats),
    meta=st.dictionaries(texts, values, max_size=3),
    packed=st.booleans(),
)
def test_arrays_and_meta_survive_a_round_trip(
    arrays: dict[str, np.ndarray], meta: dict[str, Any], packed: bool
) -> None:
    write_archive(PATH, arrays, meta, packed=packed)
    found, read_meta = read()
    assert read_meta == meta
    assert found.keys() == arrays.keys()
    for name, array in arrays.items():
        assert (found[name].dtype, found[name].shape) == (array.dtype, array.shape)
        assert found[name].tobytes() == array.tobytes()
    assert names() == [str(PATH)]


def test_arrays_that_compress_too_well_are_stored() -> None:
    array = np.zeros(RATIO_EXEMPT_SIZE, np.float32)
    write_archive(PATH, {"a": array}, {}, packed=True)
    assert PATH.stat().st_size > array.nbytes
    np.testing.assert_array_equal(read()[0]["a"], array)
    write_archive(PATH, {"a": array[: RATIO_EXEMPT_SIZE // 8]}, {}, packed=True)
    assert PATH.stat().st_size < 10_000
    assert read()[0]["a"].size == RATIO_EXEMPT_SIZE // 8


@in_one_folder
@given(content=st.binary(max_size=300))
def test_any_bytes_are_refused(content: bytes) -> None:
    PATH.write_bytes(content)
    refused("not a file of ours")


HEADER = "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "EOF|not a file"),
        (member(HEADER, b"1234", b"\3\0"), r"a is an array of version \(3, 0\)"),
        (member("(" * 4000 + ")" * 4000), "not a file of ours"),
        (member("-" * 9000 + "1"), "the header of a is nested too deeply|not a file of ours"),
        (member(HEADER + " " * 60_000), "may not be safe"),
        (b"\x93NUMPY\2\0\xff\xff\xff\xff", "EOF"),
        (array_of("'<f4'", "(-1, -1)", b"1234"), "not a file of ours"),
        (array_of("'<f4'", "(-1, 1)", b"1234"), "a needs -4 bytes, found 4"),
        (array_of("'<f4'", "(1L, 1L)"), "a needs 4 bytes, found 0"),
        (array_of("'<f4'", f"({10**3000},)"), "a needs 4000000"),
        (array_of("'<f4'", f"({10**3000}, {10**3000})"), "not a file of ours"),
        (array_of("'<f4'", "(" + "1," * 70 + ")", b"1234"), "not a file of ours"),
        (array_of("'<f4'", "(1.5,)"), "not a file of ours"),
        (array_of("'|O'", "(1,)"), "a has type object"),
        (array_of("'<f16'", "(1,)"), "a has type float128|a has type longdouble"),
        (array_of("'<M8[s]'", "(1,)"), r"a has type datetime64\[s\]"),
        (array_of("'a3'", "(1,)"), "a has type bytes24|not a file of ours"),  # 2.5 refuses it
        (array_of("[('\\x1b[2J', '<f4')]", "(1,)"), "a has type void32"),
        (array_of("('<f4', (1000, 1000))", "(1,)"), "a has type void"),
        (array_of(r"'\d'", "(1,)"), "not a file of ours"),
    ],
)
def test_invalid_headers_are_refused(content: bytes, message: str) -> None:
    write_members(a=content)
    refused(message)


def text_of(text: str) -> bytes:
    return array_of(f"'<U{len(text)}'", "()", text.encode("utf-32-le", "surrogatepass"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{'a': 1}", "meta is not JSON"),
        ('{"a": NaN}', "meta is not JSON"),
        ('{"a": 1e999}', "meta is not JSON"),
        (f'{{"a": {"9" * 5000}}}', "meta is not JSON"),
        (r'{"a": "\udc9b"}', "meta is not JSON"),
        ('{"\udc9b": 1}', "meta is not JSON"),
        ("[" * 100_000, "meta is nested more than 20 levels deep"),
        ("[]", "meta is not a JSON object"),
        ('{"a": ' + "[" * 20 + "]" * 20 + "}", "meta is nested more than 20 levels deep"),
        ('{"a": ' + "[" * 800 + "]" * 800 + "}", "meta is nested more than 20 levels deep"),
    ],
)
def test_invalid_meta_is_refused(text: str, message: str) -> None:
    write_members(meta=text_of(text))
    refused(message)


@pytest.mark.parametrize("number", [0x110000, 0x7FFFFFFF, 0xFFFFFFFF, 0xD800])
@pytest.mark.parametrize("order", ["<", ">"])
def test_invalid_code_points_are_refused(order: str, number: int) -> None:
    letters = [*map(ord, '{"a": "'), number, *map(ord, '"}')]
    body = struct.pack(f"{order}{len(letters)}I", *letters)
    write_members(meta=array_of(f"'{order}U{len(letters)}'", "()", body))
    refused("meta is not JSON: 'utf-32-le' codec")


@pytest.mark.parametrize("order", ["<", ">"])
def test_text_of_either_byte_order_is_read(order: str) -> None:
    write_archive(PATH, {}, {"a": "é"})
    with np.load(PATH) as archive:
        text = archive["meta"].item() + "  "
    np.savez(PATH, meta=np.array(text, f"{order}U{len(text) + 3}"))
    assert read()[1] == {"a": "é"}


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_meta_that_is_too_large_is_refused(method: int) -> None:
    write_members(method, meta=text_of(json.dumps({"a": "x" * (MAX_META // 4)})))
    refused("meta is larger than 16,000,000 bytes")


def test_a_member_without_the_npy_suffix_is_read() -> None:
    with zipfile.ZipFile(PATH, "w") as archive:
        archive.writestr("meta", text_of("{}"))
    assert read()[1] == {}


def claim(size: int) -> None:
    """Make the only member claim to unpack to so many bytes."""
    content = bytearray(PATH.read_bytes())
    struct.pack_into("<I", content, content.index(b"PK\1\2") + 24, size)
    PATH.write_bytes(content)


@pytest.mark.parametrize("start", [array_of("'<f4'", "(9,)"), b"\x93NUMPY\2\0\xff\xff\xff\xff"])
def test_only_the_claimed_size_is_unpacked(start: bytes) -> None:
    write_members(a=start + bytes(100_000_000))
    claim(10_000)
    assert peak_memory(lambda: refused("not a file of ours")) < 5_000_000


def test_archives_that_unpack_to_too_much_are_refused() -> None:
    write_members(a=bytes(RATIO_EXEMPT_SIZE * 10))
    refused(r"[\d,]+ bytes that unpack to 10,000,000, more than 100 times")
    write_members(zipfile.ZIP_STORED, a=bytes(MAX_META + 100))
    with pytest.raises(ArchiveError, match="bytes of arrays, more than 50"):
        read(50)


def write_many(count: int, *, said: int, large: bool = False, comment: bytes = b"") -> None:
    """Write a zip of so many empty members, which says that it has another number of them."""
    files, entries = bytearray(), bytearray()
    for number in range(count):
        name = b"w%d.npy" % number
        entries += struct.pack("<4s6H3L5H2L", b"PK\1\2", *[20] * 2, *[0] * 7, len(name), *[0] * 5,
                               len(files)) + name  # fmt: skip
        files += struct.pack("<4s5H3L2H", b"PK\3\4", 20, *[0] * 7, len(name), 0) + name
    size, place = len(entries), len(files)
    end = b""
    if large:  # in the records of ZIP64
        end = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, said, said, size, place)
        end += struct.pack("<4sLQL", b"PK\6\7", 0, place + size, 1)
        said, size, place = 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF
    end += struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, said, said, size, place, len(comment)) + comment
    PATH.write_bytes(files + entries + end)


@pytest.mark.parametrize(
    "options", [{}, {"large": True}, {"comment": b"PK"}, {"large": True, "comment": b"PK" * 30_000}]
)
@pytest.mark.parametrize("said", [0, 1, 20_000])
def test_many_members_are_refused_before_they_are_read(
    said: int, options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    monkeypatch.setattr(zipfile, "ZipInfo", made.append)
    write_many(20_000, said=said, **options)
    refused(r"not a file of ours: a central directory of 1,108,890 bytes, more than 1,000,000")
    assert made == []


def test_as_many_members_as_a_directory_holds_are_read() -> None:
    for options in ({}, {"large": True}, {"comment": b"PK"}):
        write_many(18_000, said=1, **options)
        refused("w0 |magic string")  # the first member is no array


def test_manipulated_members_are_refused() -> None:
    write_members(zipfile.ZIP_BZIP2, a=b"")
    refused("a method other than deflate")
    write_members(a=member(HEADER, b"1234"))
    whole = PATH.read_bytes()
    entry = whole.index(b"PK\1\2")
    for offset, value, message in (
        (8, 1, "encrypted"),
        (16, 0, "damaged"),
        (42, 0xFFFFFFF0, "not a file of ours"),
    ):
        content = bytearray(whole)
        struct.pack_into("<I" if offset > 8 else "<H", content, entry + offset, value)
        PATH.write_bytes(content)
        refused(message)


def test_a_path_that_is_not_a_file_is_refused() -> None:
    refused("no such file")
    PATH.mkdir()
    refused("not a regular file")
    PATH.rmdir()
    os.mkfifo(PATH)
    refused("not a regular file")
    PATH.unlink()
    PATH.symlink_to(PATH)
    refused("symbolic links")
    PATH.unlink()
    PATH.symlink_to("/dev/zero")
    refused("not a regular file")
    with pytest.raises(ArchiveError, match="file name too long"):
        read_archive(Path("x" * 300), "file", lambda names, meta: None, 9)


def test_warnings_of_numpy_are_suppressed() -> None:
    write_members(a=array_of("'<f4'", "(1L,)", b"\0\0\x80\x3f"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read()[0]["a"] == 1


def test_threads_that_read_leave_warnings_as_they_are() -> None:
    write_archive(PATH, {"w": np.zeros((50, 50))}, {})
    before, interval = list(warnings.filters), sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda _: read(), range(100)))
    finally:
        sys.setswitchinterval(interval)
    assert list(warnings.filters) == before
