"""Measure how wrong a finite difference is, by the length of its step, and draw the chart.

The derivative of the loss of 784-20-20-20-10 along a random direction, by difference and by
backpropagation; each point is the median of some directions.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mnistmlp.core.backpropagation import Workspace, backpropagate
from mnistmlp.core.initialization import initialise
from mnistmlp.core.network import Network

HERE = Path(__file__).parent
STEPS = 10.0 ** np.arange(-12, 0.1, 0.25)
BATCH_SIZE, DIRECTIONS = 32, 15
FORWARD, CENTRAL = "forward", "central"
COLOURS = {
    (FORWARD, "float64"): "#818b98",
    (CENTRAL, "float64"): "#2f81f7",
    (CENTRAL, "float32"): "#db6d28",
}


def measure(difference: str, dtype: str) -> list[float]:
    """Return the median relative error for each step."""
    rng = np.random.default_rng(0)
    network = Network((784, 20, 20, 20, 10), "sigmoid", "mse", dtype)
    initialise(network, rng)
    inputs = rng.random((785, BATCH_SIZE)).astype(dtype)
    inputs[-1] = 1
    targets = np.eye(10, dtype=dtype)[:, rng.integers(0, 10, BATCH_SIZE)]
    work, start = Workspace(network, BATCH_SIZE), network.parameters.copy()

    def loss(change: np.ndarray) -> float:
        network.parameters = start + change
        return backpropagate(network, work, inputs, targets)

    loss(np.zeros_like(start))
    gradient, errors = work.gradient.copy(), []
    for _ in range(DIRECTIONS):
        u = rng.normal(size=start.size).astype(dtype)
        u /= np.linalg.norm(u)
        exact = float(gradient @ u)
        row = []
        for h in STEPS.astype(dtype):
            if difference == CENTRAL:
                numeric = (loss(h * u) - loss(-h * u)) / (2 * h)
            else:
                numeric = (loss(h * u) - loss(0 * u)) / h
            row.append(abs(numeric - exact) / abs(exact))
        errors.append(row)
    return [float(value) for value in np.median(errors, axis=0)]


def main() -> None:
    """Draw the chart, in colours that suit a light and a dark page."""
    import matplotlib as mpl
    import matplotlib.pyplot as plt

    mpl.rcParams |= {"svg.hashsalt": "maths", "svg.fonttype": "none", "font.size": 11}
    grey = "#818b98"
    figure, axes = plt.subplots(figsize=(7.2, 4.2), layout="constrained")
    figure.patch.set_alpha(0)
    axes.patch.set_alpha(0)
    for (difference, dtype), colour in COLOURS.items():
        errors = measure(difference, dtype)
        axes.loglog(STEPS, errors, color=colour, label=f"{difference}, {dtype}")
        best = int(np.argmin(errors))
        print(f"{difference}, {dtype}: least error {errors[best]:.1e} at h = {STEPS[best]:.1e}")
    root = np.finfo(np.float64).eps ** (1 / 3)
    axes.axvline(root, color=COLOURS[CENTRAL, "float64"], linestyle=":", linewidth=1)
    axes.text(root, 30, r" $\varepsilon^{1/3}$", color=COLOURS[CENTRAL, "float64"])
    axes.set(xlabel="step h", ylabel="relative error of the derivative", ylim=(1e-12, 300))
    axes.xaxis.label.set_color(grey)
    axes.yaxis.label.set_color(grey)
    axes.tick_params(which="both", colors=grey)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(grey)
    axes.legend(frameon=False, labelcolor="linecolor", loc="lower left")
    figure.savefig(HERE / "difference-error.svg", metadata={"Date": None})


if __name__ == "__main__":
    main()
