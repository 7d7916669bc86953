import io
import json
import zipfile
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from mnistmlp.brains.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from mnistmlp.brains.provenance import Provenance
from mnistmlp.errors import CheckpointError, WriteError
from mnistmlp.training.loop import fit
from mnistmlp.training.recipes import Recipe
from mnistmlp.training.state import MAX_MEASURED, EpochReport, Snapshot, TrainingState
from tests.conftest import blobs, names, peak_memory

PATH = Path("brain.npz.ckpt")
RECIPE = Recipe(
    hidden=(6,), activation="relu", loss="cross-entropy", batch_size=32, epochs=4, validation=40
)
OPTIMIZERS: dict[str, dict[str, Any]] = {
    "sgd": {"learning_rate": 0.1},
    "momentum": {"learning_rate": 0.01, "momentum": 0.5},
    "nesterov": {"optimizer": "nesterov", "learning_rate": 0.01, "momentum": 0.5},
    "adam": {"optimizer": "adam", "learning_rate": 1e-2, "dtype": "float64", "patience": 3},
}
in_one_folder = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=30
)


def train(recipe: Recipe, **options: Any) -> Any:
    return fit(recipe, *blobs(140, seed=1), seed=3, **options)


def write(changes: dict[str, Any] | None = None, name: str = "adam") -> Recipe:
    """Train for two epochs and write the checkpoint."""
    recipe = replace(RECIPE, **OPTIMIZERS[name] | (changes or {}))

    def keep(state: TrainingState) -> None:
        if len(state.history) == 2:
            save_checkpoint(PATH, Checkpoint(Provenance(recipe, seed=3), state))

    train(recipe, until=2, on_state=keep)
    return recipe


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_resumed_run_ends_in_the_same_bits(name: str) -> None:
    recipe = write(name=name)
    checkpoint = load_checkpoint(PATH)
    assert checkpoint.provenance == Provenance(recipe, seed=3)
    whole, resumed = train(recipe), train(recipe, resume=checkpoint.state)
    assert resumed.network.parameters.tobytes() == whole.network.parameters.tobytes()
    assert [each.loss for each in resumed.history] == [each.loss for each in whole.history]
    assert names() == [str(PATH)]


figures = st.floats(0, MAX_MEASURED)
fractions = st.none() | st.floats(0, 1)


@in_one_folder
@given(data=st.data())
def test_a_checkpoint_survives_a_round_trip(data: st.DataObject) -> None:
    recipe = replace(RECIPE, **OPTIMIZERS["nesterov"])
    draw, size = data.draw, 7 * 10 + 785 * 6
    assert recipe.sizes == (784, 6, 10)
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    vectors = [rng.standard_normal(size).astype(np.float32) for _ in range(3)]
    history = [
        EpochReport(
            epoch + 1,
            draw(figures),
            accuracy=draw(fractions),
            validation_loss=draw(st.none() | figures),
            validation_accuracy=draw(fractions),
            seconds=draw(figures),
            images_per_second=draw(figures),
        )
        for epoch in range(draw(st.integers(1, 4)))
    ]
    best = draw(st.sampled_from(history))
    last = best is history[-1]
    steps = draw(st.integers(4, (1 << 63) - 1))
    state = TrainingState(
        vectors[0],
        {"moment1": vectors[1]},
        steps,
        dict(rng.bit_generator.state),
        history,
        Snapshot(best, vectors[0] if last else vectors[2]),
    )
    save_checkpoint(PATH, Checkpoint(Provenance(recipe), state))
    found = load_checkpoint(PATH).state
    assert (found.steps, found.generator, found.history) == (steps, state.generator, history)
    assert found.selected.report == best
    for one, other in (
        *((found.parameters, state.parameters), (found.moments["moment1"], vectors[1])),
        (found.selected.parameters, state.selected.parameters),
    ):
        np.testing.assert_array_equal(one, other)


def refused(match: str) -> None:
    with pytest.raises(CheckpointError, match=match) as caught:
        load_checkpoint(PATH)
    assert str(caught.value).startswith(f"{PATH}: ")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


def rewrite(meta: dict[str, Any] | None = None, /, **arrays: Any) -> None:
    """Replace arrays and values of `meta` in the checkpoint."""
    with np.load(PATH) as archive:
        content = dict(archive) | arrays
    if meta is not None:
        content["meta"] = np.array(json.dumps(json.loads(content["meta"].item()) | meta))
    with PATH.open("wb") as file:
        np.savez(file, **{name: each for name, each in content.items() if each is not None})


SIZE = 6 * 785 + 70
REPORT = {
    "epoch": 1,
    "loss": 1.0,
    "accuracy": 0.5,
    "validation_loss": 1.0,
    "validation_accuracy": 0.5,
    "seconds": 1.0,
    "images_per_second": 9.0,
}
GENERATOR = dict(np.random.default_rng(0).bit_generator.state)
WRONG: list[tuple[dict[str, Any], str]] = [
    ({"checkpoint": 2}, "meta does not say checkpoint 1"),
    ({"recipe": {"hidden": [5]}}, "unexpected array 'moment1'"),
    ({"recipe": {"hidden": [5], "momentum": 0.5}}, "unexpected array 'moment2'"),
    ({"recipe": RECIPE.__dict__ | OPTIMIZERS["adam"] | {"hidden": [10**6]}}, "more than 100,000"),
    ({"recipe": RECIPE.__dict__ | OPTIMIZERS["adam"] | {"hidden": [7]}}, r"expected float64"),
    ({"recipe": RECIPE.__dict__ | {"optimizer": "adam"}}, r"is float64 .*, expected float32"),
    ({"recipe": {"epochs": 0}}, "epochs: 0 is not"),
    ({"recipe": None}, "recipe: None is not a JSON object"),
    ({"seed": -1}, "seed: -1 is not a whole number"),
    ({"steps": 1}, "1 steps in 2 epochs"),
    ({"steps": 1 << 63}, "steps in 2 epochs"),
    ({"steps": 10**400}, "steps in 2 epochs"),
    ({"steps": True}, "steps: True is not a whole number"),
    ({"best": 0}, "the best epoch is 0 of 2"),
    ({"best": 3}, "the best epoch is 3 of 2"),
    ({"best": "1"}, "best: '1' is not a whole number"),
    ({"history": []}, "no history of 1 to 4 epochs"),
    ({"history": [REPORT] * 5}, "no history of 1 to 4 epochs"),
    ({"history": {"1": REPORT}}, "history: .* is not a list"),
    ({"history": [REPORT, REPORT]}, "line 2 of the history"),
    ({"history": ["x" * 10**5]}, "line 1 of the history"),
    ({"history": [REPORT | {"loss": None}]}, "line 1 of the history"),
    ({"history": [REPORT | {"loss": "1"}]}, "line 1 of the history"),
    ({"history": [REPORT | {"more": 1.0}]}, "line 1 of the history"),
    ({"history": [REPORT | {"accuracy": "1"}]}, "line 1 of the history"),
    ({"history": [{}]}, "line 1 of the history"),
    ({"history": [REPORT | {"seconds": 10**400}]}, "line 1 of the history"),
    ({"generator": None}, "generator: None is not a JSON object"),
    ({"generator": {}}, "invalid state of the random generator"),
    (
        {"generator": GENERATOR | {"bit_generator": "MT19937"}},
        "invalid state of the random generator",
    ),
    ({"generator": GENERATOR | {"state": {"state": -1, "inc": 1}}}, "state of the random"),
    ({"generator": GENERATOR | {"state": {"state": 1 << 128, "inc": 1}}}, "state of the random"),
    ({"generator": GENERATOR | {"state": {"state": "1", "inc": 1}}}, "state of the random"),
    ({"generator": GENERATOR | {"uinteger": 1 << 32}}, "invalid state of the random generator"),
    ({"generator": GENERATOR | {"has_uint32": 1 << 70}}, "invalid state of the random generator"),
    ({"generator": GENERATOR | {"more": 1}}, "invalid state of the random generator"),
]


@pytest.mark.parametrize(("meta", "message"), WRONG)
def test_invalid_meta_is_refused(meta: dict[str, Any], message: str) -> None:
    write()
    rewrite(meta)
    refused(message)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"moment2": None}, r"arrays \[.*\], expected"),
        ({"moment3": np.zeros(SIZE)}, "unexpected array 'moment3'"),
        ({"w1": np.zeros(SIZE)}, "unexpected array 'w1'"),
        ({"parameters": None}, r"arrays \[.*\], expected"),
        ({"parameters": np.zeros((SIZE, 1))}, rf"expected float64 \({SIZE},\)"),
        ({"parameters": np.zeros(SIZE, np.float32)}, "parameters is float32"),
        ({"parameters": np.full(SIZE, np.nan)}, "parameters is not finite"),
        ({"moment1": np.full(SIZE, np.inf)}, "moment1 is not finite"),
        ({"parameters": np.full(SIZE, {}, object)}, "parameters has type object"),
        ({"meta": None}, "meta does not say checkpoint 1"),
        ({"meta": np.array("[]")}, "meta is not a JSON object"),
    ],
)
def test_invalid_arrays_are_refused(arrays: dict[str, Any], message: str) -> None:
    write()
    rewrite(**arrays)
    refused(message)


def test_widths_are_checked_against_the_arrays() -> None:
    write()
    recipe = RECIPE.__dict__ | OPTIMIZERS["adam"]
    rewrite({"recipe": recipe | {"hidden": [100_000]}})
    assert peak_memory(lambda: refused(r"expected float64 \(79500010,\)")) < 10_000_000


def test_a_checkpoint_from_before_training_accuracy_was_measured() -> None:
    recipe = write()
    new = load_checkpoint(PATH).state
    lines = [asdict(report) for report in new.history]
    rewrite({"history": [{k: line[k] for k in line if k != "accuracy"} for line in lines]})
    old = load_checkpoint(PATH).state
    assert old.history == [replace(report, accuracy=None) for report in new.history]
    whole, resumed = train(recipe), train(recipe, resume=old)
    assert resumed.network.parameters.tobytes() == whole.network.parameters.tobytes()
    found = [report.accuracy for report in resumed.history]
    assert found == [None, None, *(report.accuracy for report in whole.history[2:])]


def test_a_big_endian_checkpoint_resumes_the_same() -> None:
    recipe = write()
    expected = train(recipe, resume=load_checkpoint(PATH).state).network.parameters
    with np.load(PATH) as archive:
        arrays = {n: a.astype(">f8") for n, a in archive.items() if n != "meta"}
    rewrite(**arrays)
    found = train(recipe, resume=load_checkpoint(PATH).state).network.parameters
    np.testing.assert_array_equal(found, expected)


@in_one_folder
@given(data=st.data())
def test_damaged_files_are_read_or_refused(data: st.DataObject) -> None:
    whole = Path("whole")
    if not whole.exists():
        write()
        PATH.replace(whole)
    with zipfile.ZipFile(whole) as archive:
        members = {name: bytearray(archive.read(name)) for name in archive.namelist()}
    for _ in range(data.draw(st.integers(1, 3))):
        content = members[data.draw(st.sampled_from(sorted(members)))]
        place = data.draw(st.integers(0, 300) | st.integers(0, len(content) - 1))
        content[place] = data.draw(st.integers(0, 255))
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, bytes(content))
    PATH.write_bytes(stream.getvalue())
    try:
        load_checkpoint(PATH)
    except CheckpointError as error:
        assert str(error).startswith(f"{PATH}: ")


@given(content=st.binary(max_size=200))
@in_one_folder
def test_any_bytes_are_refused(content: bytes) -> None:
    PATH.write_bytes(content)
    refused("not a checkpoint")


def test_a_path_that_is_not_a_file_is_refused() -> None:
    refused("no such file")
    PATH.mkdir()
    refused("not a regular file")


def test_a_checkpoint_that_cannot_be_written() -> None:
    write()
    with pytest.raises(WriteError, match="cannot be written: no such folder"):
        save_checkpoint(Path("none/x.ckpt"), load_checkpoint(PATH))
