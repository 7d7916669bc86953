"""Fetching the data set: mirrors, retries, verification, placement.

A file goes into its place only when its uncompressed bytes have the published
SHA-256.  So nothing that a mirror sends is trusted, and any compression of
the right bytes will do.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit
from urllib.request import url2pathname

import requests
from requests.exceptions import ChunkedEncodingError

from mnistmlp.atomic import atomic_write
from mnistmlp.datasets import (
    MNIST,
    DataFile,
    default_folder,
    find_file,
    is_other_data,
    is_verified,
)
from mnistmlp.errors import DownloadError, SettingError
from mnistmlp.idx import GZIP_MAGIC

MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)
CONNECT_TIMEOUT, READ_TIMEOUT = 10, 30  # seconds
PAUSES = (0.5, 1.0)  # seconds between the tries at one mirror
CHUNK = 1 << 16  # bytes
Chunk = tuple[bytes, int | None]  # bytes as sent, and how many there are in all if known
GZIP = 16 + zlib.MAX_WBITS  # zlib's word for a gzip wrapping


@dataclass(frozen=True)
class Progress:
    """How far a file is."""

    name: str
    state: Literal["receiving", "fetched", "replaced", "present"]  # replaced: the old is NAME.bak
    received: int = 0  # bytes as sent
    total: int | None = None  # bytes as sent, where the mirror says


class _MirrorError(Exception):
    """A mirror did not give the file; it may do so at another try."""


class _RefusalError(_MirrorError):
    """A mirror did not give the file, and another try would not help."""


def download_dataset(
    folder: Path,
    *,
    files: Sequence[DataFile] = MNIST,
    mirrors: Sequence[str] = MIRRORS,
    force: bool = False,
    on_progress: Callable[[Progress], None] = lambda progress: None,
) -> None:
    """Bring files of MNIST into a folder, uncompressed and verified.

    A file with other content that is in its place is replaced.  Outside the
    cache folder it is kept as ``NAME.bak`` (or ``.bak1`` …), if it is a whole
    IDX file: it may be of somebody's own data set.

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
        If no mirror gives a file, or the folder cannot be written.
    """
    for mirror in mirrors:
        _check_address(mirror)
    for file in files:
        path = find_file(folder, file)
        if path and not force and is_verified(path, file):
            on_progress(Progress(file.name, "present"))
        else:
            _fetch(file, folder, mirrors, on_progress)


def _check_address(mirror: str) -> None:
    """Raise SettingError unless this is an http or https address, or a file one of this machine."""
    try:
        scheme, host, *_ = urlsplit(mirror)
    except ValueError:
        scheme = host = ""
    known = host if scheme in ("http", "https") else scheme == "file" and host in ("", "localhost")
    if not known:
        raise SettingError("mirror", f"{mirror!r} is not an http, https or file address")


def _fetch(
    file: DataFile,
    folder: Path,
    mirrors: Sequence[str],
    on_progress: Callable[[Progress], None],
) -> None:
    """Fetch one file from the first mirror that gives it."""
    failures = []
    for mirror in mirrors:
        url = f"{mirror.rstrip('/')}/{file.name}.gz"
        try:
            return _fetch_patiently(file, folder, url, on_progress)
        except _MirrorError as failure:
            failures.append(f"{mirror}: {failure}")
        except OSError as error:
            raise DownloadError(
                f"{folder / file.name}: cannot be written: {error.strerror}",
                hint="another folder: mnistmlp download --data-dir DIR",
            ) from None
    names = ", ".join(f"{each.name}.gz" for each in MNIST)
    raise DownloadError(
        f"{file.name}.gz: no mirror gives it",
        details=failures,
        hint=f"put {names} into {folder} by hand, "
        "or name a folder that has them: --data-dir DIR or MNISTMLP_DATA_DIR=DIR; "
        "or use digits that need no network: --dataset synthetic",
    )


def _fetch_patiently(
    file: DataFile, folder: Path, url: str, on_progress: Callable[[Progress], None]
) -> None:
    """Try one mirror, again after a pause where that may help."""
    receive = _read_local if urlsplit(url).scheme == "file" else _receive
    for pause in PAUSES:
        try:
            return _store(file, folder, receive(url), on_progress)
        except _RefusalError:
            raise
        except _MirrorError:
            time.sleep(pause)
    return _store(file, folder, receive(url), on_progress)


def _read_local(url: str) -> Iterator[Chunk]:
    """Yield the bytes of a file address."""
    try:
        path = Path(url2pathname(urlsplit(url).path))
        if path.exists() and not path.is_file():
            raise _RefusalError("not a regular file")
        with path.open("rb") as source:
            total = path.stat().st_size
            while data := source.read(CHUNK):
                yield data, total
    except OSError as error:
        raise _RefusalError(error.strerror) from None
    except ValueError as error:
        raise _RefusalError(str(error)) from None


def _receive(url: str) -> Iterator[Chunk]:
    """Yield the bytes of a web address."""
    headers = {"Accept-Encoding": "identity"}  # the file is compressed already
    timeout = CONNECT_TIMEOUT, READ_TIMEOUT
    try:
        with requests.get(url, headers=headers, timeout=timeout, stream=True) as response:
            if not response.ok:
                passing = response.status_code in (408, 429) or response.status_code >= 500
                kind = _MirrorError if passing else _RefusalError
                raise kind(f"HTTP {response.status_code} {response.reason}")
            length = response.headers.get("Content-Length", "")
            for data in response.iter_content(CHUNK):
                yield data, int(length) if length.isdecimal() else None
    except (requests.ConnectionError, requests.Timeout, ChunkedEncodingError) as error:
        raise _MirrorError(_reason(error)) from None
    except (requests.RequestException, ValueError) as error:  # ValueError: a host no name can have
        raise _RefusalError(_reason(error)) from None


def _reason(error: BaseException) -> str:
    """Return what the innermost cause of an error says."""
    while cause := error.__cause__ or error.__context__:
        error = cause
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def _store(
    file: DataFile,
    folder: Path,
    chunks: Iterator[Chunk],
    on_progress: Callable[[Progress], None],
) -> None:
    """Unpack, check and place a file; never write more than its published size."""
    first = next(chunks, (b"", None))  # before anything is made
    folder.mkdir(parents=True, exist_ok=True)
    found, received, written, unpacker = hashlib.sha256(), 0, 0, _Unpacker(first[0])
    with atomic_write(folder / file.name) as target:
        for chunk, total in itertools.chain([first], chunks):
            received += len(chunk)
            data = unpacker.feed(chunk, most=file.size - written + 1)
            written += len(data)
            if written > file.size:
                raise _RefusalError(f"more than {file.size} bytes")
            found.update(data)
            target.write(data)
            on_progress(Progress(file.name, "receiving", received, total))
        if written < file.size:
            raise _MirrorError(f"ended after {written} of {file.size} bytes (uncompressed)")
        if found.hexdigest() != file.sha256:
            raise _RefusalError(f"SHA-256 {found.hexdigest()[:12]}…, expected {file.sha256[:12]}…")
        kept = _set_aside(folder / file.name, file)
    on_progress(Progress(file.name, "replaced" if kept else "fetched", received, received))


def _set_aside(path: Path, file: DataFile) -> bool:
    """Rename a whole IDX file of other content that is not in our own folder; tell if so."""
    kept = path.parent != default_folder() and is_other_data(path, file)
    if kept:
        names = (Path(f"{path}.bak{number or ''}") for number in itertools.count())
        path.replace(next(name for name in names if not name.exists()))
    return kept


class _Unpacker:
    """Unpacks gzip of one or more members; hands on what a server has unpacked already."""

    def __init__(self, start: bytes) -> None:
        if start and not start.startswith((GZIP_MAGIC[:1], b"\0")):
            raise _RefusalError(f"neither gzip nor IDX: begins with {start[:12]!r}")
        self.member = zlib.decompressobj(GZIP) if start.startswith(GZIP_MAGIC[:1]) else None

    def feed(self, chunk: bytes, most: int) -> bytes:
        """Return up to `most` bytes: the rest of a chunk that holds more is lost."""
        if self.member is None:
            return chunk
        try:
            data = self.member.decompress(chunk, most)
            while self.member.eof and (rest := self.member.unused_data) and len(data) < most:
                self.member = zlib.decompressobj(GZIP)
                data += self.member.decompress(rest, most - len(data))
        except zlib.error:
            raise _RefusalError("damaged gzip stream") from None
        return data


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
