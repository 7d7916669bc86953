"""Reading pictures in several processes, with the results in order.

Pictures are handed out in parts, so that small ones are worth the sending.
"""

from __future__ import annotations

import os
import signal
import stat
import sys
import threading
import time
import warnings
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, wait
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from mnistmlp.cli.interrupt import SIGNALS
from mnistmlp.cli.predict.sources import Source
from mnistmlp.errors import MnistMlpError, PictureError

# Were a process killed while it waits for room in the pipe, the pool would wait for ever.
MAX_PICTURES = 64  # in parts that are read at a time: a part's results fit into a pipe, 64 KiB
MIN_PICTURES = 4  # in a part: 4 KiB of results, which are written as one
MAX_BATCH = 128  # pictures that are passed on together, for the recognition is faster then
MAX_BYTES = 1 << 16  # of the files of a part, but for its last one
MAX_WAIT = 0.25  # seconds that a picture waits for others of its part
OWN_FILES = ("/dev/", "/proc/")  # where names may mean what only this process has open
# A fork takes milliseconds, and is safe in a process of one thread; macOS's libraries start some.
START = "fork" if sys.platform == "linux" else "spawn"

Name = str | PictureError
Read = Callable[[str], Any]  # returns a Reading or a PictureError
Batch = list[tuple[Name, Any]]


@dataclass
class Part:
    """Pictures that one process reads, one after the other."""

    here: bool = False  # whether only this process can read them
    names: list[Name] = field(default_factory=list)  # without results so far
    size: int = 0  # bytes of the files
    future: Future[list[Any]] | None = None  # if another process reads


def read_in_order(names: Iterable[Source], read: Read, jobs: int) -> Generator[Batch, None, None]:
    """Yield pictures with what was found in them, in order, in batches read at about one time.

    A name of None means that the next may take a while: the pictures before do
    not wait for it.

    Parameters
    ----------
    names : iterable
    read : callable
        Reads a picture; other processes are sent it, and send what it returns.
    jobs : int
        How many processes read; if there is one, or little to read, this one does.
    """
    batch: Batch = []
    most = max(MIN_PICTURES, MAX_PICTURES // jobs) if jobs > 1 else MAX_BATCH
    try:
        with closing(Readers(read, jobs)) as readers:
            for part in _divide(names, most):
                if part:
                    readers.add(part)
                while len(readers.parts) > (4 * jobs if part else 0):
                    batch += readers.next_results()
                    if len(batch) >= MAX_BATCH or not readers.is_next_soon():
                        yield batch
                        batch = []
    except BrokenExecutor:
        hint = "--jobs 1 starts no processes and needs less memory"
        raise MnistMlpError("a process that reads pictures was killed", hint=hint) from None


def _divide(names: Iterable[Source], most: int) -> Iterator[Part | None]:
    """Yield the parts, of so many pictures at most, and None where the next may take a while."""
    part = Part()
    for name in chain(names, [None]):
        here, size = (part.here, 0) if name is None else _examine(name)
        full = len(part.names) >= most or part.size >= MAX_BYTES
        if part.names and (name is None or here != part.here or full):
            yield part
            part = Part()
        if name is None:
            yield None
        else:
            part.here, part.size = here, part.size + size
            part.names.append(name)


def _examine(name: Name) -> tuple[bool, int]:
    """Tell whether only this process can read a picture, and how many bytes its file has."""
    if isinstance(name, PictureError) or name == "-" or name.startswith(OWN_FILES):
        return True, 0
    try:
        status = os.stat(name)  # noqa: PTH116 - Path is slow
    except (OSError, ValueError):
        return True, 0
    return not stat.S_ISREG(status.st_mode), status.st_size


def _read_some(read: Read, names: list[Name]) -> list[Any]:
    """Read at least one picture, and the next ones until it has taken long."""
    found: list[Any] = []
    end = time.monotonic() + MAX_WAIT
    while not found or (len(found) < len(names) and time.monotonic() < end):
        name = names[len(found)]
        found.append(name if isinstance(name, PictureError) else read(name))
    return found


class Readers:
    """The processes that read, which are started when two parts wait, and the parts in order."""

    def __init__(self, read: Read, jobs: int) -> None:
        self.read = read
        self.jobs = jobs
        self.parts: deque[Part] = deque()  # whose results have not all been returned
        self.pool: Executor | None = None
        self.ending: Any = None  # an Event: what is read is not wanted any more

    def add(self, part: Part) -> None:
        """Add a part, and hand out what other processes can read if that is worth it."""
        self.parts.append(part)
        waiting = [each for each in self.parts if not (each.here or each.future)]
        if self.jobs > 1 and (self.pool or len(waiting) > 1):
            for each in waiting:
                self._hand_out(each)

    def is_next_soon(self) -> bool:
        """Tell whether there are results for the next part before long."""
        future = self.parts[0].future if self.parts else None
        return future is not None and future in wait([future], MAX_WAIT / 5).done

    def next_results(self) -> Batch:
        """Return the results of the first part, or some of them."""
        part = self.parts[0]
        found = part.future.result() if part.future else _read_some(self.read, part.names)
        batch = list(zip(part.names, found, strict=False))
        del part.names[: len(found)]
        if not part.names:
            self.parts.popleft()
        elif part.future:
            self._hand_out(part)
        return batch

    def _hand_out(self, part: Part) -> None:
        """Let another process read a part, or leave it to this one if there is no other."""
        part.future = None
        try:
            with _signals_blocked():  # until the process can handle them
                self.pool = self.pool or self._start()
                part.future = self.pool.submit(_serve, part.names)
        except BrokenExecutor:
            raise
        except (ImportError, OSError, RuntimeError):  # the system starts none, or no more
            self.jobs = 1
            if not any(each.future for each in self.parts):
                self._give_up()

    def _start(self) -> Executor:
        from concurrent.futures import ProcessPoolExecutor  # takes 30 ms
        from multiprocessing import get_context

        _check_room(2 * self.jobs + 3)  # processes with a thread each, two threads here, spawn's
        context = get_context(START)
        self.ending = context.Event()
        return ProcessPoolExecutor(self.jobs, context, _prepare, (self.read, self.ending))

    def _give_up(self) -> None:
        """End the processes of a pool that has not come up."""
        from multiprocessing import active_children

        self.pool = None
        for process in active_children():
            process.kill()
            process.join()

    def close(self) -> None:
        """End the other processes as soon as each has read its picture."""
        if self.pool:
            self.ending.set()
            self.pool.shutdown(cancel_futures=True)


@contextmanager
def _signals_blocked() -> Iterator[None]:
    """Hold signals back within the block, from this process and from those that it starts."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _check_room(count: int) -> None:
    """Raise RuntimeError unless the system starts so many threads; a pool would wait for ever."""
    checked = threading.Event()
    threads = [threading.Thread(target=checked.wait) for _ in range(count)]
    try:
        for thread in threads:
            thread.start()
    finally:
        checked.set()
        for thread in threads:
            if thread.ident:
                thread.join()


# --- In another process ------------------------------------------------------

_given: dict[str, Any] = {}  # by the first process


def _prepare(read: Read, ending: Any) -> None:
    """Prepare to read; which signals end a process is its parent's matter."""
    _given.update(read=read, ending=ending)
    with suppress(RuntimeError):  # no thread more: only a kill of the parent would leave this
        threading.Thread(target=_end_with_parent, daemon=True).start()
    for each in SIGNALS:
        signal.signal(each, signal.SIG_DFL if each == signal.SIGTERM else signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
    warnings.simplefilter("ignore")  # Pillow's, about odd pictures that can be read


def _end_with_parent() -> None:
    from multiprocessing import parent_process

    if parent := parent_process():
        parent.join()
        os._exit(1)


def _serve(names: list[Name]) -> list[Any]:
    """Read pictures of a part, but none when the results are not wanted any more."""
    return [] if _given["ending"].is_set() else _read_some(_given["read"], names)
