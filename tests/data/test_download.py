import os
import shutil
from pathlib import Path

import pytest

from mnistmlp.cli.hints import hint_for
from mnistmlp.data.catalog import DataFile
from mnistmlp.data.download import Progress
from mnistmlp.data.folder import cache_folder
from mnistmlp.data.record import RECORD, read_record
from mnistmlp.errors import DownloadError, MixedDataError, SettingError, WriteError
from tests.conftest import names
from tests.faulty_server import (
    CONTENT,
    DATA,
    FILE,
    PACKED,
    Answer,
    Mirror,
    download,
    failures,
    fetch,
)

pytestmark = pytest.mark.usefixtures("_short_times")


def test_a_file_is_fetched_unpacked_and_verified(mirror: Mirror) -> None:
    mirror.answer(PACKED)
    seen = fetch(mirror.url)
    assert mirror.asked == [f"/data/{FILE.name}.gz"]
    assert seen[0] == Progress(FILE.name, "receiving", len(PACKED), len(PACKED))
    assert seen[-1].state == "fetched"
    assert [each["Accept-Encoding"] for each in mirror.requests] == ["identity"]


def test_a_verified_file_stays(mirror: Mirror) -> None:
    mirror.answer(PACKED)
    fetch(mirror.url)
    assert [progress.state for progress in fetch(mirror.url)] == ["present"]
    assert len(mirror.asked) == 1
    assert fetch(mirror.url + "/", force=True)[-1].state == "fetched"
    assert mirror.asked == [f"/data/{FILE.name}.gz"] * 2


def test_a_damaged_file_is_fetched_again_and_kept(mirror: Mirror) -> None:
    mirror.answer(PACKED)
    fetch(mirror.url)
    for content in (CONTENT[:-1], b"", b"\0" * len(CONTENT)):
        (DATA / FILE.name).write_bytes(content)
        seen: list[Progress] = []
        download(DATA, mirrors=[mirror.url], on_progress=seen.append)
        assert seen[-1].state == "replaced"
        assert (DATA / FILE.name).read_bytes() == CONTENT
        backup = DATA / f"{FILE.name}.bak"
        assert backup.read_bytes() == content
        backup.unlink()


def test_nothing_is_fetched_into_a_folder_of_other_data(mirror: Mirror) -> None:
    other = DataFile("other-idx1-ubyte", FILE.size, FILE.sha256)
    DATA.mkdir()
    (DATA / f"{other.name}.gz").write_bytes(b"own data")
    with pytest.raises(MixedDataError) as caught:
        download(DATA, files=[FILE, other], mirrors=[mirror.url])
    assert [line.split(":")[0] for line in caught.value.details] == [f"{other.name}.gz"]
    assert (mirror.asked, names("data")) == ([], [f"{other.name}.gz"])
    mirror.answer(PACKED)
    download(DATA, files=[FILE, other], mirrors=[mirror.url], force=True)
    assert names("data") == [RECORD, other.name, f"{other.name}.gz.bak", FILE.name]
    assert (DATA / f"{other.name}.gz.bak").read_bytes() == b"own data"


def test_a_compressed_file_counts_as_present(mirror: Mirror) -> None:
    DATA.mkdir()
    (DATA / f"{FILE.name}.gz").write_bytes(PACKED)
    seen: list[Progress] = []
    download(DATA, mirrors=[mirror.url], on_progress=seen.append)
    assert [progress.state for progress in seen] == ["present"]
    assert mirror.asked == []


def test_a_file_address() -> None:
    Path("mirror").mkdir()
    Path("mirror", f"{FILE.name}.gz").write_bytes(PACKED)
    assert fetch(Path("mirror").resolve().as_uri())[-1].state == "fetched"


def test_the_error_names_each_mirror_and_its_failure(mirror: Mirror) -> None:
    mirror.answer(status=404)
    missing = Path("none").resolve().as_uri()
    assert failures(mirror.url, "http://127.0.0.1:1/", missing) == [
        "HTTP 404 Not Found",
        "connection refused",
        "no such file",
    ]
    with pytest.raises(DownloadError) as caught:
        download(DATA, mirrors=[mirror.url])
    assert "t10k-labels-idx1-ubyte.gz into data by hand" in (hint_for(caught.value) or "")


def test_a_mirror_that_fails_is_named_though_the_next_has_the_file(
    mirror: Mirror, second: Mirror
) -> None:
    mirror.answer(status=404)
    second.answer(PACKED)
    *_, failed, last = fetch(mirror.url, second.url)
    assert failed == Progress(FILE.name, "failed", failure=f"{mirror.url}: HTTP 404 Not Found")
    assert last.state == "fetched"


def test_a_failed_mirror_is_tried_last_for_the_next_files(mirror: Mirror, second: Mirror) -> None:
    other = DataFile("other-idx1-ubyte", FILE.size, FILE.sha256)
    mirror.answer(status=404)
    second.answer(PACKED)
    second.by_path[f"/data/{other.name}.gz"] = Answer(status=404)
    with pytest.raises(DownloadError) as caught:
        download(DATA, files=[FILE, other], mirrors=[mirror.url, second.url])
    assert [reason.rpartition(": ")[0] for reason in caught.value.details] == [
        second.url,
        mirror.url,
    ]
    assert names("data") == [RECORD, FILE.name]


@pytest.mark.parametrize(
    "url",
    ["ftp://127.0.0.1/", "data", "", "127.0.0.1:80", "http://", "http://[::1", "file://host/data"],
)
def test_other_addresses_are_setting_errors(url: str) -> None:
    with pytest.raises(SettingError, match="not an http, https or file address"):
        download(DATA, mirrors=[url])


@pytest.mark.parametrize(
    "url", ["http://a..b/", f"http://{'a' * 64}.b/", "http://127.0.0.1:99999/", "file:///a%00b"]
)
def test_invalid_addresses_fail(url: str) -> None:
    assert len(failures(url)) == 1


def test_a_file_address_of_a_pipe_is_refused() -> None:
    os.mkfifo(f"{FILE.name}.gz")
    assert failures(Path().resolve().as_uri()) == ["not a regular file"]


def test_a_folder_that_cannot_be_written(mirror: Mirror) -> None:
    DATA.touch()
    for folder in (DATA, DATA / "within", Path("/proc/self"), Path("/proc/none/within")):
        with pytest.raises(WriteError, match=f"{folder}/{FILE.name}: cannot be written"):
            download(folder, mirrors=[mirror.url])
    assert mirror.asked == []  # checked before the download


def test_an_interrupt_leaves_nothing(mirror: Mirror) -> None:
    mirror.answer(PACKED)

    def interrupt(progress: Progress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        download(DATA, mirrors=[mirror.url], on_progress=interrupt)
    assert not DATA.exists()


def test_downloads_are_recorded_but_other_folders_are_only_read(mirror: Mirror) -> None:
    DATA.mkdir()
    (DATA / FILE.name).write_bytes(CONTENT)
    download(DATA, mirrors=[mirror.url])
    assert names("data") == [FILE.name]
    shutil.copytree(DATA, cache_folder())
    download(cache_folder(), mirrors=[mirror.url])
    assert read_record(cache_folder())[FILE.name].matches((cache_folder() / FILE.name).stat())
    mirror.answer(PACKED)
    fetch(mirror.url, force=True)
    record = read_record(DATA)[FILE.name]
    assert (record.sha256, record.size) == (FILE.sha256, FILE.size)
    (DATA / FILE.name).touch()
    fetch(mirror.url)
    assert read_record(DATA)[FILE.name].matches((DATA / FILE.name).stat())
