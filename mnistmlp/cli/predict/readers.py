"""Reading pictures in several processes, this one among them, with the results in order.

Pictures are handed out in parts.  Each of the other processes has a part to read and
one that waits, so that it is never idle; this one reads while it has nothing else to do.
"""

from __future__ import annotations

import os
import signal
import stat
import sys
import time
import warnings
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from mnistmlp.cli.interrupt import SIGNALS
from mnistmlp.cli.predict.sources import Source
from mnistmlp.errors import MnistMlpError, PictureError

MAX_PICTURES = 128  # in a part
MAX_BYTES = 1 << 16  # of the files of a part, but for its last one
MAX_NAME = 1 << 10  # bytes; pictures with longer names are read here
MAX_NAMES = 3 << 10  # bytes in a part: the least pipe takes them without waiting for its reader
MAX_WAIT = 0.05  # seconds that a picture waits for others of its part
LOOK = 0.005  # seconds between looks at what the other processes have found
OWN_FILES = ("/dev/", "/proc/")  # where names may mean what only this process has open
# A fork takes milliseconds, and is safe in a process of one thread; macOS's libraries start some.
START = "fork" if sys.platform == "linux" else "spawn"

Name = str | PictureError
Found = Any  # Reading | PictureError, which other processes send
Read = Callable[[str], Found]
Batch = list[tuple[Name, Found]]


@dataclass
class Part:
    """Pictures that one process reads, one after the other."""

    here: bool = False  # whether only this process can read them
    names: list[Name] = field(default_factory=list)
    found: list[Found] = field(default_factory=list)  # so far; None once it is passed on
    passed: int = 0  # results passed on
    size: int = 0  # bytes of the files
    length: int = 0  # bytes of the names
    taken: bool = False  # by a process

    def add(self, name: Name, size: int) -> None:
        """Add a picture with a file of so many bytes."""
        self.names.append(name)
        self.size += size
        self.length += len(os.fsencode(name)) if isinstance(name, str) else 0

    @property
    def is_full(self) -> bool:
        """Tell whether the next picture belongs to another part."""
        full = len(self.names) >= MAX_PICTURES or self.size >= MAX_BYTES
        return full or self.length > MAX_NAMES - MAX_NAME

    @property
    def is_read(self) -> bool:
        """Tell whether all its pictures have been read."""
        return len(self.found) == len(self.names)

    def pass_on(self) -> Batch:
        """Return the pictures that have been read since the last time."""
        new = slice(self.passed, len(self.found))
        batch = list(zip(self.names[new], self.found[new], strict=True))
        self.passed = len(self.found)
        self.found[new] = [None] * len(batch)
        return batch


# --- In this process ---------------------------------------------------------


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
        How many processes read, this one included.
    """
    with Readers(read, jobs) as readers:
        part = Part()
        for name in names:
            here, size = (part.here, 0) if name is None else _examine(name)
            if name is None or here != part.here or part.is_full:
                readers.add(part)
                part = Part(here)
                yield from readers.results(0 if name is None else 2 * jobs)
            if name is not None:
                part.add(name, size)
        readers.add(part)
        yield from readers.results(0)


def _examine(name: Name) -> tuple[bool, int]:
    """Tell whether only this process can read a picture, and how many bytes its file has."""
    if isinstance(name, PictureError) or name == "-" or name.startswith(OWN_FILES):
        return True, 0
    try:
        status = os.stat(name)  # noqa: PTH116 - Path is slow
    except (OSError, ValueError):
        return True, 0
    here = not stat.S_ISREG(status.st_mode) or len(os.fsencode(name)) > MAX_NAME
    return here, status.st_size


class Readers:
    """The processes that read, and the parts in order.

    Parameters
    ----------
    read : callable
    count : int
        How many processes, this one included; the others are started when they have work.
    """

    def __init__(self, read: Read, count: int) -> None:
        self.read = read
        self.count = count
        self.others: list[Reader] = []
        self.parts: deque[Part] = deque()  # whose results have not all been passed on
        self.own: Part | None = None  # is read here

    def __enter__(self) -> Readers:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for other in self.others:
            other.end()

    def add(self, part: Part) -> None:
        """Add a part to read, if it holds pictures."""
        if part.names:
            self.parts.append(part)

    def results(self, most: int) -> Iterator[Batch]:
        """Yield results in order until at most so many parts are left."""
        while len(self.parts) > most:
            self._hand_out()
            first = self.parts[0]
            if batch := first.pass_on():
                yield batch
            elif first.is_read:
                self.parts.popleft()
            elif self.own or self._take():
                self._read_here()
            else:
                self._receive(None)

    def _take(self) -> bool:
        """Take the first part that nobody reads, if there is any, to read it here."""
        self.own = next((part for part in self.parts if not part.taken), None)
        if self.own:
            self.own.taken = True
        return self.own is not None

    def _read_here(self) -> None:
        """Read pictures of the part that is read here for some time."""
        assert self.own
        part, started = self.own, time.monotonic()
        looked = started
        while not part.is_read:
            part.found.append(_read(self.read, part.names[len(part.found)]))
            now = time.monotonic()
            if now - started > MAX_WAIT:
                break
            if now - looked > LOOK:
                self._receive(0)
                self._hand_out()
                looked = now
        if part.is_read:
            self.own = None
        self._receive(0)

    def _hand_out(self) -> None:
        """Give parts to the other processes, and start another one if there is work for it."""
        waiting = deque(part for part in self.parts if not (part.taken or part.here))
        for other in self.others:
            while waiting and other.has_room:
                other.give(waiting.popleft())
        starting = sum(not other.ready for other in self.others)
        if len(waiting) > 1 + starting and len(self.others) < self.count - 1:
            try:
                self.others.append(Reader(self.read))
            except OSError:  # the system starts no more
                self.count = len(self.others) + 1

    def _receive(self, timeout: float | None) -> None:
        """Receive what the other processes have found; wait for it if the timeout is None."""
        if not self.others:
            return
        from multiprocessing.connection import wait  # only needed here

        ready = wait([other.connection for other in self.others], timeout)
        for other in self.others:
            if other.connection in ready:
                other.receive()


class Reader:
    """Another process that reads parts.

    It ends with this one, whatever ends it: its connection closes.
    """

    def __init__(self, read: Read) -> None:
        from multiprocessing import get_context  # takes 10 ms

        context = get_context(START)
        self.ready = False  # whether it has said that it is there
        self.parts: deque[Part] = deque()  # it has to read
        self.connection, theirs = context.Pipe()
        self.process = context.Process(  # type: ignore[attr-defined]  # of any context
            target=_serve, args=(theirs, self.connection, read), daemon=True
        )
        before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)  # until it can handle them
        try:
            self.process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            theirs.close()

    @property
    def has_room(self) -> bool:
        """Tell whether it can be given a part."""
        return self.ready and len(self.parts) < 2

    def give(self, part: Part) -> None:
        """Let it read a part."""
        part.taken = True
        self.parts.append(part)
        try:
            self.connection.send(part.names)
        except OSError:
            raise self._explain_end() from None

    def receive(self) -> None:
        """Receive results of the first of its parts, or that it is ready."""
        try:
            found = self.connection.recv()
        except (EOFError, OSError):
            raise self._explain_end() from None
        if isinstance(found, Exception):
            raise found
        self.ready = True
        if self.parts:
            self.parts[0].found += found
            if self.parts[0].is_read:
                self.parts.popleft()

    def _explain_end(self) -> MnistMlpError:
        """Return the error for a process that has ended by itself."""
        self.process.join()
        code = self.process.exitcode or 0
        how = signal.Signals(-code).name if code < 0 else f"with exit code {code}"
        return MnistMlpError(
            f"a process that reads pictures has ended: {how}",
            hint="--jobs 1 starts none, and takes less memory",
        )

    def end(self) -> None:
        """End the process; what it reads is lost."""
        self.process.kill()
        self.process.join()
        self.connection.close()


def _read(read: Read, name: Name) -> Found:
    return name if isinstance(name, PictureError) else read(name)


# --- In another process ------------------------------------------------------


def _serve(connection: Any, parents: Any, read: Read) -> None:
    """Read parts until the parent ends; which signals end it is the parent's matter."""
    parents.close()  # a fork has it too, and the connection would never close
    for each in SIGNALS:
        signal.signal(each, signal.SIG_DFL if each == signal.SIGTERM else signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
    warnings.simplefilter("ignore")  # Pillow's, about odd pictures that can be read
    with suppress(EOFError, OSError):
        connection.send([])  # it is ready
        while True:
            for found in _read_part(connection.recv(), read):
                connection.send(found)


def _read_part(names: list[str], read: Read) -> Iterator[list[Found] | Exception]:
    """Yield what is found in the pictures of a part, from time to time, or what prevents that."""
    found: list[Found] = []
    started = time.monotonic()
    try:
        for name in names:
            found.append(read(name))
            if time.monotonic() - started > MAX_WAIT:
                yield found
                found, started = [], time.monotonic()
    except Exception as error:  # for the parent to raise, such as MemoryError
        yield error
        return
    if found:
        yield found
