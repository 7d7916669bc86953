import os
from pathlib import Path

import pytest

from mnistmlp.atomic import atomic_write
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
