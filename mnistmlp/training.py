"""Training: batches, epochs, validation, early stopping."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from mnistmlp.adversarial import Adversary
from mnistmlp.augment import Distortion
from mnistmlp.backpropagation import Workspace, backpropagate
from mnistmlp.batches import Batch, Batches
from mnistmlp.calibration import fit_temperature
from mnistmlp.core import DIGITS, MAX_PARAMETERS, PIXELS, Array, Bytes, Network, parameter_count
from mnistmlp.errors import DivergenceError, SettingError
from mnistmlp.hardest import Hardest
from mnistmlp.initial import initialise
from mnistmlp.metrics import Evaluation, evaluate, probabilities
from mnistmlp.optim import SCHEDULES, make_optimizer
from mnistmlp.recipes import WARP, Recipe


class Images(NamedTuple):
    """Images with their labels."""

    pixels: Bytes  # (n, 784)
    labels: Bytes  # (n,)


@dataclass(frozen=True)
class EpochReport:
    """What one epoch came to."""

    epoch: int  # from 1
    loss: float  # averaged over the training images as they were met
    validation_loss: float | None  # None where no images are kept aside
    validation_accuracy: float | None
    seconds: float  # of training alone
    images_per_second: float


@dataclass
class Training:
    """A network and how it came about."""

    network: Network
    history: list[EpochReport] = field(default_factory=list)
    kept: EpochReport | None = None  # whose weights these are; None: stopped within epoch 1
    temperature: float = 1.0  # that calibrates it, by the validation images
    interrupted: bool = False  # by Ctrl-C


@dataclass(frozen=True)
class State:
    """Where a run stands after a whole epoch: all that the rest of it follows from."""

    parameters: Array  # (p,)
    moments: list[Array]  # of the optimiser, each (p,)
    steps: int  # that the optimiser has taken
    generator: dict[str, Any]  # the state of the random generator
    history: list[EpochReport]
    best: tuple[EpochReport, Array]  # whose weights would be kept now, (p,)


def fit(
    recipe: Recipe,
    images: Bytes,
    labels: Bytes,
    *,
    seed: int = 0,
    initial: Network | None = None,
    resume: State | None = None,
    until: int | None = None,
    on_epoch: Callable[[EpochReport], None] = lambda report: None,
    on_state: Callable[[State], None] = lambda state: None,
) -> Training:
    """Train a network as a recipe says.

    The network ends with the weights of the last whole epoch, or with
    `patience` of the one that did best in validation.  Ctrl-C ends training
    early in the same way; within the first epoch the weights are those of
    that moment.

    Parameters
    ----------
    recipe : Recipe
    images : (n, 28, 28) or (n, 784) uint8
    labels : (n,) uint8
    seed : int
        0 or more.  Of the one random generator, which draws the initial
        weights and the order of the images.  Same seed, machine, BLAS and
        threads: same bits.
    initial : Network, optional
        Start from its weights instead of random ones.
    resume : State, optional
        Go on from there: with all else the same, to the same bits as a run
        that was never stopped.
    until : int, optional
        Stop after that epoch, as a run that was interrupted in the next.
    on_epoch : callable
        Is given the report of each epoch as it ends.
    on_state : callable
        Is given the state after it, whose arrays hold until it returns.

    Raises
    ------
    SettingError
        If the recipe does not fit the images or the initial network.
    DivergenceError
        If the loss is no longer finite.
    """
    run = _Run(recipe, images, labels, seed, initial)
    network = run.network
    result = Training(network)
    best: tuple[EpochReport, Array] | None = None  # in one piece, whenever Ctrl-C comes
    if resume:
        run.restore(resume)
        result.history, best = list(resume.history), resume.best
    try:
        for epoch in range(len(result.history) + 1, (until or recipe.epochs) + 1):
            if best and recipe.patience and epoch - best[0].epoch > recipe.patience:
                break
            report = run.epoch(epoch)
            if recipe.patience is None or best is None or _better(report, best[0]):
                best = report, network.parameters.copy()
            result.history.append(report)
            on_epoch(report)
            on_state(run.state(result.history, best))
    except KeyboardInterrupt:
        result.interrupted = True
    if best:
        result.kept, network.parameters[:] = best
        if run.validation:
            with contextlib.suppress(KeyboardInterrupt):  # the weights matter more
                found = probabilities(network.outputs(run.validation.pixels))
                result.temperature = fit_temperature(found, run.validation.labels)
    return result


def check_size(recipe: Recipe, images: int) -> None:
    """Raise SettingError if, of so many images, validation leaves none to train on."""
    if images <= recipe.validation:
        raise SettingError(
            "validation", f"{recipe.validation} of {images} images leaves none to train on"
        )


def split(recipe: Recipe, images: Bytes, labels: Bytes) -> tuple[Images, Images | None]:
    """Split off the last images for validation, then limit the rest, as the recipe says."""
    check_size(recipe, len(images))
    size, pixels = len(images) - recipe.validation, images.reshape(-1, PIXELS)
    training = Images(pixels[:size][: recipe.limit], labels[:size][: recipe.limit])
    return training, Images(pixels[size:], labels[size:]) if recipe.validation else None


def network_sizes(recipe: Recipe) -> tuple[int, ...]:
    """Return the widths of all layers."""
    return (PIXELS, *recipe.hidden, DIGITS)


def check_network(recipe: Recipe, initial: Network | None = None) -> None:
    """Raise SettingError if the network would be too large, or other than the initial one."""
    sizes = network_sizes(recipe)
    if parameter_count(sizes) > MAX_PARAMETERS:
        raise SettingError(
            "hidden",
            f"{parameter_count(sizes):,} weights and biases, more than {MAX_PARAMETERS:,}",
        )
    if initial and initial.sizes != sizes:
        raise SettingError("hidden", f"the initial brain has layers {initial.sizes}, not {sizes}")


def make_network(
    recipe: Recipe, rng: np.random.Generator, initial: Network | None = None
) -> Network:
    """Make the network that training starts from."""
    check_network(recipe, initial)
    network = Network(network_sizes(recipe), recipe.activation, recipe.loss, recipe.dtype)
    if initial:
        network.parameters[:] = initial.parameters
    else:
        initialise(network, rng, recipe.receptive_field)
    return network


class _Run:
    """A network in training: what its epochs have in common."""

    def __init__(
        self, recipe: Recipe, images: Bytes, labels: Bytes, seed: int, initial: Network | None
    ) -> None:
        self.recipe, self.rng = recipe, np.random.default_rng(seed)
        training, self.validation = split(recipe, images, labels)
        self.network = make_network(recipe, self.rng, initial)
        self.size = len(training.labels)
        warp = {name: getattr(recipe, name) for name in WARP}
        distort = partial(Distortion(**warp).apply, rng=self.rng) if recipe.augment else None
        most = min(recipe.batch_size, self.size)
        self.batches = Batches(*training, most, recipe.dtype, distort, recipe.label_smoothing)
        self.gradient = _Gradient(recipe, self.network, {most, self.size % most}, self.rng)
        self.optimizer = make_optimizer(
            recipe.optimizer,
            self.network.parameters,
            self.gradient.vector,
            momentum=recipe.momentum,
            weight_decay=recipe.weight_decay,
        )

    def epoch(self, number: int) -> EpochReport:
        """Train for one epoch, of that number from 1."""
        started = time.perf_counter()
        with np.errstate(over="ignore", invalid="ignore"):  # the loss is looked at instead
            loss = self._train(number - 1)
            if not math.isfinite(loss) or not np.isfinite(self.network.parameters).all():
                raise _diverged(number, self.recipe)
            seconds = time.perf_counter() - started
            judged = _judge(number, self.recipe, self.network, self.validation)
        return EpochReport(
            number,
            loss,
            validation_loss=judged.loss if judged else None,
            validation_accuracy=judged.accuracy if judged else None,
            seconds=seconds,
            images_per_second=self.size / seconds,
        )

    def _train(self, epochs_done: int) -> float:
        """Take a step a batch; return the loss averaged over the images.

        A loss that is not finite ends the epoch.
        """
        recipe, total, seen = self.recipe, 0.0, 0
        schedule = SCHEDULES[recipe.schedule]
        for batch in self.batches.epoch(self.rng if recipe.shuffle else None):
            loss, n = self.gradient.compute(batch), batch.targets.shape[1]
            if not math.isfinite(loss):
                return loss
            done = (epochs_done + seen / self.size) / recipe.epochs
            self.optimizer.step(recipe.learning_rate * schedule(done))
            total += loss * n
            seen += n
        return total / self.size

    def state(self, history: list[EpochReport], best: tuple[EpochReport, Array]) -> State:
        """Return where the run stands, with views of its arrays."""
        return State(
            self.network.parameters,
            self.optimizer.moments,
            self.optimizer.steps,
            dict(self.rng.bit_generator.state),
            history,
            best,
        )

    def restore(self, state: State) -> None:
        """Go to where a run stood."""
        self.network.parameters[:] = state.parameters
        for moment, kept in zip(self.optimizer.moments, state.moments, strict=True):
            moment[:] = kept
        self.optimizer.steps = state.steps
        self.rng.bit_generator.state = state.generator


class _Gradient:
    """The gradient of a batch as a recipe wants it: of which images, and from where."""

    def __init__(
        self, recipe: Recipe, network: Network, batch_sizes: set[int], rng: np.random.Generator
    ) -> None:
        self.network = network
        self.vector = np.empty_like(network.parameters)
        self.hardest = self.adversary = None
        counts = batch_sizes
        if recipe.hardest < 1:
            self.hardest = Hardest(network, recipe.hardest, batch_sizes, self.vector)
            counts = {self.hardest.count(n) for n in batch_sizes}
        if recipe.adversarial:
            self.adversary = Adversary(network, recipe.adversarial, max(counts))
        self.works = {n: Workspace(network, n, self.vector, recipe.dropout, rng) for n in counts}

    def compute(self, batch: Batch) -> float:
        """Return the loss of the images that are learnt from, with its gradient in `vector`."""
        if self.hardest:
            batch = self.hardest.pick(batch)
        work = self.works[batch.targets.shape[1]]
        if self.adversary:
            loss = backpropagate(self.network, work, *batch, weights_too=False)
            if not math.isfinite(loss):
                return loss
            self.adversary.move(batch.inputs, work)
        return backpropagate(self.network, work, *batch)


def _judge(
    epoch: int, recipe: Recipe, network: Network, validation: Images | None
) -> Evaluation | None:
    """Evaluate on the images kept aside, if there are any."""
    try:
        return evaluate([network], *validation) if validation else None
    except DivergenceError:
        raise _diverged(epoch, recipe) from None


def _better(report: EpochReport, best: EpochReport) -> bool:
    """Tell whether a report's validation accuracy is above the best so far."""
    return (report.validation_accuracy or 0) > (best.validation_accuracy or 0)


def _diverged(epoch: int, recipe: Recipe) -> DivergenceError:
    return DivergenceError(
        f"the loss is no longer finite in epoch {epoch} (learning rate {recipe.learning_rate:g})",
        hint=f"a smaller one, such as --learning-rate {recipe.learning_rate / 10:g}",
    )
