"""Writing a file so that a reader finds the old one whole or the new one whole."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO


@contextlib.contextmanager
def atomic_write(path: Path) -> Iterator[BinaryIO]:
    """Open a temporary file beside `path`, and move it into place when the block ends well.

    The bytes are on the disk before the file is in its place.  When the block
    raises, the temporary file goes and `path` stays as it was.  A symbolic
    link is followed.

    Raises
    ------
    OSError
        If the folder cannot be written, or `path` is there and is no regular file.
    """
    path = Path(os.path.realpath(path))
    check_writable(path)
    temporary = path.with_name(f".{secrets.token_hex(8)}.tmp")
    try:
        with temporary.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def check_writable(path: Path) -> None:
    """Raise OSError if `path` could not be written: before the work rather than after it."""
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "not a regular file", str(path))
    folder = Path(os.path.realpath(path)).parent
    if not folder.is_dir():
        raise OSError(errno.ENOENT, "no such folder", str(folder))
    if not os.access(folder, os.W_OK):
        raise OSError(errno.EACCES, "no permission to write here", str(folder))
