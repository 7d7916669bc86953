"""What the neurons of the first layer look for: their weights and what activates them most."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnistmlp.arrays import PIXELS, Array, Bytes, Indices
from mnistmlp.core.activations import ACTIVATIONS
from mnistmlp.core.losses import LOSSES
from mnistmlp.core.network import Network

BATCH = 1000  # images whose activations are computed at once
MAX = 1e30  # larger numbers are clipped: sums of squares must be finite


@dataclass(frozen=True, eq=False)
class Neurons:
    """The k most used neurons of the first layer, most used first."""

    indices: Indices  # (k,), of the neurons in the layer
    weights: Array  # (k, 784)
    use: NDArray[np.float64]  # (k,), share of the layer's use
    images: Indices  # (k, m), of the images with the highest weighted input, highest first
    activations: Array  # (k, m), of these images
    count: int  # of all neurons in the layer


def scale_weights(weights: Array) -> Array:
    """Return the weights of neurons (k, 784), each row divided by its largest: in [-1, 1]."""
    largest = np.abs(weights).max(axis=1, keepdims=True)
    scaled: Array = weights / np.where(largest > 0, largest, 1)
    return scaled


def rank_neurons(network: Network, images: Bytes, limit: int, shown: int) -> Neurons:
    """Rank the neurons of the first layer by their use.

    Use is the standard deviation of a neuron's activation over the images, times the
    norm of its outgoing weights: how much it moves the next layer.  In a network without
    hidden layers, the neurons are the outputs, without outgoing weights.  The images of a
    neuron are ranked by its weighted input, because many may saturate it.

    Parameters
    ----------
    network : Network
    images : (n, 28, 28) or (n, 784)
        At least one.
    limit, shown : int
        The most neurons to return, and the number of images for each.
    """
    weights, _ = network.layers[0]
    width, pixels = len(weights), images.reshape(-1, PIXELS)
    sums, squares = np.zeros(width), np.zeros(width)
    best = np.empty((0, width), network.parameters.dtype)
    where = np.empty((0, width), np.intp)
    for start in range(0, len(pixels), BATCH):
        z = np.nan_to_num(
            np.clip(network.weighted_inputs(pixels[start : start + BATCH]), -MAX, MAX)
        )
        a = _activate(network, z)
        sums += a.sum(axis=0, dtype=np.float64)
        squares += np.square(a, dtype=np.float64).sum(axis=0)
        numbers = np.broadcast_to(np.arange(start, start + len(z))[:, None], z.shape)
        best, where = _keep_highest(
            np.concatenate([best, z]), np.concatenate([where, numbers]), shown
        )
    variances = np.maximum(squares / len(pixels) - (sums / len(pixels)) ** 2, 0)
    use = np.sqrt(variances) * _measure_outgoing(network)
    order = np.argsort(-use, kind="stable")[:limit]
    return Neurons(
        indices=order,
        weights=weights[order],
        use=use[order] / max(use.sum(), np.finfo(float).tiny),
        images=where.T[order],
        activations=_activate(network, best).T[order],
        count=width,
    )


def _activate(network: Network, z: Array) -> Array:
    """Return the activations (n, fan_out) of the first layer for its weighted inputs."""
    a = z.T.copy()  # (fan_out, n)
    hidden = len(network.layers) > 1
    apply = (
        ACTIVATIONS[network.activation].apply if hidden else LOSSES[network.loss].output_activation
    )
    with np.errstate(over="ignore"):
        apply(a)
    return a.T


def _measure_outgoing(network: Network) -> NDArray[np.float64]:
    """Return the norm of each first-layer neuron's outgoing weights, (fan_out,)."""
    if len(network.layers) == 1:
        return np.ones(network.sizes[-1])
    outgoing = np.clip(network.layers[1][0], -MAX, MAX)
    lengths: NDArray[np.float64] = np.linalg.norm(outgoing.astype(np.float64), axis=0)
    return lengths


def _keep_highest(values: Array, numbers: Indices, count: int) -> tuple[Array, Indices]:
    """Return the highest values of each column, highest first, and their indices."""
    if len(values) > count:
        kept = np.argpartition(-values, count - 1, axis=0)[:count]
        values = np.take_along_axis(values, kept, axis=0)
        numbers = np.take_along_axis(numbers, kept, axis=0)
    order = np.argsort(-values, axis=0, kind="stable")
    return np.take_along_axis(values, order, axis=0), np.take_along_axis(numbers, order, axis=0)
