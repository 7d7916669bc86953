"""Learning from the hardest images of a batch alone."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from mnistmlp.arrays import PIXELS, Array
from mnistmlp.core.backpropagation import Workspace, forward
from mnistmlp.core.network import LOSSES, Network
from mnistmlp.training.batches import Batch


class HardExamples:
    """Picks the images of a batch that the network does worst on.

    The others have next to no gradient once training is under way, but would
    cost as much: a forward pass is a third of a step.  Shrivastava, Gupta and
    Girshick, "Training region-based object detectors with online hard example
    mining", CVPR 2016, section 4.1; Jiang et al., "Accelerating deep learning
    by focusing on the biggest losers", 2019, section 3.

    Parameters
    ----------
    network : Network
    share : float
        The part of a batch that is picked, in (0, 1], rounded up.
    batch_sizes : iterable of int
        How many images batches have: the usual number, and that of the last.
    gradient : (p,)
        Of other workspaces; not written here.
    """

    def __init__(
        self, network: Network, share: float, batch_sizes: Iterable[int], gradient: Array
    ) -> None:
        self.network, self.share = network, share
        self.works = {n: Workspace(network, n, gradient) for n in batch_sizes}
        counts, dtype = {n: self.count(n) for n in self.works}, network.parameters.dtype
        self.inputs = np.empty((max(counts.values()), PIXELS + 1), dtype)
        self.targets = {n: np.empty((network.sizes[-1], k), dtype) for n, k in counts.items()}

    def count(self, n: int) -> int:
        """Return how many of n images are picked."""
        return math.ceil(self.share * n)

    def pick(self, batch: Batch) -> Batch:
        """Return the hardest images of a batch, as views that are good until the next call."""
        n = batch.targets.shape[1]
        work, count, targets = self.works[n], self.count(n), self.targets[n]
        forward(self.network, work, batch.inputs)
        LOSSES[self.network.loss].output_activation(work.logits)
        np.einsum("ij,ij->j", work.logits, batch.targets, out=work.row)  # for the right digit
        hardest = np.argpartition(work.row, count - 1)[:count]
        inputs = self.inputs[:count]
        np.take(batch.inputs.T, hardest, axis=0, out=inputs, mode="clip")
        np.take(batch.targets, hardest, axis=1, out=targets, mode="clip")
        return Batch(inputs.T, targets)
