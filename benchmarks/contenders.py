"""Train one network with one contender, in a process of its own.

    python contenders.py CONTENDER FOLDER HIDDEN BATCH OPTIMIZER EPOCHS THREADS [RACE]

RACE is SEED SCHEDULE NORMALIZATION.

Prints a JSON list: seconds and accuracy on the test images, epoch by epoch.
All train on the 60,000 images in the same way: the whole set in memory, a new
order every epoch, the same batches and optimiser, in float32 but for the
textbook.  Loading and judging are not timed; normalising the 60,000 images is,
with the first epoch.  On normalised images `mnistmlp` is free to do all that the
recipe `modern` does.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

from mnistmlp.training.recipes import RECIPES, NormalizationName, Recipe, ScheduleName

LEARNING_RATES = {"sgd": 6.0, "adam": 1e-3}


@dataclass
class Task:
    """What to train, and on what."""

    folder: Path
    hidden: tuple[int, ...]
    batch: int
    optimizer: str  # sgd: sigmoid and mean squared error; adam: ReLU and cross-entropy
    epochs: int
    threads: int
    seed: int = 0
    schedule: ScheduleName = "constant"  # or one-cycle, to the rate of the recipe `modern`
    normalization: NormalizationName = "none"
    normalizing: float = 0.0  # seconds that it took

    @property
    def sizes(self) -> tuple[int, ...]:
        """Widths of all layers."""
        return (784, *self.hidden, 10)

    def load(self, split: str) -> tuple[Any, Any]:
        """Return images (n, 784) and labels (n,), as bytes.

        Not with `datasets`: what that needs besides is not where the peers are.
        """
        from mnistmlp.core.normalization import normalise
        from mnistmlp.data.idx import read_idx

        images, labels = (
            read_idx(next(self.folder.glob(f"{split}-{kind}-idx?-ubyte*")))
            for kind in ("images", "labels")
        )
        started = time.perf_counter()
        images = normalise(images.reshape(-1, 784), self.normalization)
        if split == "train":
            self.normalizing = time.perf_counter() - started
        return images, labels


Epochs = Iterator[tuple[float, float]]  # seconds, accuracy


def mnistmlp(task: Task) -> Epochs:
    """Train with this package; the test images stand where validation images do."""
    from mnistmlp import blas

    blas.configure()  # as the command line does
    import numpy as np

    from mnistmlp import fit

    (images, labels), (test_images, test_labels) = task.load("train"), task.load("t10k")
    recipe = Recipe()
    if task.normalization != "none":
        recipe = replace(RECIPES["modern"], normalization="none")  # they are normalised already
    elif task.optimizer == "adam":
        recipe = Recipe(activation="relu", loss="cross-entropy", optimizer="adam")
    recipe = replace(
        recipe,
        hidden=task.hidden,
        learning_rate=_learning_rate(task),
        schedule=task.schedule,
        batch_size=task.batch,
        epochs=task.epochs,
        validation=len(test_labels),
    )
    training = fit(
        recipe,
        np.concatenate([images, test_images]),
        np.concatenate([labels, test_labels]),
        seed=task.seed,
        threads=task.threads,
    )
    for report in training.history:
        yield report.seconds, report.validation_accuracy or 0.0


def textbook(task: Task) -> Epochs:
    """Train with the loop that a textbook has: plain NumPy on matrices, in its float64."""
    os.environ["OPENBLAS_NUM_THREADS"] = str(task.threads)
    import numpy as np

    images, labels = task.load("train")
    test_images, test_labels = task.load("t10k")
    x, y = images / 255, np.eye(10)[labels]
    rng, rate = np.random.default_rng(task.seed), _learning_rate(task)
    w = [rng.normal(size=shape) / np.sqrt(shape[0]) for shape in pairwise(task.sizes)]
    b = [np.zeros(width) for width in task.sizes[1:]]

    def forward(a: Any) -> list[Any]:
        activations = [a]
        for weights, bias in zip(w, b, strict=True):
            a = 1 / (1 + np.exp(-(a @ weights + bias)))
            activations.append(a)
        return activations

    for _ in range(task.epochs):
        started = time.perf_counter()
        order = rng.permutation(len(x))
        for start in range(0, len(x), task.batch):
            rows = order[start : start + task.batch]
            a = forward(x[rows])
            delta = (a[-1] - y[rows]) * a[-1] * (1 - a[-1])
            for layer in reversed(range(len(w))):
                gradient_w, gradient_b = a[layer].T @ delta, delta.sum(axis=0)
                if layer:
                    delta = delta @ w[layer].T * a[layer] * (1 - a[layer])
                w[layer] -= rate / len(rows) * gradient_w
                b[layer] -= rate / len(rows) * gradient_b
        seconds = time.perf_counter() - started
        predicted = forward(test_images / 255)[-1].argmax(axis=1)
        yield seconds, float((predicted == test_labels).mean())


def products(task: Task) -> Epochs:
    """Do the matrix products of an epoch and nothing else: the limit for NumPy here."""
    from mnistmlp import blas

    blas.configure()
    import numpy as np

    from mnistmlp.core.products import Products
    from mnistmlp.workers import Workers

    n, rng = task.batch, np.random.default_rng(0)
    layers = []
    for layer, (fan_in, fan_out) in enumerate(pairwise(task.sizes)):
        x = rng.random((n, fan_in + 1), np.float32)  # with 1 for the bias, as in core/network.py
        inputs = np.ascontiguousarray(x.T) if layer else x.T
        matrix, delta = (
            rng.random((fan_out, width), np.float32) - np.float32(0.5) for width in (fan_in + 1, n)
        )
        layers.append((matrix, inputs, delta, np.empty_like(matrix), np.empty((fan_in, n), "f4")))
    outputs = [np.empty_like(delta) for _, _, delta, _, _ in layers]
    with Workers(task.threads) as workers:
        multiply = Products(workers).compute
        for _ in range(task.epochs):
            started = time.perf_counter()
            for _ in range(60_000 // n):
                for (matrix, inputs, _, _, _), output in zip(layers, outputs, strict=True):
                    multiply(np.dot, matrix, inputs, output)
                for layer in reversed(range(len(layers))):
                    matrix, inputs, delta, gradient, below = layers[layer]
                    multiply(np.dot, delta, inputs.T, gradient)
                    if layer:
                        multiply(np.matmul, matrix[:, :-1].T, delta, below)
            yield (time.perf_counter() - started) * 60_000 / (60_000 // n * n), 0.0


def scikit_learn(task: Task) -> Epochs:
    """Train an MLPClassifier (softmax and cross-entropy; it has no other loss)."""
    import warnings

    import numpy as np
    from sklearn.neural_network import MLPClassifier
    from threadpoolctl import threadpool_limits

    (images, labels), (test_images, test_labels) = task.load("train"), task.load("t10k")
    x, test = (np.divide(each, 255, dtype=np.float32) for each in (images, test_images))
    epochs: list[tuple[float, float]] = []

    class Timed(MLPClassifier):  # type: ignore[misc]
        started = 0.0

        def _update_no_improvement_count(self, *args: Any) -> None:  # called as an epoch ends
            seconds = time.perf_counter() - self.started
            activations = self._forward_pass_fast(test, check_input=False)
            epochs.append((seconds, float((activations.argmax(axis=1) == test_labels).mean())))
            self.started = time.perf_counter()
            super()._update_no_improvement_count(*args)

    sgd = {"activation": "logistic", "solver": "sgd", "momentum": 0, "learning_rate_init": 1.0}
    model = Timed(
        task.hidden,
        batch_size=task.batch,
        max_iter=task.epochs,
        alpha=0,
        tol=0,
        n_iter_no_change=task.epochs,
        random_state=task.seed,
        **(sgd if task.optimizer == "sgd" else {}),
    )
    with threadpool_limits(task.threads), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it has not converged
        model.started = time.perf_counter()
        model.fit(x, labels)
    yield from epochs


def torch(task: Task) -> Epochs:
    """Train with PyTorch: no DataLoader, batches taken from one tensor."""
    import torch
    from torch import nn

    torch.set_num_threads(task.threads)
    torch.manual_seed(task.seed)
    (images, labels), (test_images, test_labels) = task.load("train"), task.load("t10k")
    x, test = (torch.tensor(each, dtype=torch.float32) / 255 for each in (images, test_images))
    y, test_y = (torch.tensor(each, dtype=torch.int64) for each in (labels, test_labels))
    sgd, rate, loss = task.optimizer == "sgd", _learning_rate(task), nn.CrossEntropyLoss()
    layers: list[nn.Module] = []
    for fan_in, fan_out in pairwise(task.sizes):
        layers += [nn.Linear(fan_in, fan_out), nn.Sigmoid() if sgd else nn.ReLU()]
    net = nn.Sequential(*(layers if sgd else layers[:-1]))
    if sgd:
        y, loss = nn.functional.one_hot(y).float(), nn.MSELoss()
        optimizer = torch.optim.SGD(net.parameters(), lr=5 * rate)  # its mean is over outputs too
    else:
        optimizer = torch.optim.Adam(net.parameters(), lr=rate)
    cycle = None
    if task.schedule == "one-cycle":
        steps = task.epochs * -(-len(x) // task.batch)
        cycle = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, rate, total_steps=steps, cycle_momentum=False
        )
    for _ in range(task.epochs):
        started = time.perf_counter()
        for rows in torch.randperm(len(x)).split(task.batch):
            value = loss(net(x[rows]), y[rows])
            optimizer.zero_grad()
            value.backward()
            optimizer.step()
            if cycle:
                cycle.step()
        seconds = time.perf_counter() - started
        with torch.no_grad():
            yield seconds, float((net(test).argmax(dim=1) == test_y).float().mean())


def _learning_rate(task: Task) -> float:
    peak = RECIPES["modern"].learning_rate
    return peak if task.schedule == "one-cycle" else LEARNING_RATES[task.optimizer]


CONTENDERS = {
    "mnistmlp": mnistmlp,
    "textbook": textbook,
    "products": products,
    "scikit-learn": scikit_learn,
    "PyTorch": torch,
}

if __name__ == "__main__":
    name, folder, hidden, batch, optimizer, epochs, threads, *rest = sys.argv[1:]
    widths = tuple(map(int, hidden.split(",")))
    task = Task(Path(folder), widths, int(batch), optimizer, int(epochs), int(threads))
    if rest:
        seed, schedule, normalization = rest
        task.seed, task.schedule = int(seed), cast(ScheduleName, schedule)
        task.normalization = cast(NormalizationName, normalization)
    (seconds, accuracy), *others = CONTENDERS[name](task)
    print(json.dumps([(seconds + task.normalizing, accuracy), *others]))
