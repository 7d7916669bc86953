"""Time against size: a file that is larger takes longer in proportion, and no more."""

from __future__ import annotations

import contextlib
import faulthandler
import multiprocessing
import os
import resource
import tempfile
import time
from multiprocessing.connection import Connection
from pathlib import Path

from tests.soak.cases import Cases
from tests.soak.growing import Family, families
from tests.soak.running import in_this_process

SMALL, GROWTH = 250_000, 16  # bytes, and how many times as large the large file is
SLACK = 3  # times as long as in proportion
FLOOR = 0.01  # seconds; less than this is noise
LIMIT = 20  # seconds of CPU time


def watch_growth(cases: Cases) -> bool:
    """Print the families whose time grows faster than their size; tell whether none does."""
    rows, good = [], True
    for what, family in families(cases.samples).items():
        small, large = (_measure(cases, family, size) for size in (SMALL, GROWTH * SMALL))
        in_proportion = large <= min(LIMIT, SLACK * GROWTH * max(small, FLOOR))
        rows.append((large, what))
        if not in_proportion:
            print(f"{what}: {small:.3f} s, {GROWTH} times as large {large:.3f} s")
        good &= in_proportion
    slowest = ", ".join(f"{what} {seconds:.2f} s" for seconds, what in sorted(rows)[:-4:-1])
    print(f"{len(rows)} families of {GROWTH * SMALL:,} bytes, CPU time beyond starting: {slowest}")
    return good


def _measure(cases: Cases, family: Family, size: int) -> float:
    """Return the CPU time of a command that reads a file, less that for a file of no size.

    In a process of its own, which is killed after `LIMIT`.
    """
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_run, args=(cases, family, size, theirs))
    process.start()
    theirs.close()
    seconds = float("inf")
    with contextlib.suppress(EOFError):
        seconds = ours.recv()
    process.join()
    return seconds


def _run(cases: Cases, family: Family, size: int, pipe: Connection) -> None:
    faulthandler.disable()
    resource.setrlimit(resource.RLIMIT_CPU, (LIMIT, LIMIT + 1))
    names = {"FILE": family.name, "DATA": str(cases.data), "BRAIN": str(cases.brain)}
    words = [names.get(word, word) for word in family.command]
    taken = []
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        for file in cases.data.iterdir():
            if "." in words and not family.name.startswith(file.name):
                os.link(file, file.name)
        for content in (b"", b"", family.make(size)):  # the first time imports
            Path(family.name).write_bytes(content)
            start = time.process_time()
            in_this_process(words)
            taken.append(time.process_time() - start)
    pipe.send(max(0.0, taken[2] - taken[1]))
