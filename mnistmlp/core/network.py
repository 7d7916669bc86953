"""The network: activations, losses, outputs.

Conventions: a batch of n images is ``(784, n)``, one image per column; a weight
matrix is ``(fan_out, fan_in)``, a bias ``(fan_out,)``; p is the number of all
weights and biases.  With layers numbered 1 … L and ``a⁰`` the input batch,

    zˡ = Wˡ aˡ⁻¹ + bˡ        aˡ = f(zˡ)  for l < L        output = g(zᴸ)

where f is the activation of the hidden layers and g is sigmoid or softmax,
depending on the loss.  C is the loss, averaged over the batch.  The notation
δˡ = ∂C/∂zˡ and the four equations of backpropagation are those of Nielsen,
*Neural Networks and Deep Learning* (2015), chapter 2, equations BP1 to BP4.
The bias is one more weight, whose input is always 1: Bishop, *Pattern
Recognition and Machine Learning* (2006), section 5.1, equation 5.8.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np

from mnistmlp.arrays import Array, Bytes
from mnistmlp.core.normalization import normalise
from mnistmlp.errors import DivergenceError
from mnistmlp.workers import Workers

Layer: TypeAlias = "tuple[Array, Array]"  # W (fan_out, fan_in) and b (fan_out,)

ZERO, ONE = np.array(0, np.float32), np.array(1, np.float32)  # save 0.3 µs per call over 0 and 1
MAX_PARAMETERS = 100_000_000  # 400 MB in float32; guards against typing errors and bad files


# --- Activations: small functions that work in place -------------------------


def sigmoid(z: Array) -> None:
    """Turn z into 1 / (1 + e⁻ᶻ), in place.

    Where e⁻ᶻ overflows, 1 / ∞ = 0 is right.  The caller silences the warning,
    because `np.errstate` takes as long as exp.
    """
    np.negative(z, out=z)
    np.exp(z, out=z)
    z += ONE
    np.reciprocal(z, out=z)


def sigmoid_derivative(a: Array, delta: Array) -> None:
    """Multiply delta by f'(z) = a (1 − a), in place; a = f(z) is overwritten."""
    delta *= a
    np.subtract(ONE, a, out=a)
    delta *= a


def tanh(z: Array) -> None:
    """Turn z into tanh z, in place."""
    np.tanh(z, out=z)


def tanh_derivative(a: Array, delta: Array) -> None:
    """Multiply delta by f'(z) = 1 − a², in place; a = f(z) is overwritten."""
    a *= a
    np.subtract(ONE, a, out=a)
    delta *= a


def relu(z: Array) -> None:
    """Turn z into max(z, 0), in place."""
    np.maximum(z, ZERO, out=z)


def relu_derivative(a: Array, delta: Array) -> None:
    """Multiply delta by f'(z) = [a > 0], in place; a = f(z) is overwritten."""
    np.greater(a, ZERO, out=a)
    delta *= a


def softmax(z: Array) -> None:
    """Turn each column of z into e^z / Σ e^z, in place and without overflow."""
    z -= z.max(axis=0)
    np.exp(z, out=z)
    z /= z.sum(axis=0)


class Activation(NamedTuple):
    """An activation of the hidden layers and its derivative, both in place."""

    apply: Callable[[Array], None]
    derivative: Callable[[Array, Array], None]


ACTIVATIONS = {
    "sigmoid": Activation(sigmoid, sigmoid_derivative),
    "tanh": Activation(tanh, tanh_derivative),
    "relu": Activation(relu, relu_derivative),
}


# --- Losses: each paired with an output activation ---------------------------


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


# --- The network -------------------------------------------------------------


def parameter_count(sizes: Sequence[int]) -> int:
    """Return the number of weights and biases of a network with these layer widths."""
    return sum((fan_in + 1) * fan_out for fan_in, fan_out in itertools.pairwise(sizes))


def layer_matrices(vector: Array, sizes: Sequence[int]) -> list[Array]:
    """Return each layer's W with b as its last column, as views into one flat vector."""
    matrices, start = [], 0
    for fan_in, fan_out in itertools.pairwise(sizes):
        end = start + (fan_in + 1) * fan_out
        matrices.append(vector[start:end].reshape(fan_out, fan_in + 1))
        start = end
    return matrices


class Network:
    """A multilayer perceptron.

    Parameters
    ----------
    sizes : sequence of int
        Widths of all layers, input and output included: (784, 20, 20, 20, 10).
    activation : {'sigmoid', 'tanh', 'relu'}
        Activation of the hidden layers.
    loss : {'mse', 'cross-entropy'}
        Also determines the output: sigmoid for mse, softmax for cross-entropy.
    dtype : {'float32', 'float64'}
        Type of the parameters and of all arithmetic.
    normalization : {'none', 'deslant', 'moments'}
        What is done to images before they enter.

    Attributes
    ----------
    parameters : (p,)
        All weights and biases.
    layers : list of (W, b)
        Views into `parameters`: W is (fan_out, fan_in), b is (fan_out,).
    matrices : list of (fan_out, fan_in + 1)
        The same views, with b as the last column of W.
    """

    def __init__(
        self,
        sizes: Sequence[int],
        activation: str,
        loss: str,
        dtype: str = "float32",
        normalization: str = "none",
    ) -> None:
        self.sizes = tuple(sizes)
        self.activation = activation
        self.loss = loss
        self.normalization = normalization
        self.parameters: Array = np.zeros(parameter_count(sizes), dtype)
        self.matrices = layer_matrices(self.parameters, sizes)
        self.layers: list[Layer] = [(m[:, :-1], m[:, -1]) for m in self.matrices]

    @np.errstate(over="ignore", invalid="ignore")  # checked at the end
    def outputs(
        self, images: Bytes, batch_size: int = 1000, workers: Workers | None = None
    ) -> Array:
        """Return the outputs for images, computed a batch at a time.

        Parameters
        ----------
        images : (n, 28, 28) or (n, 784) uint8
        batch_size : int
            Number of images converted to floating point at once.
        workers : Workers, optional
            Threads that share the batches; the caller's own by default.

        Returns
        -------
        (n, 10)
            In [0, 1]; rows sum to 1 for softmax, not for sigmoid.

        Raises
        ------
        DivergenceError
            If an output is not finite.
        """
        result = np.empty((len(images), self.sizes[-1]), self.parameters.dtype)
        batches = [
            (images[start : start + batch_size], result[start : start + batch_size])
            for start in range(0, len(images), batch_size)
        ]
        (workers or Workers()).run(self._compute_outputs, batches, kind=self.sizes)
        if not np.isfinite(result).all():
            raise DivergenceError("the network's outputs are not finite: its weights are too large")
        return result

    def _compute_outputs(self, images: Bytes, result: Array) -> None:
        """Write the outputs for a batch of images to result (n, 10)."""
        pixels = normalise(images, self.normalization).reshape(-1, self.sizes[0])
        a: Array = np.multiply(pixels, 1 / 255, dtype=result.dtype).T  # (784, n)
        for weights, bias in self.layers[:-1]:
            a = weights @ a + bias[:, None]  # (fan_out, n)
            ACTIVATIONS[self.activation].apply(a)
        weights, bias = self.layers[-1]
        z = weights @ a + bias[:, None]  # (10, n)
        LOSSES[self.loss].output_activation(z)
        result[:] = z.T
