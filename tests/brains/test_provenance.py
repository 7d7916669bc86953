import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

from mnistmlp.arrays import Array
from mnistmlp.brains.brain import PRETRAINED, load_brain
from mnistmlp.brains.provenance import Provenance, parameter_digest
from mnistmlp.errors import SettingError
from mnistmlp.training.recipes import RECIPES, parse_recipe

texts = st.text(max_size=9)
values = st.none() | st.integers() | texts | st.dictionaries(texts, st.integers())
provenances = st.builds(
    Provenance,
    recipe=st.sampled_from(list(RECIPES.values())),
    seed=st.integers(0),
    dataset=st.fixed_dictionaries({"name": texts, "digests": st.dictionaries(texts, texts)}),
    initial=st.none() | texts,
    synthetic=st.floats(0, 0.9),
    prune=st.floats(0, 0.99),
    half=st.booleans(),
    threads=st.none() | st.integers(1, 1024),
    versions=st.dictionaries(texts, texts),
)


@given(provenance=provenances)
def test_a_provenance_survives_a_round_trip(provenance: Provenance) -> None:
    assert Provenance.parse(json.loads(json.dumps(provenance.as_dict()))) == provenance


def test_keys_of_later_versions_are_optional() -> None:
    least = Provenance.parse({"recipe": {}, "seed": 3, "accuracy": {}})
    assert (least.recipe, least.seed, least.dataset) == (RECIPES["classic"], 3, {})
    assert (least.initial, least.prune, least.half, least.threads) == (None, 0, False, None)
    assert least.synthetic == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("recipe", None),
        ("recipe", []),
        ("seed", None),
        ("seed", -1),
        ("seed", True),
        ("seed", 1.0),
        ("dataset", None),
        ("dataset", {"digests": []}),
        ("initial", 1),
        ("synthetic", 0.91),
        ("synthetic", True),
        ("prune", 1),
        ("prune", float("nan")),
        ("half", 0),
        ("threads", 0),
        ("threads", 1025),
        ("threads", 2.0),
        ("versions", []),
        ("versions", {"numpy": {"nested": 1}}),
    ],
)
def test_invalid_values_are_refused(name: str, value: Any) -> None:
    with pytest.raises(SettingError, match=r"is not (a|true)") as caught:
        Provenance.parse({"recipe": {}, "seed": 0, name: value})
    assert caught.value.setting == name


@pytest.mark.parametrize(
    ("recipe", "message"),
    [
        ({"x" * 10_000: 1}, "not a setting of a recipe"),
        ({"name": "x" * 10_000}, "is longer than 1,000 characters"),
        ({"name": "\x1b[2J"}, "a name that can be printed"),
        ({"hidden": [1] * 1000}, "is not a list of up to 100 widths"),
        ({"hidden": [2**53]}, "is not a list of up to 100 widths"),
        ({"hidden": [20.0]}, "is not a list of up to 100 widths"),
        ({"hidden": "20"}, "is not a list of up to 100 widths"),
        ({"epochs": True}, "True is not a whole number from 1 to 10,000"),
        ({"epochs": 10**400}, "is not a whole number from 1 to 10,000"),
        ({"shuffle": 1}, "1 is not True or False"),
        ({"momentum": "x" * 10_000}, "is not a number from 0 to below 1"),
        ({"learning_rate": 10**400}, "is not a finite number above 0"),
        ({"learning_rate": float("nan")}, "finite number above 0"),
        ({"hardest": 0}, "above 0"),
    ],
)
def test_invalid_recipes_are_refused(recipe: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingError, match=message) as caught:
        Provenance.parse({"recipe": recipe, "seed": 0})
    assert len(str(caught.value)) < 200


@given(meta=st.dictionaries(st.sampled_from(["recipe", "seed", "dataset", "threads"]), values))
def test_any_meta_is_read_or_refused(meta: dict[str, Any]) -> None:
    try:
        Provenance.parse(meta)
    except SettingError as error:
        assert error.message.isprintable()


def test_the_digest_depends_on_every_bit() -> None:
    vector = np.array([0.0, 1.0], np.float32)
    assert parameter_digest(vector) == parameter_digest(vector.copy())
    assert parameter_digest(vector) != parameter_digest(-vector)
    vectors: list[Array] = [vector, vector.astype(np.float64), vector[:1]]
    assert len({parameter_digest(each) for each in vectors}) == 3


def test_the_pretrained_brain_has_the_settings_of_its_recipe() -> None:
    meta = load_brain(PRETRAINED).meta
    assert meta
    assert parse_recipe(meta.raw["recipe"]) == RECIPES["best"]
