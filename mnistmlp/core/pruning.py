"""Pruning: leaving out the weights that matter least."""

from __future__ import annotations

import numpy as np

from mnistmlp.core.network import Network


def prune(network: Network, part: float) -> None:
    """Set the smallest weights and biases to zero.

    By magnitude, over all layers together, and with no training afterwards:
    Han, Pool, Tran and Dally, "Learning both weights and connections for
    efficient neural networks", NIPS 2015, section 3.

    Parameters
    ----------
    network : Network
        Changed in place.
    part : float
        Of all weights and biases, in [0, 1).
    """
    sizes = np.abs(network.parameters)
    network.parameters[sizes < np.quantile(sizes, part)] = 0
