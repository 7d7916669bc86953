from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from mnistmlp.core.initialization import initialise
from mnistmlp.core.metrics import evaluate
from mnistmlp.core.network import Network
from mnistmlp.core.normalization import normalise
from mnistmlp.errors import SettingError
from mnistmlp.training import setup
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


@pytest.mark.parametrize("normalization", ["deslant", "moments"])
@pytest.mark.parametrize("few", [True, False])  # images, to be normalised once
def test_a_network_learns_from_normalised_images(
    normalization: Any, few: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(setup, "MAX_NORMALISED", len(IMAGES) if few else 100)
    normalising = replace(TINY, normalization=normalization)
    result = train(normalising)
    given = fit(TINY, normalise(IMAGES, normalization), LABELS)
    assert result.network.parameters.tobytes() == given.network.parameters.tobytes()
    assert result.validation_accuracy == given.validation_accuracy
    assert result.temperature == given.temperature
    validation = evaluate([result.network], IMAGES[-200:], LABELS[-200:])
    assert validation.accuracy == result.validation_accuracy  # it normalises them itself


def test_an_interrupted_network_normalises_too() -> None:
    def interrupt(progress: float) -> None:
        if progress > 0.3:
            raise KeyboardInterrupt

    result = train(replace(TINY, normalization="moments"), on_step=interrupt)
    assert result.interrupted
    assert result.network.normalization == "moments"


def test_warped_images_are_normalised_before() -> None:
    still: dict[str, Any] = dict.fromkeys(TINY.warp, 0.0)
    warped = train(replace(TINY, normalization="moments", augment=True, **still))
    given = train(replace(TINY, normalization="moments"))
    # rounded a little differently, and shuffled alike
    assert warped.history[-1].loss == pytest.approx(given.history[-1].loss, rel=0.2)
    other = train(replace(TINY, augment=True, **still))
    assert other.history[-1].loss != pytest.approx(given.history[-1].loss, rel=0.2)
