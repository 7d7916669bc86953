import json
import os
from pathlib import Path

import pytest

from mnistmlp import record
from mnistmlp.record import LIMIT, RECORD, Entry, has_record, read_record, remember, status_of
from tests.conftest import names

SHA = "0" * 64


def test_files_are_entered_one_by_one() -> None:
    for name in ("a", "b"):
        Path(name).write_bytes(b"content")
        remember(Path(name), Path(name).stat(), SHA)
    assert names() == ["a", "b", RECORD]
    assert set(read_record(Path())) == {"a", "b"}
    entry = read_record(Path())["a"]
    assert entry == Entry(7, Path("a").stat().st_mtime_ns, SHA)
    assert entry.fits(Path("a").stat())
    os.utime("a", ns=(0, entry.mtime_ns + 1))
    assert not entry.fits(Path("a").stat())
    Path("a").write_bytes(b"contents")
    os.utime("a", ns=(0, entry.mtime_ns))
    assert not entry.fits(Path("a").stat())


def test_what_is_entered_already_is_not_written_again() -> None:
    Path("a").touch()
    remember(Path("a"), Path("a").stat(), SHA)
    before = Path(RECORD).stat()
    remember(Path("a"), Path("a").stat(), SHA)
    assert Path(RECORD).stat() == before


@pytest.mark.parametrize(
    "text",
    [
        b"", b"{", b"[]", b"null", b"\xff", b"[" * 9_999, b"7" * 9_999, b" " * LIMIT + b"{}",
        b'{"a": 1}', b'{"a": {}}', b'{"a": {"size": 1, "mtime_ns": 1, "sha256": "", "more": 1}}',
    ],
)  # fmt: skip
def test_a_damaged_record_is_none(text: bytes) -> None:
    Path(RECORD).write_bytes(text)
    assert read_record(Path()) == {}
    Path("a").touch()
    remember(Path("a"), Path("a").stat(), SHA)
    assert set(read_record(Path())) == {"a"}


def test_a_file_that_has_gone_has_no_status() -> None:
    assert status_of(Path("gone")) is None


def test_what_is_no_record_is_let_be() -> None:
    Path("a").touch()
    os.mkfifo(RECORD)
    assert read_record(Path()) == {}
    remember(Path("a"), Path("a").stat(), SHA)
    Path(RECORD).unlink()
    Path("other").write_text(json.dumps({"a": {"size": 0, "mtime_ns": 0, "sha256": SHA}}))
    Path(RECORD).symlink_to("other")
    before = Path("other").read_bytes()
    remember(Path("a"), Path("a").stat(), SHA)
    assert Path("other").read_bytes() == before
    assert read_record(Path()) == {}
    assert not has_record(Path())


def test_a_record_that_cannot_be_written_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(record, "atomic_write", refuse)
    Path("a").touch()
    remember(Path("a"), Path("a").stat(), SHA)
    assert names() == ["a"]
