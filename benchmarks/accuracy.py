"""Measure how accurate the recipes are, and what each ingredient of the best one is worth.

    python accuracy.py recipes|normalization|ablation|combinations [JOBS]

`recipes` trains each recipe with several seeds, and reads the test set once for
each brain and for committees of the best.  The others look at validation images
alone: `normalization` trains the quick recipes with each normalisation,
`ablation` takes the ingredients out of `best` one by one, in shorter runs, and
`combinations` trains classic with every optimiser, activation, loss and several
networks, at the learning rates that it gets by default.  All write accuracy.json
and the tables of docs/recipes.md.

It takes hours.  Brains and figures stay in build/accuracy, and a run that was
cut short goes on from there.  With JOBS, so many networks train at once, each
with its share of the cores; the times shown are of runs that had them all.
"""

from __future__ import annotations

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
Row = dict[str, Any]


def run(*words: object) -> Row:
    """Return what a command of ours prints as JSON."""
    command = [str(word) for word in (PROGRAM, *words, "--json")]
    return dict(json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout))


def locate(name: str, seed: int, suffix: str = ".npz") -> Path:
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


def train_all(tasks: dict[str, str], seeds: dict[str, int], jobs: int) -> dict[str, list[Row]]:
    """Train each task with each of its seeds, and return the figures by task."""
    with ThreadPoolExecutor(jobs) as pool:
        pending = {
            name: [
                pool.submit(train, name, options, jobs=jobs, seed=seed)
                for seed in range(seeds[name])
            ]
            for name, options in tasks.items()
        }
    return {name: [row.result() for row in rows] for name, rows in pending.items()}


def measure_recipes(jobs: int) -> Row:
    """Return the accuracy on the test set, and the seconds, of each recipe and seed."""
    tasks = {name: f"--recipe {name}" for name in SEEDS}
    tasks[OTHER] = "--recipe best --normalization moments"
    recipes = train_all(tasks, SEEDS | {OTHER: 1}, jobs)
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


def measure_normalization(jobs: int) -> Row:
    """Return the accuracy on validation images of the quick recipes, normalised in each way."""
    tasks = {
        f"{name} {normalization}": f"--recipe {name} --normalization {normalization}"
        for name, normalization in product(QUICK, get_args(NormalizationName))
    }
    return {"normalization": train_all(tasks, dict.fromkeys(tasks, 3), jobs)}


def measure_ablation(jobs: int) -> Row:
    """Return the accuracy on validation images of `best` with each ingredient taken out."""
    tasks = {name: f"{SHORT} {without}" for name, without in INGREDIENTS.items()}
    rows = train_all(tasks, dict.fromkeys(tasks, 3), jobs)
    return {"ablation": {"command": SHORT, "rows": rows}}


def measure_combinations(jobs: int) -> Row:
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
    found = train_all(tasks, dict.fromkeys(tasks, 1), jobs)
    rows = {name: row | {"learning_rate": rates[name]} for name, (row,) in found.items()}
    return {"combinations": rows}


def main() -> None:
    """Measure, and write results and tables."""
    mode, *jobs = sys.argv[1:]
    KEPT.mkdir(parents=True, exist_ok=True)
    measure = {
        "recipes": measure_recipes,
        "normalization": measure_normalization,
        "ablation": measure_ablation,
        "combinations": measure_combinations,
    }[mode]
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    results |= measure(int(jobs[0]) if jobs else 1)
    RESULTS.write_text(json.dumps(results, indent=1) + "\n")
    write_tables(results, HERE.parent / "docs" / "recipes.md")


if __name__ == "__main__":
    main()
