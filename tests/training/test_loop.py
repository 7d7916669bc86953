import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from mnistmlp.blas import BLAS_THREADS, limited_threads
from mnistmlp.cli.hints import hint_for
from mnistmlp.core.calibration import calibrate
from mnistmlp.core.compression import is_half
from mnistmlp.core.initialization import initialise
from mnistmlp.core.metrics import evaluate, probabilities
from mnistmlp.core.network import Network, parameter_count
from mnistmlp.errors import DivergenceError
from mnistmlp.training import loop as training
from mnistmlp.training.batches import Batch, Batches
from mnistmlp.training.loop import fit
from mnistmlp.training.optim import MIN_SHARED_SIZE, one_cycle
from mnistmlp.training.recipes import Recipe
from mnistmlp.training.state import EpochReport, TrainingResult
from tests.conftest import blobs

IMAGES, LABELS = blobs(1200, seed=1)
TINY = Recipe(
    hidden=(16,),
    activation="relu",
    loss="cross-entropy",
    optimizer="adam",
    learning_rate=6e-3,
    schedule="one-cycle",
    batch_size=64,
    epochs=4,
    validation=200,
)


def train(recipe: Recipe = TINY, **options: Any) -> TrainingResult:
    try:
        return fit(recipe, IMAGES, LABELS, interruptible=True, **options)
    except KeyboardInterrupt:  # would end all tests
        pytest.fail("the interrupt is not handled")


@pytest.mark.parametrize("optimizer", ["sgd", "nesterov", "adam"])
@pytest.mark.parametrize("loss", ["mse", "cross-entropy"])
def test_every_kind_of_network_learns(optimizer: str, loss: str) -> None:
    recipe = Recipe(
        hidden=(16,),
        activation="tanh",
        loss=loss,  # type: ignore[arg-type]
        optimizer=optimizer,  # type: ignore[arg-type]
        momentum=0.9 if optimizer == "nesterov" else 0.0,
        learning_rate={"sgd": 0.3, "nesterov": 0.05, "adam": 0.005}[optimizer]
        * (5 if loss == "mse" and optimizer != "adam" else 1),
        epochs=15,
        validation=200,
    )
    result = train(recipe)
    assert result.selected
    assert result.selected.validation_accuracy is not None
    assert result.selected.validation_accuracy > 0.95
    assert result.history[-1].loss < result.history[0].loss / 2


def test_same_seed_same_bytes() -> None:
    first, again, other = train(), train(seed=0), train(seed=4)
    assert first.network.parameters.tobytes() == again.network.parameters.tobytes()
    assert first.network.parameters.tobytes() != other.network.parameters.tobytes()
    assert [report.loss for report in first.history] == [report.loss for report in again.history]


@pytest.mark.parametrize(
    "ingredient",
    [
        {"receptive_field": 3.0},
        {"dropout": 0.2},
        {"label_smoothing": 0.1},
        {"hardest": 0.3},
        {"adversarial": 0.5},
        {"augment": True},
    ],
    ids=lambda ingredient: next(iter(ingredient)),
)
def test_every_ingredient_has_a_reproducible_effect(ingredient: Any) -> None:
    recipe = replace(TINY, batch_size=60, **ingredient)  # 1,000 images: the last batch is short
    first, again = train(recipe), train(recipe)
    assert first.network.parameters.tobytes() == again.network.parameters.tobytes()
    without = train(replace(TINY, batch_size=60))
    assert (first.network.parameters != without.network.parameters).mean() > 0.5
    assert first.history[-1].loss < first.history[0].loss


@pytest.mark.parametrize(
    ("setting", "values", "others"),
    [
        ("receptive_field", (2.0, 3.0), {}),
        ("dropout", (0.2, 0.3), {}),
        ("label_smoothing", (0.1, 0.2), {}),
        ("adversarial", (0.5, 0.6), {}),
        ("hardest", (0.3, 0.5), {}),
        ("momentum", (0.1, 0.9), {"optimizer": "sgd"}),
        ("momentum", (0.1, 0.9), {"optimizer": "nesterov"}),
        ("weight_decay", (0.1, 0.2), {"optimizer": "sgd"}),
        ("weight_decay", (0.1, 0.2), {"optimizer": "adam"}),
        *[(name, (0.1, 0.2), {"augment": True}) for name in Recipe().warp if name != "rotation"],
        ("rotation", (5.0, 10.0), {"augment": True}),
    ],
)
def test_every_setting_has_its_amount(
    setting: str, values: tuple[float, float], others: dict[str, Any]
) -> None:
    recipe = replace(TINY, epochs=1, limit=200)
    one, two = (train(replace(recipe, **others | {setting: value})).network for value in values)
    assert (one.parameters != two.parameters).mean() > 0.3


@pytest.mark.parametrize("ingredient", [{"dropout": 0.2}, {"adversarial": 0.5}, {"augment": True}])
def test_validation_images_are_evaluated_without_regularisation(ingredient: Any) -> None:
    result = train(replace(TINY, **ingredient))
    evaluation = evaluate([result.network], IMAGES[1000:], LABELS[1000:])
    assert result.history[-1].validation_loss == evaluation.loss


def test_reports() -> None:
    seen: list[EpochReport] = []
    result = train(on_epoch=seen.append)
    assert seen == result.history
    assert [report.epoch for report in seen] == [1, 2, 3, 4]
    evaluation = evaluate([result.network], IMAGES[1000:], LABELS[1000:])
    assert seen[-1].validation_accuracy == evaluation.accuracy
    assert seen[-1].validation_loss == evaluation.loss
    assert seen[-1].images_per_second == pytest.approx(1000 / seen[-1].seconds)
    assert result.selected == seen[-1]
    assert not result.interrupted


def test_steps_are_reported_and_change_no_bit() -> None:
    seen: list[float] = []
    result = train(on_step=seen.append)
    each = [64 * step / 1000 for step in range(16)]  # the last of 1,000 images are a short batch
    assert seen == pytest.approx([(epoch + part) / 4 for epoch in range(4) for part in each])
    assert result.network.parameters.tobytes() == train().network.parameters.tobytes()


def test_no_validation() -> None:
    result = train(replace(TINY, validation=0))
    assert result.history[0].validation_loss is None
    assert result.history[0].validation_accuracy is None
    assert result.selected == result.history[-1]


class Recorder:
    """A fake optimiser that records learning rates and changes nothing."""

    def __init__(self) -> None:
        self.rates: list[float] = []
        self.steps, self.moments = 0, ()

    def step(self, learning_rate: float) -> None:
        self.rates.append(learning_rate)


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    recorder = Recorder()
    monkeypatch.setattr(training, "make_optimizer", lambda *args, **options: recorder)
    return recorder


def test_the_schedule_runs_batch_by_batch(recorder: Recorder) -> None:
    train(replace(TINY, limit=300, batch_size=100, epochs=2, learning_rate=0.5))
    expected = [0.5 * one_cycle(batch / 6) for batch in range(6)]
    assert recorder.rates == pytest.approx(expected)


def test_the_loss_of_an_epoch_is_the_mean_over_its_images(recorder: Recorder) -> None:
    result = train(replace(TINY, limit=50, batch_size=32, epochs=1))
    expected = evaluate([result.network], IMAGES[:50], LABELS[:50]).loss
    assert result.history[0].loss == pytest.approx(expected, rel=1e-5)


def test_with_hard_examples_too_the_loss_is_the_mean_over_all_images(recorder: Recorder) -> None:
    settings = {"hardest": 0.2, "label_smoothing": 0.2, "adversarial": 0.5}
    result = train(replace(TINY, limit=50, batch_size=32, epochs=1, **settings))  # type: ignore[arg-type]
    (batch,) = Batches(IMAGES.reshape(-1, 784)[:50], LABELS[:50], 50, "float32", None, 0.2).epoch(
        None
    )
    outputs = result.network.outputs(IMAGES[:50])
    expected = -(batch.targets.T * np.log(outputs)).sum(axis=1).mean()
    assert result.history[0].loss == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("loss", ["mse", "cross-entropy"])
@pytest.mark.parametrize("ingredient", [{}, {"hardest": 0.2}, {"adversarial": 2.0}], ids=str)
def test_the_accuracy_of_an_epoch_is_that_of_its_images(
    recorder: Recorder, loss: Any, ingredient: Any
) -> None:
    recipe = replace(TINY, limit=600, batch_size=32, epochs=2, loss=loss)
    start = train(replace(recipe, limit=100, epochs=1)).network  # recognises some of them
    recipe = replace(recipe, label_smoothing=0.2 if loss == "cross-entropy" else 0.0, **ingredient)
    result = train(recipe, initial_network=start)
    expected = evaluate([start], IMAGES[:600], LABELS[:600]).accuracy
    assert [report.accuracy for report in result.history] == [expected] * 2
    assert 0.1 < expected < 0.9


def test_the_accuracy_of_an_epoch_is_of_the_network_with_dropout(recorder: Recorder) -> None:
    start = Network((784, 16, 10), "relu", "cross-entropy")
    initialise(start, np.random.default_rng(9))
    plain, dropped = (
        train(replace(TINY, epochs=1, dropout=dropout), initial_network=start).history[0].accuracy
        for dropout in (0.0, 0.9)
    )
    assert plain != dropped


def test_shuffle_follows_the_recipe(monkeypatch: pytest.MonkeyPatch) -> None:
    orders: list[object] = []
    epoch = Batches.epoch

    def spy(batches: Batches, rng: np.random.Generator | None) -> Iterator[Batch]:
        orders.append(rng)
        return epoch(batches, rng)

    monkeypatch.setattr(Batches, "epoch", spy)
    train(replace(TINY, epochs=2))
    train(replace(TINY, epochs=2, shuffle=False))
    assert [order is None for order in orders] == [False, False, True, True]


def test_a_short_last_batch_counts_in_full() -> None:
    # a batch of exactly all images and a larger one take the same step
    one = train(replace(TINY, limit=50, batch_size=50, epochs=1, shuffle=False))
    more = train(replace(TINY, limit=50, batch_size=64, epochs=1, shuffle=False))
    np.testing.assert_array_equal(one.network.parameters, more.network.parameters)
    two = train(replace(TINY, limit=50, batch_size=32, epochs=1, shuffle=False))
    assert two.history[0].loss != one.history[0].loss
    assert np.isfinite(two.network.parameters).all()


def test_without_shuffling_the_seed_does_not_matter() -> None:
    recipe = replace(TINY, shuffle=False, epochs=1)
    start = Network((784, 16, 10), "relu", "cross-entropy")
    initialise(start, np.random.default_rng(9))
    runs = [train(recipe, seed=seed, initial_network=start) for seed in (1, 2)]
    assert runs[0].network.parameters.tobytes() == runs[1].network.parameters.tobytes()


def test_patience_keeps_the_best_epoch() -> None:
    recipe = replace(TINY, optimizer="sgd", schedule="constant", learning_rate=0.9, epochs=40)
    result = train(replace(recipe, patience=2))
    accuracies = [report.validation_accuracy for report in result.history]
    best = int(np.argmax([accuracy or 0 for accuracy in accuracies]))
    assert len(accuracies) < 40
    assert len(accuracies) == best + 1 + 2
    assert result.selected == result.history[best]
    evaluation = evaluate([result.network], IMAGES[1000:], LABELS[1000:])
    assert evaluation.accuracy == accuracies[best]


@pytest.mark.parametrize(
    "changes", [{}, {"prune": 0.97}, {"half": True}, {"prune": 0.5, "half": True}]
)
def test_accuracy_and_temperature_are_those_of_the_weights_kept(changes: dict[str, Any]) -> None:
    result = train(TINY, **changes)
    plain = train(TINY)
    images, labels = IMAGES[1000:], LABELS[1000:]
    assert result.validation_accuracy == evaluate([result.network], images, labels).accuracy
    outputs = probabilities(result.network.outputs(images))
    assert result.temperature == calibrate(outputs, labels)
    zeros = (result.network.parameters == 0).mean()
    assert zeros == pytest.approx(changes.get("prune", 0), abs=1e-3)
    assert is_half(result.network) == changes.get("half", False)
    assert [r.loss for r in result.history] == [r.loss for r in plain.history]
    if changes.get("prune") == 0.97:
        assert result.validation_accuracy != plain.validation_accuracy
        assert result.temperature != plain.temperature


def test_without_validation_images_nothing_is_measured() -> None:
    result = train(replace(TINY, validation=0, limit=200, epochs=1))
    assert (result.validation_accuracy, result.temperature) == (None, None)


@pytest.mark.parametrize("epochs", [1, 3])
def test_a_loss_that_is_not_finite_stops_the_run(epochs: int) -> None:
    recipe = replace(TINY, optimizer="sgd", learning_rate=1e30, schedule="constant", epochs=epochs)
    seen: list[float] = []
    with pytest.raises(DivergenceError, match=r"finite in epoch 1 .learning rate 1e\+30") as caught:
        train(recipe, on_step=seen.append)
    assert len(seen) < 3  # of 16 steps
    assert hint_for(caught.value) == "try a smaller one, such as --learning-rate 1e+29"


def test_outputs_that_are_not_finite_are_noticed() -> None:
    recipe = replace(
        TINY, optimizer="sgd", learning_rate=1e25, schedule="constant", epochs=1, limit=32
    )
    with pytest.raises(DivergenceError, match="in epoch 1"):
        train(recipe)


def test_a_single_step_that_diverges_is_noticed() -> None:
    recipe = replace(
        TINY, optimizer="sgd", learning_rate=1e39, schedule="constant", epochs=1, limit=10,
        validation=0,
    )  # fmt: skip
    with pytest.raises(DivergenceError):
        train(recipe)


def test_float64() -> None:
    result = train(replace(TINY, dtype="float64", epochs=1))
    assert result.network.parameters.dtype == np.float64


@pytest.mark.parametrize(
    "edge",
    [
        {"hidden": (1,) * 100},
        {"receptive_field": 0.1},
        {"receptive_field": 28.0},
        {"dropout": 1 - 2**-53},
        {"label_smoothing": 1 - 2**-53},
        {"hardest": 5e-324},
        {"adversarial": 5e-324},
        {"adversarial": 28.0},
        {"learning_rate": 5e-324},
        {"optimizer": "nesterov", "momentum": 1 - 2**-53},
        {"batch_size": 1_000_000},
        {"limit": 1},
        {"limit": 1_000_000_000, "patience": 10_000},
        {"augment": True, "displacement": 28.0, "rotation": 180.0, "shift": 28.0},
        {"augment": True, "scaling": 10.0, "shear": 10.0},
        {"augment": True, **dict.fromkeys(Recipe().warp, 5e-324)},
    ],
    ids=str,
)
def test_settings_at_their_edges_train(edge: dict[str, Any]) -> None:
    result = train(replace(TINY, epochs=1, **edge))
    assert np.isfinite(result.network.parameters).all()
    assert np.isfinite(result.history[0].loss)


@pytest.mark.parametrize(
    "edge",
    [
        {"optimizer": "sgd", "learning_rate": 1e308},
        {"learning_rate": 1e308, "weight_decay": 1e6},
        {"weight_decay": 1e6},  # a step multiplies the weights by 1 - learning rate * this
    ],
    ids=str,
)
def test_settings_at_edges_that_no_network_survives_diverge(edge: dict[str, Any]) -> None:
    with pytest.raises(DivergenceError, match="in epoch 1 "):
        train(replace(TINY, epochs=1, schedule="constant", **edge))


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_threads_change_no_bit_and_end_with_training(optimizer: Any) -> None:
    recipe = replace(TINY, hidden=(400,), optimizer=optimizer, epochs=1, learning_rate=1e-3)
    assert parameter_count(recipe.sizes) >= MIN_SHARED_SIZE
    one, two = (train(recipe, threads=threads).network.parameters for threads in (1, 2))
    assert one.tobytes() == two.tobytes()
    assert not [each for each in threading.enumerate() if each.name.startswith("mnistmlp")]


def test_blas_has_one_thread_meanwhile() -> None:
    def on_step(progress: float) -> None:
        seen.update(each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas")

    seen: set[int] = set()
    with limited_threads(2):
        train(replace(TINY, epochs=1), threads=2, on_step=on_step)
    assert seen == {BLAS_THREADS}


def test_a_large_network_that_diverges_warns_in_no_thread() -> None:
    recipe = replace(TINY, hidden=(400,), optimizer="sgd", learning_rate=1e30)
    with pytest.raises(DivergenceError, match="no longer finite"):
        train(recipe, threads=2)
