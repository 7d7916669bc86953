"""Brains as safetensors, named as PyTorch names an ``nn.Sequential`` of ``nn.Linear``.

``0.weight`` is (fan_out, fan_in), ``0.bias`` (fan_out,), then ``2.weight``, as
activations take a number too.  The metadata are those of `as_strings`.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from mnistmlp.atomic import atomic_write
from mnistmlp.brain import Brain
from mnistmlp.export.metadata import as_strings
from mnistmlp.extras import needs_extra


def export_safetensors(brain: Brain, path: Path) -> None:
    """Write a brain as safetensors; an old file at `path` stays whole until the new one is.

    The tensors have the dtype of the brain, and the same brain gives the same
    bytes.

    Raises
    ------
    MissingExtraError
        Without the package safetensors.
    OSError
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
