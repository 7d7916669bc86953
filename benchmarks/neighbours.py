"""Time an epoch beside programs that keep cores busy; print a table for docs/performance.md.

    python neighbours.py PEERS_PYTHON [ROUNDS]

PEERS_PYTHON is the interpreter of an environment with `requirements.txt`, as
`make bench` makes it.  In each round ours and PyTorch take turns; figures are medians.
"""

from __future__ import annotations

import contextlib
import statistics
import subprocess
import sys
from collections.abc import Iterator

from speed import OURS, Bench

NETWORKS = (  # hidden layers, batch, optimiser, epochs of which the first is not counted
    ("20,20,20", 32, "sgd", 6),
    ("256,128", 320, "adam", 4),
    ("1024,1024", 256, "adam", 3),
)
MOST_NEIGHBOURS = 2


@contextlib.contextmanager
def neighbours(count: int) -> Iterator[None]:
    """Keep so many cores busy within the block, each with a process in a session of its own."""
    command = [sys.executable, "-c", "while True: pass"]
    started = [subprocess.Popen(command, start_new_session=True) for _ in range(count)]
    try:
        yield
    finally:
        for process in started:
            process.kill()
            process.wait()


def main() -> None:
    """Print the table."""
    peers, *rounds = sys.argv[1:]
    bench = Bench(peers, int(rounds[0]) if rounds else 5)
    columns = [
        (contender, threads) for contender in (OURS, "PyTorch") for threads in (bench.cores, 1)
    ]
    heads = [f"{name}, {threads} thread{'s' if threads > 1 else ''}" for name, threads in columns]
    print(f"| network, batch, optimiser | neighbours | {' | '.join(heads)} |")
    print(f"| --- | --- |{' --- |' * len(heads)}")
    for hidden, batch, optimizer, epochs in NETWORKS:
        for count in range(MOST_NEIGHBOURS + 1):
            seconds: dict[tuple[str, int], list[float]] = {column: [] for column in columns}
            with neighbours(count):
                for _ in range(bench.rounds):
                    for name, threads in columns:
                        took = bench.epoch(name, hidden, batch, optimizer, epochs, threads)
                        seconds[name, threads].append(took)
            cells = (f"{statistics.median(values):.3f}" for values in seconds.values())
            name = f"784-{hidden.replace(',', '-')}-10, {batch}, {optimizer}"
            print(f"| {name} | {count} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
