"""Fetching the data set: mirrors, retries, verification, placement.

A file goes into its place only when its uncompressed bytes have the published
SHA-256.  So nothing that a mirror sends is trusted, and any compression of
the right bytes will do.
"""

from __future__ import annotations

import hashlib
import os
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit
from urllib.request import url2pathname

import requests
from requests.exceptions import ChunkedEncodingError

from mnistmlp.atomic import atomic_write
from mnistmlp.datasets import MNIST, DataFile, find_file, is_verified
from mnistmlp.errors import DownloadError, SettingError

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
    state: Literal["receiving", "fetched", "present"]
    received: int = 0  # bytes as sent
    total: int | None = None  # bytes as sent, where the mirror says


class _MirrorError(Exception):
    """A mirror did not give the file; it may do so at another try."""


class _RefusalError(_MirrorError):
    """A mirror did not give the file, and another try would not help."""


def download_dataset(
    folder: Path,
    *,
    mirrors: Sequence[str] = MIRRORS,
    force: bool = False,
    on_progress: Callable[[Progress], None] = lambda progress: None,
) -> None:
    """Bring the four files of MNIST into a folder, uncompressed and verified.

    Parameters
    ----------
    folder : Path
        Made if it is not there.
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
        if urlsplit(mirror).scheme not in ("http", "https", "file"):
            raise SettingError("mirror", f"{mirror!r} is not an http, https or file address")
    for file in MNIST:
        path = find_file(folder, file)
        if path and not force and is_verified(path, file):
            on_progress(Progress(file.name, "present"))
        else:
            _fetch(file, folder, mirrors, on_progress)


def _fetch(
    file: DataFile,
    folder: Path,
    mirrors: Sequence[str],
    on_progress: Callable[[Progress], None],
) -> None:
    """Fetch one file from the first mirror that gives it."""
    failures = []
    for mirror in mirrors:
        try:
            _fetch_patiently(file, folder, f"{mirror.rstrip('/')}/{file.name}.gz", on_progress)
        except _MirrorError as failure:
            failures.append(f"{mirror}: {failure}")
        except OSError as error:
            raise DownloadError(
                f"{folder / file.name}: cannot be written: {error.strerror or error}",
                hint="mnistmlp download --data-dir DIR",
            ) from None
        else:
            on_progress(Progress(file.name, "fetched", file.size, file.size))
            return
    names = ", ".join(f"{each.name}.gz" for each in MNIST)
    raise DownloadError(
        f"{file.name}.gz: no mirror gives it",
        details=failures,
        hint=f"put {names} into {folder} by hand, "
        "or name a folder that has them: --data-dir DIR or MNISTMLP_DATA_DIR=DIR",
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
        with Path(url2pathname(urlsplit(url).path)).open("rb") as source:
            total = os.fstat(source.fileno()).st_size
            while data := source.read(CHUNK):
                yield data, total
    except OSError as error:
        raise _RefusalError(error.strerror) from None


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
    except requests.RequestException as error:
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
    folder.mkdir(parents=True, exist_ok=True)
    found, received, written, unpacker = hashlib.sha256(), 0, 0, None
    with atomic_write(folder / file.name) as target:
        for chunk, total in chunks:
            if not received:
                unpacker = _unpacker(chunk)
            received += len(chunk)
            try:
                data = unpacker.decompress(chunk, file.size - written + 1) if unpacker else chunk
            except zlib.error:
                raise _RefusalError("damaged gzip stream") from None
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


def _unpacker(chunk: bytes) -> Any:
    """Return what unpacks a file that begins so: None if a server has unpacked it already."""
    if chunk.startswith(b"\x1f"):
        return zlib.decompressobj(GZIP)
    if chunk.startswith(b"\0"):
        return None
    raise _RefusalError(f"neither gzip nor IDX: begins with {chunk[:12]!r}")
