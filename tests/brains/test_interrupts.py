"""Ctrl-C stops training at once, wherever it is, unless training is asked to end well."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from mnistmlp import Brain, Checkpoint, Recipe, TrainingResult, fit, resume, train
from mnistmlp.training import loop
from tests.conftest import blobs, few_steps

pytestmark = few_steps

DATA = blobs(400, seed=1)
WIDE: dict[str, Any] = {  # whose work is shared
    "hidden": (600,),
    "optimizer": "adam",
    "batch_size": 100,
    "epochs": 3,
    "validation": 100,
    "threads": 3,
}


def interrupt(*_: object, **__: object) -> None:
    """Do as Ctrl-C does."""
    signal.raise_signal(signal.SIGINT)


def interrupt_at(number: int) -> Callable[[object], None]:
    """Return what interrupts at this call, counted from 1."""
    calls = iter(range(1, 10_000))

    def call(_: object) -> None:
        if next(calls) == number:
            interrupt()

    return call


def run_fit(**options: Any) -> object:
    settings = {name: WIDE[name] for name in WIDE.keys() - {"threads"}}
    return fit(Recipe(**settings), *DATA, threads=WIDE["threads"], **options)


def run_train(**options: Any) -> object:
    return train("classic", DATA, **WIDE, **options)


def run_resume(**options: Any) -> object:
    return resume(checkpoint(), DATA, threads=WIDE["threads"], **options)


def checkpoint() -> Checkpoint:
    """Return the state after the first epoch."""
    kept: list[Checkpoint] = []

    def keep(reached: Checkpoint) -> None:
        kept.append(reached)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_train(on_checkpoint=keep)
    return kept[0]


@pytest.fixture(autouse=True)
def _nothing_is_left_running() -> Any:
    """Check that no thread is left, nor a limit on those of BLAS."""
    before, blas = set(threading.enumerate()), threadpool_info()
    yield
    assert set(threading.enumerate()) == before
    assert threadpool_info() == blas


RUNS = {"fit": run_fit, "train": run_train, "resume": run_resume}


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize("moment", ["the first step", "mid-epoch", "the end of an epoch"])
def test_ctrl_c_passes_through(run: str, moment: str) -> None:
    options: dict[str, dict[str, Any]] = {
        "the first step": {"on_step": interrupt},
        "mid-epoch": {"on_step": interrupt_at(2)},
        "the end of an epoch": {"on_epoch": interrupt},
    }
    with pytest.raises(KeyboardInterrupt):
        RUNS[run](**options[moment])


def test_threads_are_gone_after_an_interrupt() -> None:
    """There were some, or the check that none is left would say nothing."""
    seen: set[str] = set()

    def look(progress: float) -> None:
        seen.update(each.name for each in threading.enumerate())
        if progress > 0.5:
            interrupt()

    before = set(threading.enumerate())
    try:
        run_train(on_step=look)
    except KeyboardInterrupt:
        left = set(threading.enumerate()) - before  # while the traceback keeps all objects alive
    assert not left
    assert any(name.startswith("mnistmlp") for name in seen)


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize("name", ["on_step", "on_epoch"])
def test_another_error_of_a_callback_passes_through_too(run: str, name: str) -> None:
    def fail(_: object) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        RUNS[run](interruptible=True, **{name: fail})


@pytest.mark.parametrize("step", ["calibrate", "evaluate"])
@pytest.mark.parametrize("run", RUNS)
def test_ctrl_c_passes_through_in_the_last_steps(
    run: str, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = checkpoint()
    monkeypatch.setattr(loop, step, interrupt)
    with pytest.raises(KeyboardInterrupt):
        if run == "resume":
            resume(kept, DATA, threads=WIDE["threads"])
        else:
            RUNS[run]()


def test_a_loop_over_seeds_can_be_stopped() -> None:
    done = []
    with pytest.raises(KeyboardInterrupt):
        for seed in range(5):
            step = interrupt if seed == 2 else lambda _: None
            train("classic", DATA, seed=seed, epochs=1, validation=0, on_step=step)
            done.append(seed)
    assert done == [0, 1]


def test_an_interrupt_from_another_thread_passes_through() -> None:
    """As a terminal sends it: at any instruction, within NumPy or a worker's wait."""
    timer = threading.Timer(0.15, interrupt_main)
    with pytest.raises(KeyboardInterrupt):
        train("classic", DATA, **WIDE | {"epochs": 2000, "hidden": (2000,)}, on_step=once(timer))
    timer.join()


def interrupt_main() -> None:
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)


def once(timer: threading.Timer) -> Callable[[float], None]:
    """Return what starts a timer, when it is called first."""

    def call(_: float) -> None:
        if timer.ident is None:
            timer.start()

    return call


# --- What the command line asks for -------------------------------------------------


def test_fit_keeps_the_last_complete_epoch_if_asked_to() -> None:
    steps_of_an_epoch = 3
    result = run_fit(interruptible=True, on_step=interrupt_at(steps_of_an_epoch + 2))
    assert isinstance(result, TrainingResult)
    assert result.interrupted
    assert len(result.history) == 1
    assert result.validation_accuracy == result.history[0].validation_accuracy
    whole = run_fit(until=1)
    assert isinstance(whole, TrainingResult)
    assert np.array_equal(result.network.parameters, whole.network.parameters)


def test_train_and_resume_give_a_brain_if_asked_to() -> None:
    for run in (run_train, run_resume):
        with pytest.warns(UserWarning, match=r"interrupted in epoch \d: the weights are those of"):
            brain = run(interruptible=True, on_step=interrupt_at(5))
        assert isinstance(brain, Brain)
        assert brain.meta
        assert brain.meta.epochs == len(brain.meta.history) == (1 if run is run_train else 2)
        brain.predict(DATA[0])
