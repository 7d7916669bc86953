from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from mnistmlp.brains.brain import Brain, load_brain, pretrained
from mnistmlp.brains.meta import Meta
from mnistmlp.brains.provenance import Provenance
from mnistmlp.brains.train import describe
from mnistmlp.report.curves import Curves, trace_curves
from mnistmlp.training.loop import fit
from mnistmlp.training.optim import cosine
from mnistmlp.training.recipes import Recipe
from tests.brains.test_brain import make_older
from tests.conftest import blobs

RECIPE = Recipe(hidden=(), epochs=4, validation=20, learning_rate=2.0, schedule="cosine")


@pytest.fixture(scope="module")
def brain() -> Brain:
    training = fit(RECIPE, *blobs(100, seed=1), seed=5, until=3)
    return Brain(training.network, Meta.parse(describe(training, Provenance(RECIPE)), Path("b")))


def changed(brain: Brain, **raw: Any) -> Curves | None:
    """Trace the curves of a brain whose file says something else."""
    assert brain.meta
    return trace_curves("b", Brain(brain.network, Meta.parse(brain.meta.raw | raw, Path("b"))))


def test_the_curves_are_those_of_the_history(brain: Brain) -> None:
    curves = trace_curves("a name", brain)
    assert brain.meta
    assert curves
    history = dict(enumerate(brain.meta.history, 1))
    assert len(history) == 3
    assert curves.name == "a name"
    assert curves.loss == {epoch: each["loss"] for epoch, each in history.items()}
    assert curves.validation_loss == {n: each["validation_loss"] for n, each in history.items()}
    found = {n: each["validation_accuracy"] for n, each in history.items()}
    assert curves.validation_accuracy == found
    assert curves.kept == brain.meta.epochs


def test_the_learning_rate_is_that_at_the_start_of_each_epoch(brain: Brain) -> None:
    curves = trace_curves("b", brain)
    assert curves
    assert curves.learning_rate == {n + 1: 2.0 * cosine(n / 4) for n in range(3)}


def test_the_accuracy_of_training_images_where_the_file_has_it(brain: Brain) -> None:
    history = [{"accuracy": 0.5}, {"accuracy": 1.5}, {"accuracy": -1}, {"accuracy": 1}]
    curves = changed(brain, history=history, epochs=2)
    assert curves
    assert (curves.accuracy, curves.loss, curves.kept) == ({1: 0.5, 4: 1.0}, {}, 2)


@pytest.mark.parametrize("epochs", [0, 4, 10**30])
def test_an_epoch_that_is_not_in_the_history_is_not_the_kept_one(brain: Brain, epochs: int) -> None:
    curves = changed(brain, epochs=epochs)
    assert curves
    assert curves.kept is None


@pytest.mark.parametrize(
    "recipe",
    [
        {},
        {"name": "own"},
        {"learning_rate": 1, "epochs": 3},
        {"learning_rate": 1, "epochs": 3, "schedule": "other"},
        {"learning_rate": "1", "epochs": 3, "schedule": "constant"},
        {"learning_rate": 1e308, "epochs": 3, "schedule": "constant"},
        {"learning_rate": 1, "epochs": 3, "schedule": "constant", "unheard-of": 1},
    ],
    ids=str,
)
def test_a_recipe_that_is_not_understood(brain: Brain, recipe: dict[str, Any]) -> None:
    curves = changed(brain, recipe=recipe)
    assert curves
    assert curves.learning_rate == {}
    assert len(curves.loss) == 3


def test_no_learning_rate_beyond_the_recipe(brain: Brain) -> None:
    recipe = {"learning_rate": 1.0, "epochs": 2, "schedule": "cosine"}
    curves = changed(brain, recipe=recipe)
    assert curves
    assert list(curves.learning_rate) == [1, 2]


@pytest.mark.parametrize("history", [[], [1, "x", None], [{}], [{"loss": "x"}]], ids=str)
def test_a_history_without_a_number(brain: Brain, history: list[Any]) -> None:
    assert changed(brain, history=history) is None


def test_brains_without_a_history(brain: Brain) -> None:
    make_older(Path("older.npz"))
    assert trace_curves("older", load_brain("older.npz")) is None
    other = Brain(deepcopy(brain.network), brain.meta)
    other.network.parameters[0] += 1
    assert trace_curves("changed", other) is None


def test_the_bundled_brain() -> None:
    curves = trace_curves("pretrained", pretrained())
    assert curves
    assert (len(curves.loss), len(curves.learning_rate), curves.kept) == (100, 100, 100)
    assert not curves.validation_loss
