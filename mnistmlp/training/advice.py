"""Advice when a network does not learn: the symptom and the likely cause.

A setting to try is in backquotes, as in Python: `learning_rate=0.3`, or without a value.
The command line spells it as an option.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from mnistmlp.arrays import DIGITS, Labels
from mnistmlp.training.learning_rates import default_rate
from mnistmlp.training.recipes import GUESSING, Recipe
from mnistmlp.training.settings import spell
from mnistmlp.training.state import EpochReport

ENOUGH_STEPS = 500  # to learn something; fewer count only at the end of the run
MARGIN = 0.95  # of the error rate or the loss of guessing: more is no better
FEW_DIGITS = 0.5  # share of one digit in the validation images that is hardly chance
SURE = 0.01  # loss of guessing below which there is nothing to learn
FACTOR = 3  # between the learning rate and a suitable one: more is a likely cause
MANY_LAYERS = 4  # of sigmoids: hardly any gradient reaches the first one
STRONG = {  # settings against overfitting, and values above which they may prevent learning
    "dropout": 0.7,
    "adversarial": 2.0,
    "label_smoothing": 0.8,
    "displacement": 4.0,
    "shift": 6.0,
    "rotation": 60.0,
    "scaling": 1.0,
    "shear": 1.0,
}


UNSHUFFLED = (
    "the validation images, at the end of the set, show few digits: shuffle images and labels"
)


class Trouble(NamedTuple):
    """A network that does not learn."""

    symptom: str  # as in "no better than guessing: validation accuracy 10.60%"
    advice: str  # the likely cause and what to try


def watch(
    recipe: Recipe, labels: Labels, history: Sequence[EpochReport] = ()
) -> Callable[[EpochReport], Trouble | None]:
    """Return a function that takes each epoch's report, and returns a trouble once.

    Parameters
    ----------
    recipe : Recipe
    labels : (n,)
        Of all images; the last ones belong to the validation images.
    history : sequence of EpochReport
        Of the resumed run.
    """
    first = list(history[:1])  # the first report of the run …
    found: list[Trouble] = []  # … and the trouble that was returned
    end = len(labels) - recipe.validation
    share = _largest_share(labels[end:])
    guessing_loss = _guessing_loss(recipe, labels[:end][: recipe.limit])
    steps = _count_steps(recipe, end)

    def look(report: EpochReport) -> Trouble | None:
        first[:] = first or [report]
        if found or (report.epoch * steps < ENOUGH_STEPS and report.epoch < recipe.epochs):
            return None
        if symptom := _find_symptom(report, first[0], share, guessing_loss):
            advice = UNSHUFFLED if share >= FEW_DIGITS else advise(recipe, steps)
            found.append(Trouble(symptom, advice))
            return found[0]
        return None

    return look


def _count_steps(recipe: Recipe, images: int) -> int:
    """Return the number of steps in an epoch."""
    return math.ceil(min(images, recipe.limit or images) / recipe.batch_size)


def _largest_share(labels: Labels) -> float:
    """Return the share of the most frequent label: the accuracy of always predicting it."""
    return float(np.bincount(labels).max() / len(labels)) if len(labels) else 0.0


def _guessing_loss(recipe: Recipe, labels: Labels) -> float:
    """Return the lowest loss of outputs that are the same for every image: the mean target."""
    smoothing = recipe.label_smoothing
    targets = np.eye(DIGITS) * (1 - smoothing) + smoothing / DIGITS
    shares = np.bincount(labels, minlength=DIGITS) / len(labels)
    mean = shares @ targets
    if recipe.loss == "mse":
        return float(((targets[0] ** 2).sum() - (mean**2).sum()) / 2)
    return float(-(mean * np.log(np.maximum(mean, 1e-12))).sum())


def _find_symptom(
    report: EpochReport, first: EpochReport, share: float, guessing_loss: float
) -> str | None:
    """Return what is wrong after an epoch, or None."""
    accuracy, loss = report.validation_accuracy, report.loss
    if accuracy is None:
        if loss >= MARGIN * guessing_loss > SURE:
            return f"no better than guessing: loss {loss:.4f}, and {guessing_loss:.4f} by guessing"
    elif accuracy < GUESSING or 1 - accuracy > MARGIN * (1 - share):
        same = f", and {share:.2%} show the same digit" if share >= GUESSING else ""
        return f"no better than guessing: validation accuracy {accuracy:.2%}{same}"
    if report.epoch > first.epoch and loss >= max(first.loss, guessing_loss / 2):
        epochs = f"{first.loss:.4f} in epoch {first.epoch}, {loss:.4f} in epoch {report.epoch}"
        return f"the loss has not fallen: {epochs}"
    return None


def advise(recipe: Recipe, steps: int) -> str:
    """Return the likely cause if a network does not learn, and the setting to try.

    `steps` is the number per epoch.
    """
    rate, usual = recipe.learning_rate, default_rate(recipe)
    layers = recipe.activation if recipe.hidden else "no hidden layer"
    kind = f"{recipe.optimizer}, {recipe.loss} and {layers}"
    if rate > FACTOR * usual:
        return f"learning rate {rate:g} is high for {kind}: try `learning_rate={usual:g}`"
    if recipe.epochs * steps < ENOUGH_STEPS:
        return "there were few steps: try a smaller `batch_size`, more `epochs` or more images"
    for name, most in STRONG.items():
        value = getattr(recipe, name)
        if value > most and (name not in recipe.warp or recipe.augment):
            return f"{name.replace('_', ' ')} {spell(value)} may be too much: try a smaller one"
    if recipe.activation == "sigmoid" and len(recipe.hidden) >= MANY_LAYERS:
        return (
            f"the gradient fades in {len(recipe.hidden)} layers of sigmoids: give it some epochs, "
            "or try `activation='relu'`"
        )
    if rate < usual / FACTOR:
        return f"learning rate {rate:g} is low for {kind}: try `learning_rate={usual:g}`"
    if recipe.loss == "mse":
        return "with mean squared error the outputs can get stuck at 0: try `loss='cross-entropy'`"
    return f"it may need more `epochs`, or try `learning_rate={rate / FACTOR:.2g}`"
