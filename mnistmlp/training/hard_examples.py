"""Learning from only the hardest images of a batch."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from mnistmlp.arrays import PIXELS, Array
from mnistmlp.core.backpropagation import Workspace, forward
from mnistmlp.core.losses import LOSSES
from mnistmlp.core.network import Network
from mnistmlp.core.products import Products
from mnistmlp.training.batches import Batch


class HardExamples:
    """Picks the images of a batch with the highest loss.

    Once training is under way, the others have almost no gradient but cost just as
    much, while a forward pass is only a third of a step.  Shrivastava, Gupta and
    Girshick, "Training region-based object detectors with online hard example
    mining", CVPR 2016, section 4.1; Jiang et al., "Accelerating deep learning
    by focusing on the biggest losers", 2019, section 3.

    Parameters
    ----------
    network : Network
    fraction : float
        Fraction of a batch to pick, in (0, 1]; the count is rounded up.
    batch_sizes : iterable of int
        The usual batch size and that of the last batch.
    gradient : (p,)
        Buffer of other workspaces, shared to save memory; not written here.
    products : Products, optional
        Computes the matrix products; on the caller's thread by default.
    """

    def __init__(
        self,
        network: Network,
        fraction: float,
        batch_sizes: Iterable[int],
        gradient: Array,
        products: Products | None = None,
    ) -> None:
        self.network, self.fraction = network, fraction
        self.workspaces = {
            n: Workspace(network, n, gradient, products=products) for n in batch_sizes
        }
        counts, dtype = {n: self.count(n) for n in self.workspaces}, network.parameters.dtype
        self.losses = np.empty(max(counts), dtype)
        self.inputs = np.empty((max(counts.values()), PIXELS + 1), dtype)
        self.targets = {n: np.empty((network.sizes[-1], k), dtype) for n, k in counts.items()}
        self.logits = {n: np.empty_like(work.logits) for n, work in self.workspaces.items()}

    def count(self, n: int) -> int:
        """Return the number of images picked from n."""
        return math.ceil(self.fraction * n)

    def pick(self, batch: Batch, result: Workspace) -> tuple[Batch, float]:
        """Return the hardest images of a batch, and the loss averaged over all its images.

        The images are views valid until the next call.  What `forward` computes for
        them is written to `result`, a workspace for that many.
        """
        n = batch.targets.shape[1]
        work, count, targets, losses = (
            self.workspaces[n],
            self.count(n),
            self.targets[n],
            self.losses[:n],
        )
        forward(self.network, work, batch.inputs)
        self.logits[n][:] = work.logits  # the next line overwrites them
        LOSSES[self.network.loss].per_image(work.logits, batch.targets, losses, work.row)
        hardest = np.argpartition(losses, n - count)[n - count :]
        inputs = self.inputs[:count]
        np.take(batch.inputs.T, hardest, axis=0, out=inputs, mode="clip")
        np.take(batch.targets, hardest, axis=1, out=targets, mode="clip")
        pairs = zip(work.activations, result.activations, strict=True)
        for whole, part in [*pairs, (self.logits[n], result.logits)]:
            np.take(whole, hardest, axis=1, out=part, mode="clip")
        return Batch(inputs.T, targets), float(losses.mean())
