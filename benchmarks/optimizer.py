"""Time a step of Adam by threads and by size of the chunks; print a table for docs/performance.md.

    python optimizer.py [PARAMETERS ...]

Each figure is the median of five rounds, in which the columns take turns.
BLAS, which Adam does not use, has one thread, so that none of its threads
stays awake beside.
"""

from __future__ import annotations

import os
import statistics
import sys
import time

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np

from mnistmlp.blas import usable_cores
from mnistmlp.training import optim
from mnistmlp.workers import Workers

SIZES = (101_770, 235_146, 669_706, 1_863_690, 3_712_010)  # 128; 256-128; 512-512; 1024²; best
CHUNKS = {1: (1 << 15, 1 << 17), 2: (1 << 15, 1 << 16, 3 << 15, 1 << 17)}  # by threads
ROUNDS = 5
NUMBERS_PER_ROUND = 20_000_000


def time_step(parameters: int, workers: Workers, chunk_size: int) -> float:
    """Return the milliseconds of a typical step."""
    optim.CHUNK_SIZE = chunk_size
    rng = np.random.default_rng(0)
    theta, gradient, fresh = rng.standard_normal((3, parameters), np.float32) / 1000
    adam = optim.Adam(theta, gradient, workers=workers)
    seconds = []
    for _ in range(max(10, NUMBERS_PER_ROUND // parameters)):
        np.copyto(gradient, fresh)
        started = time.perf_counter()
        adam.step(1e-3)
        seconds.append(time.perf_counter() - started)
    return 1000 * statistics.median(seconds)


def main() -> None:
    """Print the table."""
    sizes = [int(word) for word in sys.argv[1:]] or SIZES
    columns = [(n, chunk) for n, chunks in CHUNKS.items() for chunk in chunks]
    heads = [f"{n} thread{'s' if n > 1 else ''}, {chunk:,}" for n, chunk in columns]
    print(f"{usable_cores()} cores, NumPy {np.__version__}; milliseconds a step\n")
    print(f"| parameters | {' | '.join(heads)} |\n| --- |{' --- |' * len(heads)}")
    for size in sizes:
        found: list[list[float]] = [[] for _ in columns]
        with Workers(1) as one, Workers(2) as two:
            for _ in range(ROUNDS):
                for values, (threads, chunk_size) in zip(found, columns, strict=True):
                    values.append(time_step(size, two if threads > 1 else one, chunk_size))
        cells = [f"{statistics.median(values):.2f}" for values in found]
        print(f"| {size:,} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
