"""Losses, each paired with an output activation, and a table of them.

Notation as in `core.network`: z are the logits zᴸ, and δ is ∂C/∂z.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from mnistmlp.arrays import Array
from mnistmlp.core.activations import sigmoid, sigmoid_derivative, softmax


def mean_squared_error(outputs: Array, targets: Array) -> float:
    """Return ½ Σ (a − y)², averaged over the columns."""
    return float(0.5 * np.square(outputs - targets).sum() / outputs.shape[1])


def mean_squared_error_delta(z: Array, targets: Array, delta: Array, row: Array) -> float:
    """Return `mean_squared_error` on sigmoid outputs, and write each image's ∂/∂z to delta.

    z, targets (one-hot) and delta are (10, n), row is (n,).  z is overwritten;
    row is not used here.
    """
    sigmoid(z)  # a = σ(z)
    np.subtract(z, targets, out=delta)  # ∂C/∂a = a − y
    loss = 0.5 * np.vdot(delta, delta) / z.shape[1]
    sigmoid_derivative(z, delta)  # BP1: δ = ∂C/∂a ⊙ σ'(z)
    return float(loss)


def mean_squared_errors(z: Array, targets: Array, losses: Array, row: Array) -> None:
    """Write each image's ½ Σ (a − y)² on sigmoid outputs to losses (n,).

    Arguments as in `mean_squared_error_delta`; z is overwritten.
    """
    sigmoid(z)
    z -= targets
    np.einsum("ij,ij->j", z, z, out=losses)
    losses *= 0.5


def cross_entropy(outputs: Array, targets: Array) -> float:
    """Return −Σ y ln p, averaged over the columns; p = 0 counts as the smallest float."""
    p = np.maximum((outputs * targets).sum(axis=0), np.finfo(outputs.dtype).tiny)
    return float(-np.log(p).mean())


def cross_entropy_delta(z: Array, targets: Array, delta: Array, row: Array) -> float:
    """Return `cross_entropy` on softmax outputs, and write each image's ∂/∂z to delta.

    The loss is computed from the logits as ln Σ eᶻ − Σ y z, so that it stays
    finite where a probability underflows.  Arguments as in
    `mean_squared_error_delta`; z and row are overwritten.
    """
    np.maximum.reduce(z, axis=0, out=row)
    z -= row
    np.exp(z, out=delta)
    np.add.reduce(delta, axis=0, out=row)
    delta /= row  # p = softmax(z)
    delta -= targets  # BP1 for this pair: δ = p − y
    np.log(row, out=row)
    return float((row.sum() - np.vdot(z, targets)) / z.shape[1])


def cross_entropies(z: Array, targets: Array, losses: Array, row: Array) -> None:
    """Write each image's cross-entropy on softmax outputs to losses (n,).

    Arguments as in `mean_squared_error_delta`; z and row are overwritten.
    """
    np.maximum.reduce(z, axis=0, out=row)
    z -= row
    np.einsum("ij,ij->j", z, targets, out=losses)
    np.exp(z, out=z)
    np.add.reduce(z, axis=0, out=row)
    np.log(row, out=row)
    np.subtract(row, losses, out=losses)  # ln Σ eᶻ − Σ y z


class Loss(NamedTuple):
    """A loss, the output activation paired with it, and both combined for training."""

    output: str  # name of the output activation
    output_activation: Callable[[Array], None]
    value: Callable[[Array, Array], float]
    loss_and_delta: Callable[[Array, Array, Array, Array], float]
    per_image: Callable[[Array, Array, Array, Array], None]


LOSSES = {
    "mse": Loss(
        "sigmoid",
        sigmoid,
        mean_squared_error,
        mean_squared_error_delta,
        mean_squared_errors,
    ),
    "cross-entropy": Loss("softmax", softmax, cross_entropy, cross_entropy_delta, cross_entropies),
}
