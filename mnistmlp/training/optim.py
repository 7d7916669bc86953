"""Optimisers, which update one parameter vector in place, and learning-rate schedules.

An optimiser is created with the parameter vector and the vector that will hold
its gradient, and owns its other buffers.  ``step(learning_rate)`` updates the
parameters, overwrites the gradient, and allocates nothing.  It completes one
chunk of the vectors before the next, so that the numbers stay in a core's
cache, and several threads share the chunks of a large network.  Each number is
updated by itself, so the split does not change the result.

All optimisers decouple weight decay from the gradient: a step first multiplies
the parameters by 1 − learning_rate · weight_decay (Loshchilov and Hutter,
"Decoupled weight decay regularization", ICLR 2019, algorithms 1 and 2, but
with the full learning rate as the factor instead of the schedule's multiplier
alone).

A schedule maps the progress of a run, 0 … 1, to a factor of the learning rate.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Protocol, get_args

import numpy as np

from mnistmlp.arrays import Array
from mnistmlp.errors import check_choice
from mnistmlp.training.recipes import OptimizerName, Recipe
from mnistmlp.workers import Workers

CHUNK_SIZE = 1 << 17  # numbers, at most: 512 kB of float32, and Adam works on four such chunks
MIN_SHARED_SIZE = 1 << 18  # parameters: with fewer, a second thread gained nothing
ALIGNMENT = 16  # numbers: 64 bytes of float32, a cache line, which threads should not share
FLUSH_EVERY = 100  # steps
OPTIMIZERS = get_args(OptimizerName)
MIN_MOMENT = 1e-28  # smaller moments are set to zero


class Optimizer(Protocol):
    """Updates parameters from their gradient."""

    steps: int  # taken so far
    moments: dict[str, Array]  # state kept between steps, by name, each (p,)

    def step(self, learning_rate: float) -> None:
        """Change the parameters in place; the gradient is overwritten."""


class SGD:
    """Stochastic gradient descent, with momentum or Nesterov momentum.

    With velocity v: v ← μ v + g, then θ ← θ − η v; with Nesterov
    θ ← θ − η (g + μ v).  After Sutskever, Martens, Dahl and Hinton, "On the
    importance of initialization and momentum in deep learning", ICML 2013,
    equations 1 to 4, but with η outside the velocity, and the gradient taken
    at θ rather than at the look-ahead point.

    Parameters
    ----------
    parameters, gradient : (p,)
    momentum : float
        μ in [0, 1).
    nesterov : bool
    weight_decay : float
    workers : Workers, optional
        Threads that share the chunks of a step.
    """

    def __init__(
        self,
        parameters: Array,
        gradient: Array,
        *,
        momentum: float = 0.0,
        nesterov: bool = False,
        weight_decay: float = 0.0,
        workers: Workers | None = None,
    ) -> None:
        self.momentum = momentum
        self.nesterov = nesterov
        self.weight_decay = weight_decay
        self.steps = 0
        self.moments = {"moment1": np.zeros_like(parameters)} if momentum else {}  # the velocity
        self.workers = workers or Workers()
        vectors = parameters, gradient, self.moments.get("moment1", gradient)
        self.chunks = split_into_chunks(*vectors, threads=self.workers.count)

    def step(self, learning_rate: float) -> None:
        """Change the parameters in place; the gradient is overwritten."""
        self.steps += 1
        self.workers.run(partial(self._update, learning_rate), self.chunks, kind=SGD)

    def _update(self, learning_rate: float, theta: Array, g: Array, v: Array) -> None:
        """Update a chunk."""
        if self.weight_decay:
            theta *= 1 - learning_rate * self.weight_decay
        if self.momentum:
            v *= self.momentum
            v += g
        if self.nesterov:
            g *= learning_rate
            theta -= g
        np.multiply(v, learning_rate * (self.momentum if self.nesterov else 1), out=g)
        theta -= g
        if self.momentum and self.steps % FLUSH_EVERY == 0:
            flush_to_zero(v, scratch=g)


class Adam:
    """Adam, with decoupled weight decay (AdamW).

    Kingma and Ba, "Adam: a method for stochastic optimization", ICLR 2015,
    algorithm 1, in the cheaper order of section 2: both bias corrections
    move into the step size, and ε is added before them.  The factors
    1 − β of the moments move there too: the buffers hold m / (1 − β₁) and v / (1 − β₂).

    Parameters
    ----------
    parameters, gradient : (p,)
    betas : (float, float)
        Decay rates of the first and the second moment.
    epsilon : float
    weight_decay : float
    workers : Workers, optional
        Threads that share the chunks of a step.
    """

    def __init__(
        self,
        parameters: Array,
        gradient: Array,
        *,
        betas: tuple[float, float] = (0.9, 0.999),
        epsilon: float = 1e-8,
        weight_decay: float = 0.0,
        workers: Workers | None = None,
    ) -> None:
        self.betas = betas
        self.epsilon = epsilon
        self.weight_decay = weight_decay
        self.steps = 0
        self.moments = {  # running means of the gradient and of its square
            "moment1": np.zeros_like(parameters),
            "moment2": np.zeros_like(parameters),
        }
        self.workers = workers or Workers()
        vectors = parameters, gradient, *self.moments.values()
        self.chunks = split_into_chunks(*vectors, threads=self.workers.count)

    def step(self, learning_rate: float) -> None:
        """Change the parameters in place; the gradient is overwritten."""
        beta1, beta2 = self.betas
        self.steps += 1
        root = math.sqrt(1 - beta2)  # of the factor missing from v
        rate = learning_rate * (1 - beta1) / (1 - beta1**self.steps)
        rate *= math.sqrt(1 - beta2**self.steps) / root
        shrink = 1 - learning_rate * self.weight_decay
        update = partial(self._update, rate, shrink, self.epsilon / root)
        self.workers.run(update, self.chunks, kind=Adam)

    def _update(
        self, rate: float, shrink: float, epsilon: float, theta: Array, g: Array, m: Array, v: Array
    ) -> None:
        """Update a chunk."""
        beta1, beta2 = self.betas
        m *= beta1
        m += g
        v *= beta2
        np.square(g, out=g)
        v += g
        np.sqrt(v, out=g)
        g += epsilon
        np.divide(m, g, out=g)
        g *= rate
        if self.weight_decay:
            theta *= shrink
        theta -= g
        if self.steps % FLUSH_EVERY == 0:
            flush_to_zero(m, scratch=g)
            flush_to_zero(v, scratch=g)


def make_optimizer(
    name: str,
    parameters: Array,
    gradient: Array,
    *,
    momentum: float = 0.0,
    weight_decay: float = 0.0,
    workers: Workers | None = None,
) -> Optimizer:
    """Make the optimiser ``sgd``, ``nesterov`` or ``adam``; Adam ignores the momentum.

    For a network below `MIN_SHARED_SIZE`, only the caller's thread is used.

    Raises
    ------
    SettingError
        If there is no optimiser with this name.
    """
    check_choice("optimizer", name, OPTIMIZERS)
    shared = workers if parameters.size >= MIN_SHARED_SIZE else None
    if name == "adam":
        return Adam(parameters, gradient, weight_decay=weight_decay, workers=shared)
    return SGD(
        parameters,
        gradient,
        momentum=momentum,
        nesterov=name == "nesterov",
        weight_decay=weight_decay,
        workers=shared,
    )


def split_into_chunks(*vectors: Array, threads: int = 1) -> list[tuple[Array, ...]]:
    """Return views of vectors of equal length, in chunks of up to `CHUNK_SIZE` numbers.

    They are as even as cache lines allow, with equally many for each thread.
    """
    length = len(vectors[0])
    count = threads * max(1, math.ceil(length / CHUNK_SIZE / threads))
    size = ALIGNMENT * max(1, math.ceil(length / count / ALIGNMENT))
    starts = range(0, length, size)
    return [tuple(vector[start : start + size] for vector in vectors) for start in starts]


def flush_to_zero(moment: Array, scratch: Array) -> None:
    """Set moments near zero to zero.

    For pixels that are black in most images, a moment decays into the denormal
    numbers (below 1e-38 in float32), on which some processors are a hundred times
    slower: after four epochs, an epoch took a third longer.
    """
    np.abs(moment, out=scratch)
    np.greater(scratch, MIN_MOMENT, out=scratch)
    moment *= scratch


# --- Schedules ---------------------------------------------------------------


def constant(progress: float) -> float:
    """Return 1 for the whole run."""
    return 1.0


def step(progress: float) -> float:
    """Return 1, then 1/10 from half the run on, and 1/100 from three quarters on."""
    return 1.0 if progress < 0.5 else 0.1 if progress < 0.75 else 0.01


def cosine(progress: float) -> float:
    """Fall from 1 to 0 along half a cosine.

    Loshchilov and Hutter, "SGDR", ICLR 2017, equation 5, without restarts.
    """
    return 0.5 * (1 + math.cos(math.pi * progress))


def one_cycle(progress: float) -> float:
    """Rise from 1/25 to 1 over the first 30 % of the run, then fall to 0, along cosines.

    After Smith and Topin, "Super-convergence", 2018, section 3, but with
    cosines instead of straight lines, a fall longer than the rise, and no
    momentum cycle.
    """
    warm_up, start = 0.3, 1 / 25
    if progress < warm_up:
        return 1 - (1 - start) * cosine(progress / warm_up)
    return cosine((progress - warm_up) / (1 - warm_up))


SCHEDULES: dict[str, Callable[[float], float]] = {
    "constant": constant,
    "step": step,
    "cosine": cosine,
    "one-cycle": one_cycle,
}


def scheduled_rate(recipe: Recipe, progress: float) -> float:
    """Return the learning rate at a point of a run, from 0 to 1."""
    return recipe.learning_rate * SCHEDULES[recipe.schedule](progress)
