"""The learning curves of a brain, from the history in its file."""

from __future__ import annotations

from dataclasses import dataclass, field

from mnistmlp.brains.brain import Brain
from mnistmlp.brains.meta import Meta
from mnistmlp.brains.provenance import Provenance
from mnistmlp.errors import SettingError
from mnistmlp.training.optim import scheduled_rate
from mnistmlp.training.state import MAX_MEASURED

SCHEDULED = {"learning_rate", "schedule", "epochs"}  # settings that the learning rate depends on


@dataclass(frozen=True)
class Curves:
    """What was measured, by epoch; a curve without numbers is empty."""

    name: str  # of the brain
    loss: dict[int, float] = field(default_factory=dict)
    validation_loss: dict[int, float] = field(default_factory=dict)
    accuracy: dict[int, float] = field(default_factory=dict)  # in [0, 1], of training images
    validation_accuracy: dict[int, float] = field(default_factory=dict)  # in [0, 1]
    learning_rate: dict[int, float] = field(default_factory=dict)  # at the start of the epoch
    kept: int | None = None  # epoch of the weights in the file, if known

    @property
    def has_losses(self) -> bool:
        """Whether a loss was measured."""
        return bool(self.loss or self.validation_loss)

    @property
    def has_accuracies(self) -> bool:
        """Whether an accuracy was measured."""
        return bool(self.accuracy or self.validation_accuracy)


def trace_curves(name: str, brain: Brain) -> Curves | None:
    """Return the curves of a brain; None if its file has none, or the weights have changed."""
    meta = brain.current_meta
    if not meta:
        return None
    losses = meta.curve("loss"), meta.curve("validation_loss")
    accuracies = [
        {epoch: each for epoch, each in meta.curve(key).items() if each <= 1}
        for key in ("accuracy", "validation_accuracy")
    ]
    curves = Curves(
        name,
        loss=losses[0],
        validation_loss=losses[1],
        accuracy=accuracies[0],
        validation_accuracy=accuracies[1],
        learning_rate=_learning_rates(meta),
        kept=meta.epochs if 0 < meta.epochs <= len(meta.history) else None,
    )
    return curves if curves.has_losses or curves.has_accuracies else None


def _learning_rates(meta: Meta) -> dict[int, float]:
    """Return the learning rate at the start of each epoch, by the recipe in the file."""
    if not meta.recipe.keys() >= SCHEDULED:  # others would default to `classic`
        return {}
    try:
        recipe = Provenance.parse(meta.raw).recipe
    except SettingError:  # from another version
        return {}
    if recipe.learning_rate > MAX_MEASURED:
        return {}
    total = recipe.epochs
    epochs = range(1, min(len(meta.history), total) + 1)
    return {epoch: scheduled_rate(recipe, (epoch - 1) / total) for epoch in epochs}
