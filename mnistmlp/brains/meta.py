"""The `meta` of a brain file: the JSON that describes its network, checked and parsed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from reprlib import repr as short
from typing import Any, NamedTuple

from mnistmlp.arrays import DIGITS, SIDE
from mnistmlp.blas import MAX_THREADS
from mnistmlp.core.activations import ACTIVATIONS
from mnistmlp.core.calibration import MAX_TEMPERATURE, MIN_TEMPERATURE
from mnistmlp.core.losses import LOSSES
from mnistmlp.core.network import Network
from mnistmlp.core.normalization import NORMALIZATION_NAMES
from mnistmlp.data.catalog import find_name_fault
from mnistmlp.errors import BrainError, OtherTaskError
from mnistmlp.training.recipes import MAX_SYNTHETIC
from mnistmlp.training.state import MAX_MEASURED

FIXED_VALUES = {  # the same in every brain of this format
    "format": 1,
    "labels": list(range(DIGITS)),
}

INPUT = {"shape": [SIDE, SIDE], "divide_by": 255}  # plus the normalisation, if any


class Rule(NamedTuple):
    """A rule for the value of a key."""

    requirement: str  # completes "… is not"
    accepts: Callable[[Any], bool]


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


LIST = Rule("a list", lambda value: isinstance(value, list))
OBJECT = Rule("a JSON object", lambda value: isinstance(value, dict))
WHOLE = Rule("a whole number", _is_whole)

RULES = {  # by key, for brains and checkpoints
    # the network
    "sizes": LIST,
    "activation": Rule(
        f"one of {', '.join(ACTIVATIONS)}", lambda v: isinstance(v, str) and v in ACTIVATIONS
    ),
    "loss": Rule(f"one of {', '.join(LOSSES)}", lambda v: isinstance(v, str) and v in LOSSES),
    "output": Rule("the name of an output", lambda value: isinstance(value, str)),
    "temperature": Rule(
        f"a number from {MIN_TEMPERATURE} to {MAX_TEMPERATURE}",
        lambda value: _is_number(value) and MIN_TEMPERATURE <= value <= MAX_TEMPERATURE,
    ),
    # its provenance
    "recipe": OBJECT,
    "seed": WHOLE,
    "dataset": Rule(
        "a JSON object with digests",
        lambda value: isinstance(value, dict) and isinstance(value.get("digests", {}), dict),
    ),
    "initial": Rule("a digest, or null", lambda value: value is None or isinstance(value, str)),
    "synthetic": Rule(
        f"a number from 0 to {MAX_SYNTHETIC}",
        lambda value: _is_number(value) and 0 <= value <= MAX_SYNTHETIC,
    ),
    "prune": Rule("a number from 0 to below 1", lambda value: _is_number(value) and 0 <= value < 1),
    "class_names": Rule(
        "ten different printable names", lambda value: find_name_fault(value) is None
    ),
    "half": Rule("true or false", lambda value: isinstance(value, bool)),
    "threads": Rule(
        f"a number from 1 to {MAX_THREADS}, or null",
        lambda value: value is None or (_is_whole(value) and 1 <= value <= MAX_THREADS),
    ),
    "versions": Rule(
        "a JSON object of strings",
        lambda value: (
            isinstance(value, dict) and all(isinstance(each, str) for each in value.values())
        ),
    ),
    # its training
    "epochs": WHOLE,
    "history": LIST,
    "accuracy": OBJECT,
    # the state of a training run
    "steps": WHOLE,
    "best": WHOLE,
    "generator": OBJECT,
}
REQUIRED = (  # in a brain
    *("sizes", "activation", "output", "loss", "recipe", "seed", "dataset", "versions"),
    *("epochs", "history", "accuracy"),
)
OPTIONAL = (
    "temperature",
    "synthetic",
    "half",
    "class_names",
)  # brains of earlier versions lack them


def find_invalid(
    meta: Mapping[str, Any], required: Iterable[str], optional: Iterable[str] = ()
) -> Iterator[tuple[str, str]]:
    """Yield each key whose value is missing or breaks its rule, and what is wrong."""
    for key in (*required, *(key for key in optional if key in meta)):
        requirement, accepts = RULES[key]
        if not accepts(meta.get(key)):
            yield key, f"{short(meta.get(key))} is not {requirement}"


@dataclass(frozen=True)
class Meta:
    """The parsed `meta` of a brain file."""

    raw: dict[str, Any] = field(repr=False)  # the JSON object in the file
    sizes: tuple[int, ...]  # widths of all layers
    activation: str
    loss: str
    normalization: str  # of images; "none" in brains of earlier versions
    temperature: float  # for calibration; 1 in brains of earlier versions
    recipe: dict[str, Any]  # settings by name; earlier versions had fewer
    seed: int
    half: bool  # saved in half precision
    epochs: int  # epoch of these weights; 0 if the first epoch was interrupted
    history: list[dict[str, Any]] = field(repr=False)  # one report per epoch
    dataset: str | None  # name of the training data
    class_names: tuple[str, ...] | None  # of the outputs; None for digits
    versions: dict[str, str]  # of the software used in training, by name

    @property
    def kind(self) -> tuple[tuple[int, ...], str, str, str]:
        """What determines the outputs of the network besides its weights."""
        return self.sizes, self.activation, self.loss, self.normalization

    @property
    def recipe_name(self) -> str | None:
        """The name of the recipe, if it has one."""
        return _text(self.recipe.get("name"))

    @property
    def validation_accuracy(self) -> float | None:
        """The validation accuracy of these weights, in [0, 1], or None if not measured."""
        accuracy = self.raw["accuracy"].get("validation")
        return float(accuracy) if _is_number(accuracy) and 0 <= accuracy <= 1 else None

    def curve(self, name: str) -> dict[int, float]:
        """Return the numbers with this name in the history, by epoch.

        A file may lack some, or hold what no run measures: negative numbers and
        those above `MAX_MEASURED` are left out.
        """
        lines: list[Any] = self.history  # known only to be a list
        numbers: list[Any] = [each.get(name) if isinstance(each, dict) else None for each in lines]
        return {
            epoch: float(number)
            for epoch, number in enumerate(numbers, 1)
            if _is_number(number) and 0 <= number <= MAX_MEASURED
        }

    @property
    def trained_on(self) -> str | None:
        """The name of the training data, and what was added to them."""
        share = self.raw.get("synthetic")
        added = f"synthetic digits ({share:.3g} of all)" if share else None
        return " and ".join(filter(None, [self.dataset, added])) or None

    @classmethod
    def parse(cls, raw: dict[str, Any], path: Path) -> Meta:
        """Check and parse the `meta` of the file at `path`.

        Raises
        ------
        OtherTaskError
            If the network is for other images or labels.
        BrainError
            If `meta` is invalid; the message says which check failed.
        """
        for key, value in FIXED_VALUES.items():
            if raw.get(key) != value:
                error = BrainError if key == "format" else OtherTaskError
                raise error(f"{path}: meta has {key} {short(raw.get(key))}, expected {value}")
        normalization = _parse_input(raw.get("input"), path)
        for key, problem in find_invalid(raw, REQUIRED, OPTIONAL):
            raise BrainError(f"{path}: meta has an invalid {key}: {problem}")
        if LOSSES[raw["loss"]].output != raw["output"]:
            raise BrainError(
                f"{path}: meta has loss {short(raw['loss'])} on output {short(raw['output'])}, "
                "which do not match"
            )
        return cls(
            raw,
            sizes=tuple(raw["sizes"]),
            activation=raw["activation"],
            loss=raw["loss"],
            normalization=normalization,
            temperature=float(raw.get("temperature", 1)),
            recipe=raw["recipe"],
            seed=raw["seed"],
            half=raw.get("half", False),
            epochs=raw["epochs"],
            history=raw["history"],
            dataset=_text(raw["dataset"].get("name")),
            class_names=tuple(raw["class_names"]) if "class_names" in raw else None,
            versions=raw["versions"],
        )

    def check_sizes(self, sizes: tuple[int, ...], path: Path) -> None:
        """Raise BrainError unless `meta` agrees with the widths of the layers at `path`."""
        if self.sizes != sizes:
            stated = short(self.raw["sizes"])
            raise BrainError(f"{path}: meta has sizes {stated}, not {short(list(sizes))}")


def describe_network(network: Network, temperature: float) -> dict[str, Any]:
    """Return the part of `meta` that describes the network itself, not its training."""
    return FIXED_VALUES | {
        "input": _describe_input(network.normalization),
        "sizes": list(network.sizes),
        "activation": network.activation,
        "output": LOSSES[network.loss].output,
        "loss": network.loss,
        "temperature": temperature,
    }


def _describe_input(normalization: str) -> dict[str, Any]:
    return INPUT | ({} if normalization == "none" else {"normalization": normalization})


def _parse_input(value: Any, path: Path) -> str:
    """Return the normalisation.

    Raises
    ------
    OtherTaskError
        If the network takes images of another shape or scale.
    BrainError
        If the normalisation is unknown.
    """
    scaling = dict(value) if isinstance(value, dict) else {}
    normalization = scaling.pop("normalization", "none")
    if scaling != INPUT:
        raise OtherTaskError(f"{path}: meta has input {short(value)}, expected {INPUT}")
    if normalization not in NORMALIZATION_NAMES:
        raise BrainError(f"{path}: meta has unknown normalization {short(normalization)}")
    return str(normalization)


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
