from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mnistmlp.brains.brain import Brain, load_brain, pretrained
from mnistmlp.brains.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from mnistmlp.brains.train import resume, train
from mnistmlp.core.network import Network
from mnistmlp.data.catalog import MNIST
from mnistmlp.data.datasets import load_dataset
from mnistmlp.errors import DataError, SettingError
from mnistmlp.training.recipes import RECIPES, Recipe
from mnistmlp.training.state import EpochReport
from tests.conftest import blobs

DATA = blobs(900, 1)
TINY = Recipe(hidden=(16,), activation="relu", learning_rate=0.3, epochs=3, validation=200)


def test_a_brain_says_how_it_was_trained() -> None:
    reports: list[EpochReport] = []
    brain = train(TINY, DATA, seed=2, epochs=2, on_epoch=reports.append)
    assert brain.meta
    assert (brain.meta.seed, brain.meta.epochs, brain.meta.dataset) == (2, 2, "custom")
    assert (brain.meta.recipe["epochs"], brain.meta.recipe["hidden"]) == (2, [16])
    assert [each["loss"] for each in brain.meta.history] == [each.loss for each in reports]
    images, labels = DATA
    found = brain.evaluate((images[-200:], labels[-200:]))
    assert brain.meta.validation_accuracy == found.accuracy > 0.5


def test_a_brain_is_where_another_starts() -> None:
    first = train(TINY, DATA, epochs=1)
    second = train("classic", DATA, init=first, epochs=1, learning_rate=1e-9, validation=200)
    assert (second.network.sizes, second.network.activation) == ((784, 16, 10), "relu")
    np.testing.assert_allclose(second.network.parameters, first.network.parameters, atol=1e-6)
    assert second.meta
    assert second.meta.raw["initial"]
    other = Brain(Network((784, 5, 10), "relu", "mse"))
    with pytest.raises(SettingError, match=r"hidden: the initial brain has layers"):
        train(TINY, DATA, init=other, hidden=(6,))


def test_a_run_is_continued_to_the_same_brain() -> None:
    def keep(checkpoint: Checkpoint) -> None:
        if len(checkpoint.state.history) == 2:
            save_checkpoint("run.ckpt", checkpoint)

    whole = train(TINY, DATA, on_checkpoint=keep)
    whole.save("whole.npz")
    resume("run.ckpt", DATA).save("resumed.npz")
    assert Path("resumed.npz").read_bytes() == Path("whole.npz").read_bytes()
    with pytest.raises(DataError, match="trained on other data: the digests of train-images"):
        resume(load_checkpoint("run.ckpt"), blobs(900, 2))
    assert load_brain("whole.npz").meta == whole.meta


def test_a_network_that_does_not_learn_is_warned_of() -> None:
    message = r"no better than guessing: .*; learning rate 6 is high.*`learning_rate=0\.0005\d`"
    images, labels = blobs(700, 3)
    with pytest.warns(UserWarning, match=message) as caught:
        train(Recipe(optimizer="adam", batch_size=1, epochs=2, validation=100), (images, labels))
    assert len(caught) == 1


@pytest.mark.filterwarnings("ignore:no better than guessing")
def test_a_recipe_of_ones_own_keeps_what_it_says() -> None:
    for settings in ({"batch_size": 128}, {"activation": "tanh"}, {"hidden": (8,)}):
        brain = train(TINY, DATA, epochs=1, **settings)
        assert brain.meta
        assert brain.meta.recipe["learning_rate"] == 0.3
    named = train(RECIPES["modern"], DATA, epochs=1, batch_size=32, validation=200, limit=600)
    assert named.meta
    assert named.meta.recipe["learning_rate"] == 0.0021
    with pytest.raises(SettingError, match=r"hidden: the initial brain has layers"):
        train(TINY, DATA, init=pretrained())


@pytest.mark.filterwarnings("ignore:no better than guessing")
def test_without_a_recipe_it_is_that_of_the_initial_brain() -> None:
    first = train("modern", DATA, epochs=1, validation=200, hidden=(8,), batch_size=32)
    again = train(None, DATA, init=first, epochs=1, validation=200, batch_size=32)
    assert again.meta
    assert (again.meta.recipe_name, again.network.sizes) == ("modern", (784, 8, 10))


def test_whole_numbers_are_as_good_as_others() -> None:
    train(TINY, DATA, rotation=5, epochs=1).save("whole.npz")
    train(TINY, DATA, rotation=5.0, epochs=1).save("other.npz")
    assert Path("whole.npz").read_bytes() == Path("other.npz").read_bytes()


def test_a_part_of_a_data_set_is_another_one(small: Path) -> None:
    whole = load_dataset(small, "train").with_digests({file.name: file.sha256 for file in MNIST})
    assert whole.name == "mnist"
    part = replace(whole, images=whole.images[:500], labels=whole.labels[:500])
    brain = train(TINY, part, epochs=1)
    assert brain.meta
    assert (part.name, brain.meta.dataset) == ("custom", "custom")


def test_a_run_elsewhere_is_warned_of() -> None:
    train(TINY, DATA, epochs=2, on_checkpoint=lambda c: save_checkpoint("run.ckpt", c))
    checkpoint = load_checkpoint("run.ckpt")
    versions = dict(checkpoint.provenance.versions) | {"numpy": "1.0"}
    old = replace(checkpoint, provenance=replace(checkpoint.provenance, versions=versions))
    with pytest.warns(UserWarning, match=r"numpy 1\.0 then, .* now: the last bits may differ"):
        resume(old, DATA)


def test_a_warning_is_at_the_line_of_the_call() -> None:
    settings = {"learning_rate": 1e-9, "epochs": 1}
    with pytest.warns(UserWarning, match="no better than guessing") as caught:
        train(TINY, DATA, **settings)  # type: ignore[arg-type]
    assert caught[0].filename == __file__
