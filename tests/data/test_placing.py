import contextlib
import gzip
import os
from dataclasses import replace
from pathlib import Path

import pytest

from mnistmlp import atomic
from mnistmlp.data import placing
from mnistmlp.data.folder import cache_folder
from mnistmlp.data.placing import files_to_write, place
from mnistmlp.data.record import RECORD, add_to_record
from mnistmlp.errors import MixedDataError, WriteError
from tests.conftest import names
from tests.faulty_server import CONTENT, DATA, FILE

OTHER = CONTENT[:-1] + b"!"
BROKEN = CONTENT[:-1]
PLAIN, PACKED, DOTTED = FILE.name, f"{FILE.name}.gz", FILE.name.replace("-idx", ".idx")


@pytest.fixture(params=["data", "cache"], autouse=True)
def folder(request: pytest.FixtureRequest) -> Path:
    """A folder of the user's, and the cache folder: the same holds for both."""
    folder = cache_folder() if request.param == "cache" else DATA
    folder.mkdir(parents=True)
    return folder


def test_free_names_are_written(folder: Path) -> None:
    (folder / "notes.txt").touch()
    assert files_to_write(folder, [FILE]) == [FILE]
    assert not place(folder, FILE, CONTENT[:9], memoryview(CONTENT[9:]))
    assert (folder / PLAIN).read_bytes() == CONTENT
    assert files_to_write(folder, [FILE]) == []
    assert names(str(folder)) == [RECORD, "notes.txt", PLAIN]


@pytest.mark.parametrize("name", [PLAIN, PACKED, DOTTED, f"{DOTTED}.gz"])
@pytest.mark.parametrize("content", [OTHER, gzip.compress(OTHER), BROKEN, b"", b"my notes"])
def test_a_file_that_was_not_written_here_is_in_the_way(
    folder: Path, name: str, content: bytes
) -> None:
    (folder / name).write_bytes(content)
    with pytest.raises(MixedDataError, match=f"{folder}: other files have the names") as caught:
        files_to_write(folder, [FILE])
    (detail,) = caught.value.details
    assert detail.startswith(f"{name}: ")
    assert files_to_write(folder, [FILE], force=True) == [FILE]


def test_other_content_beside_the_right_one_is_in_the_way(folder: Path) -> None:
    place(folder, FILE, CONTENT)
    (folder / PACKED).write_bytes(gzip.compress(OTHER))
    with pytest.raises(MixedDataError):
        files_to_write(folder, [FILE])
    (folder / PACKED).write_bytes(gzip.compress(CONTENT))
    assert files_to_write(folder, [FILE]) == []


def test_a_file_of_the_record_is_replaced_and_kept(folder: Path) -> None:
    place(folder, FILE, CONTENT)
    for content in (OTHER, BROKEN):
        (folder / PLAIN).write_bytes(content)
        assert files_to_write(folder, [FILE]) == [FILE]
        assert place(folder, FILE, CONTENT)
    assert names(str(folder)) == [RECORD, PLAIN, f"{PLAIN}.bak", f"{PLAIN}.bak1"]
    assert (folder / PLAIN).read_bytes() == CONTENT
    assert (folder / f"{PLAIN}.bak").read_bytes() == OTHER
    assert (folder / f"{PLAIN}.bak1").read_bytes() == BROKEN


def test_no_file_of_the_names_stays_with_other_content(folder: Path) -> None:
    packed = gzip.compress(OTHER)
    (folder / PACKED).write_bytes(packed)
    (folder / DOTTED).write_bytes(CONTENT)
    assert place(folder, FILE, CONTENT)
    assert names(str(folder)) == [RECORD, PLAIN, f"{PACKED}.bak", DOTTED]
    assert (folder / f"{PACKED}.bak").read_bytes() == packed


def test_the_same_content_is_not_kept_twice(folder: Path) -> None:
    place(folder, FILE, CONTENT)
    assert not place(folder, FILE, CONTENT)
    assert names(str(folder)) == [RECORD, PLAIN]


@pytest.mark.parametrize("content", [OTHER, None])
def test_a_link_is_set_aside_and_its_target_left_alone(folder: Path, content: bytes | None) -> None:
    own = Path("own").resolve()
    if content:
        own.write_bytes(content)
    (folder / PLAIN).symlink_to(own)
    add_to_record(folder / PLAIN, folder.stat(), FILE.sha256)  # no claim on a link
    with pytest.raises(MixedDataError):
        files_to_write(folder, [FILE])
    assert place(folder, FILE, CONTENT)
    assert (folder / PLAIN).read_bytes() == CONTENT
    assert (folder / f"{PLAIN}.bak").readlink() == own
    assert own.exists() == bool(content)
    if content:
        assert own.read_bytes() == content


def test_a_link_to_the_right_content_stays(folder: Path) -> None:
    Path("own").write_bytes(CONTENT)
    (folder / PLAIN).symlink_to(Path("own").resolve())
    assert files_to_write(folder, [FILE]) == []


def test_a_link_is_put_back_if_nothing_can_be_written(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> None:
        raise OSError(28, "No space left on device")

    (folder / PLAIN).symlink_to("own")
    monkeypatch.setattr(placing, "atomic_write", refuse)
    with pytest.raises(WriteError, match="no space left on device"):
        place(folder, FILE, CONTENT)
    assert (names(str(folder)), (folder / PLAIN).is_symlink()) == ([PLAIN], True)


def test_a_backup_that_appears_meanwhile_is_not_replaced(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def link(source: Path, target: Path, **options: bool) -> None:
        if target == folder / f"{PLAIN}.bak":
            target.write_bytes(b"another's")
            raise FileExistsError
        raise PermissionError  # a file system without hard links

    (folder / PLAIN).write_bytes(OTHER)
    monkeypatch.setattr(os, "link", link)
    monkeypatch.setattr(atomic, "_open_unnamed", lambda folder: None)  # it needs os.link too
    place(folder, FILE, CONTENT)
    assert (folder / f"{PLAIN}.bak").read_bytes() == b"another's"
    assert (folder / f"{PLAIN}.bak1").read_bytes() == OTHER


def test_files_of_another_data_set_in_the_record_are_in_the_way(folder: Path) -> None:
    place(folder, FILE, CONTENT)
    other = replace(FILE, sha256="0" * 64)
    with pytest.raises(MixedDataError):
        files_to_write(folder, [other])


def test_another_process_sets_the_file_aside_first(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone_meanwhile(path: Path, file: object) -> bool:
        path.unlink()
        return False

    (folder / PLAIN).write_bytes(OTHER)
    monkeypatch.setattr(placing, "is_verified", gone_meanwhile)
    place(folder, FILE, CONTENT)
    assert (folder / PLAIN).read_bytes() == CONTENT


def test_nothing_is_set_aside_if_the_disk_is_full(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("needs a device that is always full")
    (folder / PLAIN).write_bytes(OTHER)
    with (
        Path("/dev/full").open("wb", buffering=0) as full,
        pytest.raises(WriteError, match="cannot be written: no space left on device"),
    ):
        monkeypatch.setattr(placing, "atomic_write", lambda path: contextlib.nullcontext(full))
        place(folder, FILE, CONTENT)
    assert names(str(folder)) == [PLAIN]
    assert (folder / PLAIN).read_bytes() == OTHER
