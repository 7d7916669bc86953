"""SIGKILL at random moments of a search that four workers share: no trial may be lost.

Four processes of `tune` work on one study, in an SQLite file or in a PostgreSQL
server, for accuracy alone or against parameters.  Two of them are killed, each at a
random moment after its first trial has begun; the others take up what these leave.
In the end each slot of the study must have been finished once, each trial that was
lost must have been done over with the same settings, both workers that are left must
print the same, and the best settings must give the same accuracy again.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import optuna
from optuna.trial import FrozenTrial

from mnistmlp.data.catalog import SPLITS
from mnistmlp.data.datasets import as_pair, load_dataset
from mnistmlp.data.idx import write_idx
from mnistmlp.training.loop import fit
from mnistmlp.training.recipes import parse_recipe
from mnistmlp.tuning.database import Database
from mnistmlp.tuning.slots import SURPLUS, find_slots
from tests.conftest import blobs
from tests.postgresql import find_programs, serving

WORKERS, KILLED = 4, 2
FIXED = ("--limit=900", "--validation=300", "--activation=relu", "--batch-size=8")
SEARCH = "--search=learning_rate=1e-3:1:log,hidden=32|64,32"
QUICK = """
import runpy
from mnistmlp.tuning import database
database.HEARTBEAT, database.GRACE = 1, 3
runpy.run_module("mnistmlp", run_name="__main__")
"""


class Size(NamedTuple):
    """The size of a round."""

    trials: int
    epochs: int  # of each
    pareto: bool = False  # whether accuracy is weighed against parameters


def start(folder: Path, data: Path, storage: str, size: Size) -> subprocess.Popen[str]:
    """Start a worker that soon takes others for dead."""
    words = [f"--trials={size.trials}", f"--epochs={size.epochs}", *FIXED, SEARCH]
    words += [f"--storage={storage}", f"--data-dir={data}"]
    words += ["--pareto=parameters"] if size.pareto else []
    command = [sys.executable, "-W", "error", "-c", QUICK, "tune", *words]
    options = ["--threads=1", "--pruner=none", "--json"]
    pipe = subprocess.PIPE
    return subprocess.Popen([*command, *options], cwd=folder, stdout=pipe, stderr=pipe, text=True)


def run_round(
    folder: Path, data: Path, storage: str, rng: random.Random, size: Size
) -> Counter[str]:
    """Let workers finish a study while some of them are killed; return what happened."""
    workers = [start(folder, data, storage, size) for _ in range(WORKERS)]
    try:
        for worker in workers[:KILLED]:
            assert worker.stderr
            first = worker.stderr.readline()  # a trial is done, by this worker or others
            assert "trial" in first, first + worker.stderr.read()
            time.sleep(rng.uniform(0, 1))
            worker.kill()
        printed = [worker.communicate(timeout=60) for worker in workers[KILLED:]]
    finally:
        for worker in workers:
            worker.kill()
            worker.communicate()
    for worker, (_, stderr) in zip(workers[KILLED:], printed, strict=True):
        assert worker.returncode == 0, stderr
    documents = [json.loads(stdout) for stdout, _ in printed]
    assert documents[0] == documents[1]
    check_best(data, documents[0])
    return check_study(storage, size.trials)


def check_study(storage: str, count: int) -> Counter[str]:
    """Check that each trial of a study was finished once, and count those done over."""
    trials = read_trials(storage)
    slots = find_slots(trials, count)
    assert len(slots) == count
    counts: Counter[str] = Counter()
    for slot in slots:
        needed = [each for each in slot.trials if not each.user_attrs.get(SURPLUS)]
        finished = [each for each in needed if each.state.name == "COMPLETE"]
        assert len(finished) == 1, needed
        lost = [each for each in needed if each.state.name == "FAIL"]
        assert len(finished) + len(lost) == len(needed), needed
        for each in lost:
            assert each.params.items() <= finished[0].params.items()
        counts["done over"] += len(lost)
    counts["surplus"] = sum(bool(each.user_attrs.get(SURPLUS)) for each in trials)
    return counts


def read_trials(storage: str) -> list[FrozenTrial]:
    """Return the trials of the study."""
    database = Database(storage).connect()
    try:
        return optuna.load_study(study_name="tune", storage=database).get_trials()
    finally:
        database.remove_session()
        database.engine.dispose()


def check_best(data: Path, document: dict[str, Any]) -> None:
    """Check that the best settings give the same accuracy again."""
    best = document["best"]
    assert best["accuracy"] == max(each["accuracy"] for each in document["trials"])
    result = fit(parse_recipe(document["recipe"]), *as_pair(load_dataset(data, "train")))
    assert result.validation_accuracy == best["accuracy"]


def main() -> None:
    """Run the rounds, half of them on each kind of database."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    rng, counts, started = random.Random(given.seed), Counter[str](), time.monotonic()
    programs = find_programs()
    assert programs, "needs PostgreSQL"
    with tempfile.TemporaryDirectory() as name, serving(programs) as server:
        data = Path(name) / "data"
        data.mkdir()
        for file, array in zip(SPLITS["train"], blobs(1200, 1), strict=True):
            write_idx(data / file.name, array)
        for file, array in zip(SPLITS["test"], blobs(300, 2), strict=True):
            write_idx(data / file.name, array)
        for number in range(given.rounds):
            folder = Path(name) / str(number)
            folder.mkdir()
            if number % 2:
                server.clear()
            storage = server.url if number % 2 else str(folder / "tune.db")
            size = Size(trials=12, epochs=12, pareto=number % 4 > 1)
            counts += run_round(folder, data, storage, rng, size)
            counts["rounds"] += 1
            print(f"round {number + 1}: {dict(counts)}, {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
