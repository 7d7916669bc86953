"""Initial weights.

They are drawn input by input, so that a seed keeps its weights whatever the
way in which a matrix lies in memory.
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


FAINTEST = 1e-6  # of a window: with denormal numbers some processors calculate much slower

DRAW = {"sigmoid": glorot_uniform, "tanh": glorot_uniform, "relu": he_normal}  # by activation


def initialise(network: Network, rng: np.random.Generator, receptive_field: float = 0) -> None:
    """Draw the weights as the activation wants them; biases become zero.

    Parameters
    ----------
    network : Network
    rng : Generator
    receptive_field : float
        If above 0, neurons of the first hidden layer start with a place in
        the image: σ, in pixels, of what `focus` does to their weights.
    """
    for weights, bias in network.layers:
        DRAW[network.activation](weights, rng)
        bias[:] = 0
    if receptive_field:
        focus(network.layers[0][0], rng, receptive_field)


def focus(weights: Array, rng: np.random.Generator, sigma: float) -> None:
    """Let each neuron of weights (width, 784) look at one place, to begin with.

    Its weights fade from a random pixel outwards as a Gaussian of `sigma`
    pixels, and are scaled so that their sum of squares stays.  Training moves
    all of them, as any others.  The receptive fields of Hubel and Wiesel, as a
    start rather than a constraint: after d'Ascoli, Sagun, Bruna and Biroli,
    "Finding the needle in the haystack with convolutions", NeurIPS 2019, who
    start a fully connected network from the weights of a convolutional one.
    """
    squares = np.square(weights).sum(axis=1, keepdims=True)
    rows, columns = rng.uniform(0, SIDE - 1, (2, len(weights), 1, 1))
    pixel = np.arange(SIDE)
    distance = (pixel[:, None] - rows) ** 2 + (pixel - columns) ** 2  # (width, 28, 28), squared
    window = np.exp(-distance / (2 * sigma**2)).reshape(weights.shape)
    weights *= np.maximum(window, FAINTEST)
    weights *= np.sqrt(squares / np.square(weights).sum(axis=1, keepdims=True))
