import contextlib
import gzip
import hashlib
import os
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnistmlp import datasets
from mnistmlp import download as module
from mnistmlp.datasets import DataFile, default_folder, load_dataset
from mnistmlp.download import Progress, download_dataset
from mnistmlp.errors import DownloadError, SettingError
from mnistmlp.idx import encode_idx
from tests.conftest import names

CONTENT = bytes(encode_idx(np.zeros(3000, np.uint8))[0]) + bytes(range(250)) * 12
FILE = DataFile("some-idx1-ubyte", len(CONTENT), hashlib.sha256(CONTENT).hexdigest())
PACKED = gzip.compress(CONTENT)


@dataclass
class Mirror:
    """A web server on this machine that answers as it is told, and remembers what was asked."""

    url: str
    answers: list[tuple[int, bytes, dict[str, str]]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    encodings: list[str] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)

    def answer(self, body: bytes = b"", status: int = 200, **headers: str) -> None:
        """Queue an answer; the last one is given ever after."""
        self.answers.append((status, body, {k.replace("_", "-"): v for k, v in headers.items()}))


@contextlib.contextmanager
def serving() -> Iterator[Mirror]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told.asked.append(self.path)
            told.encodings.append(self.headers["Accept-Encoding"])
            status, body, headers = told.answers[0]
            if len(told.answers) > 1:
                told.answers.pop(0)
            self.send_response(status)
            for name, value in ({"Content-Length": str(len(body))} | headers).items():
                self.send_header(name, value)
            self.end_headers()
            with contextlib.suppress(OSError):
                self.wfile.write(body)
            if "X-Stall" in headers:
                told.closing.wait(10)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        told = Mirror(f"http://127.0.0.1:{server.server_port}/data")
        threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
        yield told
        told.closing.set()
        server.shutdown()


@pytest.fixture
def mirror() -> Iterator[Mirror]:
    with serving() as each:
        yield each


@pytest.fixture
def second() -> Iterator[Mirror]:
    with serving() as each:
        yield each


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAUSES", (0.0, 0.0))


def download(folder: Path, files: Sequence[DataFile] = (FILE,), **options: Any) -> None:
    download_dataset(folder, files=files, **options)


def fetch(*mirrors: str, force: bool = False) -> list[Progress]:
    seen: list[Progress] = []
    download(Path("data"), mirrors=mirrors, force=force, on_progress=seen.append)
    assert names("data") == [FILE.name]  # and no temporary file
    assert Path("data", FILE.name).read_bytes() == CONTENT
    return seen


def test_a_file_is_fetched_unpacked_and_verified(mirror: Mirror) -> None:
    mirror.answer(PACKED)
    seen = fetch(mirror.url)
    assert mirror.asked == [f"/data/{FILE.name}.gz"]
    assert seen[0] == Progress(FILE.name, "receiving", len(PACKED), len(PACKED))
    assert seen[-1].state == "fetched"
    assert mirror.encodings == ["identity"]


def test_what_is_there_and_verified_stays(mirror: Mirror) -> None:
    mirror.answer(PACKED)
    fetch(mirror.url)
    assert [progress.state for progress in fetch(mirror.url)] == ["present"]
    assert len(mirror.asked) == 1
    assert fetch(mirror.url + "/", force=True)[-1].state == "fetched"
    assert mirror.asked == [f"/data/{FILE.name}.gz"] * 2


def test_what_is_there_and_damaged_is_fetched(mirror: Mirror) -> None:
    mirror.answer(PACKED)
    Path("data").mkdir()
    for content in (CONTENT[:-1], b"", b"\0" * len(CONTENT)):
        Path("data", FILE.name).write_bytes(content)
        assert fetch(mirror.url)[-1].state == "fetched"


def test_a_whole_file_of_other_content_is_kept(
    mirror: Mirror, monkeypatch: pytest.MonkeyPatch
) -> None:
    mirror.answer(PACKED)
    other = CONTENT[:-1] + b"!"
    for folder, kept in ((Path("data"), True), (default_folder(), False)):
        folder.mkdir(parents=True)
        (folder / FILE.name).write_bytes(other)
        seen: list[Progress] = []
        download(folder, mirrors=[mirror.url], on_progress=seen.append)
        assert seen[-1].state == ("replaced" if kept else "fetched")
        assert (folder / FILE.name).read_bytes() == CONTENT
        assert (folder / f"{FILE.name}.bak").exists() == kept
    assert Path("data", f"{FILE.name}.bak").read_bytes() == other
    Path("data", FILE.name).write_bytes(CONTENT[:-1] + b"?")
    download(Path("data"), mirrors=[mirror.url])
    assert Path("data", f"{FILE.name}.bak").read_bytes() == other
    assert Path("data", f"{FILE.name}.bak1").read_bytes() == CONTENT[:-1] + b"?"


def test_gzip_of_several_members(mirror: Mirror) -> None:
    mirror.answer(gzip.compress(CONTENT[:1000]) + gzip.compress(CONTENT[1000:]))
    fetch(mirror.url)


def test_a_compressed_file_that_is_there_counts(mirror: Mirror) -> None:
    Path("data").mkdir()
    Path("data", f"{FILE.name}.gz").write_bytes(PACKED)
    seen: list[Progress] = []
    download(Path("data"), mirrors=[mirror.url], on_progress=seen.append)
    assert [progress.state for progress in seen] == ["present"]
    assert mirror.asked == []


def test_a_file_address() -> None:
    Path("mirror").mkdir()
    Path("mirror", f"{FILE.name}.gz").write_bytes(PACKED)
    assert fetch(Path("mirror").resolve().as_uri())[-1].state == "fetched"


def test_a_server_that_unpacks(mirror: Mirror) -> None:
    mirror.answer(PACKED, Content_Encoding="gzip")
    fetch(mirror.url)


def test_a_server_that_packs_twice(mirror: Mirror) -> None:
    mirror.answer(gzip.compress(PACKED), Content_Encoding="gzip")
    fetch(mirror.url)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_passing_failure_is_tried_again(
    mirror: Mirror, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    slept: list[float] = []
    monkeypatch.setattr(module, "PAUSES", (0.5, 1.0))
    monkeypatch.setattr("time.sleep", slept.append)
    mirror.answer(status=status)
    mirror.answer(status=status)
    mirror.answer(PACKED)
    fetch(mirror.url)
    assert len(mirror.asked) == 3
    assert slept == [0.5, 1.0]


def test_a_broken_connection_is_tried_again(mirror: Mirror) -> None:
    mirror.answer(PACKED[:40], Content_Length=str(len(PACKED)))
    mirror.answer(PACKED[:40])  # with a length that fits what comes
    mirror.answer(PACKED)
    fetch(mirror.url)
    assert len(mirror.asked) == 3


@pytest.mark.parametrize(
    ("body", "status", "reason", "tries"),
    [
        (b"", 404, "HTTP 404 Not Found", 1),
        (b"", 403, "HTTP 403 Forbidden", 1),
        (b"", 503, "HTTP 503 Service Unavailable", 3),
        (b"<html>hello</html>", 200, "neither gzip nor IDX: begins with b'<html>", 1),
        (gzip.compress(CONTENT[:-1] + b"!"), 200, "SHA-256", 1),
        (gzip.compress(CONTENT + b"!"), 200, f"more than {len(CONTENT)} bytes", 1),
        (gzip.compress(CONTENT[:100]), 200, f"ended after 100 of {len(CONTENT)} bytes", 3),
        (b"\x1f\x8bnonsense", 200, "damaged gzip stream", 1),
        (gzip.compress(bytes(50_000_000)), 200, f"more than {len(CONTENT)} bytes", 1),
    ],
)
def test_the_next_mirror_is_tried(
    mirror: Mirror, second: Mirror, body: bytes, status: int, reason: str, tries: int
) -> None:
    mirror.answer(body, status)
    second.answer(PACKED)
    fetch(mirror.url, second.url)
    assert (len(mirror.asked), len(second.asked)) == (tries, 1)
    Path("data", FILE.name).unlink()
    with pytest.raises(DownloadError) as caught:
        download(Path("data"), mirrors=[mirror.url])
    assert caught.value.details[0].startswith(f"{mirror.url}: {reason}")
    assert names("data") == []


def test_no_mirror_names_each_and_its_failure(mirror: Mirror) -> None:
    mirror.answer(status=404)
    missing = Path("none").resolve().as_uri()
    with pytest.raises(DownloadError, match=f"{FILE.name}.gz: no mirror gives it") as caught:
        download(Path("data"), mirrors=[mirror.url, "http://127.0.0.1:1/", missing])
    assert caught.value.details == (
        f"{mirror.url}: HTTP 404 Not Found",
        "http://127.0.0.1:1/: Connection refused",
        f"{missing}: No such file or directory",
    )
    assert "t10k-labels-idx1-ubyte.gz into data by hand" in (caught.value.hint or "")
    assert not Path("data").exists()


def test_a_mirror_that_stalls(mirror: Mirror, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "READ_TIMEOUT", 0.1)
    monkeypatch.setattr(module, "PAUSES", ())
    mirror.answer(PACKED[:40], Content_Length=str(len(PACKED)), X_Stall="yes")
    with pytest.raises(DownloadError) as caught:
        download(Path("data"), mirrors=[mirror.url])
    assert caught.value.details == (f"{mirror.url}: timed out",)
    assert not Path("data").exists()


@pytest.mark.parametrize(
    "url",
    ["ftp://127.0.0.1/", "data", "", "127.0.0.1:80", "http://", "http://[::1", "file://host/data"],
)
def test_other_addresses_are_settings_that_cannot_work(url: str) -> None:
    with pytest.raises(SettingError, match="not an http, https or file address"):
        download(Path("data"), mirrors=[url])


@pytest.mark.parametrize(
    "url", ["http://a..b/", f"http://{'a' * 64}.b/", "http://127.0.0.1:99999/", "file:///a%00b"]
)
def test_addresses_that_lead_nowhere(url: str) -> None:
    with pytest.raises(DownloadError) as caught:
        download(Path("data"), mirrors=[url])
    assert len(caught.value.details) == 1
    assert "\n" not in caught.value.details[0]


def test_a_mirror_that_is_a_pipe() -> None:
    os.mkfifo(f"{FILE.name}.gz")
    with pytest.raises(DownloadError) as caught:
        download(Path("data"), mirrors=[Path().resolve().as_uri()])
    assert caught.value.details[0].endswith(": not a regular file")


def test_a_folder_that_cannot_be(mirror: Mirror) -> None:
    mirror.answer(PACKED)
    Path("data").touch()
    with pytest.raises(DownloadError, match="data/some-idx1-ubyte: cannot be written"):
        download(Path("data"), mirrors=[mirror.url])


def test_an_interrupt_leaves_nothing(mirror: Mirror) -> None:
    mirror.answer(PACKED)

    def interrupt(progress: Progress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        download(Path("data"), mirrors=[mirror.url], on_progress=interrupt)
    assert names("data") == []


def test_real_mnist_from_a_mirror(mnist: Path) -> None:
    download(Path("data"), datasets.MNIST, mirrors=[mnist.as_uri()])
    assert {path.name for path in Path("data").iterdir()} == {file.name for file in datasets.MNIST}
    assert load_dataset(Path("data"), "train").name == "mnist"
    assert load_dataset(Path("data"), "test").name == "mnist"
