"""Time a training step, from the textbook's lines to the package's, one change at a time.

    python docs/maths/faster.py [ROUNDS [BATCHES]]

Each variant trains 784-20-20-20-10 on the same batches of 32 images, which are bytes before it
starts, from the same weights to the same weights.  In each round all take turns, as the machine may
be slower for a while; a time is the median of the rounds, a ratio that of the rounds' ratios.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from itertools import pairwise
from statistics import median
from typing import Any

from mnistmlp import blas

blas.configure()  # before NumPy loads, as the command line does

import numpy as np
from numpy.typing import NDArray

from mnistmlp.core.backpropagation import Workspace, backpropagate
from mnistmlp.core.initialization import initialise
from mnistmlp.core.network import Network, layer_matrices
from mnistmlp.training.batches import Batches
from mnistmlp.training.optim import SGD

Matrix = NDArray[np.floating[Any]]
Bytes = NDArray[np.uint8]
Variant = Callable[[Network, Bytes, Bytes], Matrix]

SIZES, BATCH_SIZE, RATE = (784, 20, 20, 20, 10), 32, 6.0
LAST = len(SIZES) - 2


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
    for start in range(0, len(images), BATCH_SIZE):
        sum_w = [np.zeros_like(w) for w in weights]
        sum_b = [np.zeros_like(b) for b in biases]
        for i in range(start, start + BATCH_SIZE):
            a = [images[i].reshape(-1, 1) / 255]
            for w, b in zip(weights, biases, strict=True):
                a.append(1 / (1 + np.exp(-(w @ a[-1] + b))))
            y = np.zeros((10, 1))
            y[labels[i]] = 1
            delta = (a[-1] - y) * a[-1] * (1 - a[-1])
            for layer in range(LAST, -1, -1):
                sum_b[layer] += delta
                sum_w[layer] += delta @ a[layer].T
                if layer > 0:
                    delta = weights[layer].T @ delta * a[layer] * (1 - a[layer])
        for layer in range(LAST + 1):
            weights[layer] -= RATE / BATCH_SIZE * sum_w[layer]
            biases[layer] -= RATE / BATCH_SIZE * sum_b[layer]
    return joined(weights, biases)


def batch_as_columns(
    network: Network, images: Bytes, labels: Bytes, dtype: str = "float64"
) -> Matrix:
    """Compute all images of a batch at once, each a column."""
    weights, biases = separate(network, dtype)
    for start in range(0, len(images), BATCH_SIZE):
        a = [images[start : start + BATCH_SIZE].T.astype(dtype) / 255]
        for w, b in zip(weights, biases, strict=True):
            a.append(1 / (1 + np.exp(-(w @ a[-1] + b))))
        y = np.eye(10, dtype=dtype)[labels[start : start + BATCH_SIZE]].T
        delta = (a[-1] - y) * a[-1] * (1 - a[-1]) / BATCH_SIZE
        for layer in range(LAST, -1, -1):
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
    a = [np.empty((width, BATCH_SIZE), np.float32) for width in SIZES]
    a[0] = np.empty((BATCH_SIZE, SIZES[0]), np.float32).T  # images lie in memory one after another
    deltas = [np.empty_like(each) for each in a[1:]]
    gradients_w, gradients_b = map(np.empty_like, weights), map(np.empty_like, biases)
    gradients = list(zip(gradients_w, gradients_b, strict=True))
    one_hot = np.eye(10, dtype=np.float32)
    for start in range(0, len(images), BATCH_SIZE):
        np.multiply(images[start : start + BATCH_SIZE].T, np.float32(1 / 255), out=a[0])
        for layer, (w, b) in enumerate(zip(weights, biases, strict=True)):
            z = np.dot(w, a[layer], out=a[layer + 1])
            z += b
            apply_sigmoid(z)
        y = one_hot[labels[start : start + BATCH_SIZE]].T
        np.subtract(a[-1], y, out=deltas[-1])
        multiply_by_slope(deltas[-1], a[-1])
        deltas[-1] /= BATCH_SIZE
        for layer in range(LAST, -1, -1):
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
    matrices, gradients = layer_matrices(parameters, SIZES), layer_matrices(gradient, SIZES)
    inputs = [np.ones((width + 1, BATCH_SIZE), np.float32) for width in SIZES[:-1]]
    inputs[0] = np.ones((BATCH_SIZE, SIZES[0] + 1), np.float32).T
    outputs = [*(x[:-1] for x in inputs[1:]), np.empty((SIZES[-1], BATCH_SIZE), np.float32)]
    deltas = [np.empty_like(each) for each in outputs]
    one_hot = np.eye(10, dtype=np.float32)
    for start in range(0, len(images), BATCH_SIZE):
        pixels = images[start : start + BATCH_SIZE].T
        np.multiply(pixels, np.float32(1 / 255), out=inputs[0][:-1])
        for matrix, a, z in zip(matrices, inputs, outputs, strict=True):
            np.dot(matrix, a, out=z)
            apply_sigmoid(z)
        y = one_hot[labels[start : start + BATCH_SIZE]].T
        np.subtract(outputs[-1], y, out=deltas[-1])
        multiply_by_slope(deltas[-1], outputs[-1])
        deltas[-1] /= BATCH_SIZE
        for layer in range(LAST, -1, -1):
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
    own = Network(SIZES, "sigmoid", "mse")
    own.parameters = network.parameters
    work = Workspace(own, BATCH_SIZE)
    optimizer = SGD(own.parameters, work.gradient)
    for batch in Batches(images, labels, BATCH_SIZE).epoch(None):
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


def make_task(batches: int) -> tuple[Network, Bytes, Bytes]:
    """Return a network to start from, and images (n, 784) and labels as random as noise."""
    rng = np.random.default_rng(0)
    network = Network(SIZES, "sigmoid", "mse", "float64")
    initialise(network, rng)
    images = rng.integers(0, 256, (batches * BATCH_SIZE, 784), np.uint8)
    return network, images, rng.integers(0, 10, len(images), np.uint8)


def main(rounds: int = 51, batches: int = 160) -> None:
    """Measure, and print a table."""
    task = make_task(batches)
    found: dict[str, list[float]] = {name: [] for name in VARIANTS}
    with blas.limited_threads(1):
        for _ in range(rounds):
            for name, train in VARIANTS.items():
                started = time.perf_counter()
                train(*task)
                found[name].append(1e6 * (time.perf_counter() - started) / batches)
    print("| variant | µs a step | times the one before | times the first |")
    print("| --- | --- | --- | --- |")
    for before, name in pairwise([None, *VARIANTS]):
        own, first = found[str(name)], next(iter(found.values()))
        ratios = [
            median(a / b for a, b in zip(other, own, strict=True))
            for other in (found[before] if before else own, first)
        ]
        print(f"| {name} | {median(own):.0f} | {ratios[0]:.2f} | {ratios[1]:.1f} |")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
