"""Initial weights.

They are drawn input by input, so that a seed gives the same weights whatever
the memory layout of the matrices.
"""

from __future__ import annotations

import numpy as np

from mnistmlp.arrays import SIDE, Array
from mnistmlp.core.network import Network


def glorot_uniform(weights: Array, rng: np.random.Generator) -> None:
    """Fill weights (fan_out, fan_in) from U(−r, r), r = √(6 / (fan_in + fan_out)).

    Glorot and Bengio, "Understanding the difficulty of training deep
    feedforward neural networks", AISTATS 2010, equation 16.
    """
    bound = np.sqrt(6 / sum(weights.shape))
    weights.T[:] = rng.uniform(-bound, bound, weights.T.shape)


def he_normal(weights: Array, rng: np.random.Generator) -> None:
    """Fill weights (fan_out, fan_in) from N(0, 2 / fan_in).

    He, Zhang, Ren and Sun, "Delving deep into rectifiers", ICCV 2015,
    section 2.2, equation 10.
    """
    weights.T[:] = rng.normal(0, np.sqrt(2 / weights.shape[1]), weights.T.shape)


MIN_WINDOW = 1e-6  # avoids denormal numbers, which are slow on some processors

# by activation
INITIALISERS = {"sigmoid": glorot_uniform, "tanh": glorot_uniform, "relu": he_normal}


def initialise(network: Network, rng: np.random.Generator, receptive_field: float = 0) -> None:
    """Draw random weights suited to the activation, and set biases to zero.

    Parameters
    ----------
    network : Network
    rng : Generator
    receptive_field : float
        If above 0, each neuron of the first hidden layer starts with a
        receptive field of this size: σ of the window, in pixels.
    """
    for weights, bias in network.layers:
        INITIALISERS[network.activation](weights, rng)
        bias[:] = 0
    if receptive_field:
        apply_receptive_fields(network.layers[0][0], rng, receptive_field)


def apply_receptive_fields(weights: Array, rng: np.random.Generator, sigma: float) -> None:
    """Give each neuron of weights (width, 784) an initial receptive field.

    Its weights are multiplied by a Gaussian window of `sigma` pixels around a
    random pixel, and rescaled to keep their sum of squares.  Training then
    changes all weights freely.  These are the receptive fields of Hubel and
    Wiesel as a starting point rather than a constraint, after d'Ascoli, Sagun,
    Bruna and Biroli, "Finding the needle in the haystack with convolutions",
    NeurIPS 2019, who start a fully connected network from the weights of a
    convolutional one.
    """
    sums_of_squares = np.square(weights).sum(axis=1, keepdims=True)
    rows, columns = rng.uniform(0, SIDE - 1, (2, len(weights), 1, 1))
    pixel = np.arange(SIDE)
    distances = (pixel[:, None] - rows) ** 2 + (pixel - columns) ** 2  # (width, 28, 28), squared
    window = np.exp(-distances / (2 * sigma**2)).reshape(weights.shape)
    weights *= np.maximum(window, MIN_WINDOW)
    weights *= np.sqrt(sums_of_squares / np.square(weights).sum(axis=1, keepdims=True))
