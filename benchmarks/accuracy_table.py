"""Turn accuracy.json into the tables of docs/recipes.md: python accuracy_table.py."""

from __future__ import annotations

import json
from pathlib import Path
from statistics import mean, median, stdev
from typing import Any

from page import put

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "recipes.md"
ACTIVATIONS, LOSSES = ("sigmoid", "tanh", "relu"), ("mse", "cross-entropy")
Results = dict[str, Any]


def write_tables(results: Results, page: Path) -> str:
    """Put the tables of what was measured so far into a page, and return them."""
    parts = {
        "recipes": _recipes,
        "normalization": _normalization,
        "ablation": _ablation,
        "combinations": _combinations,
    }
    return put([table(results) for name, table in parts.items() if name in results], page)


def median_seconds(rows: list[dict[str, Any]]) -> float:
    """Return the median time of the runs that had most threads."""
    most = max(row["threads"] for row in rows)
    return float(median(row["seconds"] for row in rows if row["threads"] == most))


def _recipes(results: Results) -> str:
    machine = results["machine"]
    lines = [
        f"On the test set, read once for each brain; {machine['processor']}, "
        f"{machine['usable_cores']} cores, NumPy {machine['numpy']} with {machine['blas']}. "
        "Seconds are for the whole command; those on one thread were measured beside other work.",
        "",
        "| command | seeds | accuracy, mean ± SD | least to most | seconds |",
        "| --- | --- | --- | --- | --- |",
    ]
    for name, rows in results["recipes"].items():
        found = [100 * row["accuracy"] for row in rows]
        lines.append(
            f"| `mnistmlp train --recipe {name}` | 0 to {len(rows) - 1} | "
            f"{mean(found):.2f} ± {stdev(found):.2f} % | {min(found):.2f} to {max(found):.2f} % | "
            f"{median_seconds(rows):,.1f}, threads: {max(row['threads'] for row in rows)} |"
        )
    members = len(results["recipes"]["best"])
    for what, seed, key in (
        ("`mnistmlp train --recipe best --normalization moments`", "0", "moments"),
        (f"`mnistmlp evaluate` of the {members} of `best` as a committee", "–", "committee"),
        ("the same, with the one with moments", "–", "mixed committee"),
        ("`mnistmlp evaluate pretrained`", "0", "pretrained"),
    ):
        lines.append(f"| {what} | {seed} | {100 * results[key]:.2f} % | – | – |")
    return "\n".join(lines)


def _normalization(results: Results) -> str:
    rows = results["normalization"]
    kinds = list(dict.fromkeys(name.split()[1] for name in rows))
    lines = [
        "With each `--normalization`, on the 5,000 validation images, seeds 0 to 2, mean ± SD:",
        "",
        f"| recipe | {' | '.join(kinds)} |",
        f"| --- |{' --- |' * len(kinds)}",
    ]
    for recipe in dict.fromkeys(name.split()[0] for name in rows):
        found = [[100 * r["validation_accuracy"] for r in rows[f"{recipe} {k}"]] for k in kinds]
        cells = (f"{mean(values):.2f} ± {stdev(values):.2f} %" for values in found)
        lines.append(f"| `{recipe}` | {' | '.join(cells)} |")
    return "\n".join(lines)


def _ablation(results: Results) -> str:
    ablation = results["ablation"]
    threads = max(row["threads"] for rows in ablation["rows"].values() for row in rows)
    lines = [
        f"`mnistmlp train {ablation['command']}`, seeds 0 to 2: the error on the 10,000 "
        "validation images without each ingredient:",
        "",
        f"| without | error, mean ± SD | seconds, threads: {threads} |",
        "| --- | --- | --- |",
    ]
    for name, rows in ablation["rows"].items():
        found = [100 - 100 * row["validation_accuracy"] for row in rows]
        lines.append(
            f"| {name} | {mean(found):.2f} ± {stdev(found):.2f} % | {median_seconds(rows):.0f} |"
        )
    return "\n".join(lines)


def _combinations(results: Results) -> str:
    rows = results["combinations"]
    kinds = [f"{activation}, {loss}" for activation in ACTIVATIONS for loss in LOSSES]
    lines = [
        "`classic` with other layers, optimisers, activations and losses, seed 0: accuracy on the "
        "5,000 validation images, and the learning rate that `mnistmlp train` chose:",
        "",
        f"| hidden | optimiser | {' | '.join(kinds)} |",
        f"| --- | --- |{' --- |' * len(kinds)}",
    ]
    pairs = dict.fromkeys(tuple(name.split()[:2]) for name in rows)
    for hidden, optimizer in pairs:
        cells = []
        for activation in ACTIVATIONS:
            for loss in LOSSES:
                row = rows.get(f"{hidden} {optimizer} {activation} {loss}")
                accuracy = f"{100 * row['validation_accuracy']:.1f} %" if row else "–"
                cells.append(f"{accuracy} ({row['learning_rate']:g})" if row else accuracy)
        lines.append(f"| {hidden} | {optimizer} | {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    write_tables(json.loads((HERE / "accuracy.json").read_text()), PAGE)
