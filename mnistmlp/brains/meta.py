"""What a brain file says of its network: its `meta`, checked and read once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from reprlib import repr as short
from typing import Any, NamedTuple

from mnistmlp.arrays import DIGITS, SIDE
from mnistmlp.blas import MAX_THREADS
from mnistmlp.core.calibration import MAX_TEMPERATURE, MIN_TEMPERATURE
from mnistmlp.core.network import ACTIVATIONS, LOSSES, Network
from mnistmlp.errors import BrainError, OtherTaskError

FIXED = {  # what `meta` must say in this format
    "format": 1,
    "input": {"shape": [SIDE, SIDE], "divide_by": 255},
    "labels": list(range(DIGITS)),
}


class Form(NamedTuple):
    """What a value of `meta` must be."""

    needed: str  # in words
    accepts: Callable[[Any], bool]


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


LIST = Form("a list", lambda value: isinstance(value, list))
OBJECT = Form("a JSON object", lambda value: isinstance(value, dict))
WHOLE = Form("a whole number", _is_whole)

FORMS = {  # by key, of brains and of checkpoints
    # what the network is
    "sizes": LIST,
    "activation": Form(
        f"one of {', '.join(ACTIVATIONS)}", lambda v: isinstance(v, str) and v in ACTIVATIONS
    ),
    "loss": Form(f"one of {', '.join(LOSSES)}", lambda v: isinstance(v, str) and v in LOSSES),
    "output": Form("the name of an output", lambda value: isinstance(value, str)),
    "temperature": Form(
        f"a number from {MIN_TEMPERATURE} to {MAX_TEMPERATURE}",
        lambda value: _is_number(value) and MIN_TEMPERATURE <= value <= MAX_TEMPERATURE,
    ),
    # where it comes from
    "recipe": OBJECT,
    "seed": WHOLE,
    "dataset": Form(
        "a JSON object with digests",
        lambda value: isinstance(value, dict) and isinstance(value.get("digests", {}), dict),
    ),
    "initial": Form("a digest, or null", lambda value: value is None or isinstance(value, str)),
    "prune": Form("a number from 0 to below 1", lambda value: _is_number(value) and 0 <= value < 1),
    "half": Form("true or false", lambda value: isinstance(value, bool)),
    "threads": Form(
        f"a number from 1 to {MAX_THREADS}, or null",
        lambda value: value is None or (_is_whole(value) and 1 <= value <= MAX_THREADS),
    ),
    "versions": Form(
        "a JSON object of strings",
        lambda value: (
            isinstance(value, dict) and all(isinstance(each, str) for each in value.values())
        ),
    ),
    # how training went
    "epochs": WHOLE,
    "history": LIST,
    "accuracy": OBJECT,
    # where a run of training stands
    "steps": WHOLE,
    "best": WHOLE,
    "generator": OBJECT,
}
REQUIRED = (  # of a brain; the others came with later versions
    *("sizes", "activation", "output", "loss", "recipe", "seed", "dataset", "versions"),
    *("epochs", "history", "accuracy"),
)


def misfits(meta: Mapping[str, Any], required: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield each key whose value is missing or of another form, and what is wrong with it."""
    required = set(required)
    for key, (needed, accepts) in FORMS.items():
        if (key in required or key in meta) and not accepts(meta.get(key)):
            yield key, f"{short(meta.get(key))} is not {needed}"


@dataclass(frozen=True)
class Meta:
    """What a brain file says of its network."""

    raw: dict[str, Any]  # the JSON as it stands in the file
    sizes: tuple[int, ...]  # widths of all layers
    activation: str
    loss: str
    temperature: float  # that calibrates the network; 1 in brains of earlier versions
    recipe: dict[str, Any]  # its settings, those that earlier versions had
    seed: int
    half: bool  # saved in half precision
    epochs: int  # the epoch whose weights these are; 0: within the first
    history: list[dict[str, Any]]  # a report an epoch
    dataset: str | None  # name of what it was trained on
    versions: dict[str, str]  # of what trained it, by name

    @property
    def recipe_name(self) -> str | None:
        """The name of the recipe, if it has one."""
        return _text(self.recipe.get("name"))

    @property
    def validation_accuracy(self) -> float | None:
        """Of these weights, in [0, 1]; None where there were no validation images."""
        accuracy = self.raw["accuracy"].get("validation")
        return float(accuracy) if _is_number(accuracy) else None

    @classmethod
    def parse(cls, raw: dict[str, Any], path: Path) -> Meta:
        """Read the `meta` of the file at `path`.

        Raises
        ------
        OtherTaskError
            If the network is for other images or labels.
        BrainError
            If `meta` is of another form; the message says which check failed.
        """
        for key, value in FIXED.items():
            if raw.get(key) != value:
                error = BrainError if key == "format" else OtherTaskError
                raise error(f"{path}: meta has {key} {short(raw.get(key))}, expected {value}")
        for key, wrong in misfits(raw, REQUIRED):
            raise BrainError(f"{path}: meta has a wrong {key}: {wrong}")
        if LOSSES[raw["loss"]].output != raw["output"]:
            raise BrainError(
                f"{path}: meta has loss {short(raw['loss'])} on output {short(raw['output'])}, "
                "which do not go together"
            )
        return cls(
            raw,
            sizes=tuple(raw["sizes"]),
            activation=raw["activation"],
            loss=raw["loss"],
            temperature=float(raw.get("temperature", 1)),
            recipe=raw["recipe"],
            seed=raw["seed"],
            half=raw.get("half", False),
            epochs=raw["epochs"],
            history=raw["history"],
            dataset=_text(raw["dataset"].get("name")),
            versions=raw["versions"],
        )

    def check_sizes(self, sizes: tuple[int, ...], path: Path) -> None:
        """Raise BrainError unless these are the layers' widths of the network at `path`."""
        if self.sizes != sizes:
            said = short(self.raw["sizes"])
            raise BrainError(f"{path}: meta has sizes {said}, not {short(list(sizes))}")


def describe_network(network: Network, temperature: float) -> dict[str, Any]:
    """Return what `meta` says of a network by itself, however it came about."""
    return FIXED | {
        "sizes": list(network.sizes),
        "activation": network.activation,
        "output": LOSSES[network.loss].output,
        "loss": network.loss,
        "temperature": temperature,
    }


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
