"""The gradient of a batch, with a recipe's hard examples and adversarial images."""

from __future__ import annotations

import math

import numpy as np

from mnistmlp.core.backpropagation import Workspace, backward, forward
from mnistmlp.core.network import Network
from mnistmlp.core.products import Products
from mnistmlp.training.adversarial import Adversary
from mnistmlp.training.batches import Batch
from mnistmlp.training.hard_examples import HardExamples
from mnistmlp.training.recipes import Recipe
from mnistmlp.training.tally import Tally
from mnistmlp.workers import Workers


class Gradient:
    """Computes gradients into one vector; all buffers are allocated once.

    Parameters
    ----------
    recipe : Recipe
    network : Network
    batch_sizes : set of int
        The usual batch size and that of the last batch.
    rng : Generator
        For dropout.
    workers : Workers
        Threads that share the matrix products.
    tally : Tally
        Receives the logits that each loss is computed from.
    """

    def __init__(
        self,
        recipe: Recipe,
        network: Network,
        batch_sizes: set[int],
        rng: np.random.Generator,
        workers: Workers,
        tally: Tally,
    ) -> None:
        products = Products(workers)
        self.network, self.tally = network, tally
        self.vector = np.empty_like(network.parameters)  # (p,)
        self.hard_examples = self.adversary = None
        counts = batch_sizes
        if recipe.hardest < 1:
            self.hard_examples = HardExamples(
                network, recipe.hardest, batch_sizes, self.vector, products
            )
            counts = {self.hard_examples.count(n) for n in batch_sizes}
        if recipe.adversarial:
            self.adversary = Adversary(network, recipe.adversarial, max(counts))
        self.workspaces = {
            n: Workspace(network, n, self.vector, recipe.dropout, rng, products) for n in counts
        }

    def compute(self, batch: Batch) -> float:
        """Write the gradient for the images trained on to `vector`, and return a loss.

        It is the loss of these images as they are trained on, or with hard examples,
        of the whole batch that they are chosen from.  `tally` receives the logits of
        the same images, before an adversary perturbs them.
        """
        n, batch_loss = batch.targets.shape[1], None
        work = self.workspaces[self.hard_examples.count(n) if self.hard_examples else n]
        if self.hard_examples:
            batch, batch_loss = self.hard_examples.pick(batch, work)
            self.tally.add(self.hard_examples.logits[n])
        if not self.hard_examples or work.masks:  # no dropout while picking images
            forward(self.network, work, batch.inputs)
        if not self.hard_examples:
            self.tally.add(work.logits)  # before they are overwritten
        if self.adversary:
            loss = backward(self.network, work, *batch, weights_too=False)
            if not math.isfinite(loss):
                return loss
            self.adversary.perturb(batch.inputs, work)
            forward(self.network, work, batch.inputs)
        loss = backward(self.network, work, *batch)
        return loss if batch_loss is None or not math.isfinite(loss) else batch_loss
