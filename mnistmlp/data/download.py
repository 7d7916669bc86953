"""Fetching the data set through trouble: mirrors, retries, verification, placement.

A file is written only when its uncompressed bytes have all come and have the
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
from mnistmlp.data.folder import (
    check_place,
    default_folder,
    find_file,
    has_record,
    is_verified,
    place,
    remember,
    status_of,
)
from mnistmlp.data.transfer import MirrorError, RefusalError, Transfer
from mnistmlp.errors import DownloadError, SettingError

MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)
# A mirror that does not answer, or falls silent in the body, is given up after three tries and
# two pauses: in under 50 s.  One that drips: in under 140 s, as a try then takes both the times
# RATE_WINDOW and READ_TIMEOUT at most.
CONNECT_TIMEOUT = 10  # seconds, for each address that its name has
READ_TIMEOUT = 15  # seconds of silence
RATE_WINDOW, MIN_RATE = 30, 1000  # seconds, and the bytes a second that must come on average
PAUSES = (0.5, 1.0)  # seconds between the tries at one mirror
LONGEST_PAUSE = 10  # seconds that a mirror may ask for, before the next one is tried
ADVANCE = RATE_WINDOW * MIN_RATE  # bytes: a try that came so much further begins the count anew
REDIRECTS = 5
CHUNK = 1 << 16  # bytes
Chunks = Generator[tuple[bytes, int | None], None, None]  # as sent, and how many in all if known


@dataclass(frozen=True)
class Progress:
    """How far a file is."""

    name: str
    state: Literal["receiving", "fetched", "replaced", "present"]  # replaced: the old is NAME.bak
    received: int = 0  # bytes as sent
    total: int | None = None  # bytes as sent, where the mirror says


OnProgress = Callable[[Progress], None]


def download_dataset(
    folder: Path,
    *,
    files: Sequence[DataFile] = MNIST,
    mirrors: Sequence[str] = MIRRORS,
    force: bool = False,
    on_progress: OnProgress = lambda progress: None,
) -> None:
    """Bring files of MNIST into a folder, uncompressed and verified.

    A file with other content that is in its place is replaced.  Outside the
    cache folder it is kept as ``NAME.bak`` (or ``.bak1`` …), if it is a whole
    IDX file: it may be of somebody's own data set.

    Passing trouble is waited out for a short time, and a transfer that broke off
    is resumed where the mirror can do that.  A mirror that failed comes last for
    the files after that.

    Parameters
    ----------
    folder : Path
        Made if it is not there.
    files : sequence of DataFile
        Which of the four; all by default.
    mirrors : sequence of str
        Addresses (http, https or file) of folders with the ``.gz`` files, in
        the order to try them.
    force : bool
        Fetch also what is there and verified.
    on_progress : callable
        Is given a `Progress` as bytes come, and one at the end of each file.

    Raises
    ------
    SettingError
        If a mirror's address is of another kind.
    DownloadError
        If no mirror gives a file.
    WriteError
        If the folder cannot be written.
    """
    for mirror in mirrors:
        _check_address(mirror)
    order = list(mirrors)
    for file in files:
        path = find_file(folder, file)
        status = status_of(path) if path else None
        if path and status and not force and is_verified(path, file):
            if folder == default_folder() or has_record(folder):  # another's is only read
                remember(path, status, file.sha256)
            on_progress(Progress(file.name, "present"))
        else:
            _fetch(file, folder, order, on_progress)


def _check_address(mirror: str) -> None:
    """Raise SettingError unless this is an http or https address, or a file one of this machine."""
    try:
        scheme, host, *_ = urlsplit(mirror)
    except ValueError:
        scheme = host = ""
    known = host if scheme in ("http", "https") else scheme == "file" and host in ("", "localhost")
    if not known:
        raise SettingError("mirror", f"{mirror!r} is not an http, https or file address")


def _fetch(file: DataFile, folder: Path, mirrors: list[str], on_progress: OnProgress) -> None:
    """Bring one file into its place."""
    path = folder / file.name
    check_place(path)  # before the work
    transfer = _receive_from_any(file, folder, mirrors, on_progress)
    kept = place(path, file, transfer.content)
    size = transfer.received
    on_progress(Progress(file.name, "replaced" if kept else "fetched", size, size))


def _receive_from_any(
    file: DataFile, folder: Path, mirrors: list[str], on_progress: OnProgress
) -> Transfer:
    """Return a file from the first mirror that gives it; those that do not are put last."""
    failures = []
    for mirror in tuple(mirrors):
        transfer = Transfer(file, f"{mirror.rstrip('/')}/{file.name}.gz")
        try:
            _receive_patiently(transfer, on_progress)
        except MirrorError as failure:
            failures.append(f"{mirror}: {failure}")
            mirrors.remove(mirror)
            mirrors.append(mirror)
        else:
            return transfer
    raise DownloadError(f"{file.name}.gz: no mirror gives it", folder=folder, details=failures)


def _receive_patiently(transfer: Transfer, on_progress: OnProgress) -> None:
    """Receive a file from one mirror, trying again after a pause where that may help."""
    pauses = iter(PAUSES)
    while True:
        before = transfer.furthest
        try:
            return _receive(transfer, on_progress)
        except RefusalError:
            raise
        except MirrorError as failure:
            if transfer.furthest - before >= ADVANCE:
                pauses = iter(PAUSES)
            pause = next(pauses, None)
            if pause is None:
                raise
            time.sleep(pause if failure.pause is None else failure.pause)


def _receive(transfer: Transfer, on_progress: OnProgress) -> None:
    """Receive a file, or what is still missing of it, in one try."""
    local = urlsplit(transfer.url).scheme == "file"
    with contextlib.closing(_read_local(transfer) if local else _download(transfer)) as chunks:
        for chunk, total in chunks:
            whole = transfer.take(chunk)
            on_progress(Progress(transfer.file.name, "receiving", transfer.received, total))
            if whole:
                return
    came, size = len(transfer.content), transfer.file.size
    raise MirrorError(f"ended after {came} of {size} bytes (uncompressed)")


def _read_local(transfer: Transfer) -> Chunks:
    """Yield the bytes of a file address."""
    transfer.start_over()
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


def _download(transfer: Transfer) -> Chunks:
    """Yield the bytes of a web address, or the rest of them, as they are sent."""
    try:
        with _ask(transfer) as response:
            _begin(transfer, response)
            length = response.headers.get("Content-Length", "")
            known = length.isdecimal() and len(length) < 16
            total = transfer.received + int(length) if known else None
            for data in _paced(response.raw):
                yield data, total
    except (requests.ConnectionError, requests.Timeout) as error:
        raise MirrorError(_reason(error)) from None
    except (requests.RequestException, ValueError) as error:  # ValueError: a host no name can have
        raise RefusalError(_reason(error)) from None
    except urllib3.exceptions.HTTPError as error:  # within the body
        raise MirrorError(_reason(error)) from None


class _Session(requests.Session):
    """A session that follows no redirect: to do so it would read the body, however long."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Return none."""


def _ask(transfer: Transfer) -> requests.Response:
    """Ask for a file, or for the rest of one that has begun to come."""
    headers = {"Accept-Encoding": "identity"}  # the file is compressed already
    if transfer.received and transfer.resumable:
        headers["Range"] = f"bytes={transfer.received}-"
        if transfer.validator:
            headers["If-Range"] = transfer.validator
    url = transfer.url
    for _ in range(REDIRECTS + 1):
        with _Session() as session:
            timeout = CONNECT_TIMEOUT, READ_TIMEOUT
            response = session.get(url, headers=headers, timeout=timeout, stream=True)
        if not response.is_redirect:
            return response
        response.close()
        url = urljoin(url, response.headers["Location"])
    raise RefusalError(f"more than {REDIRECTS} redirects")


def _begin(transfer: Transfer, response: requests.Response) -> None:
    """Prepare for the body by what status and headers say of it, or raise MirrorError."""
    headers = response.headers
    if response.status_code == 206:
        part = re.match(r"bytes (\d+)-", headers.get("Content-Range", ""))
        if not part or part[1] != str(transfer.received):
            transfer.distrust()
            raise MirrorError("gave another part of the file than was asked for")
        transfer.resumed = transfer.received > 0
    elif response.status_code == 416 and transfer.received:
        transfer.distrust()
        raise MirrorError("HTTP 416: has not so many bytes as it gave before")
    elif response.status_code != 200:
        raise _failure(response)
    else:
        transfer.start_over()
        tag = headers.get("ETag", "")  # a weak one, W/"…", must not be used for ranges
        transfer.validator = tag if tag.startswith('"') else headers.get("Last-Modified", "")


def _failure(response: requests.Response) -> MirrorError:
    """Return what a status means, and how long to wait."""
    text = f"HTTP {response.status_code} {response.reason}"[:80]
    if response.status_code not in (408, 429) and response.status_code < 500:
        return RefusalError(text)
    failure = MirrorError(text)
    failure.pause = _retry_after(response.headers.get("Retry-After", ""))
    if failure.pause and failure.pause > LONGEST_PAUSE:
        return RefusalError(f"{text}, try again in {failure.pause:.0f} s")
    return failure


def _retry_after(value: str) -> float | None:
    """Return the seconds that a mirror asks to wait, given as they are or as a date."""
    if value.isdecimal():
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except (ValueError, OverflowError):
        return None


def _paced(body: urllib3.BaseHTTPResponse) -> Iterator[bytes]:
    """Yield the bytes of a body as they come, unless they drip."""
    begun, came = time.monotonic(), 0
    while data := body.read1(CHUNK, decode_content=False):
        yield data
        came += len(data)
        passed = time.monotonic() - begun
        if passed >= RATE_WINDOW:
            if came < MIN_RATE * passed:
                raise MirrorError(f"too slow: {came} bytes in {passed:.0f} s")
            begun, came = time.monotonic(), 0


def _reason(error: BaseException) -> str:
    """Return what the innermost cause of an error says."""
    while cause := error.__cause__ or error.__context__:
        error = cause
    if isinstance(error, http.client.IncompleteRead):
        return "the connection ended too early"
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return str(text)[:200]


def mirror_answers(mirrors: Sequence[str] = MIRRORS, *, within: float = 3.0) -> bool:
    """Tell whether any of these web addresses has the data set, after so many seconds at most."""
    answered = threading.Event()

    def ask(mirror: str) -> None:
        with contextlib.suppress(requests.RequestException, ValueError):
            url = f"{mirror.rstrip('/')}/{MNIST[0].name}.gz"
            if requests.head(url, timeout=within, allow_redirects=True).ok:
                answered.set()

    asking = [threading.Thread(target=ask, args=(mirror,), daemon=True) for mirror in mirrors]
    for each in asking:
        each.start()  # a name may take longer to resolve than any time limit says
    end = time.monotonic() + within
    while any(each.is_alive() for each in asking) and time.monotonic() < end:
        if answered.wait(0.05):
            break
    return answered.is_set()
