"""Show that memory does not grow with the images: train on MNIST, and on 1,000,000 images.

    python memory.py [IMAGES]

The large set is MNIST shifted by up to two pixels, written to a temporary
folder as IDX.  Memory is what is the process's own (RssAnon of Linux): pages
of the mapped file belong to the system, which takes them back as it likes.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from mnistmlp.data.catalog import TRAIN_IMAGES, TRAIN_LABELS
from mnistmlp.data.datasets import load_dataset
from mnistmlp.data.folder import default_folder
from mnistmlp.data.idx import write_idx


def make_shifted(source: Path, folder: Path, count: int) -> None:
    """Write `count` shifted images and their labels to a folder, with little memory."""
    data = load_dataset(source, "train")
    size, rng = len(data.images), np.random.default_rng(0)
    with tempfile.TemporaryFile(dir=folder) as scratch:
        images = np.memmap(scratch, np.uint8, "w+", shape=(count, 28, 28))
        for start in range(0, count, size):
            part = data.images[: min(size, count - start)]
            shift = tuple(rng.integers(-2, 3, 2).tolist())
            images[start : start + len(part)] = np.roll(part, shift, axis=(1, 2))
        write_idx(folder / TRAIN_IMAGES.name, images)
    labels = np.resize(np.asarray(data.labels), count)
    write_idx(folder / TRAIN_LABELS.name, labels)


def train(folder: Path, output: Path) -> tuple[int, dict[str, Any]]:
    """Train one epoch; return the peak of the process's own memory in kB, and the report."""
    command = [str(Path(sys.executable).with_name("mnistmlp")), "train", "--json", "--quiet"]
    command += ["--epochs", "1", "--validation", "1000"]
    command += ["--data-dir", str(folder), "--output", str(output), "--force"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    peak, status = 0, Path(f"/proc/{process.pid}/status")
    while process.poll() is None:
        with contextlib.suppress(OSError, StopIteration):
            lines = status.read_text().splitlines()
            peak = max(peak, int(next(each for each in lines if "RssAnon" in each).split()[1]))
        time.sleep(0.002)
    assert process.stdout
    if process.returncode:
        sys.exit(process.returncode)  # it has said why
    return peak, json.loads(process.stdout.read())


def main() -> None:
    """Print a line for each set."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    mnist = default_folder()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_shifted(mnist, folder, count)
        for source in (mnist, folder):
            peak, report = train(source, folder / "brain.npz")
            epoch = report["history"][0]
            images = len(load_dataset(source, "train").labels)
            print(
                f"{images:9,} images: {peak / 1e3:.1f} MB of its own at most, "
                f"{epoch['images_per_second']:,.0f} images a second, "
                f"{report['seconds']:.1f} s with validation and saving"
            )


if __name__ == "__main__":
    main()
