"""Compression: pruning and half precision, so that weights take less space."""

from __future__ import annotations

import numpy as np

from mnistmlp.core.network import Network
from mnistmlp.errors import DivergenceError


def prune(network: Network, fraction: float) -> None:
    """Set the weights and biases of smallest magnitude to zero.

    They are chosen across all layers, and the network is not retrained:
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


def round_to_half(network: Network) -> None:
    """Round the weights and biases to half precision (float16), in place; the dtype stays.

    Raises
    ------
    DivergenceError
        If a weight is too large for half precision.
    """
    if (largest := np.abs(network.parameters).max()) > np.finfo(np.float16).max:
        raise DivergenceError(f"a weight of {largest:g} is too large for half precision")
    network.parameters[:] = network.parameters.astype(np.float16)


def is_half(network: Network) -> bool:
    """Tell whether half precision holds the weights and biases exactly."""
    with np.errstate(over="ignore"):
        return bool((network.parameters.astype(np.float16) == network.parameters).all())
