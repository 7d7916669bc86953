import numpy as np
import pytest

from mnistmlp.core import Array
from mnistmlp.optim import SCHEDULES, SGD, Adam, cosine, make_optimizer, one_cycle, step

GRADIENTS = np.random.default_rng(0).normal(size=(20, 6))
START = np.linspace(-1, 1, 6)
RATE = 0.1


def run(optimizer_class: type, **settings: float | bool) -> Array:
    theta = START.copy()
    optimizer = optimizer_class(theta, **settings)
    for gradient in GRADIENTS:
        optimizer.step(theta, gradient.copy(), RATE)
    return theta


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


@pytest.mark.parametrize("decay", [0.0, 0.3])
def test_adam(decay: float) -> None:
    theta, m, v = START.copy(), np.zeros(6), np.zeros(6)
    for t, g in enumerate(GRADIENTS, start=1):
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
        m_hat, v_hat = m / (1 - 0.9**t), v / (1 - 0.999**t)
        theta = theta - RATE * decay * theta - RATE * m_hat / (np.sqrt(v_hat) + 1e-8)
    np.testing.assert_allclose(run(Adam, weight_decay=decay), theta, rtol=1e-5)


@pytest.mark.parametrize("name", ["sgd", "nesterov", "adam"])
def test_optimisers_work_in_place_and_find_a_minimum(name: str) -> None:
    theta: Array = np.full(3, 5.0)
    momentum = 0.9 if name == "nesterov" else 0.0
    optimizer = make_optimizer(name, theta, momentum=momentum)
    for _ in range(400):
        optimizer.step(theta, 2 * (theta - 1), 0.05)
    np.testing.assert_allclose(theta, 1, atol=0.01)


def test_optimisers_get_their_settings() -> None:
    sgd = make_optimizer("sgd", START, momentum=0.3, weight_decay=0.1)
    assert isinstance(sgd, SGD)
    assert (sgd.momentum, sgd.weight_decay, sgd.nesterov) == (0.3, 0.1, False)
    nesterov = make_optimizer("nesterov", START, momentum=0.3)
    assert isinstance(nesterov, SGD)
    assert (nesterov.momentum, nesterov.weight_decay, nesterov.nesterov) == (0.3, 0.0, True)
    adam = make_optimizer("adam", START, weight_decay=0.1)
    assert isinstance(adam, Adam)
    assert adam.weight_decay == 0.1


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedules_stay_within_one(name: str) -> None:
    factors = [SCHEDULES[name](done) for done in np.linspace(0, 1, 101)]
    assert max(factors) == pytest.approx(1)
    assert min(factors) >= 0


def test_shapes_of_schedules() -> None:
    assert [step(done) for done in (0, 0.49, 0.5, 0.74, 0.75, 1)] == [1, 1, 0.1, 0.1, 0.01, 0.01]
    assert [cosine(done) for done in (0, 0.5, 1)] == pytest.approx([1, 0.5, 0])
    assert [one_cycle(done) for done in (0, 0.3, 0.65, 1)] == pytest.approx([1 / 25, 1, 0.5, 0])
    rising = [one_cycle(done) for done in np.linspace(0, 0.3, 20)]
    assert rising == sorted(rising)
