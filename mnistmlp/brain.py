"""The brain file: an .npz archive of weights, biases and a JSON description.

``w1 … wL`` are (fan_out, fan_in), ``b1 … bL`` (fan_out, 1), ``meta`` is a 0-d
string of JSON.  A file without ``meta`` is the older kind: sigmoid on every
layer, mean squared error.  Nothing is ever unpickled, and nothing is believed
before it is checked: no array is made until the bytes for it are known to be
in the file.
"""

from __future__ import annotations

import json
import math
import platform
import re
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path
from reprlib import repr as short
from shlex import quote
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

import mnistmlp
from mnistmlp.atomic import atomic_write, check_writable
from mnistmlp.calibration import LEAST, MOST
from mnistmlp.core import ACTIVATIONS, DIGITS, LOSSES, MAX_PARAMETERS, PIXELS, Network
from mnistmlp.errors import BrainError, OtherTaskError, SettingError

if TYPE_CHECKING:
    from mnistmlp.recipes import Recipe
    from mnistmlp.training import Training

PRETRAINED = Path(__file__).with_name("pretrained.npz")  # docs/recipes.md says how it was made
MAX_META = 16_000_000  # bytes; a run of 30 epochs takes some 15,000
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


def describe(
    training: Training, recipe: Recipe, *, seed: int, dataset: dict[str, Any]
) -> dict[str, Any]:
    """Return the `meta` of a trained network.

    There are no times in it: the same run gives the same bytes.

    Parameters
    ----------
    training : Training
    recipe : Recipe
    seed : int
    dataset : dict
        ``name`` and ``digests`` of the training data.
    """
    network, kept = training.network, training.kept
    keys = ("epoch", "loss", "validation_loss", "validation_accuracy")
    return FIXED | {
        "sizes": list(network.sizes),
        "activation": network.activation,
        "output": LOSSES[network.loss].output,
        "loss": network.loss,
        "temperature": training.temperature,
        "recipe": asdict(recipe),
        "seed": seed,
        "epochs": kept.epoch if kept else 0,
        "history": [{key: getattr(report, key) for key in keys} for report in training.history],
        "accuracy": {"validation": kept.validation_accuracy if kept else None},
        "dataset": dataset,
        "versions": {
            "mnistmlp": mnistmlp.__version__,
            "numpy": np.__version__,
            "python": platform.python_version(),
        },
    }


def check_output(path: Path) -> None:
    """Raise SettingError if no brain could be written there: before an hour of training."""
    try:
        check_writable(path)
    except OSError as error:
        raise SettingError("output", f"{error.filename}: {error.strerror}") from None


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
    _check_meta(path, meta)
    if half and np.abs(network.parameters).max() > np.finfo(np.float16).max:
        raise BrainError(f"{path}: a weight is too large for half precision")
    dtype = np.float16 if half else network.parameters.dtype
    arrays: dict[str, NDArray[Any]] = {"meta": np.array(json.dumps(meta))}
    for number, (weights, bias) in enumerate(network.layers, start=1):
        arrays[f"w{number}"] = weights.astype(dtype, copy=False)  # (fan_out, fan_in)
        arrays[f"b{number}"] = bias.reshape(-1, 1).astype(dtype, copy=False)  # (fan_out, 1)
    try:
        with atomic_write(path) as file:
            save = np.savez_compressed if half else np.savez
            save(file, **arrays)  # type: ignore[arg-type]  # mypy: one may be allow_pickle
    except OSError as error:
        raise BrainError(f"{path}: cannot be written: {error.strerror}") from None


def load_brain(path: Path) -> Brain:
    """Read a brain file, of this format or of the older kind without `meta`.

    Raises
    ------
    BrainError
        If the file is not a brain; the message says which check failed.
    """
    arrays = _read_archive(path)
    meta = _parse_meta(path, arrays.pop("meta")) if "meta" in arrays else None
    sizes = _check_layers(path, arrays)
    if meta and meta["sizes"] != list(sizes):
        raise BrainError(f"{path}: meta has sizes {short(meta['sizes'])}, not {list(sizes)}")
    dtype = "float64" if any(a.dtype == np.float64 for a in arrays.values()) else "float32"
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


def _read_archive(path: Path) -> dict[str, NDArray[Any]]:
    """Read all arrays of an .npz archive, each checked against the bytes that it claims."""
    if not path.exists():
        raise BrainError(
            f"{path}: no such file", hint=f"mnistmlp train --output {quote(str(path))}"
        )
    if not path.is_file():
        raise BrainError(f"{path}: not a regular file")
    try:
        with zipfile.ZipFile(path) as archive:
            members = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
            if len(members) < len(archive.infolist()):
                raise ValueError("two arrays of one name")
            _check_names(set(members))
            if sum(info.file_size for info in members.values()) > 8 * MAX_PARAMETERS + MAX_META:
                raise ValueError(f"more than {MAX_PARAMETERS:,} weights and biases")
            return {name: _read_array(archive, info) for name, info in members.items()}
    except zipfile.BadZipFile:
        raise BrainError(f"{path}: not a brain file, or a damaged one") from None
    except PermissionError as error:
        raise BrainError(f"{path}: {error.strerror}") from None
    except Exception as error:  # the parsers behind raise of many kinds on hostile bytes
        raise BrainError(f"{path}: not a brain file: {error}") from None


def _check_names(names: set[str]) -> None:
    """Raise ValueError unless the names are w1 … wL and b1 … bL, and perhaps meta."""
    layers = sum(bool(re.fullmatch(r"w[1-9]\d*", name)) for name in names)
    wanted = {f"{kind}{number}" for kind in "wb" for number in range(1, layers + 1)}
    if not layers:
        raise ValueError("no array w1")
    if missing := wanted - names:
        raise ValueError(f"no array {min(missing)}")
    if strange := names - wanted - {"meta"}:
        raise ValueError(f"strange array {short(min(strange))}")


def _read_array(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> NDArray[Any]:
    """Read one array; ValueError if its header does not match the bytes that are there."""
    with archive.open(info) as file:
        if npy.read_magic(file) == (1, 0):
            shape, fortran, dtype = npy.read_array_header_1_0(file)
        else:
            shape, fortran, dtype = npy.read_array_header_2_0(file)
        wanted = "U" if info.filename == "meta.npy" else "f"
        if dtype.kind != wanted or (wanted == "f" and dtype.itemsize > 8):
            raise ValueError(f"{info.filename} has type {dtype}")
        needed, present = math.prod(shape) * dtype.itemsize, info.file_size - file.tell()
        if needed != present:
            raise ValueError(f"{info.filename} needs {needed} bytes, {present} are there")
        if dtype.kind == "U" and (shape or needed > MAX_META):
            raise ValueError(f"{info.filename} is not one string of at most {MAX_META} bytes")
        items = np.frombuffer(file.read(), dtype)
    return items.reshape(shape, order="F" if fortran else "C")


def _parse_meta(path: Path, array: NDArray[Any]) -> dict[str, Any]:
    """Parse `meta` and check its form."""
    try:
        meta = json.loads(array.item())
    except (ValueError, RecursionError) as error:
        raise BrainError(f"{path}: meta is not JSON: {error}") from None
    return _check_meta(path, meta)


def _check_meta(path: Path, meta: Any) -> dict[str, Any]:
    """Return `meta` if its form is right."""
    if not isinstance(meta, dict):
        raise BrainError(f"{path}: meta is not a JSON object")
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
    return meta


def _check_layers(path: Path, arrays: dict[str, NDArray[Any]]) -> tuple[int, ...]:
    """Return the widths of all layers, if the shapes chain from 784 to 10."""
    sizes = [PIXELS]
    for number in range(1, len(arrays) // 2 + 1):
        weights, bias = arrays[f"w{number}"], arrays[f"b{number}"]
        if weights.ndim != 2 or weights.shape[1] != sizes[-1] or not weights.size:
            other = number == 1 and weights.ndim == 2
            raise (OtherTaskError if other else BrainError)(
                f"{path}: w{number} has shape {weights.shape}, expected (fan_out, {sizes[-1]})"
            )
        if bias.shape != (len(weights), 1):
            raise BrainError(
                f"{path}: b{number} has shape {bias.shape}, expected ({len(weights)}, 1)"
            )
        sizes.append(len(weights))
    if sizes[-1] != DIGITS:
        raise OtherTaskError(f"{path}: {sizes[-1]} outputs, expected {DIGITS}")
    return tuple(sizes)
