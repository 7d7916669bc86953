"""A local web server that gives prescribed answers, valid or faulty."""

import contextlib
import gzip
import hashlib
import ssl
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import repeat
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnistmlp.data.catalog import DataFile
from mnistmlp.data.download import Progress, download_dataset
from mnistmlp.data.idx import encode_idx
from mnistmlp.data.record import RECORD
from mnistmlp.errors import DownloadError


@dataclass(frozen=True)
class Answer:
    """An answer to a request."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str | None] = field(default_factory=dict)
    cut: int | None = None  # number of bytes of the body that are sent
    stalls: bool = False  # the connection then stays open
    silent: bool = False  # nothing is sent at all, not even headers
    head: bytes | None = None  # sent as it is, in place of a status line and headers
    endless: bool = False  # the body is repeated forever
    ranges: bool = False  # range requests are honoured
    piece: int = 1 << 16  # bytes sent at once
    pause: float = 0.0  # seconds between the pieces


@dataclass
class Mirror:
    """The prescribed answers of a server, and the requests that it received."""

    url: str
    answers: list[Answer] = field(default_factory=list)
    by_path: dict[str, Answer] = field(default_factory=dict)  # these take precedence
    asked: list[str] = field(default_factory=list)  # paths
    requests: list[Message] = field(default_factory=list)  # headers
    closing: threading.Event = field(default_factory=threading.Event)

    def answer(self, body: bytes = b"", status: int = 200, **behaviour: object) -> None:
        """Queue an answer; the last one is repeated.

        Capitalised keywords are headers: ``Content_Length="7"``; None omits a header.
        """
        headers = {k.replace("_", "-"): v for k, v in behaviour.items() if k[0].isupper()}
        rest = {k: v for k, v in behaviour.items() if not k[0].isupper()}
        self.answers.append(Answer(body, status, headers=headers, **rest))  # type: ignore[arg-type]

    def next(self, path: str, headers: Message) -> Answer:
        self.asked.append(path)
        self.requests.append(headers)
        if path in self.by_path:
            return self.by_path[path]
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    mirror: Mirror

    def do_GET(self) -> None:
        self.close_connection = True
        answer = self.mirror.next(self.path, self.headers)
        if answer.silent:
            self.mirror.closing.wait(10)
            return
        status, start, headers = answer.status, 0, dict(answer.headers)
        known = None, headers.get("ETag"), headers.get("Last-Modified")
        asked = self.headers["Range"]
        if answer.ranges and asked and self.headers["If-Range"] in known:
            status, start = 206, int(asked.removeprefix("bytes=").removesuffix("-"))
            size = len(answer.body)
            headers.setdefault("Content-Range", f"bytes {start}-{size - 1}/{size}")
        body = answer.body[start:]
        length = {} if answer.endless else {"Content-Length": str(len(body))}
        if answer.head is None:
            self.send_response(status)
            for name, value in (length | headers).items():
                if value is not None:
                    self.send_header(name, value)
            self.end_headers()
        else:
            self.wfile.write(answer.head)
        with contextlib.suppress(OSError):
            for each in repeat(body) if answer.endless else [body[: answer.cut]]:
                self._send(each, answer)
        if answer.stalls:
            self.mirror.closing.wait(10)

    def _send(self, body: bytes, answer: Answer) -> None:
        for start in range(0, len(body), answer.piece):
            self.wfile.write(body[start : start + answer.piece])
            if answer.pause and self.mirror.closing.wait(answer.pause):
                raise BrokenPipeError

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@contextlib.contextmanager
def serving(certificate: Path | None = None) -> Iterator[Mirror]:
    """Run a server during the block, with TLS if there is a certificate."""

    class PrescribedHandler(Handler):
        pass

    with ThreadingHTTPServer(("127.0.0.1", 0), PrescribedHandler) as server:
        scheme = "http"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            server.socket = context.wrap_socket(server.socket, server_side=True)
            scheme = "https"
        PrescribedHandler.mirror = Mirror(f"{scheme}://127.0.0.1:{server.server_port}/data")
        threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
        yield PrescribedHandler.mirror
        PrescribedHandler.mirror.closing.set()
        server.shutdown()


CONTENT = bytes(encode_idx(np.zeros(3000, np.uint8))[0]) + bytes(range(250)) * 12
FILE = DataFile("some-idx1-ubyte", len(CONTENT), hashlib.sha256(CONTENT).hexdigest())
PACKED = gzip.compress(CONTENT)
DATA = Path("data")  # the target folder


def download(folder: Path, files: Sequence[DataFile] = (FILE,), **options: Any) -> None:
    """Fetch a small file."""
    download_dataset(folder, files=files, **options)


def fetch(*mirrors: str, force: bool = False) -> list[Progress]:
    """Fetch the small file, and check that only it and the record are there."""
    seen: list[Progress] = []
    download(DATA, mirrors=mirrors, force=force, on_progress=seen.append)
    assert sorted(path.name for path in DATA.iterdir()) == [RECORD, FILE.name]
    assert (DATA / FILE.name).read_bytes() == CONTENT
    return seen


def failures(*mirrors: str) -> list[str]:
    """Check that fetching the small file fails and leaves nothing; return the reasons."""
    with pytest.raises(
        DownloadError, match=f"{FILE.name}.gz: could not be downloaded from any mirror"
    ) as caught:
        download(DATA, mirrors=mirrors)
    assert not DATA.exists()
    assert not any("\n" in reason for reason in caught.value.details)
    return [
        reason.removeprefix(f"{mirror}: ")
        for mirror, reason in zip(mirrors, caught.value.details, strict=True)
    ]
