"""Measure speed against peers, interleaved, and write results.json and docs/performance.md.

    python speed.py PEERS_PYTHON [ROUNDS]

PEERS_PYTHON is the interpreter of an environment with `requirements.txt`;
`make bench` makes it.  Every figure is a median over the rounds, every ratio
one of medians of the same run; in each round ours and a peer take turns.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from table import PEERS, write_table

from mnistmlp import blas
from mnistmlp.data.folder import default_folder
from mnistmlp.training.recipes import RECIPES

HERE = Path(__file__).parent
ROOT = HERE.parent
CONTENDERS = HERE / "contenders.py"
OURS = "mnistmlp"
# hidden layers, batch, optimiser, epochs of which the first is not counted, most allowed of a peer
NETWORKS: list[tuple[str, int, str, int, dict[str, float]]] = [
    ("20,20,20", 32, "sgd", 6, {"textbook": 0.40, "scikit-learn": 0.27, "PyTorch": 0.22}),
    ("128", 128, "adam", 5, {"scikit-learn": 0.50, "PyTorch": 0.70}),
    ("256,128", 128, "adam", 4, {"scikit-learn": 0.50, "PyTorch": 0.60}),
    ("512,512", 128, "adam", 3, {"scikit-learn": 0.50, "PyTorch": 0.70}),
    ("1024,1024", 256, "adam", 3, {"PyTorch": 0.60, "products": 0.75}),
]
BATCH = RECIPES["modern"].batch_size
# accuracy to reach with 784-256-128-10: each contender, its batch, epochs, schedule, normalisation
RACES = {
    0.98: {
        OURS: (OURS, BATCH, 2, "one-cycle", "moments"),
        "PyTorch, normalised images": ("PyTorch", BATCH, 2, "one-cycle", "moments"),
        "PyTorch": ("PyTorch", BATCH, 6, "one-cycle", "none"),
        "scikit-learn": ("scikit-learn", 128, 15, "constant", "none"),  # no schedule for Adam
    },
    0.99: {
        OURS: (OURS, BATCH, RECIPES["quick-99"].epochs, "one-cycle", "moments"),
        "PyTorch, normalised images": ("PyTorch", BATCH, 15, "one-cycle", "moments"),
        "PyTorch": ("PyTorch", BATCH, 15, "one-cycle", "none"),
    },
}
SEEDS = 10
TRIES = 3  # of each number of threads of a peer
Row = dict[str, Any]


class Bench:
    """A run of the benchmark: where things are."""

    def __init__(self, peers: str, rounds: int) -> None:
        self.peers, self.rounds = peers, rounds
        self.folder = default_folder()
        self.cores = blas.usable_cores()
        self.program = str(Path(sys.executable).with_name("mnistmlp"))
        self.environment = os.environ | {
            "PYTHONPATH": str(ROOT),
            "MNISTMLP_DATA_DIR": str(self.folder),
        }

    def epochs(self, contender: str, *task: object) -> list[tuple[float, float]]:
        """Return seconds and accuracy of each epoch."""
        python = self.peers if contender in ("scikit-learn", "PyTorch") else sys.executable
        command = [python, CONTENDERS, contender, self.folder, *task]
        done = subprocess.run(
            [str(word) for word in command],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            sys.exit(f"{contender} failed:\n{done.stderr}")
        return [(seconds, accuracy) for seconds, accuracy in json.loads(done.stdout)]

    def best_threads(self, contender: str, hidden: str, batch: int, optimizer: str) -> int:
        """Return the number of threads that a peer is fastest with: the least of a few tries."""
        least: dict[int, float] = {}
        for _ in range(TRIES):
            for threads in range(1, self.cores + 1):
                seconds = self.epoch(contender, hidden, batch, optimizer, 2, threads)
                least[threads] = min(seconds, least.get(threads, seconds))
        return min(least, key=lambda threads: least[threads])

    def epoch(self, contender: str, *task: object) -> float:
        """Return the seconds of a typical epoch."""
        return statistics.median(seconds for seconds, _ in self.epochs(contender, *task)[1:])

    def command(self, *words: str) -> tuple[float, str, int]:
        """Run a command; return its seconds, what it printed, and its peak memory in bytes."""
        started = time.perf_counter()
        with tempfile.TemporaryFile() as output:
            process = subprocess.Popen(words, stdout=output, env=self.environment)
            _, status, usage = os.wait4(process.pid, 0)
            seconds = time.perf_counter() - started
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode:
                sys.exit(f"{' '.join(words)} failed")
            output.seek(0)
            return seconds, output.read().decode().strip(), usage.ru_maxrss * 1024


def measure_networks(bench: Bench) -> list[Row]:
    """Time an epoch of each network."""
    rows = []
    for hidden, batch, optimizer, epochs, limits in NETWORKS:
        peers = [peer for peer in PEERS if peer in limits]
        threads = {peer: bench.best_threads(peer, hidden, batch, optimizer) for peer in peers}
        seconds: dict[str, list[float]] = {name: [] for name in (OURS, *peers, "products")}
        for _ in range(bench.rounds):
            for name in [*peers, "products"]:
                for contender in (OURS, name):
                    count = threads.get(contender, bench.cores)
                    task = (hidden, batch, optimizer, epochs, count)
                    seconds[contender].append(bench.epoch(contender, *task))
        row = {"network": hidden, "batch": batch, "optimizer": optimizer, "seconds": seconds}
        row |= {"threads": threads, "limits": limits, "ratios": _ratios(seconds)}
        rows.append(row)
        print(json.dumps({key: row[key] for key in ("network", "ratios")}), file=sys.stderr)
    return rows


def _ratios(seconds: dict[str, list[float]]) -> dict[str, float]:
    """Return our seconds by each other's; of the products, theirs by ours."""
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    ratios = {name: medians[OURS] / value for name, value in medians.items() if name != OURS}
    return ratios | {"products": 1 / ratios["products"]}


def measure_race(bench: Bench, reach: float) -> Row:
    """Time training until the accuracy on the test images is reached, at the ends of epochs."""
    race = RACES[reach]
    seconds: dict[str, list[float]] = {name: [] for name in race}
    missed: dict[str, list[float]] = {name: [] for name in race}
    for seed in range(bench.rounds):
        for name, (contender, batch, epochs, schedule, normalization) in race.items():
            task = ("256,128", batch, "adam", epochs, bench.cores, seed, schedule, normalization)
            run = bench.epochs(contender, *task)
            reached = next((n for n, (_, accuracy) in enumerate(run, 1) if accuracy >= reach), None)
            if reached:
                seconds[name].append(sum(epoch for epoch, _ in run[:reached]))
            else:
                missed[name].append(max(accuracy for _, accuracy in run))
    return {"reach": reach, "seconds": seconds, "missed": missed}


def measure_commands(bench: Bench) -> list[Row]:
    """Time whole commands, data cached, each beside a reference where it has one."""
    ours = bench.program
    with tempfile.TemporaryDirectory() as folder:
        brain = str(Path(folder, "brain.npz"))
        train = [ours, "train", "--quiet", "--force", "--output", brain]
        _, _, peak = bench.command(*train)
        rows: list[Row] = [{"command": "train (classic), peak memory", "bytes": peak, "limit": 2e8}]
        for name, more, reference, limit in (
            ("--version", [], "import typer", 2.0),
            ("predict --index 42", ["--brain", brain], "import numpy, typer", 2.0),
            ("evaluate", [brain], None, 0.6),
        ):
            seconds: dict[str, list[float]] = {"ours": [], "beside": []}
            for _ in range(3 * bench.rounds):
                seconds["ours"].append(bench.command(ours, *name.split(), *more)[0])
                if reference:
                    beside = bench.command(sys.executable, "-c", reference)[0]
                    seconds["beside"].append(beside)
            rows.append({"command": name, "reference": reference, "limit": limit, **seconds})
        for name, limit, least in (("modern", 2.5, 98.8), ("quick-99", 5.0, 99.0)):
            row: Row = {"command": f"train --recipe {name}", "limit": limit, "least": least}
            row |= {"ours": [], "accuracy": []}
            for seed in range(SEEDS):
                took, _, _ = bench.command(*train, "--recipe", name, "--seed", str(seed))
                _, judged, _ = bench.command(ours, "evaluate", "--json", brain)
                row["ours"].append(took)
                row["accuracy"].append(json.loads(judged)["accuracy"])
            rows.append(row)
        return rows


def main() -> None:
    """Run everything, write results and table."""
    peers, *rounds = sys.argv[1:]
    bench = Bench(peers, int(rounds[0]) if rounds else 5)
    listed = subprocess.run(
        [peers, "-m", "pip", "list", "--format", "json"], capture_output=True, check=True
    )
    names = ("torch", "scikit-learn", "numpy")
    results = {
        "machine": json.loads(bench.command(bench.program, "info", "--system", "--json")[1]),
        "peers": {p["name"]: p["version"] for p in json.loads(listed.stdout) if p["name"] in names},
        "rounds": bench.rounds,
        "commands": measure_commands(bench),
        "networks": measure_networks(bench),
        "races": [measure_race(bench, reach) for reach in RACES],
    }
    (HERE / "results.json").write_text(json.dumps(results, indent=1) + "\n")
    print(write_table(results, ROOT / "docs" / "performance.md"))


if __name__ == "__main__":
    main()
