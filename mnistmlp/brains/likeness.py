"""Whether an image shows a digit at all, rather than a letter or a drawing.

A network that knows ten digits takes a letter for one of them, often with high
confidence.  So a second, small network tells digits from other things: the 14 × 14
means of 2 × 2 pixels after moment normalisation, a hidden layer of 32 ReLUs, and a
sigmoid.  `benchmarks/train_likeness.py` trains it on digits, letters, signs and
drawings.  Training on examples of other things is outlier exposure (Hendrycks,
Mazeika and Dietterich, "Deep anomaly detection with outlier exposure", ICLR 2019).
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnistmlp.arrays import SIDE, Array, Bytes
from mnistmlp.core.normalization import normalise

MIN_LIKENESS = 0.095  # 0.2 % of the held-out MNIST images have less
NORMALIZATION = "moments"
FILE = "likeness.npz"
HALF = SIDE // 2  # pixels on the side of the reduced image


class Weights(NamedTuple):
    """Weights of the small network, as whole numbers; each row ends with its bias."""

    hidden: NDArray[np.int8]  # (32, 197)
    output: NDArray[np.int8]  # (33,)
    hidden_scale: np.float32  # the value of one unit
    output_scale: np.float32


@cache
def load_weights() -> Weights:
    """Return the bundled weights."""
    with (
        resources.files(__package__).joinpath(FILE).open("rb") as file,
        np.load(file, allow_pickle=False) as arrays,
    ):
        return Weights(*(arrays[name] for name in Weights._fields))


def halve(images: Bytes) -> Array:
    """Return images (n, 28, 28) normalised and at half size, (n, 196), from 0 to 1."""
    squares = normalise(images, NORMALIZATION).reshape(-1, HALF, 2, HALF, 2)
    means: Array = squares.mean(axis=(2, 4), dtype=np.float32).reshape(-1, HALF * HALF)
    return means / np.float32(255)


def measure_likeness(images: Bytes) -> Array:
    """Return how much images look like digits, from 0 to 1.

    Parameters
    ----------
    images : (n, 28, 28)
        Grey levels, as the network gets them.

    Returns
    -------
    (n,)
        Below `MIN_LIKENESS`, an image probably shows no digit.
    """
    weights = load_weights()
    hidden, output = weights.hidden * weights.hidden_scale, weights.output * weights.output_scale
    activations = np.maximum(halve(images) @ hidden[:, :-1].T + hidden[:, -1], 0)
    likeness: Array = 1 / (1 + np.exp(-(activations @ output[:-1] + output[-1])))
    return likeness
