"""Downloading a data set: mirrors, retries, resumed transfers, verification.

A file is written only once it is complete and its uncompressed bytes have the
published SHA-256.  So mirrors need not be trusted, the right bytes may be compressed
in any way, and an interrupted run leaves nothing behind.  If only a digest of the
compressed file is published, the download must match that.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, get_args
from urllib.parse import urlsplit
from urllib.request import url2pathname

from mnistmlp.arrays import StrPath
from mnistmlp.atomic import cause_of
from mnistmlp.data.catalog import FILES, MNIST, DataFile
from mnistmlp.data.folder import file_digest, find_files, is_cache
from mnistmlp.data.placing import check_place, files_to_write, place
from mnistmlp.data.record import add_to_record, has_record, status_of
from mnistmlp.data.transfer import MirrorError, RefusalError, Transfer
from mnistmlp.data.web import (
    CHUNK,
    MIN_RATE,
    RATE_WINDOW,
    Chunks,
    Request,
    hide_login,
    read_remote,
)
from mnistmlp.errors import DownloadError, SettingError, check_choice

MIRRORS = (  # of MNIST
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)
OTHER_MIRRORS = {
    "fashion": (
        "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    ),
    "kmnist": (
        "https://codh.rois.ac.jp/kmnist/dataset/kmnist/",
        "http://codh.rois.ac.jp/kmnist/dataset/kmnist/",
    ),
}
Fetched = Literal["mnist", "fashion", "kmnist"]
PAUSES = (0.5, 1.0)  # seconds between tries at one mirror
MIN_ADVANCE = RATE_WINDOW * MIN_RATE  # bytes; a try that gets this much further resets the count


@dataclass(frozen=True)
class Progress:
    """The progress of one file."""

    name: str
    # replaced: NAME.bak was kept; failed: at one mirror, with others left to try
    state: Literal["receiving", "fetched", "replaced", "present", "failed"]
    received: int = 0  # bytes as sent
    total: int | None = None  # bytes as sent, if the mirror says
    failure: str = ""  # the mirror and what went wrong


OnProgress = Callable[[Progress], None]


def download_dataset(
    folder: StrPath,
    dataset: Fetched = "mnist",
    *,
    files: Sequence[DataFile] | None = None,
    mirrors: Sequence[str] | None = None,
    force: bool = False,
    on_progress: OnProgress = lambda progress: None,
) -> None:
    """Download files of MNIST or another data set into a folder, uncompressed and verified.

    Existing files are left alone, unless the record of the folder shows that they were
    downloaded.  A replaced file with other content is kept as ``NAME.bak`` (or
    ``.bak1`` …).

    Temporary failures are retried after short pauses, and a broken transfer is
    resumed if the mirror supports it.  A mirror that failed is tried last for the
    remaining files.

    Parameters
    ----------
    folder : str or path
        Created if it does not exist.
    dataset : {'mnist', 'fashion', 'kmnist'}
    files : sequence of DataFile, optional
        The files to download; all four by default.
    mirrors : sequence of str, optional
        Addresses (http, https or file) of folders with the ``.gz`` files, in
        the order to try them; public mirrors by default.
    force : bool
        Download again even if already verified.
    on_progress : callable
        Called with a `Progress` as bytes arrive, and at the end of each file.

    Raises
    ------
    SettingError
        If there is no such data set, or a mirror's address is not http, https or file.
    MixedDataError
        If the folder holds other data; then nothing is downloaded.
    DownloadError
        If a file could not be downloaded from any mirror.
    WriteError
        If the folder cannot be written.
    """
    check_choice("dataset", dataset, get_args(Fetched))
    mirrors = (OTHER_MIRRORS.get(dataset) or MIRRORS) if mirrors is None else mirrors
    files = FILES[dataset] if files is None else files
    for mirror in mirrors:
        _check_address(mirror)
    folder = Path(folder)
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
                    _record_present(path, status, file)
        on_progress(Progress(file.name, "present"))


def _record_present(path: Path, status: os.stat_result, file: DataFile) -> None:
    """Add an existing, verified file to the record of its folder."""
    if file.sha256:
        add_to_record(path, status, file.sha256)
    elif found := file_digest(path):
        add_to_record(path, status, found, file.dataset)


def _check_address(mirror: str) -> None:
    """Raise SettingError unless a mirror is an http, https or local file address."""
    try:
        scheme, host, *_ = urlsplit(mirror)
    except ValueError:
        scheme = host = ""
    known = host if scheme in ("http", "https") else scheme == "file" and host in ("", "localhost")
    if not known:
        raise SettingError(
            "mirror", f"{hide_login(mirror)!r} is not an http, https or file address"
        )


def _fetch(file: DataFile, folder: Path, mirrors: list[str], on_progress: OnProgress) -> None:
    """Download one file and put it in place."""
    check_place(folder / file.name)  # before the download rather than after
    transfer = _receive_from_any(file, folder, mirrors, on_progress)
    if not file.sha256:
        file = replace(file, sha256=hashlib.sha256(transfer.content).hexdigest())
    kept = place(folder, file, transfer.content)
    size = transfer.received
    on_progress(Progress(file.name, "replaced" if kept else "fetched", size, size))


def _receive_from_any(
    file: DataFile, folder: Path, mirrors: list[str], on_progress: OnProgress
) -> Transfer:
    """Return a file from the first mirror that works; move those that fail to the end."""
    failures = []
    for mirror in tuple(mirrors):
        transfer = Transfer(file, f"{mirror.rstrip('/')}/{file.name}.gz")
        try:
            _receive_with_retries(transfer, on_progress)
        except MirrorError as failure:
            failures.append(f"{hide_login(mirror)}: {failure}")
            mirrors.remove(mirror)
            mirrors.append(mirror)
        else:
            for text in failures:
                on_progress(Progress(file.name, "failed", failure=text))
            return transfer
    message = f"{file.name}.gz: could not be downloaded from any mirror"
    raise DownloadError(message, folder=folder, dataset=file.dataset, details=failures)


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
    with contextlib.closing(_read_local(transfer) if local else read_remote(transfer)) as chunks:
        for chunk, total in chunks:
            whole = transfer.receive(chunk)
            on_progress(Progress(transfer.file.name, "receiving", transfer.received, total))
            if whole:
                return
    unpacked, file = len(transfer.content), transfer.file
    if unpacked == file.size:
        raise MirrorError(f"the .gz file has {transfer.received} bytes, not {file.packed_size}")
    raise MirrorError(f"ended after {unpacked} of {file.size} bytes (uncompressed)")


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
        raise RefusalError(cause_of(error)) from None
    except ValueError as error:
        raise RefusalError(str(error)) from None


def mirror_answers(mirrors: Sequence[str] = MIRRORS, *, within: float = 3.0) -> bool:
    """Tell within a timeout in seconds whether any of these web addresses has the data set."""
    end = time.monotonic() + within
    with contextlib.ExitStack() as stack:
        urls = [f"{mirror.rstrip('/')}/{MNIST[0].name}.gz" for mirror in mirrors]
        requests = [Request(url, {}, "HEAD") for url in urls]
        for each in requests:
            stack.callback(each.close)
        return any(each.is_good(end - time.monotonic()) for each in requests)
