"""Locks on the files that a run of `train` writes, so that no other run writes them too."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from mnistmlp.cli.options import real_name
from mnistmlp.errors import DataError, SettingError


@contextlib.contextmanager
def locked(files: Iterable[tuple[str, Path]]) -> Iterator[None]:
    """Hold the locks of files within the block, each named by an option.

    A lock ends with its process, whatever ends that.  It is on a file in the
    user's cache folder, so that none appears beside a brain; where that cannot
    be written, there is no lock.

    Raises
    ------
    SettingError
        If another run holds one of them.
    """
    held: set[str] = set()
    with contextlib.ExitStack() as stack:
        for option, file in files:
            if (real := real_name(file)) in held:
                continue
            held.add(real)
            try:
                stack.enter_context(_lock(real))
            except BlockingIOError:
                raise SettingError(option, f"{file}: another run is writing to it") from None
        yield


@contextlib.contextmanager
def _lock(file: str) -> Iterator[None]:
    """Hold the lock of a file; raise BlockingIOError if another process holds it."""
    from mnistmlp.data.folder import cache_folder

    name = hashlib.sha256(os.fsencode(file)).hexdigest()
    try:
        path = cache_folder("locks") / name
    except DataError:  # the user has no home folder
        yield
        return
    descriptor = _open_locked(path)
    try:
        yield
    finally:
        if descriptor is not None:
            with contextlib.suppress(OSError):
                if _is_at(path, descriptor):
                    path.unlink()
            os.close(descriptor)


def _open_locked(path: Path) -> int | None:
    """Open and lock a file; return None where the system, or the folder, does not allow it."""
    try:
        import fcntl

        path.parent.mkdir(parents=True, exist_ok=True)
        while True:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if _is_at(path, descriptor):  # else its last holder has just removed it
                    held, descriptor = descriptor, -1
                    return held
            finally:
                if descriptor >= 0:
                    os.close(descriptor)
    except BlockingIOError:
        raise
    except (ImportError, OSError):
        return None


def _is_at(path: Path, descriptor: int) -> bool:
    """Tell whether a path leads to the open file."""
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False
