"""Adversarial training: images moved to where the network does worse."""

from __future__ import annotations

import numpy as np

from mnistmlp.arrays import PIXELS, Array
from mnistmlp.core.backpropagation import Workspace
from mnistmlp.core.network import Network

EPSILON = 1e-12  # added to a slope's length: an image that is learnt may have none left


class Adversary:
    """Moves each image of a batch a given way up the slope of its loss.

    Goodfellow, Shlens and Szegedy, "Explaining and harnessing adversarial
    examples", ICLR 2015, section 6, but along the gradient itself instead of
    its sign, as for the L2 norm in Miyato, Maeda, Koyama, Nakae and Ishii,
    "Distributional smoothing with virtual adversarial training", ICLR 2016,
    section 4.2; and the network learns from the moved images alone.

    Parameters
    ----------
    network : Network
    radius : float
        How far: Euclidean length of the move, with pixels in [0, 1].
    batch_size : int
        n, at most.
    """

    def __init__(self, network: Network, radius: float, batch_size: int) -> None:
        self.network, self.radius = network, radius
        self.slopes = np.empty((batch_size, PIXELS), network.parameters.dtype)
        self.sizes = np.empty((batch_size, 1), network.parameters.dtype)

    def move(self, inputs: Array, work: Workspace) -> None:
        """Move inputs (785, n) in place; `work` has just backpropagated them."""
        n = inputs.shape[1]
        slopes, sizes = self.slopes[:n], self.sizes[:n]
        weights, _ = self.network.layers[0]
        np.matmul(work.deltas[0].T, weights, out=slopes)  # ∂C/∂a⁰ = (W¹)ᵀ δ¹, an image a row
        np.einsum("ij,ij->i", slopes, slopes, out=sizes[:, 0])
        np.sqrt(sizes, out=sizes)
        sizes += EPSILON
        np.divide(self.radius, sizes, out=sizes)
        slopes *= sizes
        inputs[:-1] += slopes.T
