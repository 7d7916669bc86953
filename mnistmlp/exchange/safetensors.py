"""Brains as safetensors, both ways, named as PyTorch names an ``nn.Sequential`` of ``nn.Linear``.

``0.weight`` is (fan_out, fan_in), ``0.bias`` (fan_out,), then ``2.weight``, as
activations take a number too.  The metadata are those of `as_strings`.

A file that is read is a stranger's: nothing in it is believed before it is
checked, and a pickle (.pt, .pth) is never opened.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from reprlib import repr as short
from typing import Any

import numpy as np

from mnistmlp.atomic import atomic_write
from mnistmlp.brains.archive import MAX_META, parse_meta
from mnistmlp.brains.brain import Brain, chain_sizes
from mnistmlp.brains.meta import Meta, describe_network
from mnistmlp.brains.provenance import versions
from mnistmlp.core.network import (
    ACTIVATIONS,
    LOSSES,
    MAX_PARAMETERS,
    Layer,
    Network,
    parameter_count,
)
from mnistmlp.errors import BrainError, SettingError, needs_extra
from mnistmlp.exchange.metadata import as_strings

DTYPES = ("F16", "F32", "F64")  # NumPy has no BF16
PICKLES = (".pt", ".pth")
SAVE = "in PyTorch: safetensors.torch.save_file(model.float().state_dict(), 'model.safetensors')"
NAMING = "names must be 0.weight, 0.bias, 2.weight, … as nn.Sequential of nn.Linear has them"


# --- Writing -----------------------------------------------------------------


def export_safetensors(brain: Brain, path: Path) -> None:
    """Write a brain as safetensors; an old file at `path` stays whole until the new one is.

    The tensors have the dtype of the brain, and the same brain gives the same
    bytes.

    Raises
    ------
    MissingExtraError
        Without the package safetensors.
    WriteError
        If the file cannot be written.
    """
    with needs_extra("safetensors"):
        from safetensors.numpy import save

    tensors = {}
    for number, (weights, bias) in enumerate(brain.network.layers):
        tensors[f"{2 * number}.weight"] = np.ascontiguousarray(weights)  # (fan_out, fan_in)
        tensors[f"{2 * number}.bias"] = np.ascontiguousarray(bias)  # (fan_out,)
    content = _in_order(save(tensors, as_strings(brain)))
    with atomic_write(path) as file:
        file.write(content)


def _in_order(content: bytes) -> bytes:
    """Return a safetensors file with its header in order; the package has it in a random one.

    The header is JSON after its length in 8 bytes, filled with spaces to a
    multiple of 8.
    """
    start = 8 + int.from_bytes(content[:8], "little")
    header = json.dumps(json.loads(content[8:start]), sort_keys=True).encode()
    header += b" " * (-len(header) % 8)
    return len(header).to_bytes(8, "little") + header + content[start:]


# --- Reading -----------------------------------------------------------------


def import_safetensors(
    path: Path,
    *,
    activation: str | None = None,
    loss: str | None = None,
    normalized: tuple[float, float] | None = None,
) -> tuple[Network, dict[str, Any]]:
    """Read a multilayer perceptron that PyTorch or `export_safetensors` wrote.

    Parameters
    ----------
    path : Path
        A safetensors file with ``0.weight`` (fan_out, fan_in), ``0.bias``
        (fan_out,), ``2.weight`` and so on; any growing numbers will do.
    activation : {'sigmoid', 'tanh', 'relu'}, optional
        Of the hidden layers, if the file does not say it as ``activation`` in
        its metadata.
    loss : {'mse', 'cross-entropy'}, optional
        Settles the output: sigmoid or softmax; if it is not given, by
        ``output`` in the metadata, or else cross-entropy.
    normalized : (mean, standard deviation), optional
        By which pixels from 0 to 1 were normalised; folded into the first layer.

    Returns
    -------
    network, meta
        As `save_brain` takes them; `meta` is the brain's own where the file is
        an export of one.

    Raises
    ------
    BrainError
        If the file is not such a network; the message says which check failed.
    MissingExtraError
        Without the package safetensors.
    SettingError
        If the activation is not to be known, or a setting is given that an
        export of a brain has itself.
    """
    layers, metadata = _read(path)
    sizes = (layers[0][0].shape[1], *(len(bias) for _, bias in layers))
    meta = None
    if "mnistmlp" in metadata:
        meta = _exported_meta(path, metadata["mnistmlp"], sizes)
        given = {"activation": activation, "loss": loss, "normalized": normalized}
        for name in (name for name, value in given.items() if value is not None):
            raise SettingError(name, f"{path} is an export of a brain, and says it itself")
    stated = meta or metadata
    network = Network(
        sizes,
        activation=activation or _activation(path, stated, hidden=len(layers) > 1),
        loss=loss or _loss(path, stated),
        dtype=np.result_type(np.float32, *(array for layer in layers for array in layer)).name,
    )
    for (weights, bias), layer in zip(network.layers, layers, strict=True):
        weights[:], bias[:] = layer
    if normalized:
        _fold(network, *normalized)
    if not np.isfinite(network.parameters).all():
        raise BrainError(f"{path}: a weight or bias is not finite")
    return network, meta or _new_meta(path, network, metadata.get("temperature", "1"))


def _read(path: Path) -> tuple[list[Layer], dict[str, str]]:
    """Return the weights and biases, which chain from 784 to 10, and the metadata."""
    with needs_extra("safetensors"):
        from safetensors import SafetensorError, safe_open

    _check_file(path)
    try:
        with safe_open(path, framework="np") as file:
            names = _layer_names(path, file.keys())
            slices = {name: file.get_slice(name) for layer in names for name in layer}
            shapes = {name: tuple(each.get_shape()) for name, each in slices.items()}
            sizes = chain_sizes(path, names, shapes)
            if parameter_count(sizes) > MAX_PARAMETERS:
                raise BrainError(f"{path}: more than {MAX_PARAMETERS:,} weights")
            for name, each in slices.items():
                if each.get_dtype() not in DTYPES:
                    dtypes = ", ".join(DTYPES)
                    message = f"{path}: {name} has type {each.get_dtype()}, not one of {dtypes}"
                    raise BrainError(message, hint=SAVE)
            layers = [(file.get_tensor(w), file.get_tensor(b)) for w, b in names]
            return layers, file.metadata() or {}
    except SafetensorError as error:
        raise BrainError(f"{path}: not a safetensors file: {error}", hint=SAVE) from None


def _check_file(path: Path) -> None:
    """Raise BrainError if the file cannot be one, or would take too much memory to look into."""
    if path.suffix in PICKLES:
        raise BrainError(f"{path}: a pickle can run any code, and is not opened", hint=SAVE)
    if not path.is_file():
        what = "not a regular file" if path.exists() else "no such file"
        raise BrainError(f"{path}: {what}")
    try:
        with path.open("rb") as file:
            header = int.from_bytes(file.read(8), "little")
    except OSError as error:
        raise BrainError(f"{path}: {error.strerror}") from None
    size = path.stat().st_size
    if 8 + header > size:
        raise BrainError(f"{path}: not a safetensors file, or a damaged one", hint=SAVE)
    if header > MAX_META or size - header > 8 * MAX_PARAMETERS:
        raise BrainError(f"{path}: {size:,} bytes are too many for a brain")


def _layer_names(path: Path, names: Iterable[str]) -> list[tuple[str, str]]:
    """Return the names of weights and bias of each layer, in order."""
    numbers = set()
    present = set(names)
    for name in sorted(present):
        match = re.fullmatch(r"(0|[1-9]\d{0,5})\.(weight|bias)", name, re.ASCII)
        if not match:
            raise BrainError(f"{path}: strange tensor {short(name)}", hint=NAMING)
        numbers.add(int(match[1]))
    layers = [(f"{number}.weight", f"{number}.bias") for number in sorted(numbers)]
    for missing in (name for layer in layers for name in layer if name not in present):
        raise BrainError(f"{path}: no tensor {missing}")
    if not layers:
        raise BrainError(f"{path}: no tensors", hint=NAMING)
    return layers


def _exported_meta(path: Path, text: str, sizes: tuple[int, ...]) -> dict[str, Any]:
    """Return the `meta` of a brain that was exported, if it goes with the layers."""
    try:
        meta = Meta.parse(parse_meta(text), path)
    except ValueError as error:
        raise BrainError(f"{path}: {error}") from None
    meta.check_sizes(sizes, path)
    return meta.raw


def _activation(path: Path, stated: Mapping[str, Any], *, hidden: bool) -> str:
    """Return the activation that the file states; any will do where no layer is hidden."""
    name = stated.get("activation", None if hidden else "relu")
    if name is None:
        choices = ", ".join(ACTIVATIONS)
        raise SettingError("activation", f"{path} does not say which it is of {choices}")
    if name not in ACTIVATIONS:
        raise BrainError(f"{path}: metadata have unknown activation {short(name)}")
    return str(name)


def _loss(path: Path, stated: Mapping[str, Any]) -> str:
    """Return the loss that goes with the output that the file states, or with softmax."""
    losses = {loss.output: name for name, loss in LOSSES.items()}
    output = stated.get("output", "softmax")
    if output not in losses:
        raise BrainError(f"{path}: metadata have unknown output {short(output)}")
    return losses[output]


@np.errstate(all="ignore")  # what is not finite is looked for after
def _fold(network: Network, mean: float, deviation: float) -> None:
    """Let the first layer take pixels as they are, rather than (pixels − mean) / deviation."""
    if not (math.isfinite(mean) and 0 < deviation < math.inf):
        raise SettingError("normalized", f"{mean},{deviation} are no mean and standard deviation")
    weights, bias = network.layers[0]
    weights /= deviation
    bias -= mean * weights.sum(axis=1)


def _new_meta(path: Path, network: Network, temperature: str) -> dict[str, Any]:
    """Return a `meta` that says no more than is known of a network from elsewhere."""
    try:
        meta = describe_network(network, float(temperature))
    except ValueError:
        raise BrainError(f"{path}: metadata have temperature {short(temperature)}") from None
    meta |= {"recipe": {"name": "imported"}, "seed": 0, "epochs": 0, "history": []}
    meta |= {"accuracy": {"validation": None}, "dataset": {}, "versions": versions()}
    return Meta.parse(meta, path).raw
