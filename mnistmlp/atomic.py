"""Atomic writes: a reader finds either the complete old file or the complete new one.

And what the system says when a file cannot be read or written.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from mnistmlp.errors import WriteError

SPELLINGS = {  # of what the system says
    errno.ENOENT: "no such file",
    errno.EISDIR: "is a folder",
    errno.ENOTDIR: "not a folder",
}


@contextlib.contextmanager
def atomic_write(path: Path) -> Iterator[BinaryIO]:
    """Open a temporary file next to `path`, and move it into place when the block succeeds.

    The bytes reach the disk before the file takes its place.  If the block
    raises, the temporary file is deleted and `path` is unchanged.  On Linux
    the temporary file has no name until it is complete, so even SIGKILL leaves
    nothing behind.  Symbolic links are followed, and the permissions of an existing
    file are kept.

    Raises
    ------
    WriteError
        If the folder is not writable, or `path` exists and is not a regular file.
    """
    with writing(path):
        target = Path(os.path.realpath(path))
        check_writable(target)
        temporary = target.with_name(f".{secrets.token_hex(8)}.tmp")
        unnamed = _open_unnamed(target.parent)
        try:
            with unnamed or temporary.open("xb") as file:
                if target.exists() and hasattr(os, "fchmod"):  # Windows from Python 3.13 on
                    os.fchmod(file.fileno(), stat.S_IMODE(target.stat().st_mode))
                yield file
                file.flush()
                os.fsync(file.fileno())
                if unnamed:
                    _link(unnamed, temporary)
            temporary.replace(target)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise


def backup_path(path: Path) -> Path:
    """Return the path under which `back_up` keeps a file; symbolic links are followed."""
    return Path(f"{os.path.realpath(path)}.bak")


def back_up(path: Path, *, copy: bool = False) -> None:
    """Keep a file as NAME.bak as well, replacing an older backup.

    Without `copy`, the backup is a hard link where the file system supports it:
    the file may then be replaced, but not written to.

    Raises
    ------
    WriteError
        If the backup cannot be written.
    """
    target, backup = Path(os.path.realpath(path)), backup_path(path)
    temporary = target.with_name(f".{secrets.token_hex(8)}.tmp")
    with writing(backup):
        try:
            try:
                (shutil.copy2 if copy else os.link)(target, temporary)
            except OSError:
                shutil.copy2(target, temporary)
            temporary.replace(backup)
        finally:
            temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn an OSError in the block into a WriteError that names the file."""
    try:
        yield
    except OSError as error:
        raise WriteError(f"{path}: cannot be written: {cause_of(error)}") from None


def cause_of(error: OSError) -> str:
    """Return why the system refused, in the spelling of all messages."""
    text = error.strerror or str(error)
    if text[:1].islower():  # one of this package's own
        return text
    return SPELLINGS.get(error.errno or 0, text[:1].lower() + text[1:])


def check_free(path: Path, *, overwrite: bool) -> None:
    """Raise WriteError if the file exists, unless it may be replaced."""
    if not overwrite and os.path.lexists(path):
        raise WriteError(f"{path} exists", hint="overwrite=True replaces it")


def check_writable(path: Path) -> None:
    """Raise OSError if `path` cannot be written, to find out before the work starts."""
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "not a regular file", str(path))
    folder = Path(os.path.realpath(path)).parent
    if not folder.is_dir():
        raise OSError(errno.ENOENT, "no such folder", str(folder))
    try:
        with tempfile.TemporaryFile(dir=folder):  # os.access is not enough: /proc
            pass
    except OSError as error:
        denied = error.errno == errno.EACCES
        message = "no permission to write here" if denied else cause_of(error)
        raise OSError(error.errno, message, str(folder)) from None


def _open_unnamed(folder: Path) -> BinaryIO | None:
    """Open a new file without a name, or return None where the system does not support it."""
    flag = getattr(os, "O_TMPFILE", None)  # Linux; not on every file system
    if flag is None or not Path("/proc/self/fd").is_dir():
        return None
    try:
        return os.fdopen(os.open(folder, flag | os.O_WRONLY, 0o666), "wb")
    except OSError:
        return None


def _link(unnamed: BinaryIO, path: Path) -> None:
    """Give an unnamed file its name, as open(2) describes under O_TMPFILE."""
    descriptor = unnamed.fileno()
    # src_dir_fd is ignored, but without it os.link would not follow the symbolic link
    os.link(f"/proc/self/fd/{descriptor}", path, src_dir_fd=descriptor, follow_symlinks=True)
