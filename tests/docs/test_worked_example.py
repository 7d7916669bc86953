"""Every number of the worked example, by the package and by loops in plain Python."""

import math
import re
from collections.abc import Iterator

import numpy as np
import pytest

from mnistmlp.core.backpropagation import Workspace, backpropagate, forward
from mnistmlp.core.losses import mean_squared_error
from mnistmlp.core.network import Network
from mnistmlp.training.optim import SGD
from tests.docs.pages import MATH_BLOCK, MATHS

PAGE = (MATHS / "4-worked-example.md").read_text()
Rows = list[list[float]]

IMAGE, TARGET = [1.0, 0.5], [1.0, 0.0]
LAYERS: list[Rows] = [  # a row for each neuron, its bias last
    [[0.5, -1, 0], [1, 1, -0.5], [-1, 1, -0.5]],
    [[1, -1, 2, 0], [-1, 2, -1, 0.5]],
]
RATE = 1.0


def read_tables() -> dict[str, Rows]:
    """Return the numbers of each table, by its first heading."""
    tables: dict[str, Rows] = {}
    for table in re.findall(r"^\|.*\n\| ---.*\n(?:\|.*\n)+", PAGE, re.MULTILINE):
        head, _, *body = (line.strip("| ").split(" | ") for line in table.splitlines())
        cells = [[cell.replace("−", "-") for cell in row[1:]] for row in body]
        assert head[0] not in tables
        tables[head[0]] = [[float(cell) for cell in row if cell.strip()] for row in cells]
    return tables


# --- In plain Python ---------------------------------------------------------


def sigmoid(z: float) -> float:
    return 1 / (1 + math.exp(-z))


def compute_forward(layers: list[Rows]) -> tuple[Rows, Rows]:
    """Return the sums and the activations of each layer, the image first."""
    sums: Rows = []
    activations = [IMAGE]
    for rows in layers:
        z = []
        for row in rows:
            total = row[-1]
            for k, a in enumerate(activations[-1]):
                total += row[k] * a
            z.append(total)
        sums.append(z)
        activations.append([sigmoid(each) for each in z])
    return sums, activations


def compute_loss(outputs: list[float]) -> float:
    return sum((a - y) ** 2 for a, y in zip(outputs, TARGET, strict=True)) / 2


def in_plain_python() -> dict[str, Rows]:
    """Return the tables of the page, and the losses before and after."""
    sums, (image, hidden, outputs) = compute_forward(LAYERS)
    delta2 = [(a - y) * a * (1 - a) for a, y in zip(outputs, TARGET, strict=True)]
    delta1 = []
    for k, a in enumerate(hidden):
        blame = 0.0
        for j, delta in enumerate(delta2):
            blame += LAYERS[1][j][k] * delta
        delta1.append(blame * a * (1 - a))
    gradients = [
        [[delta * a for a in [*inputs, 1.0]] for delta in deltas]
        for deltas, inputs in ((delta1, image), (delta2, hidden))
    ]
    after = [
        [
            [w - RATE * g for w, g in zip(*rows, strict=True)]
            for rows in zip(layer, gradient, strict=True)
        ]
        for layer, gradient in zip(LAYERS, gradients, strict=True)
    ]
    _, (_, hidden_after, outputs_after) = compute_forward(after)
    return {
        "to layer 1": LAYERS[0],
        "to layer 2": LAYERS[1],
        "forward": [sums[0], hidden, sums[1], outputs],
        "gradient, layer 1": gradients[0],
        "gradient, layer 2": gradients[1],
        "layer 1 after the step": after[0],
        "layer 2 after the step": after[1],
        "after the step": [hidden_after, outputs_after],
        "loss": [[compute_loss(outputs), compute_loss(outputs_after)]],
        "delta": [delta1, delta2],
    }


# --- With the package --------------------------------------------------------


def by_the_package() -> dict[str, Rows]:
    """Return the same: the image is the first two pixels of one that is black otherwise."""
    network = Network((784, 3, 2), "sigmoid", "mse", "float64")
    network.matrices[0][:, [0, 1, -1]], network.matrices[1][:] = LAYERS
    network.matrices[0][:, 2:-1] = np.random.default_rng(0).normal(size=(3, 782))  # of no effect
    others = network.matrices[0][:, 2:-1].copy()
    inputs, targets = np.zeros((785, 1)), np.array([TARGET]).T
    inputs[[0, 1, -1], 0] = [*IMAGE, 1]
    work = Workspace(network, 1)

    def run() -> list[np.ndarray]:
        forward(network, work, inputs)
        first = network.matrices[0] @ inputs
        outputs = 1 / (1 + np.exp(-work.logits))
        return [first, work.activations[0].copy(), work.logits.copy(), outputs]

    def weights() -> list[Rows]:
        return [network.matrices[0][:, [0, 1, -1]].tolist(), network.matrices[1].tolist()]

    tables = dict(zip(("to layer 1", "to layer 2"), weights(), strict=True))
    before = run()
    loss = backpropagate(network, work, inputs, targets)
    assert loss == pytest.approx(mean_squared_error(before[3], targets), rel=1e-14)
    deltas = [delta[:, 0].tolist() for delta in work.deltas]
    gradients = [work.matrices[0][:, [0, 1, -1]].tolist(), work.matrices[1].tolist()]
    assert not work.matrices[0][:, 2:-1].any()
    SGD(network.parameters, work.gradient).step(RATE)
    np.testing.assert_array_equal(network.matrices[0][:, 2:-1], others)
    after = run()
    return tables | {
        "forward": [column[:, 0].tolist() for column in before],
        "gradient, layer 1": gradients[0],
        "gradient, layer 2": gradients[1],
        "layer 1 after the step": weights()[0],
        "layer 2 after the step": weights()[1],
        "after the step": [after[1][:, 0].tolist(), after[3][:, 0].tolist()],
        "loss": [[loss, mean_squared_error(after[3], targets)]],
        "delta": deltas,
    }


# --- The page ----------------------------------------------------------------


def test_the_package_and_plain_python_agree() -> None:
    plain, package = in_plain_python(), by_the_package()
    assert plain.keys() == package.keys()
    for name, rows in plain.items():
        for row, other in zip(rows, package[name], strict=True):
            assert row == pytest.approx(other, rel=1e-12, abs=1e-15), name


@pytest.mark.parametrize("compute", [in_plain_python, by_the_package])
def test_the_tables_of_the_page_are_right(compute: object) -> None:
    assert callable(compute)
    computed, shown = compute(), read_tables()
    assert shown.keys() == computed.keys() - {"loss", "delta"}
    for name, rows in shown.items():
        for row, exact in zip(rows, computed[name], strict=True):
            assert row == [round(number, 4) + 0.0 for number in exact], name


def numeric(formula: str) -> float | None:
    """Return the value of a formula that has only numbers in it."""
    python = formula.replace(r"\cdot", "*").replace(r"\tfrac12", "0.5 *").replace("^", "**")
    python = re.sub(r"\\big|[&{}\s]|\\begin|\\end|aligned|\\tag.*", "", python)
    python = python.replace("e**-1", "0.36787944")
    if not re.fullmatch(r"[\d.+\-*/()]+", python):
        return None
    return float(eval(python))  # has no names in it


def chains() -> Iterator[list[float]]:
    """Yield the values of each chain of equal numbers on the page."""
    inline = re.findall(r"\$`([^`]+)`\$", PAGE)
    lines = [line for block in MATH_BLOCK.findall(PAGE) for line in re.split(r"\\\\|\n", block)]
    for line in [*inline, *lines]:
        values = [numeric(part) for part in line.split("=")]
        if len(known := [value for value in values if value is not None]) > 1:
            yield known


def test_the_arithmetic_on_the_page_is_right() -> None:
    found = list(chains())
    assert len(found) == 16
    for first, *others in found:
        assert others == pytest.approx([first] * len(others), abs=2.1e-4)


def test_all_numbers_in_the_text_are_computed_ones() -> None:
    computed = in_plain_python()
    known = {abs(number) for rows in computed.values() for row in rows for number in row}
    hidden, delta = computed["forward"][1], computed["delta"][1]
    known |= {a * (1 - a) for a in hidden}
    known |= {abs(sum(LAYERS[1][j][k] * delta[j] for j in range(2))) for k in range(3)}
    shown = {round(number, 4) for number in known}
    for number in re.findall(r"\d+\.\d{3,}", PAGE):
        assert float(number) in shown, number


def test_one_more_step_puts_the_answer_right() -> None:
    exercises = (MATHS / "exercises.md").read_text()
    network = Network((784, 3, 2), "sigmoid", "mse", "float64")
    network.matrices[0][:, [0, 1, -1]], network.matrices[1][:] = LAYERS
    inputs, targets = np.zeros((785, 1)), np.array([TARGET]).T
    inputs[[0, 1, -1], 0] = [*IMAGE, 1]
    work = Workspace(network, 1)
    optimizer = SGD(network.parameters, work.gradient)
    found = []
    for _ in range(3):
        forward(network, work, inputs)
        found.append(int(work.logits.argmax()))
        outputs = (1 / (1 + np.exp(-work.logits)))[:, 0]
        loss = backpropagate(network, work, inputs, targets)
        optimizer.step(RATE)
    assert found == [1, 1, 0]
    for number in (*outputs, loss):
        assert f"{number:.4f}" in exercises
