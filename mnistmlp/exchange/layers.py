"""Which tensors in a file are the layers of a network, and in which order and orientation.

A layer is a weight and a bias whose names differ only in the last word: ``fc1.weight`` and
``fc1.bias`` in PyTorch, ``Dense_0/kernel`` and ``Dense_0/bias`` in Flax and Keras.  A common
prefix of all names, such as ``_orig_mod.module.``, is ignored.

Numbers in names give the order of layers with otherwise equal names; the rest follows from
the shapes, which have to chain from 784 to 10 in only one way.  So does the orientation: 784
is a fan-in once more often than a fan-out, so matrices cannot be read both as
(fan_out, fan_in) and as (fan_in, fan_out), even if some are square.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from reprlib import repr as short
from typing import NamedTuple

from mnistmlp.arrays import DIGITS, PIXELS
from mnistmlp.errors import BrainError
from mnistmlp.training.settings import MAX_LAYERS

TENSOR = re.compile(r"(?:(.{1,200})[./])?(?:(weight|kernel|w)|bias|b)(?::0)?")
NAMING_HINT = "a network of linear layers has 0.weight, 0.bias, 2.weight, … or fc1.weight, …"
ORDER_HINT = "name the layers by their order: fc1.weight, fc1.bias, fc2.weight, …"
MAX_STEPS = 10_000  # of the search for an order

Names = tuple[str, str]  # of the weight and the bias of a layer
Shapes = Mapping[str, tuple[int, ...]]


class Layout(NamedTuple):
    """The layers of a network in order."""

    layers: Sequence[Names]
    transposed: bool  # weights are (fan_in, fan_out)
    notes: Sequence[str]  # on what the names do not tell


def find_layers(path: Path, names: Iterable[str]) -> dict[str, Names]:
    """Return the tensors of each layer by name, ordered by names and their numbers.

    Raises
    ------
    BrainError
        If there are other tensors, or a layer lacks one.
    """
    weights, biases = dict[str, str](), dict[str, str]()
    for name in sorted(names):
        match = TENSOR.fullmatch(name)
        found = weights if match and match[2] else biases
        if not match or (match[1] or "") in found:
            raise BrainError(f"{path}: unexpected tensor {short(name)}", hint=NAMING_HINT)
        found[match[1] or ""] = name
    if not weights and not biases:
        raise BrainError(f"{path}: no tensors", hint=NAMING_HINT)
    if len(weights) > MAX_LAYERS + 1:
        raise BrainError(f"{path}: {len(weights)} layers, expected 1 to {MAX_LAYERS + 1}")
    for found, others, lacking in ((weights, biases, "bias"), (biases, weights, "weight")):
        for name in (found[layer] for layer in found if layer not in others):
            raise BrainError(f"{path}: no {lacking} beside {name}", hint=NAMING_HINT)
    return {layer: (weights[layer], biases[layer]) for layer in sorted(weights, key=_natural)}


def arrange_layers(path: Path, layers: Mapping[str, Names], shapes: Shapes) -> Layout:
    """Return the layers in the order in which their shapes chain from 784 to 10.

    If there is no such order, layers that fit come first, and the next is at fault.

    Raises
    ------
    BrainError
        If a weight is not a matrix, or there are several such orders.
    """
    for weights, _ in layers.values():
        if len(shapes[weights]) != 2 or not all(shapes[weights]):
            shape = short(shapes[weights])
            raise BrainError(f"{path}: {weights} has shape {shape}, expected (fan_out, fan_in)")
    matrices = {name: shapes[weights] for name, (weights, _) in layers.items()}
    surplus = sum((b == PIXELS) - (a == PIXELS) for a, b in matrices.values())
    transposed = surplus < 0
    fans = {name: (a, b) if transposed else (b, a) for name, (a, b) in matrices.items()}
    search = _Search(fans)
    search.walk(PIXELS)
    if search.steps > MAX_STEPS or len(search.found) > 1:
        raise _ambiguity(path, search.found, layers)
    order = search.found[0] if search.found else search.longest
    order += [name for name in layers if name not in order]
    result, notes = [layers[name] for name in order], list[str]()
    if transposed:
        name = result[0][0]
        shape = f"{name} has shape {shapes[name]}"
        notes.append(f"{shape}: (fan_in, fan_out), as in Keras and JAX; all are transposed")
    if len(search.groups) > 1:
        notes.append(f"layers in the order in which their shapes chain: {', '.join(order)}")
    return Layout(result, transposed, notes)


class _Search:
    """The search for orders in which each layer's fan-in is the fan-out of the one before."""

    def __init__(self, fans: Mapping[str, tuple[int, int]]) -> None:
        self.fans = fans  # fan-in and fan-out of each layer
        self.groups = dict[str, list[str]]()  # layers whose names differ only in numbers
        for name in sorted(fans, key=_natural):
            self.groups.setdefault(_natural(name)[0], []).insert(0, name)
        self.order, self.longest = list[str](), list[str]()
        self.found = list[list[str]]()  # two are enough
        self.steps = 0

    def walk(self, width: int) -> None:
        """Look for layers to follow those in `order`, whose last fan-out is `width`."""
        self.steps += 1
        if len(self.order) > len(self.longest):
            self.longest = self.order[:]
        if len(self.order) == len(self.fans) and width == DIGITS:
            self.found.append(self.order[:])
        for group in self.groups.values():
            if len(self.found) > 1 or self.steps > MAX_STEPS:
                return
            if group and self.fans[group[-1]][0] == width:
                self.order.append(group.pop())
                self.walk(self.fans[self.order[-1]][1])
                group.append(self.order.pop())


def _natural(name: str) -> tuple[str, list[tuple[int, str]]]:
    """Return a name without its numbers, and the numbers, so that fc2 comes before fc10."""
    numbers = [digits.lstrip("0") for digits in re.findall("[0-9]+", name)]
    return re.sub("[_.-]?[0-9]+", "", name), [(len(digits), digits) for digits in numbers]


def _ambiguity(
    path: Path, found: Sequence[Sequence[str]], layers: Mapping[str, Names]
) -> BrainError:
    """Return the error for layers that chain in several orders."""
    if len(found) < 2:
        return BrainError(f"{path}: the shapes do not tell the order of layers", hint=ORDER_HINT)
    one, other = next(pair for pair in zip(*found, strict=True) if pair[0] != pair[1])
    both = f"{layers[one][0]} and {layers[other][0]}"
    return BrainError(f"{path}: {both} chain in either order", hint=ORDER_HINT)
