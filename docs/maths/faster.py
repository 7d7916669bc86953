"""Time a training step, from the textbook's code to the package's, one change at a time.

    python docs/maths/faster.py [ROUNDS BATCHES [BATCH_SIZE WIDTH ...]]

Each variant trains 784-20-20-20-10 (or hidden layers of other widths) on the same batches of 32
images, stored as bytes, from the same initial weights to the same final ones.  All take turns in
each round, as the machine may be slower for a while; times are medians of the rounds, and ratios
medians of the rounds' ratios.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnistmlp.blas import limited_threads
from mnistmlp.core.backpropagation import Workspace, backpropagate
from mnistmlp.core.initialization import initialise
from mnistmlp.core.network import Network, layer_matrices
from mnistmlp.training.batches import Batches
from mnistmlp.training.optim import SGD

Matrix = NDArray[np.floating[Any]]
Bytes = NDArray[np.uint8]
Task = tuple[Network, Bytes, Bytes]  # images (m, n, 784) and labels (m, n): m batches of n
Variant = Callable[[Network, Bytes, Bytes], Matrix]

RATE = 1.0


def separate(network: Network, dtype: str = "float64") -> tuple[list[Matrix], list[Matrix]]:
    """Return copies of the weights (fan_out, fan_in) and of the biases (fan_out, 1)."""
    weights = [w.astype(dtype) for w, _ in network.layers]
    return weights, [b.astype(dtype)[:, None] for _, b in network.layers]


def joined(weights: list[Matrix], biases: list[Matrix]) -> Matrix:
    """Return all weights and biases as the package lays them out."""
    layers = zip(weights, biases, strict=True)
    return np.concatenate([np.hstack(layer).ravel() for layer in layers])


def image_by_image(network: Network, images: Bytes, labels: Bytes) -> Matrix:
    """Sum the gradients of the images of a batch in a loop: the textbook."""
    weights, biases = separate(network)
    for batch, digits in zip(images, labels, strict=True):
        sum_w = [np.zeros_like(w) for w in weights]
        sum_b = [np.zeros_like(b) for b in biases]
        for image, digit in zip(batch, digits, strict=True):
            a = [image.reshape(-1, 1) / 255]
            for w, b in zip(weights, biases, strict=True):
                a.append(1 / (1 + np.exp(-(w @ a[-1] + b))))
            y = np.zeros((10, 1))
            y[digit] = 1
            delta = (a[-1] - y) * a[-1] * (1 - a[-1])
            for layer in reversed(range(len(network.layers))):
                sum_b[layer] += delta
                sum_w[layer] += delta @ a[layer].T
                if layer > 0:
                    delta = weights[layer].T @ delta * a[layer] * (1 - a[layer])
        for layer in range(len(network.layers)):
            weights[layer] -= RATE / len(batch) * sum_w[layer]
            biases[layer] -= RATE / len(batch) * sum_b[layer]
    return joined(weights, biases)


def batch_as_columns(
    network: Network, images: Bytes, labels: Bytes, dtype: str = "float64"
) -> Matrix:
    """Compute all images of a batch at once, each a column."""
    weights, biases = separate(network, dtype)
    for batch, digits in zip(images, labels, strict=True):
        a = [batch.T.astype(dtype) / 255]
        for w, b in zip(weights, biases, strict=True):
            a.append(1 / (1 + np.exp(-(w @ a[-1] + b))))
        y = np.eye(10, dtype=dtype)[digits].T
        delta = (a[-1] - y) * a[-1] * (1 - a[-1]) / len(batch)
        for layer in reversed(range(len(network.layers))):
            gradient_b = delta.sum(axis=1, keepdims=True)
            gradient_w = delta @ a[layer].T
            if layer > 0:
                delta = weights[layer].T @ delta * a[layer] * (1 - a[layer])
            weights[layer] -= RATE * gradient_w
            biases[layer] -= RATE * gradient_b
    return joined(weights, biases)


def single_precision(network: Network, images: Bytes, labels: Bytes) -> Matrix:
    """Do the same in float32."""
    return batch_as_columns(network, images, labels, "float32")


def no_allocation(network: Network, images: Bytes, labels: Bytes) -> Matrix:
    """Write every result to an array that is made once."""
    weights, biases = separate(network, "float32")
    n = images.shape[1]
    a = [np.empty((width, n), np.float32) for width in network.sizes]
    a[0] = np.empty((n, 784), np.float32).T  # images lie in memory one after another
    deltas = [np.empty_like(each) for each in a[1:]]
    gradients_w, gradients_b = map(np.empty_like, weights), map(np.empty_like, biases)
    gradients = list(zip(gradients_w, gradients_b, strict=True))
    one_hot = np.eye(10, dtype=np.float32)
    for batch, digits in zip(images, labels, strict=True):
        np.multiply(batch.T, np.float32(1 / 255), out=a[0])
        for layer, (w, b) in enumerate(zip(weights, biases, strict=True)):
            z = np.dot(w, a[layer], out=a[layer + 1])
            z += b
            apply_sigmoid(z)
        y = one_hot[digits].T
        np.subtract(a[-1], y, out=deltas[-1])
        multiply_by_slope(deltas[-1], a[-1])
        deltas[-1] /= n
        for layer in reversed(range(len(network.layers))):
            gradient_w, gradient_b = gradients[layer]
            np.sum(deltas[layer], axis=1, keepdims=True, out=gradient_b)
            np.dot(deltas[layer], a[layer].T, out=gradient_w)
            if layer > 0:
                np.matmul(weights[layer].T, deltas[layer], out=deltas[layer - 1])
                multiply_by_slope(deltas[layer - 1], a[layer])
            gradient_w *= RATE
            gradient_b *= RATE
            weights[layer] -= gradient_w
            biases[layer] -= gradient_b
    return joined(weights, biases)


def apply_sigmoid(z: Matrix) -> None:
    """Turn z into 1 / (1 + e⁻ᶻ), in place."""
    np.negative(z, out=z)
    np.exp(z, out=z)
    z += 1
    np.reciprocal(z, out=z)


def multiply_by_slope(delta: Matrix, a: Matrix) -> None:
    """Multiply delta by a (1 − a), in place; a is overwritten if nobody needs it any more."""
    delta *= a
    np.subtract(1, a, out=a)
    delta *= a


def bias_as_weight(
    network: Network, images: Bytes, labels: Bytes, *, one_vector: bool = False
) -> Matrix:
    """Make the bias a column of its matrix, whose input is a row of ones."""
    parameters = network.parameters.astype(np.float32)
    gradient = np.empty_like(parameters)
    matrices, gradients = (layer_matrices(each, network.sizes) for each in (parameters, gradient))
    n = images.shape[1]
    inputs = [np.ones((width + 1, n), np.float32) for width in network.sizes[:-1]]
    inputs[0] = np.ones((n, 785), np.float32).T
    outputs = [*(x[:-1] for x in inputs[1:]), np.empty((10, n), np.float32)]
    deltas = [np.empty_like(each) for each in outputs]
    one_hot = np.eye(10, dtype=np.float32)
    for batch, digits in zip(images, labels, strict=True):
        np.multiply(batch.T, np.float32(1 / 255), out=inputs[0][:-1])
        for matrix, a, z in zip(matrices, inputs, outputs, strict=True):
            np.dot(matrix, a, out=z)
            apply_sigmoid(z)
        y = one_hot[digits].T
        np.subtract(outputs[-1], y, out=deltas[-1])
        multiply_by_slope(deltas[-1], outputs[-1])
        deltas[-1] /= n
        for layer in reversed(range(len(network.layers))):
            np.dot(deltas[layer], inputs[layer].T, out=gradients[layer])
            if layer > 0:
                np.matmul(matrices[layer][:, :-1].T, deltas[layer], out=deltas[layer - 1])
                multiply_by_slope(deltas[layer - 1], outputs[layer - 1])
            if not one_vector:
                gradients[layer] *= RATE
                matrices[layer] -= gradients[layer]
        if one_vector:
            gradient *= RATE
            parameters -= gradient
    return parameters


def one_vector(network: Network, images: Bytes, labels: Bytes) -> Matrix:
    """Update all weights and biases as one vector."""
    return bias_as_weight(network, images, labels, one_vector=True)


def the_package(network: Network, images: Bytes, labels: Bytes) -> Matrix:
    """Do what `mnistmlp train` does: images are converted 256 at a time."""
    own = Network(network.sizes, "sigmoid", "mse")
    own.parameters = network.parameters
    work = Workspace(own, images.shape[1])
    optimizer = SGD(own.parameters, work.gradient)
    batches = Batches(images.reshape(-1, 784), labels.ravel(), images.shape[1])
    for batch in batches.epoch(None):
        backpropagate(own, work, *batch)
        optimizer.step(RATE)
    return own.parameters


VARIANTS: dict[str, Variant] = {
    "image by image": image_by_image,
    "a batch as columns": batch_as_columns,
    "float32": single_precision,
    "nothing allocated": no_allocation,
    "bias as a column of W": bias_as_weight,
    "one vector to update": one_vector,
    "the package": the_package,
}


def make_task(batches: int, batch_size: int, hidden: tuple[int, ...]) -> Task:
    """Return a network to start from, and images and labels that are noise."""
    rng = np.random.default_rng(0)
    network = Network((784, *hidden, 10), "sigmoid", "mse", "float64")
    initialise(network, rng)
    images = rng.integers(0, 256, (batches, batch_size, 784), np.uint8)
    return network, images, rng.integers(0, 10, (batches, batch_size), np.uint8)


def main(rounds: int = 51, batches: int = 160, batch_size: int = 32, *hidden: int) -> None:
    """Measure, and print a table."""
    task = make_task(batches, batch_size, hidden or (20, 20, 20))
    found: dict[str, list[float]] = {name: [] for name in VARIANTS}
    with limited_threads(1):
        for _ in range(rounds):
            for name, train in VARIANTS.items():
                started = time.perf_counter()
                train(*task)
                found[name].append(1e6 * (time.perf_counter() - started) / batches)
    print("| variant | µs per step | speed-up over the previous | speed-up over the first |")
    print("| --- | --- | --- | --- |")
    first = before = next(iter(found.values()))
    for name, own in found.items():
        ratios = [
            median(a / b for a, b in zip(other, own, strict=True)) for other in (before, first)
        ]
        print(f"| {name} | {median(own):,.0f} | {ratios[0]:.2f} | {ratios[1]:.1f} |")
        before = own


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
