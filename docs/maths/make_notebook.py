"""Write backpropagation.ipynb from the functions of backprop_by_hand.py: ``make pictures``."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
NOTEBOOK = HERE / "backpropagation.ipynb"
SOURCE = (HERE / "backprop_by_hand.py").read_text(encoding="utf-8")

INTRODUCTION = """\
# Backpropagation, step by step

How a network computes an answer, measures its error, and learns from it: the functions of
[`backprop_by_hand.py`](backprop_by_hand.py), in the order of [the pages](README.md). Change
anything and run it again.

A batch of n images is a matrix with one image per column; a weight matrix is (fan-out, fan-in), a
bias (fan-out, 1). The notebook needs NumPy, and `mnistmlp` for the data of the last part."""

FORWARD = """\
## Forward

Each layer computes `z = W a + b` and `a = f(z)`: [page 1](1-network.md)."""

EXAMPLE = """\
This is the network of the [worked example](4-worked-example.md): 2-3-2, with one image of two
pixels and the target (1, 0)."""

EXAMPLE_CODE = '''\
weights = [np.array([[0.5, -1], [1, 1], [-1, 1]]), np.array([[1.0, -1, 2], [-1, 2, -1]])]
biases = [np.array([[0], [-0.5], [-0.5]]), np.array([[0], [0.5]])]
x, y = np.array([[1], [0.5]]), np.array([[1], [0]])


def loss(weights, biases, x, y):
    """Return half the sum of squares, averaged over the images."""
    difference = forward(weights, biases, x)[-1] - y
    return 0.5 * (difference**2).sum() / y.shape[1]


for layer, a in enumerate(forward(weights, biases, x)):
    print(f"a{layer}", a.round(4).ravel())
print("loss", round(loss(weights, biases, x, y), 4))
assert round(loss(weights, biases, x, y), 4) == 0.3842'''

BACKWARD = """\
## Backward

This is BP1 to BP4, which [page 3](3-backpropagation.md) derives."""

CHECK = """\
Is the gradient right? [Page 10](10-checking.md) compares it with finite differences, the definition
of the derivative. Here for every weight and bias of the example:"""

CHECK_CODE = """\
gradients = backward(weights, forward(weights, biases, x), y)
h = 1e-5
pairs = zip(weights + biases, [w for w, _ in gradients] + [b for _, b in gradients], strict=True)
for parameters, gradient in pairs:
    for place in np.ndindex(parameters.shape):
        value, losses = parameters[place], []
        for changed in (value + h, value - h):
            parameters[place] = changed
            losses.append(loss(weights, biases, x, y))
        parameters[place] = value
        difference = (losses[0] - losses[1]) / (2 * h)
        assert abs(difference - gradient[place]) < 1e-9
print("all derivatives agree")"""

STEP = "Take one step against the gradient, with a learning rate of 1, and compute the loss again:"

STEP_CODE = """\
for w, b, (gradient_w, gradient_b) in zip(weights, biases, gradients, strict=True):
    w -= 1.0 * gradient_w
    b -= 1.0 * gradient_b
print("loss", round(loss(weights, biases, x, y), 4))
assert round(loss(weights, biases, x, y), 4) == 0.2994"""

TRAINING = """\
## Learning to read digits

784-20-20-20-10 starts with random weights ([page 7](7-initialization.md)) and takes one step per
batch of 32 images (pages [5](5-batches.md) and [6](6-descent.md))."""

TRAINING_CODE = """\
import mnistmlp  # only for the data

train, test = mnistmlp.load()
images, test_images = train.images.reshape(-1, 784) / 255, test.images.reshape(-1, 784) / 255
rng = np.random.default_rng(0)
weights, biases = draw_weights(rng)
for epoch in range(1, 4):
    order = rng.permutation(len(images))
    train_epoch(weights, biases, images[order], train.labels[order])
    share = accuracy(weights, biases, test_images, test.labels)
    print(f"epoch {epoch}  test accuracy {share:.2%}")"""

END = """\
Things to try: change the learning rate or the widths in `SIZES`, use `tanh` instead of the sigmoid
(its slope is `1 - a**2`), or change a factor in `backward` and see the check fail. The
[exercises](exercises.md) have more."""


def function(*names: str) -> str:
    """Return the source of functions, one after another."""
    found = {
        node.name: ast.get_source_segment(SOURCE, node) or ""
        for node in ast.parse(SOURCE).body
        if isinstance(node, ast.FunctionDef)
    }
    return "\n\n\n".join(found[name] for name in names)


def head() -> str:
    """Return the imports and constants: what stands before the first function."""
    start = SOURCE.index("from itertools")
    return SOURCE[start : SOURCE.index("def ")].strip()


def cells() -> list[tuple[str, str]]:
    """Return the cells: kind and text."""
    return [
        ("markdown", INTRODUCTION),
        ("code", head()),
        ("markdown", FORWARD),
        ("code", function("sigmoid", "forward")),
        ("markdown", EXAMPLE),
        ("code", EXAMPLE_CODE),
        ("markdown", BACKWARD),
        ("code", function("backward")),
        ("markdown", CHECK),
        ("code", CHECK_CODE),
        ("markdown", STEP),
        ("code", STEP_CODE),
        ("markdown", TRAINING),
        ("code", function("draw_weights", "train_epoch", "accuracy")),
        ("code", TRAINING_CODE),
        ("markdown", END),
    ]


def build() -> str:
    """Return the notebook as JSON, its outputs stripped."""
    made: list[dict[str, Any]] = []
    for number, (kind, text) in enumerate(cells(), 1):
        cell: dict[str, Any] = {"cell_type": kind, "id": f"cell-{number}", "metadata": {}}
        if kind == "code":
            cell |= {"execution_count": None, "outputs": []}
        made.append(cell | {"source": text.splitlines(keepends=True)})
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    notebook = {"cells": made, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    NOTEBOOK.write_text(build(), encoding="utf-8")
