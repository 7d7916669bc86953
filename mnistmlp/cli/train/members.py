"""The processes of a committee's members, which end with the one that started them.

That one holds the writing end of each member's standard input, and a member
ends as by SIGTERM when it closes: whatever ended the parent, by SIGKILL too,
and whichever signals are ignored.  Linux's PR_SET_PDEATHSIG would not do: it
goes by the thread that started a process, not by the parent.
"""

from __future__ import annotations

import _thread
import contextlib
import errno
import math
import os
import runpy
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass
from queue import SimpleQueue
from types import TracebackType

from mnistmlp.cli import interrupt


@dataclass
class Member:
    """A member whose process runs."""

    seed: int
    process: subprocess.Popen[bytes]
    printed: bytes = b""


class Members:
    """The members that run.  They end with the block, if need be, after saving what they have."""

    def __init__(self) -> None:
        self.running: list[Member] = []
        self.ended: SimpleQueue[Member] = SimpleQueue()

    def __enter__(self) -> Members:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End the members that still run; a second signal meanwhile ends them at once."""
        processes = [member.process for member in self.running]
        try:
            for process in processes:
                assert process.stdin
                process.stdin.close()
            for process in processes:
                process.wait()
        finally:
            for process in processes:
                process.kill()  # nothing happens to those that have ended
                process.wait()

    def start(self, seed: int, words: list[str]) -> None:
        """Start ``mnistmlp`` with these words for a member.

        Raises
        ------
        OSError
            If the system starts no more processes or threads.
        """
        # it imports from where this process does, which may have been given a zip to run
        code = f"import sys; sys.path[:] = {sys.path}; from {__name__} import main; main()"
        command, pipe = [sys.executable, "-c", code, *words], subprocess.PIPE
        process = subprocess.Popen(command, stdin=pipe, stdout=pipe)
        member = Member(seed, process)
        try:
            threading.Thread(target=self._read, args=[member], daemon=True).start()
        except RuntimeError as error:
            with process:
                process.kill()
            raise OSError(errno.EAGAIN, str(error)) from None
        self.running.append(member)

    def _read(self, member: Member) -> None:
        """Read what a member prints until it has ended: Windows can wait for no pipe."""
        with member.process as process:
            assert process.stdout
            member.printed = process.stdout.read()
        self.ended.put(member)

    def wait(self) -> Member:
        """Wait until a member has ended, and return it."""
        member = self.ended.get()
        self.running.remove(member)
        return member


# --- In the process of a member ----------------------------------------------


def main() -> None:
    """Run the command line until it or the parent process ends."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # the parent's may be to ignore it
    interrupt.ECHO = math.inf  # the parent gets Ctrl-C too: only it may end a member at once
    try:
        threading.Thread(target=_end_with_parent, daemon=True).start()
    except RuntimeError as error:
        sys.exit(f"error: {error}")
    runpy.run_module("mnistmlp", run_name="__main__")


def _end_with_parent() -> None:
    """Wait for the end of the parent process, and end this one."""
    with contextlib.suppress(OSError):
        os.read(0, 1)
    if sys.platform == "win32":  # where os.kill would end it before it has saved
        _thread.interrupt_main(signal.SIGTERM)
    else:
        os.kill(os.getpid(), signal.SIGTERM)
