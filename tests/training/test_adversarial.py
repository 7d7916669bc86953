import numpy as np
import pytest

from mnistmlp.core.backpropagation import Workspace, backpropagate
from mnistmlp.core.initialization import initialise
from mnistmlp.core.network import Network
from mnistmlp.training.adversarial import Adversary
from tests.conftest import peak_memory
from tests.core.test_backpropagation import make_batch


@pytest.mark.parametrize("hidden", [(), (30, 20)])
@pytest.mark.parametrize("loss", ["mse", "cross-entropy"])
def test_images_move_along_the_gradient_of_their_own_loss(
    hidden: tuple[int, ...], loss: str
) -> None:
    network = Network((784, *hidden, 10), "tanh", loss, "float64")
    initialise(network, np.random.default_rng(0))
    inputs, targets = make_batch(5)
    work, before = Workspace(network, 5), inputs.copy()
    backpropagate(network, work, inputs, targets)
    Adversary(network, 1e-5, 7).perturb(inputs, work)
    move = inputs - before
    np.testing.assert_allclose(np.linalg.norm(move, axis=0), 1e-5, rtol=1e-6)
    assert (inputs[-1] == 1).all()

    alone = Workspace(network, 1)

    def loss_of(image: int, at: np.ndarray) -> float:
        return backpropagate(network, alone, at[:, [image]], targets[:, [image]])

    rng = np.random.default_rng(1)
    for image in range(5):
        rise = loss_of(image, inputs) - loss_of(image, before)
        assert rise > 0
        for _ in range(5):  # no other direction is steeper
            other = rng.normal(size=784)
            at = before.copy()
            at[:-1, image] += 1e-5 * other / np.linalg.norm(other)
            assert loss_of(image, at) - loss_of(image, before) < rise
        at = before - move  # the opposite direction lowers the loss as much
        fall = loss_of(image, before) - loss_of(image, at)
        assert fall == pytest.approx(rise, rel=1e-3)


def test_images_with_a_zero_gradient_stay_unchanged() -> None:
    network = Network((784, 10), "relu", "cross-entropy")  # all weights are zero
    inputs, targets = make_batch(4, "float32")
    work, before = Workspace(network, 4), inputs.copy()
    backpropagate(network, work, inputs, targets)
    Adversary(network, 2.0, 4).perturb(inputs, work)
    np.testing.assert_array_equal(inputs, before)


def test_perturbing_allocates_nothing() -> None:
    network = Network((784, 50, 10), "relu", "cross-entropy")
    initialise(network, np.random.default_rng(0))
    inputs, targets = make_batch(500, "float32")
    work, adversary = Workspace(network, 500), Adversary(network, 0.1, 500)
    backpropagate(network, work, inputs, targets)
    adversary.perturb(inputs, work)
    assert peak_memory(lambda: adversary.perturb(inputs, work)) < adversary.gradients.nbytes / 20
