"""Downloading the data set: mirrors, retries, resumed transfers, verification.

A file is written only once it is complete and its uncompressed bytes have the
published SHA-256.  So nothing that a mirror sends is trusted, any compression
of the right bytes will do, and an interrupted run leaves nothing behind.
"""

from __future__ import annotations

import contextlib
import http.client
import re
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Literal
from urllib.parse import urljoin, urlsplit
from urllib.request import url2pathname

import requests
import urllib3

from mnistmlp.data.catalog import MNIST, DataFile
from mnistmlp.data.folder import find_files, is_cache
from mnistmlp.data.placing import check_place, files_to_write, place
from mnistmlp.data.record import add_to_record, has_record, status_of
from mnistmlp.data.transfer import MirrorError, RefusalError, Transfer
from mnistmlp.errors import DownloadError, SettingError

MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)
# A mirror that does not answer, or falls silent in the body, is given up after three tries and
# two pauses, in under 50 s.  A mirror that sends too slowly is given up in under 140 s, because
# such a try takes at most RATE_WINDOW plus READ_TIMEOUT.
CONNECT_TIMEOUT = 10  # seconds, for each IP address of the host
READ_TIMEOUT = 15  # seconds of silence
RATE_WINDOW, MIN_RATE = 30, 1000  # seconds, and bytes per second on average within them
PAUSES = (0.5, 1.0)  # seconds between the tries at one mirror
MAX_PAUSE = 10  # seconds; a mirror that asks for more is given up
MIN_ADVANCE = RATE_WINDOW * MIN_RATE  # bytes; a try that gets this much further resets the count
MAX_REDIRECTS = 5
CHUNK = 1 << 16  # bytes
Chunks = Generator[tuple[bytes, int | None], None, None]  # bytes as sent, and their total if known


@dataclass(frozen=True)
class Progress:
    """The progress of one file."""

    name: str
    state: Literal["receiving", "fetched", "replaced", "present"]  # replaced: NAME.bak was kept
    received: int = 0  # bytes as sent
    total: int | None = None  # bytes as sent, if the mirror says


OnProgress = Callable[[Progress], None]


def download_dataset(
    folder: Path,
    *,
    files: Sequence[DataFile] = MNIST,
    mirrors: Sequence[str] = MIRRORS,
    force: bool = False,
    on_progress: OnProgress = lambda progress: None,
) -> None:
    """Download files of MNIST into a folder, uncompressed and verified.

    Only names are written that are free, or that the record of the folder shows
    to have been downloaded before.  A file with other content that is replaced is
    kept as ``NAME.bak`` (or ``.bak1`` …).

    Temporary failures are retried after short pauses, and a broken transfer is
    resumed if the mirror supports it.  A mirror that failed is tried last for the
    remaining files.

    Parameters
    ----------
    folder : Path
        Created if it does not exist.
    files : sequence of DataFile
        Which of the four files; all by default.
    mirrors : sequence of str
        Addresses (http, https or file) of folders with the ``.gz`` files, in
        the order to try them.
    force : bool
        Also download files that are already there, verified or not.
    on_progress : callable
        Called with a `Progress` as bytes arrive, and at the end of each file.

    Raises
    ------
    SettingError
        If a mirror's address is not http, https or file.
    MixedDataError
        If the folder holds other data; nothing is then downloaded.
    DownloadError
        If no mirror gives a file.
    WriteError
        If the folder cannot be written.
    """
    for mirror in mirrors:
        _check_address(mirror)
    order = list(mirrors)
    before = {path: status_of(path) for file in files for path in find_files(folder, file)}
    needed = files_to_write(folder, files, force=force)
    for file in files:
        if file in needed:
            _fetch(file, folder, order, on_progress)
            continue
        if is_cache(folder) or has_record(folder):  # other folders are only read
            for path in find_files(folder, file):
                if status := before.get(path):
                    add_to_record(path, status, file.sha256)
        on_progress(Progress(file.name, "present"))


def _check_address(mirror: str) -> None:
    """Raise SettingError unless a mirror is an http, https or local file address."""
    try:
        scheme, host, *_ = urlsplit(mirror)
    except ValueError:
        scheme = host = ""
    known = host if scheme in ("http", "https") else scheme == "file" and host in ("", "localhost")
    if not known:
        raise SettingError("mirror", f"{mirror!r} is not an http, https or file address")


def _fetch(file: DataFile, folder: Path, mirrors: list[str], on_progress: OnProgress) -> None:
    """Download one file and put it into its place."""
    check_place(folder / file.name)  # before the download rather than after it
    transfer = _receive_from_any(file, folder, mirrors, on_progress)
    kept = place(folder, file, transfer.content)
    size = transfer.received
    on_progress(Progress(file.name, "replaced" if kept else "fetched", size, size))


def _receive_from_any(
    file: DataFile, folder: Path, mirrors: list[str], on_progress: OnProgress
) -> Transfer:
    """Return a file from the first mirror that gives it; move those that fail to the end."""
    failures = []
    for mirror in tuple(mirrors):
        transfer = Transfer(file, f"{mirror.rstrip('/')}/{file.name}.gz")
        try:
            _receive_with_retries(transfer, on_progress)
        except MirrorError as failure:
            failures.append(f"{mirror}: {failure}")
            mirrors.remove(mirror)
            mirrors.append(mirror)
        else:
            return transfer
    raise DownloadError(f"{file.name}.gz: no mirror gives it", folder=folder, details=failures)


def _receive_with_retries(transfer: Transfer, on_progress: OnProgress) -> None:
    """Receive a file from one mirror, retrying after a pause if that may help."""
    pauses = iter(PAUSES)
    while True:
        before = transfer.max_received
        try:
            return _receive(transfer, on_progress)
        except RefusalError:
            raise
        except MirrorError as failure:
            if transfer.max_received - before >= MIN_ADVANCE:
                pauses = iter(PAUSES)
            pause = next(pauses, None)
            if pause is None:
                raise
            time.sleep(pause if failure.pause is None else failure.pause)


def _receive(transfer: Transfer, on_progress: OnProgress) -> None:
    """Receive a file, or the rest of it, in one try."""
    local = urlsplit(transfer.url).scheme == "file"
    with contextlib.closing(_read_local(transfer) if local else _read_remote(transfer)) as chunks:
        for chunk, total in chunks:
            whole = transfer.receive(chunk)
            on_progress(Progress(transfer.file.name, "receiving", transfer.received, total))
            if whole:
                return
    unpacked, size = len(transfer.content), transfer.file.size
    raise MirrorError(f"ended after {unpacked} of {size} bytes (uncompressed)")


def _read_local(transfer: Transfer) -> Chunks:
    """Yield the bytes at a file address."""
    transfer.reset()
    try:
        path = Path(url2pathname(urlsplit(transfer.url).path))
        if path.exists() and not path.is_file():
            raise RefusalError("not a regular file")
        with path.open("rb") as source:
            total = path.stat().st_size
            while data := source.read(CHUNK):
                yield data, total
    except OSError as error:
        raise RefusalError(error.strerror) from None
    except ValueError as error:
        raise RefusalError(str(error)) from None


def _read_remote(transfer: Transfer) -> Chunks:
    """Yield the bytes at a web address as sent, or the rest of them."""
    try:
        with _request(transfer) as response:
            _process_headers(transfer, response)
            length = response.headers.get("Content-Length", "")
            known = length.isdecimal() and len(length) < 16
            total = transfer.received + int(length) if known else None
            for data in _read_body(response.raw):
                yield data, total
    except (requests.ConnectionError, requests.Timeout) as error:
        raise MirrorError(_reason(error)) from None
    except (requests.RequestException, ValueError) as error:  # ValueError: invalid host
        raise RefusalError(_reason(error)) from None
    except urllib3.exceptions.HTTPError as error:  # within the body
        raise MirrorError(_reason(error)) from None


class _Session(requests.Session):
    """A session that follows no redirects; requests would first read the body, however long."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Return None, so that no redirect is followed."""


def _request(transfer: Transfer) -> requests.Response:
    """Request a file, or the rest of it, following redirects."""
    headers = {"Accept-Encoding": "identity"}  # the file is compressed already
    if transfer.received and transfer.resumable:
        headers["Range"] = f"bytes={transfer.received}-"
        if transfer.validator:
            headers["If-Range"] = transfer.validator
    url = transfer.url
    for _ in range(MAX_REDIRECTS + 1):
        with _Session() as session:
            timeout = CONNECT_TIMEOUT, READ_TIMEOUT
            response = session.get(url, headers=headers, timeout=timeout, stream=True)
        if not response.is_redirect:
            return response
        response.close()
        url = urljoin(url, response.headers["Location"])
    raise RefusalError(f"more than {MAX_REDIRECTS} redirects")


def _process_headers(transfer: Transfer, response: requests.Response) -> None:
    """Prepare the transfer by the status and headers of a response, or raise MirrorError."""
    headers = response.headers
    if response.status_code == 206:
        part = re.match(r"bytes (\d+)-", headers.get("Content-Range", ""))
        if not part or part[1] != str(transfer.received):
            transfer.disable_resuming()
            raise MirrorError("sent another part of the file than requested")
        transfer.resumed = transfer.received > 0
    elif response.status_code == 416 and transfer.received:
        transfer.disable_resuming()
        raise MirrorError("HTTP 416: the file is shorter than the part already received")
    elif response.status_code != 200:
        raise _status_error(response)
    else:
        transfer.reset()
        tag = headers.get("ETag", "")  # a weak one, W/"…", must not be used for ranges
        transfer.validator = tag if tag.startswith('"') else headers.get("Last-Modified", "")


def _status_error(response: requests.Response) -> MirrorError:
    """Return the error for a status: whether to retry, and after which pause."""
    text = f"HTTP {response.status_code} {response.reason}"[:80]
    if response.status_code not in (408, 429) and response.status_code < 500:
        return RefusalError(text)
    failure = MirrorError(text)
    failure.pause = _parse_retry_after(response.headers.get("Retry-After", ""))
    if failure.pause and failure.pause > MAX_PAUSE:
        return RefusalError(f"{text}, try again in {failure.pause:.0f} s")
    return failure


def _parse_retry_after(value: str) -> float | None:
    """Return the seconds to wait by a Retry-After header, a number or a date; None if invalid."""
    if value.isdecimal():
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except (ValueError, OverflowError):
        return None


def _read_body(body: urllib3.BaseHTTPResponse) -> Iterator[bytes]:
    """Yield the bytes of a body as they arrive; raise MirrorError if they are too slow."""
    start, received = time.monotonic(), 0
    while data := body.read1(CHUNK, decode_content=False):
        yield data
        received += len(data)
        elapsed = time.monotonic() - start
        if elapsed >= RATE_WINDOW:
            if received < MIN_RATE * elapsed:
                raise MirrorError(f"too slow: {received} bytes in {elapsed:.0f} s")
            start, received = time.monotonic(), 0


def _reason(error: BaseException) -> str:
    """Return the message of the innermost cause of an error."""
    while cause := error.__cause__ or error.__context__:
        error = cause
    if isinstance(error, http.client.IncompleteRead):
        return "the connection ended too early"
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return str(text)[:200]


def mirror_answers(mirrors: Sequence[str] = MIRRORS, *, within: float = 3.0) -> bool:
    """Tell, within so many seconds, whether any of these web addresses has the data set."""
    answered = threading.Event()

    def ask(mirror: str) -> None:
        with contextlib.suppress(requests.RequestException, ValueError):
            url = f"{mirror.rstrip('/')}/{MNIST[0].name}.gz"
            if requests.head(url, timeout=within, allow_redirects=True).ok:
                answered.set()

    threads = [threading.Thread(target=ask, args=(mirror,), daemon=True) for mirror in mirrors]
    for each in threads:
        each.start()  # in a thread, because the timeout does not cover resolving the host name
    end = time.monotonic() + within
    while any(each.is_alive() for each in threads) and time.monotonic() < end:
        if answered.wait(0.05):
            break
    return answered.is_set()
