"""Measure how many brains a minute a Dask cluster on this machine trains, by its workers.

    python cluster.py [ROUNDS]

Two clusters, of one worker and of two, train brains of one kind in turn; the workers
have the data sent.  Prints medians, and for what part of the command's time the
workers train: that hardly depends on what else the machine does.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median

MEMBERS, OPTIONS = 8, "--recipe modern --epochs 2"
PYTHON = [sys.executable, "-m"]


@contextmanager
def cluster(folder: Path, workers: int) -> Iterator[str]:
    """Run a scheduler and workers with an empty cache folder, and yield the scheduler's address."""
    file = folder / f"{workers}.json"
    place = ["--scheduler-file", str(file), "--no-dashboard"]
    environment = os.environ | {"XDG_CACHE_HOME": str(folder)}
    environment.pop("MNISTMLP_DATA_DIR", None)
    scheduler = [*PYTHON, "dask", "scheduler", "--host", "127.0.0.1", "--port", "0", *place]
    worker = [*PYTHON, "dask", "worker", "--nthreads", "1", "--no-nanny", *place]
    with (folder / "log").open("ab") as log:
        processes = [
            subprocess.Popen(command, env=environment, cwd=folder, stdout=log, stderr=log)
            for command in (scheduler, *[worker] * workers)
        ]
    try:
        while not file.exists():
            time.sleep(0.1)
        yield json.loads(file.read_text())["address"]
    finally:
        for process in processes:
            process.kill()
            process.wait()


def measure(address: str, seed: int, folder: Path) -> tuple[float, float]:
    """Return the seconds of a committee, and those that its members trained for, in all."""
    place = ["--seeds", f"{seed}:{seed + MEMBERS}", "--output", str(folder / "{seed}.npz")]
    words = ["train", *OPTIONS.split(), *place, "--quiet", "--json", "--scheduler", address]
    started = time.perf_counter()
    done = subprocess.run([*PYTHON, "mnistmlp", *words], stdout=subprocess.PIPE, check=True)
    seconds = time.perf_counter() - started
    return seconds, sum(json.loads(line)["seconds"] for line in done.stdout.splitlines())


def main() -> None:
    """Measure in turn, and print medians."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    found: dict[int, list[tuple[float, float]]] = {1: [], 2: []}
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        addresses = {workers: stack.enter_context(cluster(folder, workers)) for workers in found}
        for turn in range(rounds):
            for workers, address in addresses.items():
                seed = MEMBERS * (2 * turn + workers)
                found[workers].append(measure(address, seed, folder))
    for workers, runs in found.items():
        rate = median(60 * MEMBERS / seconds for seconds, _ in runs)
        training = median(trained / MEMBERS for _, trained in runs)
        busy = median(trained / (workers * seconds) for seconds, trained in runs)
        print(f"{workers}: {rate:.1f} brains/min, {training:.2f} s each, {busy:.0%} of the time")
    ratios = [one / two for (one, _), (two, _) in zip(found[1], found[2], strict=True)]
    print(f"2 workers by 1: {median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})")


if __name__ == "__main__":
    main()
