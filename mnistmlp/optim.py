"""Optimisers and learning-rate schedules, all in place on one parameter vector.

An optimiser is made for a number of parameters and holds its own buffers;
``step(parameters, gradient, learning_rate)`` changes `parameters` and may
overwrite `gradient`.  Weight decay is decoupled from the gradient in all of
them: a step first shrinks the parameters by 1 − learning_rate · weight_decay
(Loshchilov and Hutter, "Decoupled weight decay regularization", ICLR 2019,
algorithms 1 and 2, but with the whole learning rate as the factor, where they
have the schedule's alone).

A schedule maps the part of the run that is done, 0 … 1, to a factor of the
learning rate.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Protocol

import numpy as np

from mnistmlp.core import Array


class Optimizer(Protocol):
    """Anything that moves parameters along a gradient."""

    def step(self, parameters: Array, gradient: Array, learning_rate: float) -> None:
        """Change `parameters` in place; `gradient` may be overwritten."""


class SGD:
    """Stochastic gradient descent, with momentum or Nesterov momentum.

    With velocity v: v ← μ v + g, then θ ← θ − η v; with Nesterov
    θ ← θ − η (g + μ v).  After Sutskever, Martens, Dahl and Hinton, "On the
    importance of initialization and momentum in deep learning", ICML 2013,
    equations 1 to 4, but with η outside the velocity, and the gradient taken
    at θ rather than at the point looked ahead to.

    Parameters
    ----------
    parameters : (p,)
        What will be optimised: gives size and dtype of the velocity.
    momentum : float
        μ in [0, 1).
    nesterov : bool
    weight_decay : float
    """

    def __init__(
        self,
        parameters: Array,
        *,
        momentum: float = 0.0,
        nesterov: bool = False,
        weight_decay: float = 0.0,
    ) -> None:
        self.momentum = momentum
        self.nesterov = nesterov
        self.weight_decay = weight_decay
        self.velocity = np.zeros_like(parameters) if momentum else None
        self.scratch = np.empty_like(parameters) if nesterov else None

    def step(self, parameters: Array, gradient: Array, learning_rate: float) -> None:
        """Change `parameters` in place; `gradient` is overwritten."""
        if self.velocity is not None:
            self.velocity *= self.momentum
            self.velocity += gradient
            if self.scratch is not None:  # Nesterov looks one step ahead
                np.multiply(self.velocity, self.momentum, out=self.scratch)
                gradient += self.scratch
            else:
                gradient[:] = self.velocity
        if self.weight_decay:
            parameters *= 1 - learning_rate * self.weight_decay
        gradient *= learning_rate
        parameters -= gradient


class Adam:
    """Adam, with decoupled weight decay (AdamW).

    Kingma and Ba, "Adam: a method for stochastic optimization", ICLR 2015,
    algorithm 1, in the cheaper order of section 2: both bias corrections go
    into the step size, and ε applies before them.

    Parameters
    ----------
    parameters : (p,)
        What will be optimised: gives size and dtype of the moments.
    betas : (float, float)
        Decay of the first and the second moment.
    epsilon : float
    weight_decay : float
    """

    def __init__(
        self,
        parameters: Array,
        *,
        betas: tuple[float, float] = (0.9, 0.999),
        epsilon: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        self.betas = betas
        self.epsilon = epsilon
        self.weight_decay = weight_decay
        self.steps = 0
        self.mean = np.zeros_like(parameters)
        self.square = np.zeros_like(parameters)
        self.scratch = np.empty_like(parameters)

    def step(self, parameters: Array, gradient: Array, learning_rate: float) -> None:
        """Change `parameters` in place; `gradient` is overwritten."""
        beta1, beta2 = self.betas
        self.steps += 1
        self.mean *= beta1  # m ← β₁ m + (1 − β₁) g
        np.multiply(gradient, 1 - beta1, out=self.scratch)
        self.mean += self.scratch
        self.square *= beta2  # v ← β₂ v + (1 − β₂) g²
        gradient *= gradient
        gradient *= 1 - beta2
        self.square += gradient
        np.sqrt(self.square, out=self.scratch)
        self.scratch += self.epsilon
        np.divide(self.mean, self.scratch, out=gradient)  # m / (√v + ε)
        correction = math.sqrt(1 - beta2**self.steps) / (1 - beta1**self.steps)
        gradient *= learning_rate * correction
        if self.weight_decay:
            parameters *= 1 - learning_rate * self.weight_decay
        parameters -= gradient


def make_optimizer(
    name: str, parameters: Array, *, momentum: float = 0.0, weight_decay: float = 0.0
) -> Optimizer:
    """Return the optimiser ``sgd``, ``nesterov`` or ``adam``; Adam takes no momentum."""
    if name == "adam":
        return Adam(parameters, weight_decay=weight_decay)
    return SGD(
        parameters, momentum=momentum, nesterov=name == "nesterov", weight_decay=weight_decay
    )


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
