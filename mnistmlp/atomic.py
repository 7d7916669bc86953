"""Writing a file so that a reader finds the old one whole or the new one whole."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from mnistmlp.errors import WriteError


@contextlib.contextmanager
def atomic_write(path: Path) -> Iterator[BinaryIO]:
    """Open a temporary file beside `path`, and move it into place when the block ends well.

    The bytes are on the disk before the file is in its place.  When the block
    raises, the temporary file goes and `path` stays as it was; on Linux it has
    no name before it is whole, so that SIGKILL leaves no part of one behind.
    A symbolic link is followed.

    Raises
    ------
    WriteError
        If the folder cannot be written, or `path` is there and is no regular file.
    """
    with writing(path):
        target = Path(os.path.realpath(path))
        check_writable(target)
        temporary = target.with_name(f".{secrets.token_hex(8)}.tmp")
        nameless = _open_nameless(target.parent)
        try:
            with nameless or temporary.open("xb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
                if nameless:
                    _link(nameless, temporary)
            temporary.replace(target)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Raise WriteError, with the name of a file, where the block raises OSError."""
    try:
        yield
    except OSError as error:
        raise WriteError(f"{path}: cannot be written: {error.strerror}") from None


def check_writable(path: Path) -> None:
    """Raise OSError if `path` could not be written: before the work rather than after it."""
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "not a regular file", str(path))
    folder = Path(os.path.realpath(path)).parent
    if not folder.is_dir():
        raise OSError(errno.ENOENT, "no such folder", str(folder))
    try:
        with tempfile.TemporaryFile(dir=folder):  # asking for permission is not enough: /proc
            pass
    except OSError as error:
        denied = error.errno == errno.EACCES
        message = "no permission to write here" if denied else error.strerror
        raise OSError(error.errno, message, str(folder)) from None


def _open_nameless(folder: Path) -> BinaryIO | None:
    """Open a new file that has no name yet, where the system can do that, and name it later."""
    flag = getattr(os, "O_TMPFILE", None)  # Linux; not on every file system
    if flag is None or not Path("/proc/self/fd").is_dir():
        return None
    try:
        return os.fdopen(os.open(folder, flag | os.O_WRONLY, 0o666), "wb")
    except OSError:
        return None


def _link(nameless: BinaryIO, path: Path) -> None:
    """Give an open file without a name one: open(2), under O_TMPFILE."""
    descriptor = nameless.fileno()
    # a folder is given, and not used, for that makes os.link follow the symbolic link
    os.link(f"/proc/self/fd/{descriptor}", path, src_dir_fd=descriptor, follow_symlinks=True)
