"""Backpropagation: the gradient of a batch's loss with respect to all weights and biases.

Conventions and notation are those of `core.network`: Nielsen, *Neural Networks and
Deep Learning* (2015), chapter 2, equations BP1 to BP4, which docs/maths derives.
"""

from __future__ import annotations

import numpy as np

from mnistmlp.arrays import Array
from mnistmlp.core.activations import ACTIVATIONS
from mnistmlp.core.losses import LOSSES
from mnistmlp.core.network import Network, layer_matrices
from mnistmlp.core.products import Products


class Workspace:
    """The buffers that backpropagation writes to, allocated once for batches of n images.

    Parameters
    ----------
    network : Network
    batch_size : int
        n.
    gradient : (p,), optional
        Buffer for the gradient, laid out like the parameters.  Workspaces can
        share one, so that a short last batch writes to the same buffer.
    dropout : float
        Fraction of each hidden layer's neurons to drop in a step, in [0, 1).
    rng : Generator, optional
        For dropout.
    products : Products, optional
        Computes the matrix products; on the caller's thread by default.
    """

    def __init__(
        self,
        network: Network,
        batch_size: int,
        gradient: Array | None = None,
        dropout: float = 0.0,
        rng: np.random.Generator | None = None,
        products: Products | None = None,
    ) -> None:
        dtype, (_, *hidden, last) = network.parameters.dtype, network.sizes
        self.gradient = np.empty_like(network.parameters) if gradient is None else gradient
        self.matrices = layer_matrices(self.gradient, network.sizes)
        self.inputs = [np.ones((width + 1, batch_size), dtype) for width in hidden]
        self.transposes = [x.T for x in self.inputs]  # (n, width + 1)
        self.activations = [x[:-1] for x in self.inputs]  # (width, n): a¹ … aᴸ⁻¹
        self.logits = np.empty((last, batch_size), dtype)  # (10, n): zᴸ
        self.deltas = [np.empty((w, batch_size), dtype) for w in (*hidden, last)]  # δ¹ … δᴸ
        self.row = np.empty(batch_size, dtype)  # scratch space for the loss
        self.count = np.array(
            batch_size, dtype
        )  # n as an array: saves 0.3 µs compared with a number
        self.multiply = (products or Products()).compute
        self.keep, self.rng = 1 - dropout, rng
        self.masks = [np.empty((width, batch_size), dtype) for width in hidden if dropout]

    def drop(self, layer: int) -> None:
        """Drop neurons of a hidden layer at random, and scale the others by 1 / keep.

        Srivastava et al., "Dropout", JMLR 15 (2014), section 4, but scaled
        during training rather than afterwards (section 10), so that prediction
        needs no change.
        """
        mask = self.masks[layer]
        self.rng.random(out=mask, dtype=mask.dtype)  # type: ignore[union-attr]
        np.less(mask, self.keep, out=mask)
        mask *= 1 / self.keep
        self.activations[layer] *= mask


def forward(network: Network, work: Workspace, inputs: Array) -> None:
    """Compute activations and logits for inputs (785, n) into ``work``.

    The bias is the last column of its layer's matrix, and the last row of each
    layer's input is 1, so the matrix product adds the bias.
    """
    last = len(network.layers) - 1
    for layer, a in enumerate([inputs, *work.inputs]):  # a⁰ … aᴸ⁻¹, each with its row of 1
        z = work.logits if layer == last else work.activations[layer]
        work.multiply(np.dot, network.matrices[layer], a, z)  # zˡ = Wˡ aˡ⁻¹ + bˡ
        if layer < last:
            ACTIVATIONS[network.activation].apply(z)  # aˡ = f(zˡ), in the same buffer
            if work.masks:
                work.drop(layer)


def backpropagate(network: Network, work: Workspace, inputs: Array, targets: Array) -> float:
    """Return the loss of a batch, and write its gradient to ``work.gradient``.

    No array is allocated.

    Parameters
    ----------
    network : Network
    work : Workspace
        Made for this network and n images.
    inputs : (785, n)
        One image per column, pixels in [0, 1]; the last row is 1.
    targets : (10, n)
        One-hot.

    Returns
    -------
    float
        The loss, averaged over the batch.
    """
    forward(network, work, inputs)
    return backward(network, work, inputs, targets)


def backward(
    network: Network, work: Workspace, inputs: Array, targets: Array, *, weights_too: bool = True
) -> float:
    """Do the rest of `backpropagate` after `forward`, whose results are overwritten.

    One matrix product gives the gradients of both weights and biases, because a
    bias is one more weight.  Without `weights_too`, only ``work.deltas`` are
    computed, a small part of the work.
    """
    activation, loss = ACTIVATIONS[network.activation], LOSSES[network.loss]
    transposes = [inputs.T, *work.transposes]  # (a⁰)ᵀ … (aᴸ⁻¹)ᵀ, each with its column of 1
    last = len(network.layers) - 1

    delta = work.deltas[last]
    value = loss.loss_and_delta(work.logits, targets, delta, work.row)  # BP1: ∂/∂zᴸ …
    delta /= work.count  # … of the mean over the batch: δᴸ

    for layer in range(last, -1, -1):
        # BP4 and BP3: ∂C/∂Wˡ = δˡ (aˡ⁻¹)ᵀ, and ∂C/∂bˡ = δˡ (1 … 1)ᵀ
        if weights_too:
            work.multiply(np.dot, delta, transposes[layer], work.matrices[layer])
        if layer > 0:
            (weights, _), a = network.layers[layer], work.activations[layer - 1]
            delta = work.deltas[layer - 1]
            # BP2: (Wˡ)ᵀ δˡ …; np.dot would copy the transposed weights
            work.multiply(np.matmul, weights.T, work.deltas[layer], delta)
            if work.masks:
                delta *= work.masks[layer - 1]
                a *= work.keep  # undo the scaling; dropped neurons have delta 0 anyway
            activation.derivative(a, delta)  # … ⊙ f'(zˡ⁻¹) = δˡ⁻¹; a is no longer needed
    return value
