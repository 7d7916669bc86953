from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnistmlp.cli.train.advice import advise, warn_once
from mnistmlp.training.recipes import RECIPES, Recipe
from mnistmlp.training.state import EpochReport
from tests.cli.conftest import Run

CLASSIC = RECIPES["classic"]
LABELS = np.arange(60_000) % 10


def report(epoch: int, loss: float, accuracy: float | None) -> EpochReport:
    return EpochReport(epoch, loss, loss, accuracy, 0.1, 500_000.0)


def told(
    capsys: pytest.CaptureFixture[str], recipe: Recipe, *reports: EpochReport, labels: Any = LABELS
) -> list[str]:
    on_epoch = warn_once(recipe, labels, Path("b\n.npz"))
    for each in reports:
        on_epoch(each)
    return capsys.readouterr().err.splitlines()


def test_guessing_is_warned_of_once(capsys: pytest.CaptureFixture[str]) -> None:
    recipe = replace(CLASSIC, activation="relu")
    warning, hint = told(capsys, recipe, report(1, 0.5, 0.106), report(2, 0.5, 0.106))
    assert warning == (r"warning: b\n.npz: no better than guessing: validation accuracy 10.60%")
    assert hint == "hint: learning rate 6 is high for sgd, mse and relu: try --learning-rate 0.3"


@pytest.mark.parametrize(
    ("labels", "accuracy", "warned"),
    [
        (LABELS, 0.19, True),
        (LABELS, 0.21, False),
        (0 * LABELS, 0.99, True),
        (LABELS % 2, 0.6, False),
    ],
)
def test_the_share_of_the_most_frequent_digit_is_guessing(
    capsys: pytest.CaptureFixture[str], labels: Any, accuracy: float, warned: bool
) -> None:
    assert bool(told(capsys, CLASSIC, report(1, 0.5, accuracy), labels=labels)) == warned


@pytest.mark.parametrize("accuracy", [None, 0.9])
def test_a_loss_that_does_not_fall(
    capsys: pytest.CaptureFixture[str], accuracy: float | None
) -> None:
    falling = [report(1, 0.40, accuracy), report(2, 0.39, accuracy)]
    assert told(capsys, CLASSIC, *falling) == []
    warning, _ = told(capsys, CLASSIC, *falling, report(3, 0.41, accuracy))
    assert warning.endswith("the loss has not fallen: 0.4000 in epoch 1, 0.4100 in epoch 3")
    low = [report(1, 0.03, accuracy), report(2, 0.0301, accuracy)]  # it has learnt before
    assert told(capsys, CLASSIC, *low) == []


def test_a_run_that_is_resumed_is_judged_by_its_first_epoch(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for history, warned in (((), True), ([report(1, 0.44, None)], False)):
        on_epoch = warn_once(CLASSIC, LABELS, Path("b.npz"), history)
        for each in (report(8, 0.40, 0.5), report(9, 0.41, 0.5)):
            on_epoch(each)
        assert bool(capsys.readouterr().err) == warned


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
    capsys: pytest.CaptureFixture[str], settings: dict[str, Any], guessing: float
) -> None:
    recipe = replace(CLASSIC, validation=0, **settings)
    assert told(capsys, recipe, report(1, 0.9 * guessing, None)) == []
    warning, _ = told(capsys, recipe, report(1, 1.01 * guessing, None))
    assert warning.endswith(
        f"no better than guessing: loss {1.01 * guessing:.4f}, and guessing has {guessing:.4f}"
    )


def test_the_share_is_that_of_the_validation_images(capsys: pytest.CaptureFixture[str]) -> None:
    labels = np.concatenate([np.zeros(55_000, int), LABELS[:5000]])
    assert told(capsys, CLASSIC, report(1, 0.1, 0.5), labels=labels) == []


def test_a_few_steps_are_waited_for(capsys: pytest.CaptureFixture[str]) -> None:
    recipe = replace(CLASSIC, limit=32 * 100, epochs=8)
    poor = [report(epoch, 0.5, 0.1) for epoch in range(1, 9)]
    assert told(capsys, recipe, *poor[:4]) == []
    assert told(capsys, recipe, *poor[:5]) != []
    assert told(capsys, replace(recipe, epochs=3), *poor[:3]) != []


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
        ({"learning_rate": 99.0, "epochs": 1, "limit": 100}, "there were few steps"),
        ({"shift": 9.0}, "with mean squared error the outputs can get stuck"),
        (
            {"learning_rate": 1.0, "loss": "cross-entropy"},
            "it may need more --epochs, or try",
        ),
    ],
    ids=str,
)
def test_the_likely_cause_is_named(settings: dict[str, Any], expected: str) -> None:
    recipe = replace(CLASSIC, **settings)
    assert advise(recipe, 4 if recipe.limit else 1719).startswith(expected)


def test_train_and_those_who_use_the_brain_warn(run: Run, small: Path) -> None:
    words = ["train", "--lr", "1e-6", "--epochs", "1", "--validation", "200", "--quiet"]
    trained = run(*words, "--data-dir", small)
    assert (trained.exit_code, trained.stdout) == (0, "brain.npz\n")
    warning, hint = trained.stderr.splitlines()
    assert warning.startswith("warning: brain.npz: no better than guessing: validation ")
    assert hint.startswith("hint: there were few steps: ")
    for words in (["evaluate"], ["predict", "--index", "0"]):
        used = run(*words, "--data-dir", small)
        assert used.exit_code == 0
        assert used.stderr.startswith("warning: brain.npz: hardly better than guessing: ")
        assert used.stderr.count("\n") == 1


def test_a_rate_other_than_the_recipes_is_announced(run: Run, small: Path) -> None:
    words = ["train", "--epochs", "1", "--validation", "200", "--data-dir", small, "--force"]
    note = "learning rate 0.3, to suit these settings, instead of classic's 6\n"
    assert note in run(*words, "--activation", "relu").stderr
    for more in (["--activation", "relu", "--lr", "0.3"], [], ["--activation", "relu", "-q"]):
        assert "to suit" not in run(*words, *more).stderr
