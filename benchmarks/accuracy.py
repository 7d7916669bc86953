"""Measure how accurate the recipes are, and what each ingredient of the best one is worth.

    python accuracy.py recipes|normalization|ablation|combinations [--jobs N | --scheduler ADDRESS]

`recipes` trains each recipe with several seeds, and reads the test set once for
each brain and for committees of the best.  The others look at validation images
alone: `normalization` trains the quick recipes with each normalisation,
`ablation` takes the ingredients out of `best` one by one, in shorter runs, and
`combinations` trains classic with every optimiser, activation, loss and several
networks, at the learning rates that it gets by default.  All write accuracy.json
and the tables of docs/recipes.md.

It takes hours.  Brains and figures stay in build/accuracy, and a run that was
cut short goes on from there.  With --jobs, so many networks train at once, each
with its share of the cores; with --scheduler, a Dask cluster trains them, each on
one thread.  The times shown are of runs that had all cores.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path
from typing import Any, get_args

from accuracy_table import write_tables

from mnistmlp import blas
from mnistmlp.training.learning_rates import override
from mnistmlp.training.recipes import (
    ActivationName,
    LossName,
    NormalizationName,
    OptimizerName,
    Recipe,
)
from mnistmlp.training.settings import parse_hidden

HERE = Path(__file__).parent
RESULTS = HERE / "accuracy.json"
KEPT = HERE.parent / "build" / "accuracy"
PROGRAM = Path(sys.executable).with_name("mnistmlp")

QUICK = ("classic", "modern", "quick-99")
SEEDS = dict.fromkeys(QUICK, 10) | {"plain-best": 3, "best": 3}
OTHER = "best moments"  # sees the digits in another way, for a committee
SHORT = "--recipe best --hidden 1024,512 --lr 0.002 --epochs 30 --validation 10000"
INGREDIENTS = {  # of `best`, each with the options that take it out or replace it
    "nothing": "",
    "deslanting": "--normalization none",
    "deslanting, but with wider warps": (
        "--normalization none --displacement 1 --rotation 12 --shear 0.15"
    ),
    "deslanting, but with moments": "--normalization moments",
    "all warps": "--no-augment",
    "elastic part of the warps": "--displacement 0",
    "affine part of the warps": "--rotation 0 --scaling 0 --shift 0",
    "receptive field": "--receptive-field 0",
    "adversarial images": "--adversarial 0",
    "hardest images": "--hardest 1",
    "label smoothing": "--label-smoothing 0",
    "weight decay": "--weight-decay 0",
    "fall of the learning rate": "--schedule constant",
    "half of the width": "--hidden 512,256",
}
HIDDEN = ("none", "20", "20,20,20", "256,128")
AT_ONCE = 8  # tasks on a cluster, so that its workers do not wait for the last seed of one
Row = dict[str, Any]


def run(*words: object) -> Row:
    """Return what a command of ours prints as JSON."""
    (row,) = run_lines(*words)
    return row


def run_lines(*words: object) -> list[Row]:
    """Return what a command of ours prints as lines of JSON."""
    command = [str(word) for word in (PROGRAM, *words, "--json")]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    return [dict(json.loads(line)) for line in done.stdout.splitlines()]


def locate(name: str, seed: int | str, suffix: str = ".npz") -> Path:
    """Return where what a task made with a seed is kept."""
    return KEPT / f"{name.replace(' ', '-')}-{seed}{suffix}"


def evaluate(*brains: tuple[str, int]) -> float:
    """Return the accuracy on the test set of a brain, or of several as a committee."""
    return float(run("evaluate", *(locate(*brain) for brain in brains))["accuracy"])


def train(name: str, options: str, *, jobs: int, seed: int) -> Row:
    """Train a network, unless an earlier run did, and return its figures."""
    kept, brain = (locate(name, seed, suffix) for suffix in (".json", ".npz"))
    if not kept.exists():
        threads = max(1, blas.usable_cores() // jobs)
        share = ["--threads", threads] if jobs > 1 else []
        started = time.perf_counter()
        said = run("train", "--quiet", *options.split(), "--seed", seed, *share, "--output", brain)
        row = {"seed": seed, "threads": threads, "seconds": time.perf_counter() - started}
        kept.write_text(json.dumps(row | {"validation_accuracy": said["validation_accuracy"]}))
        print(kept.read_text(), brain, flush=True)
    return dict(json.loads(kept.read_text()))


def train_on_cluster(name: str, options: str, *, scheduler: str, seeds: int) -> None:
    """Train a network with each seed on a Dask cluster, unless earlier runs did."""
    output = locate(name, "{seed}")
    place = ["--seeds", f"0:{seeds}", "--scheduler", scheduler, "--output", output]
    for seed, said in enumerate(run_lines("train", "--quiet", *options.split(), *place)):
        kept = locate(name, seed, ".json")
        if not kept.exists():
            row = {"seed": seed, "threads": 1, "seconds": said["seconds"]}
            kept.write_text(json.dumps(row | {"validation_accuracy": said["validation_accuracy"]}))


def train_all(
    tasks: dict[str, str], seeds: dict[str, int], where: int | str
) -> dict[str, list[Row]]:
    """Train each task with each of its seeds, and return the figures by task.

    `where` is how many to train at once here, or the address of a scheduler.
    """
    if isinstance(where, str):
        with ThreadPoolExecutor(AT_ONCE) as pool:
            trained = [
                pool.submit(train_on_cluster, name, options, scheduler=where, seeds=seeds[name])
                for name, options in tasks.items()
            ]
        for each in trained:
            each.result()
    jobs = where if isinstance(where, int) else 1  # now only to read the figures
    with ThreadPoolExecutor(jobs) as pool:
        pending = {
            name: [
                pool.submit(train, name, options, jobs=jobs, seed=seed)
                for seed in range(seeds[name])
            ]
            for name, options in tasks.items()
        }
    return {name: [row.result() for row in rows] for name, rows in pending.items()}


def measure_recipes(where: int | str) -> Row:
    """Return the accuracy on the test set, and the seconds, of each recipe and seed."""
    tasks = {name: f"--recipe {name}" for name in SEEDS}
    tasks[OTHER] = "--recipe best --normalization moments"
    recipes = train_all(tasks, SEEDS | {OTHER: 1}, where)
    for name, rows in recipes.items():
        for row in rows:
            row["accuracy"] = evaluate((name, row["seed"]))
    best = [("best", row["seed"]) for row in recipes["best"]]
    (other,) = recipes.pop(OTHER)
    return {
        "machine": run("info", "--system"),
        "recipes": recipes,
        "moments": other["accuracy"],
        "committee": evaluate(*best),
        "mixed committee": evaluate(*best, (OTHER, 0)),
        "pretrained": run("evaluate", "pretrained")["accuracy"],
    }


def measure_normalization(where: int | str) -> Row:
    """Return the accuracy on validation images of the quick recipes, normalised in each way."""
    tasks = {
        f"{name} {normalization}": f"--recipe {name} --normalization {normalization}"
        for name, normalization in product(QUICK, get_args(NormalizationName))
    }
    return {"normalization": train_all(tasks, dict.fromkeys(tasks, 3), where)}


def measure_ablation(where: int | str) -> Row:
    """Return the accuracy on validation images of `best` with each ingredient taken out."""
    tasks = {name: f"{SHORT} {without}" for name, without in INGREDIENTS.items()}
    rows = train_all(tasks, dict.fromkeys(tasks, 3), where)
    return {"ablation": {"command": SHORT, "rows": rows}}


def measure_combinations(where: int | str) -> Row:
    """Return the accuracy on validation images of classic with other settings."""
    tasks, rates = {}, {}
    for choice in product(HIDDEN, *map(get_args, (OptimizerName, ActivationName, LossName))):
        hidden, optimizer, activation, loss = choice
        if hidden == "none" and activation != "sigmoid":
            continue  # there is none
        name = " ".join(choice)
        tasks[name] = (
            f"--hidden {hidden} --optimizer {optimizer} --activation {activation} --loss {loss}"
        )
        settings = {"optimizer": optimizer, "activation": activation, "loss": loss}
        rates[name] = override(Recipe(), settings | {"hidden": parse_hidden(hidden)}).learning_rate
    found = train_all(tasks, dict.fromkeys(tasks, 1), where)
    rows = {name: row | {"learning_rate": rates[name]} for name, (row,) in found.items()}
    return {"combinations": rows}


def main() -> None:
    """Measure, and write results and tables."""
    KEPT.mkdir(parents=True, exist_ok=True)
    modes = {
        "recipes": measure_recipes,
        "normalization": measure_normalization,
        "ablation": measure_ablation,
        "combinations": measure_combinations,
    }
    parser = argparse.ArgumentParser()
    parser.add_argument("mode", choices=modes)
    place = parser.add_mutually_exclusive_group()
    place.add_argument("--jobs", type=int, default=1)
    place.add_argument("--scheduler")
    given = parser.parse_args()
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    results |= modes[given.mode](given.scheduler or given.jobs)
    RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    write_tables(results, HERE.parent / "docs" / "recipes.md")


if __name__ == "__main__":
    main()
