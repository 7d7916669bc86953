"""Measure what the library costs: its import, a prediction, and a service of single images.

    python library.py [ROUNDS]

Medians of rounds in which everything is measured in turn, as the machine may be
slower for a while.  The forward pass is the arithmetic of the network alone, as
a learner would write it: nothing is checked.
"""

from __future__ import annotations

import re
import subprocess
import sys
import timeit
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median

import numpy as np

import mnistmlp
from mnistmlp.arrays import Array, Bytes
from mnistmlp.blas import limited_threads
from mnistmlp.core.activations import ACTIVATIONS
from mnistmlp.core.losses import LOSSES

SERVED = 10_000  # single images


def forward(network: mnistmlp.Network, images: Bytes) -> Array:
    """Return the outputs for images (n, 784), unchecked."""
    a = np.multiply(images, 1 / 255, dtype=np.float32).T  # (784, n)
    for weights, bias in network.layers[:-1]:
        a = weights @ a + bias[:, None]
        ACTIVATIONS[network.activation].apply(a)
    weights, bias = network.layers[-1]
    z = weights @ a + bias[:, None]
    LOSSES[network.loss].output_activation(z)
    return z.T


def time_each(
    actions: Mapping[str, Callable[[], object]], rounds: int, calls: int
) -> dict[str, float]:
    """Return the median seconds of a call, by name."""
    found: dict[str, list[float]] = {name: [] for name in actions}
    for _ in range(rounds):
        for name, action in actions.items():
            found[name].append(timeit.timeit(action, number=calls) / calls)
    return {name: median(times) for name, times in found.items()}


def time_import(rounds: int) -> float:
    """Return the milliseconds of ``import mnistmlp``, as Python itself reports them."""
    command = [sys.executable, "-X", "importtime", "-c", "import mnistmlp"]
    times = []
    for _ in range(rounds):
        report = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=True).stderr
        (total,) = re.findall(r"\| +(\d+) \| mnistmlp$", report, re.MULTILINE)
        times.append(int(total) / 1000)
    return median(times)


def resident() -> int:
    """Return the kB of memory that are the process's own (RssAnon of Linux)."""
    (size,) = re.findall(r"RssAnon:\s+(\d+)", Path("/proc/self/status").read_text())
    return int(size)


def serve(brain: mnistmlp.Brain, images: Bytes) -> int:
    """Recognise images one by one, twice, and return by how many kB memory grew the second time."""
    for _ in range(2):
        before = resident()
        for image in images:
            brain.predict(image)
            brain.predict_proba(image)
    return resident() - before


def main() -> None:
    """Measure, and print a table."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 31
    _, test = mnistmlp.load()
    images = np.resize(test.images, (SERVED, 28, 28))
    rows, one = images.reshape(-1, 784), images[0]
    network = mnistmlp.Network((784, 20, 20, 20, 10), "sigmoid", "mse")
    mnistmlp.initialise(network, np.random.default_rng(0))
    brain = mnistmlp.Brain(network)
    print(f"import mnistmlp: {time_import(rounds):.1f} ms")
    with limited_threads(1), np.errstate(over="ignore"):
        single = {
            "forward pass": lambda: forward(network, rows[:1]),
            "network.outputs": lambda: network.outputs(one),
            "brain.predict": lambda: brain.predict(one),
            "brain.predict_proba": lambda: brain.predict_proba(one),
        }
        for name, seconds in time_each(single, rounds, calls=200).items():
            print(f"one image, {name}: {1e6 * seconds:.0f} µs")
        many = {
            "forward pass": lambda: forward(network, rows),
            "brain.predict": lambda: brain.predict(images),
        }
        for name, seconds in time_each(many, rounds, calls=1).items():
            print(f"{len(images):,} images, {name}: {1000 * seconds:.1f} ms")
        print(f"{SERVED:,} single images: memory grows by {serve(brain, images)} kB")


if __name__ == "__main__":
    main()
