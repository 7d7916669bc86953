"""The training loop: epochs, validation, early stopping and interruption by Ctrl-C."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from reprlib import repr as short
from typing import TYPE_CHECKING

import numpy as np

from mnistmlp.arrays import Bytes, Labels
from mnistmlp.blas import BLAS_THREADS, count_threads, limited_threads
from mnistmlp.core.calibration import calibrate
from mnistmlp.core.compression import prune as prune_network, round_to_half
from mnistmlp.core.inputs import check_pair
from mnistmlp.core.metrics import Evaluation, evaluate, probabilities
from mnistmlp.core.network import Network
from mnistmlp.errors import DivergenceError, SettingError
from mnistmlp.training.batches import Batches
from mnistmlp.training.gradient import Gradient
from mnistmlp.training.optim import make_optimizer, scheduled_rate
from mnistmlp.training.recipes import Recipe
from mnistmlp.training.setup import (
    check_seed,
    make_network,
    normalise_once,
    prepare_images,
    split_images,
)
from mnistmlp.training.state import EpochReport, Snapshot, TrainingResult, TrainingState
from mnistmlp.training.tally import Tally
from mnistmlp.workers import Workers

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


def fit(
    recipe: Recipe,
    images: ArrayLike,
    labels: ArrayLike,
    *,
    seed: int = 0,
    initial_network: Network | None = None,
    resume: TrainingState | None = None,
    until: int | None = None,
    prune: float = 0.0,
    half: bool = False,
    threads: int | None = None,
    interruptible: bool = False,
    on_epoch: Callable[[EpochReport], object] = lambda report: None,
    on_state: Callable[[TrainingState], object] = lambda state: None,
    on_step: Callable[[float], object] = lambda progress: None,
    on_end: Callable[[], object] = lambda: None,
) -> TrainingResult:
    """Train a network from a recipe, compress it if requested, evaluate and calibrate it.

    The result has the weights of the last complete epoch or, with `patience`,
    of the epoch with the best validation accuracy.

    Parameters
    ----------
    recipe : Recipe
    images : (n, 28, 28) or (n, 784)
        Grey levels from 0 to 255.
    labels : (n,)
        Integers from 0 to 9.
    seed : int
        Seed of the only random generator, 0 or more.  The same seed, machine and
        BLAS give the same network, bit for bit.
    initial_network : Network, optional
        Start from its weights instead of random ones.
    resume : TrainingState, optional
        Resume from this state.  With all else equal, the result is the same, bit for
        bit, as without the interruption.
    until : int, optional
        Stop after this epoch, as if interrupted during the next.
    prune : float
        Set this fraction of the weights, the smallest, to zero at the end.
    half : bool
        Whether to round the weights to half precision at the end.
    threads : int, optional
        Threads that share the work of a large network, where that is faster; by
        default, one per usable processor.  The result does not depend on their
        number.  BLAS itself is limited to one thread meanwhile.
    interruptible : bool
        Whether Ctrl-C ends training early, by the same rule, or during the first
        epoch with the current weights.  Otherwise KeyboardInterrupt is raised.
    on_epoch : callable
        Called with the report of each epoch as it ends.
    on_state : callable
        Called with the state after each epoch; its arrays are valid until it
        returns.
    on_step : callable
        Called at each step with the fraction of the recipe's epochs done before it.
    on_end : callable
        Called when the result is complete, just before it is returned: an interrupt
        after that would lose it.

    Raises
    ------
    SettingError
        If the recipe does not fit the images or the initial network.
    InputError
        If images or labels are invalid.
    DivergenceError
        If the loss is no longer finite.
    """
    if not isinstance(recipe, Recipe):
        raise SettingError("recipe", f"{short(recipe)} is not a Recipe; RECIPES holds some by name")
    if not 0 <= prune < 1:  # now, not after training
        raise SettingError("prune", f"{short(prune)} is not a number from 0 to below 1")
    seed = check_seed(seed)
    pixels, digits = check_pair(images, labels)
    ended_early = (KeyboardInterrupt,) if interruptible else ()
    with limited_threads(BLAS_THREADS), Workers(count_threads(threads)) as workers:
        run = _Run(recipe, pixels, digits, seed, initial_network, workers, on_step)
        result = TrainingResult(run.network)
        try:
            try:
                _train(run, result, resume, until or recipe.epochs, on_epoch, on_state)
            except ended_early:
                result.interrupted = True
            _finish(run, result, prune, half)
            _hand_over(run, on_end)
        except ended_early:
            result.interrupted = True
            _choose_weights(run, result, prune, half)
            _hand_over(run, on_end)
        return result


def _train(
    run: _Run,
    result: TrainingResult,
    resume: TrainingState | None,
    last_epoch: int,
    on_epoch: Callable[[EpochReport], object],
    on_state: Callable[[TrainingState], object],
) -> None:
    """Train epoch by epoch, until the last one or early stopping."""
    patience = run.recipe.patience
    if resume:
        run.restore(resume)
        result.history = list(resume.history)
    for epoch in range(len(result.history) + 1, last_epoch + 1):
        best = run.selected
        if best and patience and epoch - best.report.epoch > patience:
            break
        report = run.train_epoch(epoch)
        if patience is None or best is None or _is_better(report, best.report):
            run.selected = best = Snapshot(report, run.network.parameters.copy())
        result.history.append(report)
        on_epoch(report)
        on_state(run.capture(result.history, best))


def _finish(run: _Run, result: TrainingResult, prune: float, half: bool) -> None:
    """Choose the weights; evaluate and calibrate them if there are images for that."""
    _choose_weights(run, result, prune, half)
    if result.selected and not (prune or half):
        result.validation_accuracy = result.selected.validation_accuracy
    if run.validation:
        images, labels = run.validation
        outputs = run.network.outputs(images, workers=run.workers)
        result.validation_accuracy = float((outputs.argmax(axis=1) == labels).mean())
        result.temperature = calibrate(probabilities(outputs), labels)


def _choose_weights(run: _Run, result: TrainingResult, fraction: float, half: bool) -> None:
    """Take the selected weights, prune and round them; idempotent."""
    if run.selected:
        result.selected, run.network.parameters[:] = run.selected
    if fraction:
        prune_network(run.network, fraction)
    if half:
        round_to_half(run.network)


def _hand_over(run: _Run, on_end: Callable[[], object]) -> None:
    """Let the network normalise images from now on, and report that the result is complete."""
    run.network.normalization = run.recipe.normalization
    on_end()


class _Run:
    """A training run: the network, its data and its optimiser."""

    def __init__(
        self,
        recipe: Recipe,
        images: Bytes,
        labels: Labels,
        seed: int,
        initial_network: Network | None,
        workers: Workers,
        on_step: Callable[[float], object],
    ) -> None:
        self.on_step = on_step
        self.selected: Snapshot | None = None  # the result if the run ended now
        self.recipe, self.rng, self.workers = recipe, np.random.default_rng(seed), workers
        training, validation = split_images(recipe, images, labels)
        self.network = make_network(recipe, self.rng, initial_network)
        self.image_count = len(training.labels)
        # the network gets normalised images until it is handed over
        self.validation = validation and normalise_once(validation, recipe.normalization)
        training, change = prepare_images(recipe, training, self.rng)
        batch_size = min(recipe.batch_size, self.image_count)
        self.batches = Batches(*training, batch_size, recipe.dtype, change, recipe.label_smoothing)
        self.tally = Tally(self.batches.order, batch_size, self.network.parameters.dtype)
        self.gradient = Gradient(
            recipe,
            self.network,
            {batch_size, self.image_count % batch_size},
            self.rng,
            workers,
            self.tally,
        )
        self.optimizer = make_optimizer(
            recipe.optimizer,
            self.network.parameters,
            self.gradient.vector,
            momentum=recipe.momentum,
            weight_decay=recipe.weight_decay,
            workers=workers,
        )

    def train_epoch(self, number: int) -> EpochReport:
        """Train for one epoch, numbered from 1, and evaluate the network."""
        started = time.perf_counter()
        with np.errstate(over="ignore", invalid="ignore"):  # the loss is checked instead
            loss = self._take_steps(number - 1)
            if not math.isfinite(loss) or not np.isfinite(self.network.parameters).all():
                raise _divergence_error(number, self.recipe)
            seconds = time.perf_counter() - started
            evaluation = self._evaluate(number)
        return EpochReport(
            number,
            loss,
            accuracy=self.tally.finish() / self.image_count,
            validation_loss=evaluation.loss if evaluation else None,
            validation_accuracy=evaluation.accuracy if evaluation else None,
            seconds=seconds,
            images_per_second=self.image_count / seconds,
        )

    def _take_steps(self, epochs_done: int) -> float:
        """Take a step for each batch, and return the loss averaged over the images.

        A loss that is not finite ends the epoch and is returned.
        """
        recipe, total, seen = self.recipe, 0.0, 0
        for batch in self.batches.epoch(self.rng if recipe.shuffle else None):
            loss, n = self.gradient.compute(batch), batch.targets.shape[1]
            if not math.isfinite(loss):
                return loss
            progress = (epochs_done + seen / self.image_count) / recipe.epochs
            self.optimizer.step(scheduled_rate(recipe, progress))
            self.on_step(progress)
            total += loss * n
            seen += n
        return total / self.image_count

    def _evaluate(self, epoch: int) -> Evaluation | None:
        """Evaluate on the validation images, if there are any."""
        try:
            if not self.validation:
                return None
            return evaluate([self.network], *self.validation, workers=self.workers)
        except DivergenceError:
            raise _divergence_error(epoch, self.recipe) from None

    def capture(self, history: list[EpochReport], selected: Snapshot) -> TrainingState:
        """Return the state of the run, with views of its arrays."""
        return TrainingState(
            self.network.parameters,
            self.optimizer.moments,
            self.optimizer.steps,
            dict(self.rng.bit_generator.state),
            list(history),
            selected,
        )

    def restore(self, state: TrainingState) -> None:
        """Continue from an earlier state."""
        self.network.parameters[:] = state.parameters
        for name, moment in self.optimizer.moments.items():
            moment[:] = state.moments[name]
        self.optimizer.steps = state.steps
        self.selected = state.selected
        self.rng.bit_generator.state = state.generator


def _is_better(report: EpochReport, other: EpochReport) -> bool:
    """Tell whether a report has a higher validation accuracy than another."""
    return (report.validation_accuracy or 0) > (other.validation_accuracy or 0)


def _divergence_error(epoch: int, recipe: Recipe) -> DivergenceError:
    return DivergenceError(
        f"the loss is no longer finite in epoch {epoch} (learning rate {recipe.learning_rate:g})",
        learning_rate=recipe.learning_rate,
    )
