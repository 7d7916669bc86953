import json
import os
from pathlib import Path

import pytest

from mnistmlp.data import record
from mnistmlp.data.record import (
    MAX_RECORD,
    RECORD,
    Entry,
    add_to_record,
    has_record,
    read_record,
    status_of,
)
from mnistmlp.errors import WriteError
from tests.conftest import names, needs_fifos

SHA = "0" * 64


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
def test_a_file_that_is_no_record_is_ignored_and_left_alone(text: bytes) -> None:
    Path(RECORD).write_bytes(text)
    assert read_record(Path()) == {}
    Path("a").touch()
    add_to_record(Path("a"), Path("a").stat(), SHA)
    assert Path(RECORD).read_bytes() == text


def test_a_missing_file_has_no_status() -> None:
    assert status_of(Path("gone")) is None


@needs_fifos
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

    monkeypatch.setattr(record, "atomic_write", refuse)
    Path("a").touch()
    add_to_record(Path("a"), Path("a").stat(), SHA)
    assert names() == ["a"]
