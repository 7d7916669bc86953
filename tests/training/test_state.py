from copy import deepcopy
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from mnistmlp.core.initialization import initialise
from mnistmlp.core.metrics import evaluate
from mnistmlp.core.network import Network
from mnistmlp.training import loop as training
from mnistmlp.training.recipes import Recipe
from mnistmlp.training.state import EpochReport, TrainingResult, TrainingState
from tests.training.test_loop import IMAGES, LABELS, TINY, train


@pytest.mark.parametrize("moment", ["calibrate", "prune_network"])
def test_an_interrupt_of_the_last_steps_is_one_of_the_run(
    monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    original, calls = getattr(training, moment), []

    def interrupt(*args: Any) -> Any:
        calls.append(args)
        if len(calls) == 1:
            raise KeyboardInterrupt
        return original(*args)

    monkeypatch.setattr(training, moment, interrupt)
    result = train(TINY, prune=0.5)
    assert result.interrupted
    assert result.temperature is None
    assert (result.network.parameters == 0).mean() == pytest.approx(0.5, abs=0.01)
    assert len(result.history) == TINY.epochs


def test_an_interrupt_of_the_last_evaluation_keeps_what_is_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def interrupted(*args: Any, **options: Any) -> None:
        raise KeyboardInterrupt

    def on_epoch(report: EpochReport) -> None:
        if report.epoch == TINY.epochs:
            monkeypatch.setattr(Network, "outputs", interrupted)

    result = train(on_epoch=on_epoch)
    assert result.interrupted
    assert result.validation_accuracy == result.history[-1].validation_accuracy
    assert result.temperature is None


def test_a_result_that_is_complete_is_announced_before_it_is_returned() -> None:
    ended: list[bool] = []

    def on_end() -> None:
        ended.append(True)
        if len(ended) == 1:
            raise KeyboardInterrupt  # the last moment at which it loses nothing

    result = train(TINY, on_end=on_end)
    assert result.interrupted
    assert ended == [True, True]
    assert result.network.parameters.tobytes() == train(TINY).network.parameters.tobytes()


def interrupt_after(epoch: int) -> Any:
    def on_epoch(report: EpochReport) -> None:
        if report.epoch == epoch:
            raise KeyboardInterrupt

    return on_epoch


def test_an_interrupt_keeps_the_last_complete_epoch() -> None:
    whole = train(seed=1)
    result = train(seed=1, on_epoch=interrupt_after(2))
    assert result.interrupted
    assert [report.epoch for report in result.history] == [1, 2]
    assert [r.loss for r in result.history] == [r.loss for r in whole.history[:2]]
    evaluation = evaluate([result.network], IMAGES[1000:], LABELS[1000:])
    assert result.selected
    assert evaluation.accuracy == result.selected.validation_accuracy


def interrupt_at(progress: float) -> Any:
    def on_step(done: float) -> None:
        if done >= progress:
            raise KeyboardInterrupt

    return on_step


def test_an_interrupt_within_an_epoch_discards_it() -> None:
    result = train(seed=1, on_step=interrupt_at(0.6))  # in the third epoch of four
    assert result.interrupted
    assert outcome(result) == outcome(train(seed=1, until=2))


def test_an_interrupt_within_the_first_epoch_keeps_the_current_weights() -> None:
    start = Network((784, 16, 10), "relu", "cross-entropy")
    initialise(start, np.random.default_rng(9))
    result = train(initial_network=start, on_step=interrupt_at(0.1))
    assert (result.interrupted, result.history, result.selected) == (True, [], None)
    assert (result.network.parameters != start.parameters).mean() > 0.5
    evaluation = evaluate([result.network], IMAGES[1000:], LABELS[1000:])
    assert result.validation_accuracy == evaluation.accuracy


def states(recipe: Recipe, **options: Any) -> list[TrainingState]:
    """Train, and return a copy of the state after each epoch."""
    found: list[TrainingState] = []
    train(recipe, on_state=lambda state: found.append(deepcopy(state)), **options)
    return found


def outcome(result: TrainingResult) -> list[object]:
    """Return the outcome of a run, without its times."""
    reports = [replace(r, seconds=0, images_per_second=0) for r in result.history]
    selected = result.selected and result.selected.epoch
    figures = result.validation_accuracy, result.temperature
    return [result.network.parameters.tobytes(), reports, selected, figures]


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"optimizer": "sgd"},
        {"optimizer": "sgd", "momentum": 0.5, "schedule": "step"},
        {"optimizer": "nesterov", "momentum": 0.9, "dtype": "float64"},
        {"dropout": 0.3, "hardest": 0.5, "adversarial": 0.5},
        {"augment": True, "validation": 0, "limit": 300},
        {"shuffle": False, "weight_decay": 0.1, "receptive_field": 3.0},
        {"optimizer": "sgd", "schedule": "constant", "learning_rate": 0.9, "patience": 2},
    ],
    ids=str,
)
def test_a_resumed_run_ends_in_the_same_bits(settings: dict[str, Any]) -> None:
    recipe = replace(TINY, **({"learning_rate": 0.01} | settings))
    whole = train(recipe, seed=3)
    for state in states(recipe, seed=3):
        reports: list[EpochReport] = []
        resumed = train(recipe, seed=3, resume=state, on_epoch=reports.append)
        assert outcome(resumed) == outcome(whole)
        assert len(reports) == len(whole.history) - len(state.history)


def test_a_resumed_run_that_began_with_an_initial_network() -> None:
    start = Network((784, 16, 10), "relu", "cross-entropy")
    initialise(start, np.random.default_rng(9))
    half_way = states(TINY, initial_network=start)[1]
    whole = train(initial_network=start)
    assert outcome(train(resume=half_way, initial_network=start)) == outcome(whole)


def test_until_ends_like_an_interrupt() -> None:
    stopped = train(seed=1, on_epoch=interrupt_after(2))
    result = train(seed=1, until=2)
    assert outcome(result) == outcome(stopped)
    assert (result.interrupted, stopped.interrupted) == (False, True)
