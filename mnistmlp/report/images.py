"""The images in a report and the facts about each, as data for its script."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnistmlp.arrays import DIGITS, PIXELS, Array, Bytes, Indices
from mnistmlp.core.metrics import Evaluation
from mnistmlp.pictures.sheet import COLUMNS, encode_sheet
from mnistmlp.report.comparison import Reader
from mnistmlp.report.neurons import Neurons, scale_weights

RIGHT_SHOWN = 100  # least confident images of each digit among those read right
PER_SHEET = 100 * COLUMNS  # 2800 × 2800 pixels, because browsers limit the size
PARTS = 10_000  # probabilities are whole multiples of 1 / this
MIDDLE = 128  # index of 0 in the palette of weights, which is transparent
BLUE, ORANGE = (0, 114, 178), (213, 94, 0)


def select_images(result: Evaluation, readers: list[Reader], layers: list[Neurons]) -> Indices:
    """Return the indices of the images in a report, in order.

    All that are misread or on which readers differ, the least confident of each digit
    among those read right, and those that activate a neuron most.
    """
    wanted = ~result.right
    for reader in readers:
        wanted |= reader.result.digits != readers[0].result.digits
    confidence = result.confidences
    for digit in range(DIGITS):
        right = np.flatnonzero(result.right & (result.labels == digit))
        doubtful = np.argsort(confidence[right], kind="stable")[:RIGHT_SHOWN]
        wanted[right[doubtful]] = True
    for layer in layers:
        wanted[layer.images] = True
    return np.flatnonzero(wanted)


def describe_images(
    chosen: Indices, images: Bytes, result: Evaluation, readers: list[Reader], layers: list[Neurons]
) -> dict[str, Any]:
    """Return what the script needs to show the chosen among images (n, 28, 28)."""
    places = np.full(len(images), -1)
    places[chosen] = np.arange(len(chosen))
    return {
        "columns": COLUMNS,
        "per_sheet": PER_SHEET,
        "parts": PARTS,
        "sheets": [
            _as_url(encode_sheet(images[chosen[start : start + PER_SHEET]]))
            for start in range(0, len(chosen), PER_SHEET)
        ],
        "labels": list(map(result.name, range(DIGITS))),
        "right": np.diag(result.confusion).tolist(),
        "right_shown": RIGHT_SHOWN,
        "images": {
            "index": chosen.tolist(),
            "label": _as_text(result.labels[chosen]),
            "digit": _as_text(result.digits[chosen]),
            "probabilities": _in_parts(result.probabilities[chosen].ravel()),
        },
        "readers": [
            {
                "name": reader.name,
                "digit": _as_text(reader.result.digits[chosen]),
                "confidence": _in_parts(reader.result.confidences[chosen]),
            }
            for reader in readers
        ],
        "layers": [_describe_layer(layer, places) for layer in layers],
    }


def _describe_layer(layer: Neurons, places: NDArray[np.intp]) -> dict[str, Any]:
    return {
        "sheet": _as_url(encode_sheet(_colour(layer.weights), _make_palette())),
        "neurons": {
            "index": layer.indices.tolist(),
            "use": layer.use.round(4).tolist(),
            "images": places[layer.images].tolist(),
            "activations": [[f"{each:.3g}" for each in row] for row in layer.activations],
        },
    }


def _colour(weights: Array) -> Bytes:
    """Return weights (k, 784) as colours of the palette; each row is scaled to its largest."""
    return np.rint(MIDDLE + 127 * scale_weights(weights)).astype(np.uint8).reshape(-1, PIXELS)


def _make_palette() -> Bytes:
    """Return the colours (256, 4) of weights: blue if positive, orange if not, clear near 0."""
    levels = np.arange(256)
    colours = np.where((levels > MIDDLE)[:, None], BLUE, ORANGE)
    opacity = np.minimum(2 * np.abs(levels - MIDDLE), 255)
    return np.column_stack([colours, opacity]).astype(np.uint8)


def _in_parts(probabilities: Array) -> list[int]:
    parts: list[int] = np.rint(probabilities * PARTS).astype(int).tolist()
    return parts


def _as_text(digits: NDArray[Any]) -> str:
    return "".join(map(str, digits.tolist()))


def _as_url(png: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"
