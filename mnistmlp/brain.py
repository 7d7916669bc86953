"""The brain file: an .npz archive of weights, biases and a JSON description.

``w1 … wL`` are (fan_out, fan_in), ``b1 … bL`` (fan_out, 1), ``meta`` is a 0-d
string of JSON.  A file without ``meta`` is the older kind: sigmoid on every
layer, mean squared error.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from reprlib import repr as short
from shlex import quote
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mnistmlp.archive import ArchiveError, read_archive, write_archive
from mnistmlp.calibration import LEAST, MOST
from mnistmlp.core import ACTIVATIONS, DIGITS, LOSSES, MAX_PARAMETERS, PIXELS, Network
from mnistmlp.errors import BrainError, OtherTaskError
from mnistmlp.provenance import Provenance
from mnistmlp.recipes import LAYERS

if TYPE_CHECKING:
    from mnistmlp.training import Training

PRETRAINED = Path(__file__).with_name("pretrained.npz")  # docs/recipes.md says how it was made
FIXED = {  # what `meta` must say in this format
    "format": 1,
    "input": {"shape": [28, 28], "divide_by": 255},
    "labels": list(range(DIGITS)),
}
TYPES = {  # and what the rest of it must be
    "sizes": list,
    "activation": str,
    "output": str,
    "loss": str,
    "recipe": dict,
    "seed": int,
    "epochs": int,
    "history": list,
    "accuracy": dict,
    "dataset": dict,
    "versions": dict,
}


@dataclass(frozen=True)
class Brain:
    """A network, and what its file says of it."""

    network: Network
    meta: dict[str, Any] | None  # None in the older kind of file

    @property
    def temperature(self) -> float:
        """The temperature that its probabilities are calibrated at; 1 where none was found."""
        return float((self.meta or {}).get("temperature", 1))


def describe_network(network: Network, temperature: float) -> dict[str, Any]:
    """Return what `meta` says of a network by itself, however it came about."""
    return FIXED | {
        "sizes": list(network.sizes),
        "activation": network.activation,
        "output": LOSSES[network.loss].output,
        "loss": network.loss,
        "temperature": temperature,
    }


def describe(training: Training, provenance: Provenance) -> dict[str, Any]:
    """Return the `meta` of a trained network.

    There are no times in it: the same run gives the same bytes.
    """
    kept = training.kept
    keys = ("epoch", "loss", "validation_loss", "validation_accuracy")
    return describe_network(training.network, training.temperature) | {
        **provenance.as_dict(),
        "epochs": kept.epoch if kept else 0,
        "history": [{key: getattr(report, key) for key in keys} for report in training.history],
        "accuracy": {"validation": kept.validation_accuracy if kept else None},
    }


def save_brain(path: Path, network: Network, meta: dict[str, Any], *, half: bool = False) -> None:
    """Write a brain file; an old file at `path` stays whole until the new one is.

    Parameters
    ----------
    path : Path
    network : Network
    meta : dict
        As `describe` makes it.
    half : bool
        Write weights and biases in half precision (float16), and compressed:
        less than half the size of float32, and far less where many are zero.
        They load as float32.

    Raises
    ------
    BrainError
        If the file cannot be written, `meta` is of another form, or a weight
        is too large for half precision.
    """
    check_meta(path, meta)
    if half and np.abs(network.parameters).max() > np.finfo(np.float16).max:
        raise BrainError(f"{path}: a weight is too large for half precision")
    dtype = np.float16 if half else network.parameters.dtype
    arrays: dict[str, NDArray[Any]] = {}
    for number, (weights, bias) in enumerate(network.layers, start=1):
        arrays[f"w{number}"] = weights.astype(dtype, copy=False)  # (fan_out, fan_in)
        arrays[f"b{number}"] = bias.reshape(-1, 1).astype(dtype, copy=False)  # (fan_out, 1)
    try:
        write_archive(path, arrays, meta, packed=half)
    except OSError as error:
        raise BrainError(f"{path}: cannot be written: {error.strerror}") from None


def load_brain(path: Path) -> Brain:
    """Read a brain file, of this format or of the older kind without `meta`.

    Raises
    ------
    BrainError
        If the file is not a brain; the message says which check failed.
    """
    try:
        arrays, meta = read_archive(path, "brain file", _check_names, 8 * MAX_PARAMETERS)
    except ArchiveError as error:
        hint = None if os.path.lexists(path) else f"mnistmlp train --output {quote(str(path))}"
        raise BrainError(str(error), hint=hint) from None
    names = [(f"w{number}", f"b{number}") for number in range(1, len(arrays) // 2 + 1)]
    shapes = {name: array.shape for name, array in arrays.items()}
    if meta is not None:
        check_meta(path, meta)
    sizes = check_shapes(path, names, shapes, bias_axes=(1,))
    if meta:
        check_sizes(path, meta, sizes)
    dtype = "float64" if any(a.dtype.itemsize == 8 for a in arrays.values()) else "float32"
    network = Network(
        sizes,
        activation=meta["activation"] if meta else "sigmoid",
        loss=meta["loss"] if meta else "mse",
        dtype=dtype,
    )
    for number, (weights, bias) in enumerate(network.layers, start=1):
        weights[:] = arrays[f"w{number}"]
        bias[:] = arrays[f"b{number}"][:, 0]
    if not np.isfinite(network.parameters).all():
        raise BrainError(f"{path}: a weight or bias is not finite")
    return Brain(network, meta)


def _check_names(names: set[str]) -> None:
    """Raise ValueError unless the names are w1 … wL and b1 … bL."""
    layers = sum(bool(re.fullmatch(r"w[1-9]\d*", name)) for name in names)
    wanted = {f"{kind}{number}" for kind in "wb" for number in range(1, layers + 1)}
    if not 1 <= layers <= LAYERS + 1:
        raise ValueError(f"{layers} arrays of weights, expected 1 to {LAYERS + 1}")
    if missing := wanted - names:
        raise ValueError(f"no array {min(missing)}")
    if strange := names - wanted:
        raise ValueError(f"strange array {short(min(strange))}")


def check_meta(path: Path, meta: dict[str, Any]) -> None:
    """Raise BrainError unless `meta` is of the right form."""
    for key, value in FIXED.items():
        if meta.get(key) != value:
            error = BrainError if key == "format" else OtherTaskError
            raise error(f"{path}: meta has {key} {short(meta.get(key))}, expected {value}")
    for key, kind in TYPES.items():
        if not isinstance(meta.get(key), kind):
            raise BrainError(f"{path}: meta has no {key} of type {kind.__name__}")
    temperature = meta.get("temperature", 1)  # brains of earlier versions have none
    if not isinstance(temperature, int | float) or not LEAST <= temperature <= MOST:
        raise BrainError(f"{path}: meta has temperature {short(temperature)}")
    if meta["activation"] not in ACTIVATIONS:
        raise BrainError(f"{path}: meta has unknown activation {short(meta['activation'])}")
    if meta["loss"] not in LOSSES or LOSSES[meta["loss"]].output != meta["output"]:
        raise BrainError(
            f"{path}: meta has loss {short(meta['loss'])} on output {short(meta['output'])}, "
            "which do not go together"
        )


def check_sizes(path: Path, meta: Mapping[str, Any], sizes: tuple[int, ...]) -> None:
    """Raise BrainError unless `meta` has the layers' widths as they are."""
    if meta["sizes"] != list(sizes):
        raise BrainError(f"{path}: meta has sizes {short(meta['sizes'])}, not {short(list(sizes))}")


def check_shapes(
    path: Path,
    names: Iterable[tuple[str, str]],
    shapes: Mapping[str, tuple[int, ...]],
    bias_axes: tuple[int, ...] = (),
) -> tuple[int, ...]:
    """Return the widths of all layers, if the shapes chain from 784 to 10.

    `names` has those of weights and bias, layer by layer; `bias_axes` are the
    axes of a bias after its first.
    """
    sizes = [PIXELS]
    for weights, bias in names:
        shape = shapes[weights]
        if len(shape) != 2 or shape[1] != sizes[-1] or not shape[0]:
            other = len(sizes) == 1 and len(shape) == 2 and shape[0] > 0
            raise (OtherTaskError if other else BrainError)(
                f"{path}: {weights} has shape {shape}, expected (fan_out, {sizes[-1]})"
            )
        expected = (shape[0], *bias_axes)
        if shapes[bias] != expected:
            raise BrainError(f"{path}: {bias} has shape {shapes[bias]}, expected {expected}")
        sizes.append(shape[0])
    if sizes[-1] != DIGITS:
        raise OtherTaskError(f"{path}: {sizes[-1]} outputs, expected {DIGITS}")
    return tuple(sizes)
