import contextlib
import gzip
from pathlib import Path

import pytest

from mnistmlp import placement
from mnistmlp.datasets import default_folder
from mnistmlp.errors import DownloadError
from mnistmlp.placement import place
from mnistmlp.record import RECORD
from tests.conftest import names
from tests.faulty_server import CONTENT, DATA, FILE

OTHER = CONTENT[:-1] + b"!"


def test_a_whole_file_of_other_content_is_kept() -> None:
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


def test_in_our_own_folder_nothing_else_is_kept() -> None:
    default_folder().mkdir(parents=True)
    (default_folder() / FILE.name).write_bytes(OTHER)
    assert not place(default_folder() / FILE.name, FILE, CONTENT)
    assert names(str(default_folder())) == [RECORD, FILE.name]


def test_other_content_behind_a_link_is_kept_there() -> None:
    DATA.mkdir()
    Path("own").write_bytes(OTHER)
    (DATA / FILE.name).symlink_to("../own")
    assert place(DATA / FILE.name, FILE, CONTENT)
    assert Path("own.bak").read_bytes() == OTHER
    assert (DATA / FILE.name).read_bytes() == Path("own").read_bytes() == CONTENT


def test_two_processes_set_aside_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone_meanwhile(path: Path, file: object) -> bool:
        path.unlink()
        return True

    DATA.mkdir()
    (DATA / FILE.name).write_bytes(OTHER)
    monkeypatch.setattr(placement, "is_other_data", gone_meanwhile)
    place(DATA / FILE.name, FILE, CONTENT)
    assert (DATA / FILE.name).read_bytes() == CONTENT


def test_what_cannot_be_written_sets_nothing_aside(monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk."""
    if not Path("/dev/full").exists():
        pytest.skip("needs a device that is always full")
    DATA.mkdir()
    (DATA / FILE.name).write_bytes(OTHER)
    with (
        Path("/dev/full").open("wb", buffering=0) as full,
        pytest.raises(DownloadError, match="cannot be written: No space left on device"),
    ):
        monkeypatch.setattr(placement, "atomic_write", lambda path: contextlib.nullcontext(full))
        place(DATA / FILE.name, FILE, CONTENT)
    assert names("data") == [FILE.name]
    assert (DATA / FILE.name).read_bytes() == OTHER
