"""Adversarial training: images perturbed to raise their loss."""

from __future__ import annotations

import numpy as np

from mnistmlp.arrays import PIXELS, Array
from mnistmlp.core.backpropagation import Workspace
from mnistmlp.core.network import Network

EPSILON = 1e-12  # added to the norm of a gradient, which vanishes for a perfectly learnt image


class Adversary:
    """Moves each image of a batch a fixed distance along the gradient of its loss.

    Goodfellow, Shlens and Szegedy, "Explaining and harnessing adversarial
    examples", ICLR 2015, section 6, but along the gradient itself instead of
    its sign, as for the L2 norm in Miyato, Maeda, Koyama, Nakae and Ishii,
    "Distributional smoothing with virtual adversarial training", ICLR 2016,
    section 4.2.  The network learns from the perturbed images only.

    Parameters
    ----------
    network : Network
    radius : float
        Euclidean norm of the perturbation, with pixels in [0, 1].
    batch_size : int
        Largest n.
    """

    def __init__(self, network: Network, radius: float, batch_size: int) -> None:
        self.network, self.radius = network, radius
        self.gradients = np.empty((batch_size, PIXELS), network.parameters.dtype)
        self.norms = np.empty((batch_size, 1), network.parameters.dtype)

    def perturb(self, inputs: Array, work: Workspace) -> None:
        """Perturb inputs (785, n) in place after they have been backpropagated in `work`."""
        n = inputs.shape[1]
        gradients, norms = self.gradients[:n], self.norms[:n]
        weights, _ = self.network.layers[0]
        # ∂C/∂a⁰ = (W¹)ᵀ δ¹, one image per row
        work.multiply(np.matmul, work.deltas[0].T, weights, gradients)
        np.einsum("ij,ij->i", gradients, gradients, out=norms[:, 0])
        np.sqrt(norms, out=norms)
        norms += EPSILON
        np.divide(self.radius, norms, out=norms)
        gradients *= norms
        inputs[:-1] += gradients.T
