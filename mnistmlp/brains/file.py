"""The brain file: an .npz archive of weights, biases and a JSON description.

``w1 … wL`` have shape (fan_out, fan_in), ``b1 … bL`` (fan_out, 1); ``meta`` is a
0-d string of JSON.  A file without ``meta`` is in the older format: sigmoid on
every layer, mean squared error.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from reprlib import repr as short
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnistmlp.arrays import DIGITS, PIXELS
from mnistmlp.brains.archive import (
    ArchiveError,
    InvalidArchiveError,
    MissingArchiveError,
    read_archive,
    write_archive,
)
from mnistmlp.brains.meta import Meta
from mnistmlp.core.compression import is_half
from mnistmlp.core.network import MAX_PARAMETERS, Network
from mnistmlp.errors import BrainError, MissingBrainError, OtherFormatError, OtherTaskError
from mnistmlp.training.settings import MAX_LAYERS

FORMATS = {  # mistaken for brains
    ".ckpt": "a checkpoint",
    ".h5": "an HDF5 file",
    ".html": "a web page",
    ".jpeg": "a picture",
    ".jpg": "a picture",
    ".keras": "a Keras model",
    ".npy": "a single array",
    ".onnx": "an ONNX model",
    ".pkl": "a pickle",
    ".png": "a picture",
    ".pt": "a PyTorch model",
    ".pth": "a PyTorch model",
    ".safetensors": "a safetensors file",
}


def write_brain(path: Path, network: Network, meta: Meta) -> None:
    """Write a brain file; an existing file stays until the new one is complete.

    If `meta` says so, weights and biases are written in half precision (float16),
    compressed: less than half the size of float32, and far less if many are
    zero.  They load as float32.

    Raises
    ------
    BrainError
        If a weight is not finite, or half precision would change one.
    WriteError
        If the file cannot be written.
    """
    if not np.isfinite(network.parameters).all():
        raise BrainError(f"{path}: not written, because a weight or bias is not finite")
    if meta.half and not is_half(network):
        raise BrainError(f"{path}: not written, because half precision would change the weights")
    dtype = np.float16 if meta.half else network.parameters.dtype
    arrays: dict[str, NDArray[Any]] = {}
    for number, (weights, bias) in enumerate(network.layers, start=1):
        arrays[f"w{number}"] = weights.astype(dtype, copy=False)  # (fan_out, fan_in)
        arrays[f"b{number}"] = bias.reshape(-1, 1).astype(dtype, copy=False)  # (fan_out, 1)
    write_archive(path, arrays, meta.raw, packed=meta.half)


def read_brain(path: Path) -> tuple[Network, Meta | None]:
    """Read a brain file, with or without `meta`.

    Raises
    ------
    BrainError
        If the file is not a valid brain; the message says which check failed.
    """
    try:
        arrays, raw = read_archive(path, "brain file", _check_names, 8 * MAX_PARAMETERS)
    except ArchiveError as error:
        if isinstance(error, MissingArchiveError) and not os.path.lexists(path):
            raise MissingBrainError(path) from None
        if isinstance(error, InvalidArchiveError) and (kind := FORMATS.get(path.suffix.lower())):
            raise OtherFormatError(path, kind) from None
        raise BrainError(str(error)) from None
    meta = None if raw is None else Meta.parse(raw, path)
    names = [(f"w{number}", f"b{number}") for number in range(1, len(arrays) // 2 + 1)]
    shapes = {name: array.shape for name, array in arrays.items()}
    sizes = chain_sizes(path, names, shapes, bias_axes=(1,))
    if meta:
        meta.check_sizes(sizes, path)
    network = Network(
        sizes,
        activation=meta.activation if meta else "sigmoid",
        loss=meta.loss if meta else "mse",
        dtype="float64" if any(a.dtype.itemsize == 8 for a in arrays.values()) else "float32",
        normalization=meta.normalization if meta else "none",
    )
    for number, (weights, bias) in enumerate(network.layers, start=1):
        weights[:] = arrays[f"w{number}"]
        bias[:] = arrays[f"b{number}"][:, 0]
    if not np.isfinite(network.parameters).all():
        raise BrainError(f"{path}: a weight or bias is not finite")
    return network, meta


def _check_names(names: set[str], meta: Mapping[str, Any] | None) -> None:
    """Raise ValueError unless the names are w1 … wL and b1 … bL; `meta` is ignored."""
    layers = sum(bool(re.fullmatch(r"w[1-9]\d*", name)) for name in names)
    wanted = {f"{kind}{number}" for kind in "wb" for number in range(1, layers + 1)}
    if not 1 <= layers <= MAX_LAYERS + 1:
        raise ValueError(f"{layers} arrays of weights, expected 1 to {MAX_LAYERS + 1}")
    if missing := wanted - names:
        raise ValueError(f"no array {min(missing)}")
    if unexpected := names - wanted:
        raise ValueError(f"unexpected array {short(min(unexpected))}")


def chain_sizes(
    path: Path,
    names: Iterable[tuple[str, str]],
    shapes: Mapping[str, tuple[int, ...]],
    bias_axes: tuple[int, ...] = (),
    *,
    transposed: bool = False,
) -> tuple[int, ...]:
    """Return the widths of all layers after checking that the shapes chain from 784 to 10.

    Parameters
    ----------
    path : Path
        The file, for messages.
    names : iterable of (str, str)
        Names of the weights and the bias of each layer, in order.
    shapes : mapping of tuples of int, by name
    bias_axes : tuple of int
        The axes of a bias after the first.
    transposed : bool
        Whether weights are (fan_in, fan_out) rather than (fan_out, fan_in).

    Raises
    ------
    OtherTaskError
        If the network does not have 784 inputs and 10 outputs.
    BrainError
        If a shape does not match the one before it.
    """
    sizes = [PIXELS]
    for weights, bias in names:
        shape = shapes[weights][::-1] if transposed else shapes[weights]
        if len(shape) != 2 or shape[1] != sizes[-1] or not shape[0]:
            other = len(sizes) == 1 and len(shape) == 2 and shape[0] > 0
            expected = f"({sizes[-1]}, fan_out)" if transposed else f"(fan_out, {sizes[-1]})"
            raise (OtherTaskError if other else BrainError)(
                f"{path}: {weights} has shape {short(shapes[weights])}, expected {expected}"
            )
        wanted = (shape[0], *bias_axes)
        if shapes[bias] != wanted:
            raise BrainError(f"{path}: {bias} has shape {short(shapes[bias])}, expected {wanted}")
        sizes.append(shape[0])
    if sizes[-1] != DIGITS:
        raise OtherTaskError(f"{path}: {sizes[-1]} outputs, expected {DIGITS}")
    return tuple(sizes)
