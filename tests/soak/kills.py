"""SIGKILL at random moments of training and saving: nothing may be lost.

`train` runs as a process of its own that writes a checkpoint after every
epoch, with a network so wide and images so few that it saves most of the
time.  It is killed within milliseconds of a random epoch, often of the last
one, when the brain is saved; the next process goes on from the checkpoint.
After each kill the output must be the old brain or the new one to the byte,
the checkpoint must load, and no other file may be there but a whole
temporary one that lacked its last rename.  Each run must end in the bytes
of one that nobody killed.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from mnistmlp.brains.checkpoint import load_checkpoint
from mnistmlp.data.catalog import SPLITS
from mnistmlp.data.idx import write_idx
from tests.conftest import blobs

EPOCHS = 20
RUN = ("--hidden=256", "--recipe=modern", "--limit=64", "--batch-size=32", "--validation=64")
TRAIN = (*RUN, f"--epochs={EPOCHS}", "--checkpoint-every=1", "--threads=1")
RAW = argparse.RawDescriptionHelpFormatter
BRAIN, CHECKPOINT = "brain.npz", "brain.npz.ckpt"


def start(folder: Path, *words: str) -> subprocess.Popen[bytes]:
    """Start `train` in a folder that holds the data as well."""
    command = [sys.executable, "-m", "mnistmlp", "train", *words, "--data-dir=data", "--force"]
    return subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)


def campaign(folder: Path, kills: int, seed: int) -> Counter[str]:
    """Kill that many times; return how often what was found.

    Raises
    ------
    AssertionError
        If anything was lost.
    """
    dice, found = random.Random(seed), Counter[str]()
    (folder / "data").mkdir()
    for file, array in zip(SPLITS["train"], blobs(128, seed=1), strict=True):
        write_idx(folder / "data" / file.name, array)
    old, new = (whole(folder, f"--seed={each}") for each in (1, 0))
    (folder / BRAIN).write_bytes(old)
    while found["kills"] < kills:
        words = [f"--resume={CHECKPOINT}"] if (folder / CHECKPOINT).exists() else [*TRAIN]
        process = start(folder, *words)
        killed = kill_after_epoch(process, dice)
        found["kills"] += killed
        check(folder, old, new, found)
        if not killed:
            assert process.returncode == 0
            assert (folder / BRAIN).read_bytes() == new
            assert not (folder / CHECKPOINT).exists()
            found["runs to their end"] += 1
        if (folder / BRAIN).read_bytes() == new:
            (folder / BRAIN).write_bytes(old)
            (folder / CHECKPOINT).unlink(missing_ok=True)
    return found


def whole(folder: Path, *words: str) -> bytes:
    """Train with nobody killing; return the brain."""
    process = start(folder, *TRAIN, *words)
    _, said = process.communicate()
    assert process.returncode == 0, said
    return (folder / BRAIN).read_bytes()


def kill_after_epoch(process: subprocess.Popen[bytes], dice: random.Random) -> bool:
    """Kill a process within milliseconds of an epoch; tell if it lived until then."""
    assert process.stderr
    last = dice.choice([EPOCHS, dice.randint(1, EPOCHS)])
    for line in process.stderr:
        words = line.split()
        if words[0] == b"epoch" and int(words[1].split(b"/")[0]) >= last:
            break
    time.sleep(dice.uniform(0, 0.02))
    process.kill()
    process.communicate()
    return process.returncode < 0


def check(folder: Path, old: bytes, new: bytes, found: Counter[str]) -> None:
    """Look at what a killed process left, and count it."""
    brain = (folder / BRAIN).read_bytes()
    assert brain in (old, new)
    found["new brains" if brain == new else "old brains"] += 1
    if (folder / CHECKPOINT).exists():
        load_checkpoint(folder / CHECKPOINT)
        found["checkpoints"] += 1
    for path in folder.iterdir():
        if path.suffix == ".tmp":
            found["temporary files"] += 1
            path.unlink()
        else:
            assert path.name in (BRAIN, f"{BRAIN}.bak", CHECKPOINT, "data"), path


def main() -> None:
    """Run a campaign and print what was found."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=RAW)
    options.add_argument("--kills", type=int, default=200)
    options.add_argument("--seed", type=int, default=0)
    given = options.parse_args()
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        found = campaign(Path(folder), given.kills, given.seed)
    print(f"SIGKILL, seed {given.seed}, {time.monotonic() - started:.0f} s, nothing lost:")
    for name, count in found.items():
        print(f"{count:6} {name}")


if __name__ == "__main__":
    main()
