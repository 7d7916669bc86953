"""What `train` says when a network does not learn."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mnistmlp.arrays import DIGITS
from mnistmlp.cli import console
from mnistmlp.cli.brains import GUESSING
from mnistmlp.training.learning_rates import default_rate
from mnistmlp.training.settings import spell

if TYPE_CHECKING:
    from mnistmlp.arrays import Labels
    from mnistmlp.training.recipes import Recipe
    from mnistmlp.training.state import EpochReport

ENOUGH_STEPS = 500  # to have learnt something; fewer count only at the end of the run
MARGIN = 1.05  # over the accuracy, or under the loss, of guessing: closer is no better
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


def warn_once(
    recipe: Recipe, labels: Labels, output: Path, history: Sequence[EpochReport] = ()
) -> Callable[[EpochReport], None]:
    """Return a callback for epoch reports that warns, once, if the network does not learn.

    Parameters
    ----------
    recipe : Recipe
    labels : (n,)
        Of all images; the last ones are those of the validation images.
    output : Path
        The brain file, for the message.
    history : sequence of EpochReport
        Of the run that is resumed.
    """
    first = list(history[:1])  # the first report of the run …
    warned: list[str] = []  # … and what was warned of
    end = len(labels) - recipe.validation
    share = _largest_share(labels[end:])
    guessing_loss = _guessing_loss(recipe, labels[:end][: recipe.limit])
    steps = _count_steps(recipe, end)

    def on_epoch(report: EpochReport) -> None:
        first[:] = first or [report]
        if warned or (report.epoch * steps < ENOUGH_STEPS and report.epoch < recipe.epochs):
            return
        if problem := _find_problem(report, first[0], share, guessing_loss):
            warned.append(problem)
            warning = f"warning: {console.escape(str(output))}: {problem}"
            console.note(f"{warning}\nhint: {advise(recipe, steps)}")

    return on_epoch


def _count_steps(recipe: Recipe, images: int) -> int:
    """Return the number of steps in an epoch."""
    return math.ceil(min(images, recipe.limit or images) / recipe.batch_size)


def _largest_share(labels: Labels) -> float:
    """Return the share of the most frequent label: the accuracy of always saying it."""
    import numpy as np

    return float(np.bincount(labels).max() / len(labels)) if len(labels) else 0.0


def _guessing_loss(recipe: Recipe, labels: Labels) -> float:
    """Return the lowest loss of outputs that are the same for every image: the mean target."""
    import numpy as np

    smoothing = recipe.label_smoothing
    targets = np.eye(DIGITS) * (1 - smoothing) + smoothing / DIGITS
    shares = np.bincount(labels, minlength=DIGITS) / len(labels)
    mean = shares @ targets
    if recipe.loss == "mse":
        return float(((targets[0] ** 2).sum() - (mean**2).sum()) / 2)
    return float(-(mean * np.log(np.maximum(mean, 1e-12))).sum())


def _find_problem(
    report: EpochReport, first: EpochReport, share: float, guessing_loss: float
) -> str | None:
    """Return what is wrong after an epoch, or None."""
    accuracy, loss = report.validation_accuracy, report.loss
    if accuracy is None:
        if loss >= guessing_loss / MARGIN:
            return f"no better than guessing: loss {loss:.4f}, and guessing has {guessing_loss:.4f}"
    elif accuracy < max(GUESSING, MARGIN * share):
        same = f", and {share:.2%} show the same digit" if share >= GUESSING else ""
        return f"no better than guessing: validation accuracy {accuracy:.2%}{same}"
    if report.epoch > first.epoch and loss >= max(first.loss, guessing_loss / 2):
        epochs = f"{first.loss:.4f} in epoch {first.epoch}, {loss:.4f} in epoch {report.epoch}"
        return f"the loss has not fallen: {epochs}"
    return None


def advise(recipe: Recipe, steps: int) -> str:
    """Return the likely cause of a network that does not learn, and the option to try.

    `steps` are those of an epoch.
    """
    if recipe.epochs * steps < ENOUGH_STEPS:
        return "there were few steps: try a smaller --batch-size, more --epochs or more images"
    rate, usual = recipe.learning_rate, default_rate(recipe)
    layers = recipe.activation if recipe.hidden else "no hidden layer"
    kind = f"{recipe.optimizer}, {recipe.loss} and {layers}"
    if rate > FACTOR * usual:
        return f"learning rate {rate:g} is high for {kind}: try --learning-rate {usual:g}"
    for name, most in STRONG.items():
        value = getattr(recipe, name)
        if value > most and (name not in recipe.warp or recipe.augment):
            return f"{name.replace('_', ' ')} {spell(value)} may be too much: try a smaller one"
    if recipe.activation == "sigmoid" and len(recipe.hidden) >= MANY_LAYERS:
        return (
            f"the gradient fades in {len(recipe.hidden)} layers of sigmoids: give it some epochs, "
            "or try --activation relu"
        )
    if rate < usual / FACTOR:
        return f"learning rate {rate:g} is low for {kind}: try --learning-rate {usual:g}"
    if recipe.loss == "mse":
        return "with mean squared error the outputs can get stuck at 0: try --loss cross-entropy"
    return f"it may need more --epochs, or try --learning-rate {rate / FACTOR:.2g}"
