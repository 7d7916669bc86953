"""Optimisers and learning-rate schedules, all in place on one parameter vector.

An optimiser is made for a vector of parameters and the vector that their
gradient will be in, and holds its own buffers.  ``step(learning_rate)``
changes the parameters, overwrites the gradient, and allocates nothing; it
does all of its work on one chunk of the vectors before the next, so that the
numbers stay in a core's cache.

Weight decay is decoupled from the gradient in all of them: a step first
shrinks the parameters by 1 − learning_rate · weight_decay (Loshchilov and
Hutter, "Decoupled weight decay regularization", ICLR 2019, algorithms 1 and
2, but with the whole learning rate as the factor, where they have the
schedule's alone).

A schedule maps the part of the run that is done, 0 … 1, to a factor of the
learning rate.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Protocol

import numpy as np

from mnistmlp.arrays import Array

CHUNK_SIZE = 1 << 15  # numbers: 128 kB of float32, and Adam works on four such chunks
FLUSH_EVERY = 100  # steps
TINY = 1e-28  # moments below it become zero


class Optimizer(Protocol):
    """Anything that moves parameters along their gradient."""

    steps: int  # taken so far
    moments: dict[str, Array]  # what is kept from step to step, by name, each (p,)

    def step(self, learning_rate: float) -> None:
        """Change the parameters in place; the gradient is overwritten."""


class SGD:
    """Stochastic gradient descent, with momentum or Nesterov momentum.

    With velocity v: v ← μ v + g, then θ ← θ − η v; with Nesterov
    θ ← θ − η (g + μ v).  After Sutskever, Martens, Dahl and Hinton, "On the
    importance of initialization and momentum in deep learning", ICML 2013,
    equations 1 to 4, but with η outside the velocity, and the gradient taken
    at θ rather than at the point looked ahead to.

    Parameters
    ----------
    parameters, gradient : (p,)
    momentum : float
        μ in [0, 1).
    nesterov : bool
    weight_decay : float
    """

    def __init__(
        self,
        parameters: Array,
        gradient: Array,
        *,
        momentum: float = 0.0,
        nesterov: bool = False,
        weight_decay: float = 0.0,
    ) -> None:
        self.momentum = momentum
        self.nesterov = nesterov
        self.weight_decay = weight_decay
        self.steps = 0
        self.moments = {"moment1": np.zeros_like(parameters)} if momentum else {}  # the velocity
        self.chunks = chunks(parameters, gradient, self.moments.get("moment1", gradient))

    def step(self, learning_rate: float) -> None:
        """Change the parameters in place; the gradient is overwritten."""
        self.steps += 1
        for theta, g, v in self.chunks:
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
                flush(v, scratch=g)


class Adam:
    """Adam, with decoupled weight decay (AdamW).

    Kingma and Ba, "Adam: a method for stochastic optimization", ICLR 2015,
    algorithm 1, in the cheaper order of section 2: both bias corrections go
    into the step size, and ε applies before them.  The factors 1 − β of the
    moments go there too: kept are m / (1 − β₁) and v / (1 − β₂).

    Parameters
    ----------
    parameters, gradient : (p,)
    betas : (float, float)
        Decay of the first and the second moment.
    epsilon : float
    weight_decay : float
    """

    def __init__(
        self,
        parameters: Array,
        gradient: Array,
        *,
        betas: tuple[float, float] = (0.9, 0.999),
        epsilon: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        self.betas = betas
        self.epsilon = epsilon
        self.weight_decay = weight_decay
        self.steps = 0
        self.moments = {  # of the gradient: its mean, and the mean of its square
            "moment1": np.zeros_like(parameters),
            "moment2": np.zeros_like(parameters),
        }
        self.chunks = chunks(parameters, gradient, *self.moments.values())

    def step(self, learning_rate: float) -> None:
        """Change the parameters in place; the gradient is overwritten."""
        beta1, beta2 = self.betas
        self.steps += 1
        root = math.sqrt(1 - beta2)  # of what the kept v lacks
        rate = learning_rate * (1 - beta1) / (1 - beta1**self.steps)
        rate *= math.sqrt(1 - beta2**self.steps) / root
        for theta, g, m, v in self.chunks:
            m *= beta1
            m += g
            v *= beta2
            np.square(g, out=g)
            v += g
            np.sqrt(v, out=g)
            g += self.epsilon / root
            np.divide(m, g, out=g)
            g *= rate
            if self.weight_decay:
                theta *= 1 - learning_rate * self.weight_decay
            theta -= g
            if self.steps % FLUSH_EVERY == 0:
                flush(m, scratch=g)
                flush(v, scratch=g)


def make_optimizer(
    name: str,
    parameters: Array,
    gradient: Array,
    *,
    momentum: float = 0.0,
    weight_decay: float = 0.0,
) -> Optimizer:
    """Return the optimiser ``sgd``, ``nesterov`` or ``adam``; Adam takes no momentum."""
    if name == "adam":
        return Adam(parameters, gradient, weight_decay=weight_decay)
    nesterov = name == "nesterov"
    return SGD(
        parameters, gradient, momentum=momentum, nesterov=nesterov, weight_decay=weight_decay
    )


def chunks(*vectors: Array) -> list[tuple[Array, ...]]:
    """Return views into vectors of one length, `CHUNK_SIZE` numbers of each at a time."""
    starts = range(0, len(vectors[0]), CHUNK_SIZE)
    return [tuple(vector[start : start + CHUNK_SIZE] for vector in vectors) for start in starts]


def flush(moment: Array, scratch: Array) -> None:
    """Set to zero what is nearly zero.

    Where pixels are dark in most images, a moment fades step by step into the
    denormal numbers (below 1e-38 in float32), with which some processors
    calculate a hundred times slower: an epoch took a third longer after four.
    """
    np.abs(moment, out=scratch)
    np.greater(scratch, TINY, out=scratch)
    moment *= scratch


# --- Schedules ---------------------------------------------------------------


def constant(done: float) -> float:
    """Return 1 throughout."""
    return 1.0


def step(done: float) -> float:
    """Return 1, then a tenth from the half of the run, a hundredth from three quarters."""
    return 1.0 if done < 0.5 else 0.1 if done < 0.75 else 0.01


def cosine(done: float) -> float:
    """Fall from 1 to 0 along half a cosine.

    Loshchilov and Hutter, "SGDR", ICLR 2017, equation 5, with no restart.
    """
    return 0.5 * (1 + math.cos(math.pi * done))


def one_cycle(done: float) -> float:
    """Rise from 1/25 to 1 over the first 30 % of the run, then fall to 0, along cosines.

    After Smith and Topin, "Super-convergence", 2018, section 3, but with
    cosines for straight lines, a fall that is longer than the rise, and no
    cycle of the momentum.
    """
    warm_up, start = 0.3, 1 / 25
    if done < warm_up:
        return 1 - (1 - start) * cosine(done / warm_up)
    return cosine((done - warm_up) / (1 - warm_up))


SCHEDULES: dict[str, Callable[[float], float]] = {
    "constant": constant,
    "step": step,
    "cosine": cosine,
    "one-cycle": one_cycle,
}
