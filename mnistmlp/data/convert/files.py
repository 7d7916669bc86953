"""Files with unknown contents, unpacked without trusting them."""

from __future__ import annotations

import contextlib
import gzip
import os
import stat
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from mnistmlp.atomic import cause_of, writing
from mnistmlp.data.idx import CHUNK, GZIP_MAGIC, MAX_RATIO
from mnistmlp.errors import DataError

UNPACKING_ERRORS = (EOFError, zlib.error, gzip.BadGzipFile)


@contextlib.contextmanager
def open_plain(path: Path) -> Iterator[BinaryIO]:
    """Open a plain or gzip-compressed file, told apart by the first bytes.

    Raises
    ------
    DataError
        If the file cannot be read or unpacked; also in the block.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise DataError(f"{path}: not a regular file")
        with path.open("rb") as file:
            packed = file.read(2) == GZIP_MAGIC
            file.seek(0)
            if not packed:
                yield file
                return
            with gzip.GzipFile(fileobj=file) as unpacked:
                yield unpacked  # type: ignore[misc]
    except UNPACKING_ERRORS as error:
        raise DataError(f"{path}: damaged gzip stream: {error}") from None
    except OSError as error:
        raise DataError(f"{path}: {cause_of(error)}") from None


def read_chunks(path: Path, file: BinaryIO) -> Iterator[bytes]:
    """Yield the bytes of a file opened by `open_plain`, a chunk at a time.

    Raises
    ------
    DataError
        If it unpacks to more than `MAX_RATIO` times its size.
    """
    most, total = max(CHUNK, MAX_RATIO * path.stat().st_size), 0
    while chunk := file.read(CHUNK):
        total += len(chunk)
        if total > most:
            raise DataError(f"{path}: unpacks to more than {MAX_RATIO} times its size")
        yield chunk


def open_mappable(path: Path) -> BinaryIO:
    """Return a file whose bytes can be mapped: the file itself, or an unpacked ``.gz``.

    Raises
    ------
    DataError
        If the file cannot be read or unpacked.
    """
    with open_plain(path) as file, contextlib.ExitStack() as opened:
        if isinstance(file, gzip.GzipFile):
            result: BinaryIO = opened.enter_context(tempfile.TemporaryFile())
            for chunk in read_chunks(path, file):
                write_temporary(result, chunk)
        else:
            result = opened.enter_context(os.fdopen(os.dup(file.fileno()), "rb"))
        result.seek(0)
        opened.pop_all()  # closed by the caller
        return result


def write_temporary(file: BinaryIO, data: bytes | memoryview) -> None:
    """Write to a temporary file and flush.

    Raises
    ------
    WriteError
        If there is no room in the temporary folder.
    """
    with writing(Path(tempfile.gettempdir())):
        file.write(data)
        file.flush()
