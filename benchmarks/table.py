"""Turn results.json into the tables of docs/performance.md: python table.py."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from statistics import mean, median, stdev
from typing import Any

from page import put

HERE = Path(__file__).parent
PEERS = ("textbook", "scikit-learn", "PyTorch")
Results = dict[str, Any]


def write_table(results: Results, path: Path) -> str:
    """Put the tables into a page, and return them."""
    races = map(_race, results["races"])
    return put([_machine(results), _networks(results), *races, _commands(results)], path)


def _machine(results: Results) -> str:
    machine, peers = results["machine"], results["peers"]
    versions = ", ".join(f"{name} {version}" for name, version in peers.items())
    return (
        f"{machine['processor']}, {machine['usable_cores']} cores; Python {machine['python']}, "
        f"NumPy {machine['numpy']}, {machine['blas']} with {machine['kernels']} kernels. "
        f"Peers: {versions}. {results['rounds']} rounds; seconds are medians (least to most)."
    )


def _seconds(values: list[float]) -> str:
    return f"{median(values):.3f} ({min(values):.3f} to {max(values):.3f})"


def _networks(results: Results) -> str:
    lines = [
        "Seconds per epoch of 60,000 images:",
        "",
        "| network, batch, optimiser | mnistmlp | textbook | scikit-learn | PyTorch | products |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for row in results["networks"]:
        columns = ("mnistmlp", *PEERS, "products")
        cells = [_seconds(row["seconds"][c]) if c in row["seconds"] else "–" for c in columns]
        cells[-1] += f", {_rate(row):.0f} GFLOP/s"
        lines.append(f"| {_name(row)} | {' | '.join(cells)} |")
    lines += [
        "",
        "Time of mnistmlp divided by each peer's, as ratios of those medians, targets in brackets; "
        "under products, the share of mnistmlp's time that the matrix products alone take.",
        "",
        "| network, batch, optimiser | textbook | scikit-learn | PyTorch | products |",
        "| --- | --- | --- | --- | --- |",
    ]
    for row in results["networks"]:
        cells = []
        for name in (*PEERS, "products"):
            limit = row["limits"].get(name)
            sign = "≥" if name == "products" else "≤"
            bracket = f" ({sign} {limit:.2f})" if limit else ""
            cells.append(f"{row['ratios'][name]:.2f}{bracket}" if name in row["ratios"] else "–")
        lines.append(f"| {_name(row)} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _rate(row: dict[str, Any]) -> float:
    """Return the rate of the products alone, in 10⁹ floating-point operations a second."""
    layers = list(pairwise(_sizes(row)))
    weights = sum(fan_in * fan_out for fan_in, fan_out in layers)
    # forward, gradient, and backward but for the first layer; a multiplication and an addition each
    operations = 2 * 60_000 * (3 * weights - layers[0][0] * layers[0][1])
    return float(operations / median(row["seconds"]["products"]) / 1e9)


def _name(row: dict[str, Any]) -> str:
    return f"{'-'.join(map(str, _sizes(row)))}, {row['batch']}, {row['optimizer']}"


def _sizes(row: dict[str, Any]) -> list[int]:
    return [784, *map(int, row["network"].split(",")), 10]


def _race(race: Results) -> str:
    lines = [
        f"Seconds of training until 784-256-128-10 recognises {race['reach']:.0%} of the test "
        "images, checked after each epoch:",
        "",
        "| | seconds |",
        "| --- | --- |",
    ]
    for name, values in race["seconds"].items():
        cells = [_seconds(values)] if values else []
        if missed := race["missed"][name]:
            count = len(values) + len(missed)
            cells.append(f"not reached in {len(missed)} of {count} runs, at most {max(missed):.2%}")
        lines.append(f"| {name} | {'; '.join(cells)} |")
    return "\n".join(lines)


def _commands(results: Results) -> str:
    lines = [
        "Whole commands, data cached:",
        "",
        "| what | measured | target |",
        "| --- | --- | --- |",
    ]
    for row in results["commands"]:
        if "bytes" in row:
            found, target = f"{row['bytes'] / 1e6:.0f} MB", f"≤ {row['limit'] / 1e6:.0f} MB"
        elif row.get("reference"):
            ratio = median(row["ours"]) / median(row["beside"])
            found = f'{ratio:.2f} × `python -c "{row["reference"]}"` ({median(row["ours"]):.3f} s)'
            target = f"≤ {row['limit']:.1f} ×"
        else:
            found, target = f"{_seconds(row['ours'])} s", f"≤ {row['limit']} s"
        if "accuracy" in row:
            accuracy = [100 * value for value in row["accuracy"]]
            found += (
                f"; test accuracy {mean(accuracy):.2f} ± {stdev(accuracy):.2f} % "
                f"over {len(accuracy)} seeds"
            )
            target += f", ≥ {row['least']:.1f} %"
        lines.append(f"| `{row['command']}` | {found} | {target} |")
    return "\n".join(lines)


if __name__ == "__main__":
    found = json.loads((HERE / "results.json").read_text())
    write_table(found, HERE.parent / "docs" / "performance.md")
