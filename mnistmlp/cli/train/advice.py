"""What `train` says when a network does not learn."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from mnistmlp.cli import console
from mnistmlp.cli.brains import GUESSING
from mnistmlp.training.learning_rates import suitable_rate
from mnistmlp.training.settings import spell

if TYPE_CHECKING:
    from mnistmlp.arrays import Labels
    from mnistmlp.training.recipes import Recipe
    from mnistmlp.training.state import EpochReport

ENOUGH_STEPS = 500  # to have learnt something; fewer count only at the end of the run
MARGIN = 1.05  # over the largest share of a label: below it, the network may only know that share
FACTOR = 3  # between the learning rate and one that suits: more is a likely cause
MANY_LAYERS = 4  # of sigmoids: the gradient that reaches the first one is hardly there
STRONG = {  # settings against overfitting, and values above which they may leave nothing to learn
    "dropout": 0.7,
    "adversarial": 2.0,
    "label_smoothing": 0.8,
    "displacement": 4.0,
    "shift": 6.0,
    "rotation": 60.0,
    "scaling": 1.0,
    "shear": 1.0,
}


def warn_once(recipe: Recipe, labels: Labels, output: Path) -> Callable[[EpochReport], None]:
    """Return a callback for epoch reports that warns, once, if the network does not learn.

    Parameters
    ----------
    recipe : Recipe
    labels : (n,)
        Of all images; the last ones are those of the validation images.
    output : Path
        The brain file, for the message.
    """
    first: list[EpochReport] = []  # the first report …
    warned: list[str] = []  # … and what was warned of
    end = len(labels) - recipe.validation
    share = _largest_share(labels[end:])
    steps = math.ceil(min(end, recipe.limit or end) / recipe.batch_size)  # an epoch

    def on_epoch(report: EpochReport) -> None:
        first[:] = first or [report]
        if warned or (report.epoch * steps < ENOUGH_STEPS and report.epoch < recipe.epochs):
            return
        if problem := _find_problem(report, first[0], share):
            warned.append(problem)
            console.note(f"warning: {console.escape(str(output))}: {problem}")
            console.note(f"hint: {advise(recipe)}")

    return on_epoch


def _largest_share(labels: Labels) -> float:
    """Return the share of the most frequent label: the accuracy of always saying it."""
    import numpy as np

    return float(np.bincount(labels).max() / len(labels)) if len(labels) else 0.0


def _find_problem(report: EpochReport, first: EpochReport, share: float) -> str | None:
    """Return what is wrong after an epoch, or None."""
    accuracy = report.validation_accuracy
    if accuracy is not None and accuracy < max(GUESSING, MARGIN * share):
        same = f", and {share:.2%} show the same digit" if share >= GUESSING else ""
        return f"no better than guessing: validation accuracy {accuracy:.2%}{same}"
    if report.epoch > first.epoch and report.loss >= first.loss:
        return (
            f"the loss has not fallen: {first.loss:.4f} in epoch {first.epoch}, "
            f"{report.loss:.4f} in epoch {report.epoch}"
        )
    return None


def advise(recipe: Recipe) -> str:
    """Return the likely cause of a network that does not learn, and the option to try."""
    rate, suitable = recipe.learning_rate, suitable_rate(recipe)
    layers = recipe.activation if recipe.hidden else "no hidden layer"
    kind = f"{recipe.optimizer}, {recipe.loss} and {layers}"
    if rate > FACTOR * suitable:
        return f"learning rate {rate:g} is high for {kind}: try --learning-rate {suitable:g}"
    for name, most in STRONG.items():
        value = getattr(recipe, name)
        if value > most and (name not in recipe.warp or recipe.augment):
            return f"{name.replace('_', ' ')} {spell(value)} may be too much: try a smaller one"
    if recipe.activation == "sigmoid" and len(recipe.hidden) >= MANY_LAYERS:
        return (
            f"the gradient fades in {len(recipe.hidden)} layers of sigmoids: "
            "try --activation relu, or fewer layers"
        )
    if rate < suitable / FACTOR:
        return f"learning rate {rate:g} is low for {kind}: try --learning-rate {suitable:g}"
    if recipe.batch_size > 1000 or recipe.limit:
        return "there were few steps: try a smaller --batch-size, more --epochs or more images"
    if recipe.loss == "mse":
        return "with mean squared error the outputs can get stuck at 0: try --loss cross-entropy"
    return f"it may need more --epochs, or try --learning-rate {rate / FACTOR:.2g}"
