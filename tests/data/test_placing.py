import contextlib
import gzip
from pathlib import Path

import pytest

from mnistmlp.data import placing
from mnistmlp.data.folder import cache_folder
from mnistmlp.data.placing import files_to_write, place
from mnistmlp.data.record import RECORD
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
    with pytest.raises(MixedDataError, match=f"{folder}: files of other data are in") as caught:
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


def test_other_data_behind_a_link_are_kept_beside_its_target(folder: Path) -> None:
    own = Path("own").resolve()
    own.write_bytes(OTHER)
    (folder / PLAIN).symlink_to(own)
    assert place(folder, FILE, CONTENT)
    assert Path("own.bak").read_bytes() == OTHER
    assert (folder / PLAIN).read_bytes() == own.read_bytes() == CONTENT
    (folder / PACKED).symlink_to(Path("own.bak").resolve())
    assert place(folder, FILE, CONTENT)
    assert Path("own.bak").read_bytes() == OTHER
    assert (folder / f"{PACKED}.bak").readlink() == Path(f"{own}.bak")


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
        pytest.raises(WriteError, match="cannot be written: No space left on device"),
    ):
        monkeypatch.setattr(placing, "atomic_write", lambda path: contextlib.nullcontext(full))
        place(folder, FILE, CONTENT)
    assert names(str(folder)) == [PLAIN]
    assert (folder / PLAIN).read_bytes() == OTHER
