"""Backpropagation by hand: a network that learns MNIST, in plain NumPy.

    python docs/maths/backprop_by_hand.py [EPOCHS]

784-20-20-20-10, sigmoid on every layer, half the sum of squares, batches of 32.
A batch of n images is (784, n), one image per column; a weight matrix is
(fan_out, fan_in), a bias (fan_out, 1).  Each line of `forward` and `backward` is an
equation of the pages beside this file, and nothing is optimised for speed.
"""

from __future__ import annotations

import sys
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]

SIZES = (784, 20, 20, 20, 10)
BATCH_SIZE, LEARNING_RATE, EPOCHS = 32, 6.0, 30


def draw_weights(rng: np.random.Generator) -> tuple[list[Matrix], list[Matrix]]:
    """Return random weights (Glorot) and biases of zero, layer by layer."""
    weights, biases = [], []
    for fan_in, fan_out in pairwise(SIZES):
        bound = np.sqrt(6 / (fan_in + fan_out))
        weights.append(rng.uniform(-bound, bound, (fan_out, fan_in)))
        biases.append(np.zeros((fan_out, 1)))
    return weights, biases


def sigmoid(z: Matrix) -> Matrix:
    """Return 1 / (1 + e⁻ᶻ)."""
    a: Matrix = 1 / (1 + np.exp(-z))
    return a


def forward(weights: list[Matrix], biases: list[Matrix], x: Matrix) -> list[Matrix]:
    """Return the activations a⁰ = x, a¹, …, aᴸ."""
    a = [x]
    for w, b in zip(weights, biases, strict=True):
        z = w @ a[-1] + b
        a.append(sigmoid(z))
    return a


def backward(weights: list[Matrix], a: list[Matrix], y: Matrix) -> list[tuple[Matrix, Matrix]]:
    """Return ∂C/∂W and ∂C/∂b of each layer, for targets y (10, n)."""
    n, gradients = y.shape[1], []
    delta = (a[-1] - y) * a[-1] * (1 - a[-1]) / n  # BP1
    for layer in reversed(range(len(weights))):
        gradient_b = delta.sum(axis=1, keepdims=True)  # BP3
        gradient_w = delta @ a[layer].T  # BP4
        gradients.append((gradient_w, gradient_b))
        if layer > 0:
            delta = weights[layer].T @ delta * a[layer] * (1 - a[layer])  # BP2
    return gradients[::-1]


def train_epoch(
    weights: list[Matrix], biases: list[Matrix], images: Matrix, labels: NDArray[np.integer]
) -> None:
    """Take a step of gradient descent for each batch of images (N, 784), in their order."""
    for start in range(0, len(images), BATCH_SIZE):
        x = images[start : start + BATCH_SIZE].T
        y = np.eye(10)[labels[start : start + BATCH_SIZE]].T
        gradients = backward(weights, forward(weights, biases, x), y)
        for w, b, (gradient_w, gradient_b) in zip(weights, biases, gradients, strict=True):
            w -= LEARNING_RATE * gradient_w
            b -= LEARNING_RATE * gradient_b


def accuracy(
    weights: list[Matrix], biases: list[Matrix], images: Matrix, labels: NDArray[np.integer]
) -> float:
    """Return the fraction of images whose largest output is that of their label."""
    outputs = forward(weights, biases, images.T)[-1]
    return float((outputs.argmax(axis=0) == labels).mean())


def main(epochs: int = EPOCHS) -> None:
    """Train on MNIST, and print the accuracy on the test images after each epoch."""
    import mnistmlp  # only for the data

    train, test = mnistmlp.load()
    images, test_images = train.images.reshape(-1, 784) / 255, test.images.reshape(-1, 784) / 255
    rng = np.random.default_rng(0)
    weights, biases = draw_weights(rng)
    for epoch in range(1, epochs + 1):
        order = rng.permutation(len(images))
        train_epoch(weights, biases, images[order], train.labels[order])
        share = accuracy(weights, biases, test_images, test.labels)
        print(f"epoch {epoch:2}/{epochs}  test accuracy {share:.2%}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
