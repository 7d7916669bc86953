"""The network: activations, losses, the forward pass and backpropagation.

Conventions: a batch holds n images, one a row, ``(n, 784)``; a weight matrix
is ``(fan_in, fan_out)``, a bias ``(fan_out,)``; p counts all weights and
biases.  With layers numbered 1 … L and ``a⁰`` the input batch,

    zˡ = aˡ⁻¹ Wˡ + bˡ        aˡ = f(zˡ)  for l < L        output = g(zᴸ)

where f is the activation of the hidden layers and g is sigmoid or softmax, as
the loss asks.  C is the loss, averaged over the batch.  The notation
δˡ = ∂C/∂zˡ and the four equations of backpropagation follow Nielsen, *Neural
Networks and Deep Learning* (2015), chapter 2, equations BP1 to BP4,
transposed for one image a row.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnistmlp.errors import DivergenceError

Array = NDArray[np.floating[Any]]
Bytes = NDArray[np.uint8]
Indices = NDArray[np.intp]
Layer = tuple[Array, Array]  # W (fan_in, fan_out) and b (fan_out,)

SIDE = 28  # pixels
PIXELS = SIDE * SIDE
DIGITS = 10
MAX_PARAMETERS = 100_000_000  # 400 MB in float32; a guard against typing errors and bad files


# --- Activations: small functions that work in place -------------------------


@np.errstate(over="ignore")  # where e⁻ᶻ overflows, 1 / ∞ = 0 is the right answer
def sigmoid(z: Array) -> None:
    """Turn z into 1 / (1 + e⁻ᶻ), in place."""
    np.negative(z, out=z)
    np.exp(z, out=z)
    z += 1
    np.reciprocal(z, out=z)


def sigmoid_derivative(a: Array, delta: Array) -> None:
    """Multiply delta by f'(z) = a (1 − a), in place; a = f(z) is overwritten."""
    delta *= a
    np.subtract(1, a, out=a)
    delta *= a


def tanh(z: Array) -> None:
    """Turn z into tanh z, in place."""
    np.tanh(z, out=z)


def tanh_derivative(a: Array, delta: Array) -> None:
    """Multiply delta by f'(z) = 1 − a², in place; a = f(z) is overwritten."""
    a *= a
    np.subtract(1, a, out=a)
    delta *= a


def relu(z: Array) -> None:
    """Turn z into max(z, 0), in place."""
    np.maximum(z, 0, out=z)


def relu_derivative(a: Array, delta: Array) -> None:
    """Multiply delta by f'(z) = [a > 0], in place; a = f(z) is overwritten."""
    np.sign(a, out=a)
    delta *= a


def softmax(z: Array) -> None:
    """Turn each row of z into e^z / Σ e^z, in place and without overflow."""
    z -= z.max(axis=1, keepdims=True)
    np.exp(z, out=z)
    z /= z.sum(axis=1, keepdims=True)


# --- Initial weights ---------------------------------------------------------


def glorot_uniform(weights: Array, rng: np.random.Generator) -> None:
    """Fill weights from U(−r, r), r = √(6 / (fan_in + fan_out)).

    Glorot and Bengio, "Understanding the difficulty of training deep
    feedforward neural networks", AISTATS 2010, equation 16.
    """
    bound = np.sqrt(6 / sum(weights.shape))
    weights[:] = rng.uniform(-bound, bound, weights.shape)


def he_normal(weights: Array, rng: np.random.Generator) -> None:
    """Fill weights from N(0, 2 / fan_in).

    He, Zhang, Ren and Sun, "Delving deep into rectifiers", ICCV 2015,
    section 2.2, equation 10.
    """
    weights[:] = rng.normal(0, np.sqrt(2 / weights.shape[0]), weights.shape)


class Activation(NamedTuple):
    """What a hidden layer needs to know of its activation."""

    apply: Callable[[Array], None]
    derivative: Callable[[Array, Array], None]
    initialise: Callable[[Array, np.random.Generator], None]


ACTIVATIONS = {
    "sigmoid": Activation(sigmoid, sigmoid_derivative, glorot_uniform),
    "tanh": Activation(tanh, tanh_derivative, glorot_uniform),
    "relu": Activation(relu, relu_derivative, he_normal),
}


# --- Losses: each with the output that goes with it --------------------------


def mean_squared_error(outputs: Array, targets: Array) -> float:
    """Return ½ Σ (a − y)², averaged over the rows."""
    return float(0.5 * np.square(outputs - targets).sum() / len(outputs))


def mean_squared_error_delta(z: Array, targets: Array, delta: Array, column: Array) -> float:
    """Return the half sum of squares on sigmoid outputs, and write its slope ∂/∂z an image.

    Of z (n, 10), overwritten, and one-hot targets (n, 10), into delta (n, 10);
    column (n, 1) is not needed here.
    """
    sigmoid(z)  # a = σ(z)
    np.subtract(z, targets, out=delta)  # ∂C/∂a = a − y
    loss = 0.5 * np.vdot(delta, delta) / len(z)
    sigmoid_derivative(z, delta)  # BP1: δ = ∂C/∂a ⊙ σ'(z)
    return float(loss)


def cross_entropy(outputs: Array, targets: Array) -> float:
    """Return −Σ y ln p, averaged over the rows; a p of zero counts as the smallest float."""
    likely = np.maximum((outputs * targets).sum(axis=1), np.finfo(outputs.dtype).tiny)
    return float(-np.log(likely).mean())


def cross_entropy_delta(z: Array, targets: Array, delta: Array, column: Array) -> float:
    """Return the cross-entropy on softmax outputs, and write its slope ∂/∂z an image.

    The loss comes from the logits as ln Σ eᶻ − Σ y z, so that it stays finite
    where a probability underflows.  Arguments as in
    `mean_squared_error_delta`; z and column are overwritten.
    """
    np.max(z, axis=1, keepdims=True, out=column)
    z -= column
    np.exp(z, out=delta)
    np.sum(delta, axis=1, keepdims=True, out=column)
    delta /= column  # p = softmax(z)
    delta -= targets  # BP1 for this pair: δ = p − y
    np.log(column, out=column)
    return float((column.sum() - np.vdot(z, targets)) / len(z))


class Loss(NamedTuple):
    """A loss, the output activation that belongs to it, and both at once for training."""

    output: str
    apply: Callable[[Array], None]
    value: Callable[[Array, Array], float]
    loss_and_delta: Callable[[Array, Array, Array, Array], float]


LOSSES = {
    "mse": Loss("sigmoid", sigmoid, mean_squared_error, mean_squared_error_delta),
    "cross-entropy": Loss("softmax", softmax, cross_entropy, cross_entropy_delta),
}


# --- The network -------------------------------------------------------------


def parameter_count(sizes: Sequence[int]) -> int:
    """Return the number of weights and biases of a network of these layer widths."""
    return sum((fan_in + 1) * fan_out for fan_in, fan_out in itertools.pairwise(sizes))


def layer_views(vector: Array, sizes: Sequence[int]) -> list[Layer]:
    """Return W and b of each layer as views into one flat vector."""
    layers, start = [], 0
    for fan_in, fan_out in itertools.pairwise(sizes):
        middle, end = start + fan_in * fan_out, start + (fan_in + 1) * fan_out
        layers.append((vector[start:middle].reshape(fan_in, fan_out), vector[middle:end]))
        start = end
    return layers


class Network:
    """A multilayer perceptron.

    Parameters
    ----------
    sizes : sequence of int
        Widths of all layers, input and output included: (784, 20, 20, 20, 10).
    activation : {'sigmoid', 'tanh', 'relu'}
        Of the hidden layers.
    loss : {'mse', 'cross-entropy'}
        Also settles the output: sigmoid for mse, softmax for cross-entropy.
    dtype : {'float32', 'float64'}
        Of parameters and of all arithmetic.

    Attributes
    ----------
    parameters : (p,)
        All weights and biases.
    layers : list of (W, b)
        Views into `parameters`: W is (fan_in, fan_out), b is (fan_out,).
    """

    def __init__(
        self, sizes: Sequence[int], activation: str, loss: str, dtype: str = "float32"
    ) -> None:
        self.sizes = tuple(sizes)
        self.activation = activation
        self.loss = loss
        self.parameters: Array = np.zeros(parameter_count(sizes), dtype)
        self.layers = layer_views(self.parameters, sizes)

    def initialise(self, rng: np.random.Generator) -> None:
        """Draw the weights as the activation wants them; biases become zero."""
        for weights, bias in self.layers:
            ACTIVATIONS[self.activation].initialise(weights, rng)
            bias[:] = 0

    @np.errstate(over="ignore", invalid="ignore")  # looked for at the end
    def outputs(self, images: Bytes, batch_size: int = 1000) -> Array:
        """Return the outputs for images, a batch at a time.

        Parameters
        ----------
        images : (n, 28, 28) or (n, 784) uint8
        batch_size : int
            How many images become floating point at once.

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
        for start in range(0, len(images), batch_size):
            pixels = images[start : start + batch_size].reshape(-1, self.sizes[0])
            a = np.empty(pixels.shape, result.dtype)
            scale_pixels(pixels, out=a)
            for weights, bias in self.layers[:-1]:
                a = a @ weights + bias  # (n, fan_out)
                ACTIVATIONS[self.activation].apply(a)
            weights, bias = self.layers[-1]
            result[start : start + batch_size] = a @ weights + bias  # (n, 10)
        LOSSES[self.loss].apply(result)
        if not np.isfinite(result).all():
            raise DivergenceError("the network's outputs are not finite: its weights are too large")
        return result


def scale_pixels(pixels: Bytes, out: Array) -> None:
    """Write grey levels 0 … 255 as numbers in [0, 1]."""
    np.copyto(out, pixels)
    out /= 255


class Workspace:
    """Every buffer that a training step writes to, made once for a batch size.

    Parameters
    ----------
    network : Network
    batch_size : int
        n below.
    gradient : (p,), optional
        Where the gradient goes, laid out as the parameters: that of another
        workspace, so that a shorter last batch shares it.
    """

    def __init__(self, network: Network, batch_size: int, gradient: Array | None = None) -> None:
        dtype = network.parameters.dtype
        self.gradient = np.empty_like(network.parameters) if gradient is None else gradient
        self.layers = layer_views(self.gradient, network.sizes)
        first, last = network.sizes[0], network.sizes[-1]
        self.pixels = np.empty((batch_size, first), np.uint8)  # (n, 784)
        self.labels = np.empty(batch_size, np.intp)  # (n,)
        self.targets = np.empty((batch_size, last), dtype)  # (n, 10), one-hot
        self.activations = [np.empty((batch_size, w), dtype) for w in network.sizes[:-1]]  # a⁰ …
        self.logits = np.empty((batch_size, last), dtype)  # (n, 10), zᴸ
        self.deltas = [np.empty((batch_size, w), dtype) for w in network.sizes[1:]]  # δ¹ … δᴸ
        self.column = np.empty((batch_size, 1), dtype)  # scratch of the loss
        self.one_hot = np.eye(last, dtype=dtype)

    def load(self, images: Bytes, labels: Indices, rows: Indices) -> None:
        """Gather a batch: images (N, 784) and labels (N,) at `rows` (n,)."""
        # mode="clip" because the default checks the bounds on a copy
        np.take(images, rows, axis=0, out=self.pixels, mode="clip")
        scale_pixels(self.pixels, out=self.activations[0])
        np.take(labels, rows, out=self.labels, mode="clip")
        np.take(self.one_hot, self.labels, axis=0, out=self.targets, mode="clip")


def backpropagate(network: Network, work: Workspace) -> float:
    """Compute the loss of the batch in `work`, and its gradient into ``work.gradient``.

    Returns
    -------
    float
        The loss, averaged over the batch.
    """
    activation, loss = ACTIVATIONS[network.activation], LOSSES[network.loss]
    last = len(network.layers) - 1

    for layer, (weights, bias) in enumerate(network.layers):
        z = work.logits if layer == last else work.activations[layer + 1]
        np.matmul(work.activations[layer], weights, out=z)  # zˡ = aˡ⁻¹ Wˡ …
        z += bias  # … + bˡ
        if layer < last:
            activation.apply(z)  # aˡ = f(zˡ), in the same buffer

    delta = work.deltas[last]
    value = loss.loss_and_delta(work.logits, work.targets, delta, work.column)  # BP1: ∂/∂zᴸ …
    delta /= len(work.targets)  # … of the mean over the batch: δᴸ

    for layer in range(last, -1, -1):
        a, delta = work.activations[layer], work.deltas[layer]
        weight_gradient, bias_gradient = work.layers[layer]
        np.matmul(a.T, delta, out=weight_gradient)  # BP4: ∂C/∂Wˡ = (aˡ⁻¹)ᵀ δˡ
        np.sum(delta, axis=0, out=bias_gradient)  # BP3: ∂C/∂bˡ = Σ δˡ over the batch
        if layer > 0:
            weights, _ = network.layers[layer]
            np.matmul(delta, weights.T, out=work.deltas[layer - 1])  # BP2: δˡ⁻¹ = δˡ (Wˡ)ᵀ …
            activation.derivative(a, work.deltas[layer - 1])  # … ⊙ f'(zˡ⁻¹); a is done with
    return value
