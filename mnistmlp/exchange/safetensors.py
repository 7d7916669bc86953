"""Export and import of safetensors, with PyTorch's names for a sequence of linear layers.

In an ``nn.Sequential`` of ``nn.Linear``, ``0.weight`` has shape (fan_out, fan_in)
and ``0.bias`` (fan_out,); ``2.weight`` is next, because activations are numbered too.
The metadata are those of `make_metadata`.

Other names, and matrices in the layout of Keras and JAX, are read too: see `layers`.

Files are not trusted: everything is checked, and a pickle (.pt, .pth) is never
opened.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from reprlib import repr as short
from textwrap import shorten
from typing import Any

import numpy as np

from mnistmlp.arrays import StrPath
from mnistmlp.atomic import atomic_write, cause_of, check_free
from mnistmlp.brains.archive import MAX_META, parse_meta
from mnistmlp.brains.brain import Brain
from mnistmlp.brains.file import chain_sizes
from mnistmlp.brains.meta import Meta
from mnistmlp.brains.provenance import describe_foreign
from mnistmlp.core.activations import ACTIVATIONS
from mnistmlp.core.compression import round_to_half
from mnistmlp.core.losses import LOSSES
from mnistmlp.core.network import MAX_PARAMETERS, Layer, Network, parameter_count
from mnistmlp.core.normalization import NORMALIZATION_NAMES
from mnistmlp.errors import BrainError, SettingError, needs_extra
from mnistmlp.exchange.layers import arrange_layers, find_layers
from mnistmlp.exchange.metadata import make_metadata

DTYPES = ("F16", "F32", "F64")  # NumPy has no BF16
PICKLE_SUFFIXES = (".pt", ".pth")
SAVE_HINT = (
    "in PyTorch: safetensors.torch.save_file(model.float().state_dict(), 'model.safetensors')"
)


# --- Writing -----------------------------------------------------------------


def export_safetensors(brain: Brain, path: StrPath, *, overwrite: bool = False) -> None:
    """Write a brain as safetensors.

    The tensors have the dtype of the brain, and the same brain gives the same
    bytes.

    Parameters
    ----------
    brain : Brain
    path : str or path
    overwrite : bool
        Replace an existing file, which stays until the new one is complete.

    Raises
    ------
    MissingExtraError
        If the package safetensors is not installed.
    WriteError
        If the file exists or cannot be written.
    """
    check_free(Path(path), overwrite=overwrite)
    with needs_extra("safetensors"):
        from safetensors.numpy import save

    tensors = {}
    for number, (weights, bias) in enumerate(brain.network.layers):
        tensors[f"{2 * number}.weight"] = np.ascontiguousarray(weights)  # (fan_out, fan_in)
        tensors[f"{2 * number}.bias"] = np.ascontiguousarray(bias)  # (fan_out,)
    content = _sort_header(save(tensors, make_metadata(brain)))
    with atomic_write(Path(path)) as file:
        file.write(content)


def _sort_header(content: bytes) -> bytes:
    """Return a safetensors file with its header sorted; the package writes it in random order.

    The file starts with the length of the header in 8 bytes.  The header is JSON,
    padded with spaces to a multiple of 8 bytes.
    """
    start = 8 + int.from_bytes(content[:8], "little")
    header = json.dumps(json.loads(content[8:start]), sort_keys=True).encode()
    header += b" " * (-len(header) % 8)
    return len(header).to_bytes(8, "little") + header + content[start:]


# --- Reading -----------------------------------------------------------------


def import_safetensors(
    path: StrPath,
    *,
    activation: str | None = None,
    loss: str | None = None,
    normalized: tuple[float, float] | None = None,
    on_note: Callable[[str], None] = lambda note: None,
) -> Brain:
    """Read a multilayer perceptron that PyTorch, another library or `export_safetensors` wrote.

    Parameters
    ----------
    path : str or path
        A safetensors file with ``0.weight`` (fan_out, fan_in), ``0.bias``
        (fan_out,), ``2.weight`` and so on.  Layers may have any names if the numbers
        or the shapes determine their order, and all may be transposed.
    activation : {'sigmoid', 'tanh', 'relu'}, optional
        Activation of the hidden layers, required unless the metadata have it.
    loss : {'mse', 'cross-entropy'}, optional
        Determines the output, sigmoid or softmax.  The default follows
        ``output`` in the metadata, or is cross-entropy.
    normalized : (mean, standard deviation), optional
        How pixels from 0 to 1 were normalised; folded into the first layer.
    on_note : callable
        Called with a line for each thing that the names do not tell: an order that
        follows from the shapes, or transposed matrices.

    Returns
    -------
    Brain
        If the file is an exported brain, the same brain, rounded if it was saved in
        half precision.

    Raises
    ------
    BrainError
        If the file is not such a network; the message says which check failed.
    MissingExtraError
        If the package safetensors is not installed.
    SettingError
        If the activation is unknown, or a setting is given that an exported
        brain already has.
    """
    path = Path(path)
    layers, metadata = _read(path, on_note)
    sizes = (layers[0][0].shape[1], *(len(bias) for _, bias in layers))
    meta = None
    if "mnistmlp" in metadata:
        meta = _parse_exported_meta(path, metadata["mnistmlp"], sizes)
        given = {"activation": activation, "loss": loss, "normalized": normalized}
        for name in (name for name, value in given.items() if value is not None):
            raise SettingError(name, f"{path} is an exported brain, which has its own")
    stated = meta.raw if meta else metadata
    network = Network(
        sizes,
        activation=activation or _find_activation(path, stated, hidden=len(layers) > 1),
        loss=loss or _find_loss(path, stated),
        dtype=np.result_type(np.float32, *(array for layer in layers for array in layer)).name,
        normalization=meta.normalization if meta else _find_normalization(path, metadata),
    )
    for (weights, bias), layer in zip(network.layers, layers, strict=True):
        weights[:], bias[:] = layer
    if normalized:
        _fold_normalisation(network, *normalized)
    if not np.isfinite(network.parameters).all():
        raise BrainError(f"{path}: a weight or bias is not finite")
    if meta and meta.half:
        round_to_half(network)
    return Brain(network, meta or _make_meta(path, network, metadata.get("temperature", "1")))


def _read(path: Path, on_note: Callable[[str], None]) -> tuple[list[Layer], dict[str, str]]:
    """Return the weights and biases, checked to chain from 784 to 10, and the metadata."""
    with needs_extra("safetensors"):
        from safetensors import SafetensorError, safe_open

    _check_file(path)
    try:
        with safe_open(path, framework="np") as file:
            names = find_layers(path, file.keys())
            slices = {name: file.get_slice(name) for layer in names.values() for name in layer}
            shapes = {name: tuple(each.get_shape()) for name, each in slices.items()}
            layout = arrange_layers(path, names, shapes)
            sizes = chain_sizes(path, layout.layers, shapes, transposed=layout.transposed)
            if parameter_count(sizes) > MAX_PARAMETERS:
                raise BrainError(f"{path}: more than {MAX_PARAMETERS:,} weights")
            for name, each in slices.items():
                if each.get_dtype() not in DTYPES:
                    dtypes = ", ".join(DTYPES)
                    message = f"{path}: {name} has type {each.get_dtype()}, not one of {dtypes}"
                    raise BrainError(message, hint=SAVE_HINT)
            for note in layout.notes:
                on_note(f"{path}: {note}")
            layers = [(file.get_tensor(w), file.get_tensor(b)) for w, b in layout.layers]
            if layout.transposed:
                layers = [(weights.T, bias) for weights, bias in layers]
            return layers, file.metadata() or {}
    except SafetensorError as error:
        what = shorten(str(error), 150, placeholder=" ...")  # may quote 16 MB
        raise BrainError(f"{path}: not a safetensors file: {what}", hint=SAVE_HINT) from None


def _check_file(path: Path) -> None:
    """Raise BrainError if the file cannot be safetensors, or is too large to open safely."""
    if path.suffix in PICKLE_SUFFIXES:
        raise BrainError(f"{path}: not opened, because a pickle can run any code", hint=SAVE_HINT)
    if not path.is_file():
        what = "not a regular file" if path.exists() else "no such file"
        raise BrainError(f"{path}: {what}")
    try:
        with path.open("rb") as file:
            header = int.from_bytes(file.read(8), "little")
    except OSError as error:
        raise BrainError(f"{path}: {cause_of(error)}") from None
    size = path.stat().st_size
    if 8 + header > size:
        raise BrainError(f"{path}: not a safetensors file, or damaged", hint=SAVE_HINT)
    if header > MAX_META or size - header > 8 * MAX_PARAMETERS:
        raise BrainError(f"{path}: {size:,} bytes are too many for a brain")


def _parse_exported_meta(path: Path, text: str, sizes: tuple[int, ...]) -> Meta:
    """Return the `meta` of an exported brain; raise BrainError unless it fits the layers."""
    try:
        meta = Meta.parse(parse_meta(text), path)
    except ValueError as error:
        raise BrainError(f"{path}: {error}") from None
    meta.check_sizes(sizes, path)
    return meta


def _find_activation(path: Path, stated: Mapping[str, Any], *, hidden: bool) -> str:
    """Return the activation that the file states; without hidden layers, any will do."""
    name = stated.get("activation", None if hidden else "relu")
    if name is None:
        choices = ", ".join(ACTIVATIONS)
        raise SettingError("activation", f"{path} does not say which of {choices} it is")
    if name not in ACTIVATIONS:
        raise BrainError(f"{path}: metadata have unknown activation {short(name)}")
    return str(name)


def _find_loss(path: Path, stated: Mapping[str, Any]) -> str:
    """Return the loss for the output that the file states; softmax by default."""
    losses = {loss.output: name for name, loss in LOSSES.items()}
    output = stated.get("output", "softmax")
    if output not in losses:
        raise BrainError(f"{path}: metadata have unknown output {short(output)}")
    return losses[output]


def _find_normalization(path: Path, metadata: Mapping[str, str]) -> str:
    """Return the normalisation that the metadata state; none by default."""
    name = metadata.get("normalization", "none")
    if name not in NORMALIZATION_NAMES:
        raise BrainError(f"{path}: metadata have unknown normalization {short(name)}")
    return name


@np.errstate(all="ignore")  # the caller checks that everything is finite
def _fold_normalisation(network: Network, mean: float, deviation: float) -> None:
    """Fold (pixels − mean) / deviation into the first layer, so that it takes raw pixels."""
    if not (math.isfinite(mean) and 0 < deviation < math.inf):
        message = f"{mean},{deviation} is not a valid mean and standard deviation"
        raise SettingError("normalized", message)
    weights, bias = network.layers[0]
    weights /= deviation
    bias -= mean * weights.sum(axis=1)


def _make_meta(path: Path, network: Network, temperature: str) -> Meta:
    """Return a `meta` for a network trained elsewhere."""
    try:
        return describe_foreign(network, "imported", path, float(temperature))
    except ValueError:
        raise BrainError(f"{path}: metadata have temperature {short(temperature)}") from None
