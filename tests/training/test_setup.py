from dataclasses import replace

import numpy as np
import pytest

from mnistmlp.core.initialization import initialise
from mnistmlp.core.metrics import evaluate
from mnistmlp.core.network import Network
from mnistmlp.errors import SettingError
from mnistmlp.training.loop import fit
from tests.training.test_loop import IMAGES, LABELS, TINY, train


def test_only_images_within_the_limit_are_trained_on() -> None:
    images = IMAGES.copy()
    recipe = replace(TINY, limit=300, batch_size=64)
    expected = fit(recipe, images, LABELS).network.parameters.copy()
    images[300:] = 0
    np.testing.assert_array_equal(fit(recipe, images, LABELS).network.parameters, expected)
    images[299] = 0
    assert not np.array_equal(fit(recipe, images, LABELS).network.parameters, expected)


def test_validation_is_on_the_last_images_whatever_the_limit() -> None:
    result = train(replace(TINY, limit=300))
    evaluation = evaluate([result.network], IMAGES[1000:], LABELS[1000:])
    assert result.history[-1].validation_loss == evaluation.loss


def test_an_initial_network_is_copied() -> None:
    start = Network((784, 16, 10), "relu", "cross-entropy")
    initialise(start, np.random.default_rng(9))
    before = start.parameters.copy()
    trained = train(replace(TINY, epochs=1, learning_rate=1e-9), initial_network=start).network
    np.testing.assert_array_equal(start.parameters, before)
    np.testing.assert_allclose(trained.parameters, before, atol=1e-6)
    with pytest.raises(SettingError, match="initial brain has layers") as caught:
        train(replace(TINY, hidden=(17,)), initial_network=start)
    assert caught.value.setting == "hidden"


def test_settings_that_do_not_fit_the_images() -> None:
    with pytest.raises(SettingError, match="1200 of 1200 images leaves none") as caught:
        train(replace(TINY, validation=1200))
    assert caught.value.setting == "validation"
    with pytest.raises(SettingError, match="more than 100,000,000") as caught:
        train(replace(TINY, hidden=(100_000, 100_000)))
    assert caught.value.setting == "hidden"
