import contextlib
import gzip
import json
import os
from pathlib import Path

import pytest

from mnistmlp.data import folder
from mnistmlp.data.folder import (
    MAX_RECORD,
    RECORD,
    Entry,
    add_to_record,
    default_folder,
    has_record,
    place,
    read_record,
    status_of,
)
from mnistmlp.errors import WriteError
from tests.conftest import names
from tests.faulty_server import CONTENT, DATA, FILE

SHA = "0" * 64
OTHER = CONTENT[:-1] + b"!"


def test_files_are_added_one_by_one() -> None:
    for name in ("a", "b"):
        Path(name).write_bytes(b"content")
        add_to_record(Path(name), Path(name).stat(), SHA)
    assert names() == ["a", "b", RECORD]
    assert set(read_record(Path())) == {"a", "b"}
    entry = read_record(Path())["a"]
    assert entry == Entry(7, Path("a").stat().st_mtime_ns, SHA)
    assert entry.matches(Path("a").stat())
    os.utime("a", ns=(0, entry.mtime_ns + 1))
    assert not entry.matches(Path("a").stat())
    Path("a").write_bytes(b"contents")
    os.utime("a", ns=(0, entry.mtime_ns))
    assert not entry.matches(Path("a").stat())


def test_an_unchanged_entry_is_not_written_again() -> None:
    Path("a").touch()
    add_to_record(Path("a"), Path("a").stat(), SHA)
    before = Path(RECORD).stat()
    add_to_record(Path("a"), Path("a").stat(), SHA)
    assert Path(RECORD).stat() == before


@pytest.mark.parametrize(
    "text",
    [
        b"", b"{", b"[]", b"null", b"\xff", b"[" * 9_999, b"7" * 9_999, b" " * MAX_RECORD + b"{}",
        b'{"a": 1}', b'{"a": {}}', b'{"a": {"size": 1, "mtime_ns": 1, "sha256": "", "more": 1}}',
    ],
)  # fmt: skip
def test_a_damaged_record_is_ignored(text: bytes) -> None:
    Path(RECORD).write_bytes(text)
    assert read_record(Path()) == {}
    Path("a").touch()
    add_to_record(Path("a"), Path("a").stat(), SHA)
    assert set(read_record(Path())) == {"a"}


def test_a_missing_file_has_no_status() -> None:
    assert status_of(Path("gone")) is None


def test_a_pipe_or_link_in_place_of_the_record_is_left_alone() -> None:
    Path("a").touch()
    os.mkfifo(RECORD)
    assert read_record(Path()) == {}
    add_to_record(Path("a"), Path("a").stat(), SHA)
    Path(RECORD).unlink()
    Path("other").write_text(json.dumps({"a": {"size": 0, "mtime_ns": 0, "sha256": SHA}}))
    Path(RECORD).symlink_to("other")
    before = Path("other").read_bytes()
    add_to_record(Path("a"), Path("a").stat(), SHA)
    assert Path("other").read_bytes() == before
    assert read_record(Path()) == {}
    assert not has_record(Path())


def test_a_record_that_cannot_be_written_is_not_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> None:
        raise WriteError(f"{path}: cannot be written: Permission denied")

    monkeypatch.setattr(folder, "atomic_write", refuse)
    Path("a").touch()
    add_to_record(Path("a"), Path("a").stat(), SHA)
    assert names() == ["a"]


def test_a_whole_file_of_other_data_is_kept() -> None:
    DATA.mkdir()
    for content in (OTHER, gzip.compress(OTHER)):
        (DATA / FILE.name).write_bytes(content)
        assert place(DATA / FILE.name, FILE, CONTENT)
    for content in (CONTENT, CONTENT[:-1]):
        (DATA / FILE.name).write_bytes(content)
        assert not place(DATA / FILE.name, FILE, CONTENT)
    assert names("data") == [RECORD, FILE.name, f"{FILE.name}.bak", f"{FILE.name}.bak1"]
    assert (DATA / FILE.name).read_bytes() == CONTENT
    assert (DATA / f"{FILE.name}.bak").read_bytes() == OTHER
    assert (DATA / f"{FILE.name}.bak1").read_bytes() == gzip.compress(OTHER)


def test_in_the_cache_folder_other_data_are_not_kept() -> None:
    default_folder().mkdir(parents=True)
    (default_folder() / FILE.name).write_bytes(OTHER)
    assert not place(default_folder() / FILE.name, FILE, CONTENT)
    assert names(str(default_folder())) == [RECORD, FILE.name]


def test_other_data_behind_a_link_are_kept_beside_its_target() -> None:
    DATA.mkdir()
    Path("own").write_bytes(OTHER)
    (DATA / FILE.name).symlink_to("../own")
    assert place(DATA / FILE.name, FILE, CONTENT)
    assert Path("own.bak").read_bytes() == OTHER
    assert (DATA / FILE.name).read_bytes() == Path("own").read_bytes() == CONTENT


def test_another_process_sets_the_file_aside_first(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone_meanwhile(path: Path, file: object) -> bool:
        path.unlink()
        return True

    DATA.mkdir()
    (DATA / FILE.name).write_bytes(OTHER)
    monkeypatch.setattr(folder, "is_other_data", gone_meanwhile)
    place(DATA / FILE.name, FILE, CONTENT)
    assert (DATA / FILE.name).read_bytes() == CONTENT


def test_nothing_is_set_aside_if_the_disk_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("needs a device that is always full")
    DATA.mkdir()
    (DATA / FILE.name).write_bytes(OTHER)
    with (
        Path("/dev/full").open("wb", buffering=0) as full,
        pytest.raises(WriteError, match="cannot be written: No space left on device"),
    ):
        monkeypatch.setattr(folder, "atomic_write", lambda path: contextlib.nullcontext(full))
        place(DATA / FILE.name, FILE, CONTENT)
    assert names("data") == [FILE.name]
    assert (DATA / FILE.name).read_bytes() == OTHER
