"""The cases of a soak test: a hostile file, and a command that reads it."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path

from tests.soak.by_hand import Hand, by_hand
from tests.soak.mutations import mutate
from tests.soak.samples import Sample, make_data, make_samples

QUICK = ["--epochs", "1", "--validation", "40", "--limit", "40"]
COMMANDS = {
    "brain": (
        ["info", "FILE"],
        ["info", "--json", "FILE"],
        ["evaluate", "FILE", "--data-dir", "DATA"],
        ["evaluate", "--json", "FILE", "BRAIN", "--data-dir", "DATA"],
        ["predict", "--brain", "FILE", "PICTURE"],
        ["train", "--init", "FILE", "--data-dir", "DATA", "--quiet", *QUICK],
        ["train", "--like", "FILE", "--data-dir", "DATA", "--quiet"],
    ),
    "checkpoint": (["train", "--resume", "FILE", "--data-dir", "DATA", "--quiet"],),
    "images": (
        ["evaluate", "BRAIN", "--data-dir", "."],
        ["predict", "--brain", "BRAIN", "--index", "0:3", "--data-dir", "."],
    ),
    "labels": (
        ["evaluate", "BRAIN", "--data-dir", "."],
        ["predict", "--brain", "BRAIN", "--index", "3", "--data-dir", "."],
    ),
    "picture": (
        ["predict", "--brain", "BRAIN", "FILE"],
        ["predict", "--brain", "BRAIN", "FILE", "--json", "--no-centre"],
        ["predict", "--brain", "BRAIN", "FILE", "--raw", "--invert", "yes"],
        ["predict", "--brain", "BRAIN", "FILE", "--explain-png", "steps.png"],
    ),
}


class Cases:
    """All cases of a seed: by hand first, with each command, then at random without end."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.seed, self.data = seed, folder / "data"
        make_data(self.data)
        self.samples = make_samples(folder, self.data)
        self.brain, self.picture = folder / "brain.npz", folder / "picture.png"
        contents = {sample.name: sample.content for sample in self.samples}
        self.brain.write_bytes(contents["adam.npz"])
        self.picture.write_bytes(contents["grey.png"])
        self.by_hand: list[tuple[Hand, list[str]]] = []
        (folder / "by hand").mkdir()
        for number, hand in enumerate(by_hand(self.samples)):
            kept = folder / "by hand" / str(number)  # memory is for the cases
            if isinstance(hand.content, bytes):
                kept.write_bytes(hand.content)
                hand = replace(hand, content=partial(shutil.copyfile, kept))  # noqa: PLW2901
            self.by_hand += [(hand, command) for command in self._commands(hand)]

    def _commands(self, hand: Hand) -> Iterable[list[str]]:
        commands = COMMANDS[hand.kind]
        if hand.what.startswith("may have") and len(commands) > 4:  # there are thousands of these
            pick = random.Random(hand.what)
            return pick.sample(commands, 2)
        return commands

    def get(self, number: int) -> tuple[Hand, list[str]]:
        """Return a case by its number: the file, and the words of the command."""
        if number < len(self.by_hand):
            return self.by_hand[number]
        rng = random.Random(f"{self.seed}:{number}")
        kind = rng.choice(("brain", "brain", "checkpoint", "images", "labels", *["picture"] * 3))
        sample: Sample = rng.choice([each for each in self.samples if each.kind == kind])
        what, content = mutate(sample, self.samples, rng)
        command = rng.choice(COMMANDS[kind])
        return Hand(kind, sample.name, f"{what} of {sample.name}", content, refused=False), command
