from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from mnistmlp.training.advice import Trouble, advise, watch
from mnistmlp.training.recipes import RECIPES, Recipe
from mnistmlp.training.state import EpochReport

CLASSIC = RECIPES["classic"]
LABELS = np.arange(60_000) % 10


def report(epoch: int, loss: float, accuracy: float | None) -> EpochReport:
    return EpochReport(epoch, loss, accuracy, loss, accuracy, 0.1, 500_000.0)


def found(recipe: Recipe, *reports: EpochReport, labels: Any = LABELS) -> Trouble | None:
    """Return the trouble that is found in these reports; no more than one is."""
    (*troubles,) = filter(None, map(watch(recipe, labels), reports))
    assert len(troubles) <= 1
    return troubles[0] if troubles else None


def symptom(recipe: Recipe, *reports: EpochReport) -> str:
    trouble = found(recipe, *reports)
    assert trouble
    return trouble.symptom


def test_guessing_is_warned_of_once() -> None:
    recipe = replace(CLASSIC, activation="relu")
    trouble = found(recipe, report(1, 0.5, 0.106), report(2, 0.5, 0.106))
    assert trouble == (
        "no better than guessing: validation accuracy 10.60%",
        "learning rate 6 is high for sgd, mse and relu: try `learning_rate=0.3`",
    )


@pytest.mark.parametrize(
    ("labels", "accuracy", "warned"),
    [
        (LABELS, 0.19, True),
        (LABELS, 0.21, False),
        (0 * LABELS, 0.99, True),
        (0 * LABELS, 1.0, False),
        (LABELS // 9, 0.89, True),  # 90 % show a 0
        (LABELS // 9, 0.92, False),
        (LABELS % 2, 0.6, False),
    ],
)
def test_the_share_of_the_most_frequent_digit_is_guessing(
    labels: Any, accuracy: float, warned: bool
) -> None:
    assert bool(found(CLASSIC, report(1, 0.5, accuracy), labels=labels)) == warned


@pytest.mark.parametrize("accuracy", [None, 0.9])
def test_a_loss_that_does_not_fall(accuracy: float | None) -> None:
    falling = [report(1, 0.40, accuracy), report(2, 0.39, accuracy)]
    assert found(CLASSIC, *falling) is None
    risen = symptom(CLASSIC, *falling, report(3, 0.41, accuracy))
    assert risen == "the loss has not fallen: 0.4000 in epoch 1, 0.4100 in epoch 3"
    low = [report(1, 0.03, accuracy), report(2, 0.0301, accuracy)]  # it has learnt before
    assert found(CLASSIC, *low) is None


def test_a_run_that_is_resumed_is_judged_by_its_first_epoch() -> None:
    for history, warned in (((), True), ([report(1, 0.44, None)], False)):
        look = watch(CLASSIC, LABELS, history)
        troubles = [look(each) for each in (report(8, 0.40, 0.5), report(9, 0.41, 0.5))]
        assert any(troubles) == warned


@pytest.mark.parametrize(
    ("settings", "guessing"),
    [
        ({}, 0.45),
        ({"loss": "cross-entropy"}, np.log(10)),
        ({"loss": "cross-entropy", "label_smoothing": 0.2}, np.log(10)),
        ({"label_smoothing": 0.5}, 0.1125),
    ],
    ids=str,
)
def test_without_validation_images_the_loss_is_that_of_guessing(
    settings: dict[str, Any], guessing: float
) -> None:
    recipe = replace(CLASSIC, validation=0, **settings)
    assert found(recipe, report(1, 0.9 * guessing, None)) is None
    assert symptom(recipe, report(1, 1.01 * guessing, None)).endswith(
        f"no better than guessing: loss {1.01 * guessing:.4f}, and {guessing:.4f} by guessing"
    )


def test_labels_in_order_are_named() -> None:
    trouble = found(CLASSIC, report(1, 0.1, 0.01), labels=np.sort(LABELS))
    assert trouble
    assert trouble.advice.endswith("show few digits: shuffle images and labels")


def test_nothing_to_learn_is_no_trouble() -> None:
    recipe = replace(CLASSIC, validation=0, loss="cross-entropy")
    assert found(recipe, report(1, 0.0007, None), labels=0 * LABELS) is None


def test_the_share_is_that_of_the_validation_images() -> None:
    labels = np.concatenate([np.zeros(55_000, int), LABELS[:5000]])
    assert found(CLASSIC, report(1, 0.1, 0.5), labels=labels) is None


def test_a_few_steps_are_waited_for() -> None:
    recipe = replace(CLASSIC, limit=32 * 100, epochs=8)
    poor = [report(epoch, 0.5, 0.1) for epoch in range(1, 9)]
    assert found(recipe, *poor[:4]) is None
    assert found(recipe, *poor[:5])
    assert found(replace(recipe, epochs=3), *poor[:3])


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"learning_rate": 1e-4}, "learning rate 0.0001 is low for sgd, mse and sigmoid: try"),
        (
            {"learning_rate": 20.0},
            "learning rate 20 is high for sgd, mse and sigmoid: try",
        ),
        ({"hidden": ()}, "learning rate 6 is high for sgd, mse and no hidden layer: try"),
        ({"dropout": 0.9}, "dropout 0.9 may be too much"),
        ({"shift": 9.0, "augment": True}, "shift 9.0 may be too much"),
        ({"learning_rate": 1.0, "hidden": (20,) * 5}, "the gradient fades in 5 layers of sigmoids"),
        ({"epochs": 1, "limit": 100}, "there were few steps"),
        ({"learning_rate": 99.0, "epochs": 1, "limit": 100}, "learning rate 99 is high for"),
        ({"shift": 9.0}, "with mean squared error the outputs can get stuck"),
        (
            {"learning_rate": 1.0, "loss": "cross-entropy"},
            "it may need more `epochs`, or try",
        ),
    ],
    ids=str,
)
def test_the_likely_cause_is_named(settings: dict[str, Any], expected: str) -> None:
    recipe = replace(CLASSIC, **settings)
    assert advise(recipe, 4 if recipe.limit else 1719).startswith(expected)
