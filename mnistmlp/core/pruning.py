"""Pruning: setting the least important weights to zero."""

from __future__ import annotations

import numpy as np

from mnistmlp.core.network import Network


def prune(network: Network, fraction: float) -> None:
    """Set the weights and biases of smallest magnitude to zero.

    They are chosen over all layers together, and the network is not retrained:
    Han, Pool, Tran and Dally, "Learning both weights and connections for
    efficient neural networks", NIPS 2015, section 3.

    Parameters
    ----------
    network : Network
        Changed in place.
    fraction : float
        Fraction of all weights and biases to set to zero, in [0, 1).
    """
    magnitudes = np.abs(network.parameters)
    network.parameters[magnitudes < np.quantile(magnitudes, fraction)] = 0
