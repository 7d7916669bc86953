from typing import Any

import numpy as np
import pytest

from mnistmlp.arrays import Array
from mnistmlp.training import optim
from mnistmlp.training.optim import (
    SCHEDULES,
    SGD,
    Adam,
    cosine,
    make_optimizer,
    one_cycle,
    split_into_chunks,
    step,
)
from mnistmlp.workers import Workers
from tests.conftest import peak_memory

GRADIENTS = np.random.default_rng(0).normal(size=(20, 6))
START = np.linspace(-1, 1, 6)
RATE = 0.1


def run(optimizer_class: type, scale: float = 1, **settings: float | bool) -> Array:
    theta, gradient = START.copy(), np.empty_like(START)
    optimizer = optimizer_class(theta, gradient, **settings)
    for gradient[:] in scale * GRADIENTS:
        optimizer.step(RATE)
    assert optimizer.steps == len(GRADIENTS)
    return theta


@pytest.fixture(params=[1, 100])
def _flushed_every(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Flush moments in every step or in none: the result must be the same."""
    monkeypatch.setattr(optim, "FLUSH_EVERY", request.param)


@pytest.mark.usefixtures("_flushed_every")
@pytest.mark.parametrize(("momentum", "nesterov"), [(0.0, False), (0.9, False), (0.9, True)])
@pytest.mark.parametrize("decay", [0.0, 0.3])
def test_sgd(momentum: float, nesterov: bool, decay: float) -> None:
    theta, velocity = START.copy(), np.zeros(6)
    for g in GRADIENTS:
        velocity = momentum * velocity + g
        move = g + momentum * velocity if nesterov else velocity
        theta = theta - RATE * decay * theta - RATE * move
    found = run(SGD, momentum=momentum, nesterov=nesterov, weight_decay=decay)
    np.testing.assert_allclose(found, theta, rtol=1e-12)


@pytest.mark.usefixtures("_flushed_every")
@pytest.mark.parametrize("decay", [0.0, 0.3])
@pytest.mark.parametrize("scale", [1, 1e-8])  # with the latter, epsilon counts
def test_adam(scale: float, decay: float) -> None:
    theta, m, v = START.copy(), np.zeros(6), np.zeros(6)
    for t, g in enumerate(scale * GRADIENTS, start=1):
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
        m_hat, v_hat = m / (1 - 0.9**t), v / (1 - 0.999**t)
        epsilon = 1e-8 / np.sqrt(1 - 0.999**t)  # added before the bias correction
        theta = theta - RATE * decay * theta - RATE * m_hat / (np.sqrt(v_hat) + epsilon)
    np.testing.assert_allclose(run(Adam, scale, weight_decay=decay), theta, rtol=1e-9)


@pytest.mark.parametrize("name", ["sgd", "nesterov", "adam"])
def test_optimisers_find_a_minimum_in_place(name: str) -> None:
    theta: Array = np.full(3, 5.0)
    momentum = 0.9 if name == "nesterov" else 0.0
    gradient = np.empty_like(theta)
    optimizer = make_optimizer(name, theta, gradient, momentum=momentum)
    for _ in range(400):
        gradient[:] = 2 * (theta - 1)
        optimizer.step(0.05)
    np.testing.assert_allclose(theta, 1, atol=0.01)


OPTIMISERS: list[tuple[type, dict[str, float]]] = [
    (SGD, {}),
    (SGD, {"momentum": 0.9}),
    (SGD, {"momentum": 0.9, "nesterov": True}),
    (Adam, {}),
]


@pytest.mark.parametrize(("kind", "settings"), OPTIMISERS)
def test_chunks_do_not_change_the_result(
    kind: type, settings: dict[str, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = run(kind, **settings, weight_decay=0.1)
    monkeypatch.setattr(optim, "CHUNK_SIZE", 4)  # of 6 parameters
    monkeypatch.setattr(optim, "ALIGNMENT", 1)
    np.testing.assert_array_equal(run(kind, **settings, weight_decay=0.1), whole)


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("length", [0, 1, 15, 16, 17, 100_000, 131_072, 131_073, 669_706])
def test_chunks_cover_vectors_once_and_evenly(length: int, threads: int) -> None:
    vectors = np.zeros(length), np.zeros(length)
    chunks = split_into_chunks(*vectors, threads=threads)
    for chunk in chunks:
        assert len(chunk[0]) == len(chunk[1]) <= optim.CHUNK_SIZE
        for view in chunk:
            np.add(view, 1, out=view)
    assert all((vector == 1).all() for vector in vectors)
    sizes = [len(chunk[0]) for chunk in chunks]
    if length > optim.CHUNK_SIZE:
        assert len(chunks) % threads == 0
        assert max(sizes) - min(sizes) <= optim.ALIGNMENT * len(chunks)


@pytest.mark.parametrize(("kind", "settings"), OPTIMISERS)
def test_threads_do_not_change_the_result(kind: type, settings: dict[str, float]) -> None:
    def train(workers: Workers | None) -> Any:
        rng = np.random.default_rng(0)
        theta, gradient = rng.standard_normal((2, 3 * optim.CHUNK_SIZE + 5), np.float32)
        optimizer = kind(theta, gradient, **settings, weight_decay=0.1, workers=workers)
        for _ in range(optim.FLUSH_EVERY):
            gradient[:] = theta - 1
            optimizer.step(1e-3)
        return theta

    with Workers(3) as workers:
        np.testing.assert_array_equal(train(workers), train(None))


def test_small_networks_use_one_thread() -> None:
    with Workers(2) as workers:
        for size, expected in ((optim.MIN_SHARED_SIZE - 1, 1), (optim.MIN_SHARED_SIZE, 2)):
            for name in ("sgd", "adam"):
                made = make_optimizer(name, *np.ones((2, size), np.float32), workers=workers)
                assert made.workers.count == expected  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        (SGD, {"momentum": 0.9}),
        (SGD, {"momentum": 0.9, "nesterov": True}),
        (Adam, {}),
        (Adam, {"betas": (0.9, 0.9)}),
    ],
)
def test_decaying_moments_become_zero_and_not_denormal(kind: type, settings: Any) -> None:
    theta, gradient = np.ones((2, 6), np.float32)
    optimizer = kind(theta, gradient, **settings)
    moments, smallest = optimizer.chunks[0][2:], np.finfo(np.float32).tiny
    optimizer.step(RATE)
    for _ in range(2000):
        gradient[:] = 0
        optimizer.step(RATE)
        for moment in moments:
            assert ((moment == 0) | (moment >= smallest)).all()
    zeros = sum((moment == 0).all() for moment in moments)
    assert zeros == (1 if settings == {} else len(moments))  # 0.999 per step fades more slowly


@pytest.mark.parametrize(("kind", "settings"), OPTIMISERS)
def test_a_step_allocates_no_arrays(kind: type, settings: dict[str, float]) -> None:
    theta, gradient = np.ones((2, 5 * optim.CHUNK_SIZE), np.float32)
    optimizer = kind(theta, gradient, **settings, weight_decay=0.1)

    def steps() -> None:
        for _ in range(optim.FLUSH_EVERY):
            optimizer.step(RATE)

    assert peak_memory(steps) < 4 * optim.CHUNK_SIZE  # bytes: less than one chunk


def test_make_optimizer_passes_settings_on() -> None:
    sgd = make_optimizer("sgd", START, START, momentum=0.3, weight_decay=0.1)
    assert isinstance(sgd, SGD)
    assert (sgd.momentum, sgd.weight_decay, sgd.nesterov) == (0.3, 0.1, False)
    nesterov = make_optimizer("nesterov", START, START, momentum=0.3)
    assert isinstance(nesterov, SGD)
    assert (nesterov.momentum, nesterov.weight_decay, nesterov.nesterov) == (0.3, 0.0, True)
    adam = make_optimizer("adam", START, START, weight_decay=0.1)
    assert isinstance(adam, Adam)
    assert adam.weight_decay == 0.1


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedules_stay_within_one(name: str) -> None:
    factors = [SCHEDULES[name](done) for done in np.linspace(0, 1, 101)]
    assert max(factors) == pytest.approx(1)
    assert min(factors) >= 0


def test_schedules_at_key_points() -> None:
    assert [step(done) for done in (0, 0.49, 0.5, 0.74, 0.75, 1)] == [1, 1, 0.1, 0.1, 0.01, 0.01]
    assert [cosine(done) for done in (0, 0.5, 1)] == pytest.approx([1, 0.5, 0])
    expected = [1 / 25, 0.52, 1, 0.5, 0]
    assert [one_cycle(done) for done in (0, 0.15, 0.3, 0.65, 1)] == pytest.approx(expected)
    rising = [one_cycle(done) for done in np.linspace(0, 0.3, 20)]
    assert rising == sorted(rising)
