import os
from pathlib import Path

import pytest

from mnistmlp.atomic import atomic_write, back_up, backup_path
from mnistmlp.errors import WriteError
from tests.conftest import names


def test_file_appears_when_the_block_ends() -> None:
    path = Path("file")
    path.write_bytes(b"old")
    with atomic_write(path) as file:
        file.write(b"new")
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"
    assert names() == ["file"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_old_file_stays_when_the_block_fails(error: type[BaseException]) -> None:
    path = Path("file")
    path.write_bytes(b"old")
    with pytest.raises(error), atomic_write(path) as file:
        file.write(b"new")
        raise error
    assert path.read_bytes() == b"old"
    assert names() == ["file"]


def test_bytes_are_synced_before_the_file_is_replaced(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    events: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def watched_fsync(descriptor: int) -> None:
        events.append(f"{os.fstat(descriptor).st_size} bytes to disk")
        fsync(descriptor)

    def watched_replace(path: Path, target: Path) -> Path:
        events.append("in place")
        return replace(path, target)

    monkeypatch.setattr(os, "fsync", watched_fsync)
    monkeypatch.setattr(Path, "replace", watched_replace)
    with atomic_write(Path("file")) as file:
        file.write(b"new")
    assert events == ["3 bytes to disk", "in place"]


def test_symbolic_links_are_followed() -> None:
    Path("target").write_bytes(b"old")
    Path("link").symlink_to("target")
    with atomic_write(Path("link")) as file:
        file.write(b"new")
    assert Path("link").is_symlink()
    assert Path("target").read_bytes() == b"new"


@pytest.mark.parametrize("path", ["/dev/null", "folder", "none/file"])
def test_paths_that_cannot_be_written_are_left_alone(path: str) -> None:
    Path("folder").mkdir()
    with (
        pytest.raises(WriteError, match=r"cannot be written: (no such folder|not a regular file)"),
        atomic_write(Path(path)),
    ):
        pass
    assert names() == ["folder"]
    assert Path("/dev/null").is_char_device()


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o400])
def test_the_permissions_of_an_old_file_are_kept(mode: int) -> None:
    path = Path("file")
    path.write_bytes(b"old")
    path.chmod(mode)
    with atomic_write(path) as file:
        file.write(b"new")
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == mode


@pytest.mark.parametrize("links", [True, False])
@pytest.mark.parametrize("copy", [True, False])
def test_a_backup_keeps_the_file_in_place_of_an_older_one(
    monkeypatch: pytest.MonkeyPatch, links: bool, copy: bool
) -> None:
    if not links:
        monkeypatch.setattr(os, "link", no_links)
    path, backup = Path("file"), Path("file.bak")
    assert backup_path(path) == backup.absolute()
    for content in (b"1", b"2"):
        path.write_bytes(content)
        path.chmod(0o600)
        back_up(path, copy=copy)
        assert path.samefile(backup) == (links and not copy)
        path.unlink()
        assert backup.read_bytes() == content
        assert backup.stat().st_mode & 0o777 == 0o600
        assert names() == ["file.bak"]


def no_links(*args: object) -> None:
    raise OSError(1, "Operation not permitted")


def test_a_backup_that_cannot_be_kept_is_an_error_that_leaves_the_file() -> None:
    Path("file").write_bytes(b"1")
    Path("file.bak").mkdir()
    with pytest.raises(WriteError, match=r"file\.bak: cannot be written: "):
        back_up(Path("file"))
    assert names() == ["file", "file.bak"]
    assert Path("file").read_bytes() == b"1"
