import io
import itertools
import json
import os
import zipfile
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from mnistmlp.brains.brain import PRETRAINED, load_brain
from mnistmlp.brains.meta import Meta
from mnistmlp.brains.provenance import Provenance
from mnistmlp.brains.train import describe
from mnistmlp.core.compression import round_to_half
from mnistmlp.core.network import Network
from mnistmlp.errors import BrainError, MissingBrainError, OtherFormatError, WriteError
from mnistmlp.training.loop import fit
from mnistmlp.training.recipes import RECIPES
from tests.conftest import blobs, names, save_brain

PATH = Path("brain.npz")
SCALING = {"shape": [28, 28], "divide_by": 255}


def save_older(path: Path, w: list[np.ndarray], b: list[np.ndarray], **more: Any) -> None:
    """Write a brain file in the ancestor's form."""
    arrays = {f"w{i}": m for i, m in enumerate(w, 1)} | {f"b{i}": m for i, m in enumerate(b, 1)}
    np.savez(path, **(arrays | more))


def make_older(path: Path, seed: int = 0, **more: Any) -> tuple[list[Any], list[Any]]:
    """Write a 784-20-20-20-10 brain of random numbers in the ancestor's form."""
    rng = np.random.default_rng(seed)
    sizes = [784, 20, 20, 20, 10]
    w = [rng.normal(size=(n, m)) for m, n in itertools.pairwise(sizes)]
    b = [rng.normal(size=(n, 1)) for n in sizes[1:]]
    save_older(path, w, b, **more)
    return w, b


@pytest.fixture(scope="module")
def trained() -> tuple[Network, dict[str, Any]]:
    recipe = replace(
        RECIPES["modern"], hidden=(12,), batch_size=64, epochs=2, validation=50, name="tiny"
    )
    training = fit(recipe, *blobs(200, seed=1), seed=5)
    data = {"name": "custom", "digests": {"train-images-idx3-ubyte": "00"}}
    return training.network, describe(training, Provenance(recipe, seed=5, dataset=data))


def test_a_brain_survives_a_round_trip(trained: tuple[Network, dict[str, Any]]) -> None:
    network, meta = trained
    save_brain(PATH, network, meta)
    brain = load_brain(PATH)
    assert brain.meta
    assert brain.meta.raw == json.loads(json.dumps(meta))
    assert brain.network.parameters.tobytes() == network.parameters.tobytes()
    assert (brain.network.sizes, brain.network.activation, brain.network.loss) == (
        (784, 12, 10),
        "relu",
        "cross-entropy",
    )
    assert names() == [str(PATH)]


def test_half_precision(trained: tuple[Network, dict[str, Any]]) -> None:
    network, meta = trained
    save_brain(PATH, network, meta)
    size = PATH.stat().st_size
    with pytest.raises(BrainError, match=r"brain\.npz: not written, because half precision"):
        save_brain(PATH, network, meta | {"half": True})
    rounded = deepcopy(network)
    round_to_half(rounded)
    save_brain(PATH, rounded, meta | {"half": True})
    assert PATH.stat().st_size < 0.5 * size
    loaded = load_brain(PATH).network
    assert loaded.parameters.dtype == np.float32
    np.testing.assert_array_equal(loaded.parameters, network.parameters.astype(np.float16))


def test_meta_records_the_training(trained: tuple[Network, dict[str, Any]]) -> None:
    _, meta = trained
    assert (meta["format"], meta["sizes"], meta["activation"]) == (1, [784, 12, 10], "relu")
    assert (meta["output"], meta["loss"], meta["seed"]) == ("softmax", "cross-entropy", 5)
    assert (meta["recipe"]["name"], meta["recipe"]["learning_rate"]) == ("tiny", 6e-3)
    assert [line["epoch"] for line in meta["history"]] == [1, 2] == list(range(1, 3))
    assert meta["accuracy"] == {"validation": meta["history"][-1]["validation_accuracy"]}
    assert meta["versions"]["numpy"] == np.__version__


def test_the_ancestors_reader_can_read_the_file(
    trained: tuple[Network, dict[str, Any]],
) -> None:
    network, meta = trained
    save_brain(PATH, network, meta)
    with np.load(PATH) as archive:
        assert set(archive.files) == {"w1", "b1", "w2", "b2", "meta"}
        shapes = [archive[name].shape for name in ("w1", "b1", "w2", "b2")]
        assert shapes == [(12, 784), (12, 1), (10, 12), (10, 1)]
        np.testing.assert_array_equal(archive["w1"], network.layers[0][0])


def test_the_ancestors_brains_are_read() -> None:
    w, b = make_older(PATH)
    brain = load_brain(PATH)
    assert brain.meta is None
    assert brain.network.parameters.dtype == np.float64
    images, _ = blobs(20, seed=2)
    a = images.reshape(20, 784).T / 255
    for matrix, bias in zip(w, b, strict=True):
        a = 1 / (1 + np.exp(-(matrix @ a + bias)))
    np.testing.assert_allclose(brain.network.outputs(images), a.T, rtol=1e-12)


def test_big_endian_float64_is_read_as_float64() -> None:
    w, b = make_older(PATH)
    w[0][0, 0] = 1e300
    save_older(PATH, [m.astype(">f8") for m in w], [m.astype(">f8") for m in b])
    assert load_brain(PATH).network.layers[0][0][0, 0] == 1e300


def test_too_many_layers_are_refused() -> None:
    ones = [np.ones((1, 1))] * 200
    save_older(PATH, ones, ones)
    refused("200 arrays of weights, expected 1 to 101")


def test_any_memory_layout_and_float_type_is_read() -> None:
    w, b = make_older(PATH)
    expected = load_brain(PATH).network.parameters.copy()
    save_older(PATH, [np.asfortranarray(m) for m in w], [m.astype(">f8") for m in b])
    np.testing.assert_array_equal(load_brain(PATH).network.parameters, expected)
    np.savez_compressed(
        PATH, **{f"w{i}": m for i, m in enumerate(w, 1)}, **{f"b{i}": m for i, m in enumerate(b, 1)}
    )
    np.testing.assert_array_equal(load_brain(PATH).network.parameters, expected)
    save_older(PATH, [m.astype(np.float16) for m in w], [m.astype(np.float16) for m in b])
    assert load_brain(PATH).network.parameters.dtype == np.float32


def test_saving_twice_gives_the_same_bytes(trained: tuple[Network, dict[str, Any]]) -> None:
    save_brain(PATH, *trained)
    save_brain(Path("again.npz"), *trained)
    assert PATH.read_bytes() == Path("again.npz").read_bytes()


def refused(match: str) -> None:
    with pytest.raises(BrainError, match=match) as caught:
        load_brain(PATH)
    assert str(caught.value).startswith("brain.npz: ")
    assert "\n" not in str(caught.value)


class Trap:
    """Creates a file when unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (Path("sprung"),))


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"w4": None}, "unexpected array 'b4'"),
        ({"w2": None, "b2": None}, "no array [bw]"),
        ({"b3": None}, "no array b3"),
        ({"extra": np.zeros(3)}, "unexpected array 'extra'"),
        ({"w5": np.zeros((10, 10))}, "no array b5"),
        ({"w1": np.zeros((20, 783))}, r"w1 has shape \(20, 783\), expected \(fan_out, 784\)"),
        ({"w2": np.zeros((20, 21))}, r"w2 has shape \(20, 21\)"),
        ({"w2": np.zeros((0, 20)), "b2": np.zeros((0, 1))}, "w2 has shape"),
        ({"w2": np.zeros(20)}, "w2 has shape"),
        ({"b2": np.zeros(20)}, r"b2 has shape \(20,\), expected \(20, 1\)"),
        ({"w4": np.zeros((9, 20)), "b4": np.zeros((9, 1))}, "9 outputs, expected 10"),
        ({"w1": np.zeros((0, 784)), "b1": np.zeros((0, 1))}, "w1 has shape"),
        ({"b1": np.full((20, 1), np.nan)}, "not finite"),
        ({"w3": np.full((20, 20), np.inf)}, "not finite"),
        ({"w1": np.zeros((20, 784), np.int64)}, "w1 has type int64"),
        ({"w1": np.array([Trap()], object)}, "w1 has type object"),
        ({"meta": np.zeros(3)}, "meta has type float64"),
        ({"meta": np.array(["{}"])}, "not one string"),
        ({"meta": np.array("{")}, "meta is not JSON"),
        ({"meta": np.array("[" * 100_000)}, "meta is nested more than 20 levels deep"),
        ({"meta": np.array("[]")}, "meta is not a JSON object"),
        ({"meta": np.array("{}")}, "meta has format None, expected 1"),
    ],
)
def test_invalid_brains_are_refused(arrays: dict[str, Any], message: str) -> None:
    make_older(PATH)
    with np.load(PATH) as archive:
        content = dict(archive) | arrays
    content = {name: array for name, array in content.items() if array is not None}
    np.savez(PATH, **content)
    refused(message)
    assert not Path("sprung").exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": 2}, "format 2, expected 1"),
        ({"input": {"shape": [28, 28], "divide_by": 1}}, "meta has input"),
        ({"input": None}, "meta has input None"),
        ({"input": SCALING | {"normalization": "rotate"}}, "unknown normalization 'rotate'$"),
        (
            {"input": SCALING | {"normalization": ["deslant"]}},
            r"unknown normalization \['deslant'\]",
        ),
        ({"input": SCALING | {"crop": 1}}, "meta has input .*'crop': 1"),
        ({"labels": "abcdefghij"}, "meta has labels"),
        ({"sizes": [784, 13, 10]}, r"meta has sizes \[784, 13, 10\]"),
        (
            {"activation": "swish"},
            "an invalid activation: 'swish' is not one of sigmoid, tanh, relu",
        ),
        ({"activation": ["relu"]}, r"an invalid activation: \['relu'\] is not one of sigmoid"),
        ({"loss": "mse"}, "do not match"),
        ({"history": None}, "an invalid history: None is not a list"),
        ({"accuracy": 0.9}, "an invalid accuracy: 0.9 is not a JSON object"),
        ({"seed": "x" * 10**6}, "an invalid seed: 'xxx.* is not a whole number"),
    ],
)
def test_invalid_meta_is_refused(
    trained: tuple[Network, dict[str, Any]], change: dict[str, Any], message: str
) -> None:
    network, meta = trained
    save_brain(PATH, network, meta)
    with np.load(PATH) as archive:
        np.savez(PATH, **(dict(archive) | {"meta": np.array(json.dumps(meta | change))}))
    refused(message)


def test_invalid_meta_is_not_saved(
    trained: tuple[Network, dict[str, Any]],
) -> None:
    with pytest.raises(BrainError, match="meta has format None"):
        save_brain(PATH, trained[0], {})
    assert names() == []


def test_meta_has_the_epoch_of_the_selected_weights() -> None:
    recipe = replace(
        RECIPES["modern"], hidden=(), optimizer="sgd", schedule="constant", learning_rate=0.9,
        epochs=60, validation=50, patience=2,
    )  # fmt: skip
    training = fit(recipe, *blobs(200, seed=1))
    meta = describe(training, Provenance(recipe))
    assert meta["epochs"] == len(meta["history"]) - 2
    best = meta["history"][meta["epochs"] - 1]
    assert meta["accuracy"]["validation"] == best["validation_accuracy"]


def test_files_that_are_not_archives_are_refused() -> None:
    refused("no such file")
    PATH.write_bytes(b"")
    refused("not a brain file")
    PATH.write_bytes(b"PK\x03\x04 something else")
    refused("not a brain file")
    PATH.unlink()
    PATH.mkdir()
    refused("not a regular file")
    PATH.rmdir()
    os.mkfifo(PATH)
    refused("not a regular file")


def test_headers_are_checked_against_the_file() -> None:
    make_older(PATH)
    with zipfile.ZipFile(PATH) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "<f8", "fortran_order": False, "shape": (10**6, 784)}
    )
    with zipfile.ZipFile(PATH, "w") as archive:
        for name, content in (members | {"w1.npy": header.getvalue() + b"abc"}).items():
            archive.writestr(name, content)
    refused("w1 needs 6272000000 bytes, found 3")


def test_two_arrays_with_the_same_name_are_refused() -> None:
    make_older(PATH)
    with zipfile.ZipFile(PATH, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("w1.npy", archive.read("w1.npy"))
    refused("two arrays with the same name")


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=300
)
@given(data=st.data())
def test_damaged_files_are_read_or_refused(
    trained: tuple[Network, dict[str, Any]], data: st.DataObject
) -> None:
    if not Path("whole.npz").exists():
        save_brain(Path("whole.npz"), *trained)
    content = bytearray(Path("whole.npz").read_bytes())
    ends = st.integers(0, 300) | st.integers(len(content) - 1500, len(content) - 1)
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(ends)] = data.draw(st.integers(0, 255))
    PATH.write_bytes(content[: data.draw(st.just(len(content)) | st.integers(0, len(content)))])
    try:
        load_brain(PATH)
    except BrainError as error:
        assert str(error).startswith("brain.npz: ")


def test_a_brain_that_cannot_be_written(trained: tuple[Network, dict[str, Any]]) -> None:
    with pytest.raises(WriteError, match=r"none/brain\.npz: cannot be written: no such folder"):
        save_brain(Path("none/brain.npz"), *trained)


def test_what_cannot_be_opened_says_why() -> None:
    with pytest.raises(MissingBrainError, match=r"none/brain\.npz: no such file"):
        load_brain(Path("none/brain.npz"))
    Path("file").touch()
    for path, reason in (
        (Path("file/brain.npz"), "not a folder"),
        (Path("n" * 300), "too long"),
    ):
        with pytest.raises(BrainError, match=reason) as caught:
            load_brain(path)
        assert not isinstance(caught.value, MissingBrainError)


@pytest.mark.parametrize(
    ("name", "kind"),
    [("model.onnx", "an ONNX model"), ("A.HTML", "a web page"), ("b.npz.ckpt", "a checkpoint")],
)
def test_a_file_that_has_another_format_by_its_name(name: str, kind: str) -> None:
    Path(name).write_bytes(b"no archive")
    with pytest.raises(OtherFormatError) as caught:
        load_brain(Path(name))
    assert str(caught.value) == f"{name}: not a brain file, but by its name {kind}"


def test_a_brain_may_have_any_name() -> None:
    Path("model.onnx").write_bytes(PRETRAINED.read_bytes())
    assert load_brain(Path("model.onnx")).meta
    Path("folder.onnx").mkdir()
    with pytest.raises(BrainError, match=r"folder\.onnx: not a regular file"):
        load_brain(Path("folder.onnx"))


def test_a_curve_leaves_out_what_no_run_measures(trained: tuple[Network, dict[str, Any]]) -> None:
    numbers = [0.5, None, 10**400, True, "0.1", -1, float("nan"), 1e99, 3]
    history = [{"epoch": 1, "loss": each} for each in numbers]
    raw = trained[1] | {"history": [*history, "no line", {"epoch": 7}]}
    meta = Meta.parse(raw, PATH)
    assert meta.curve("loss") == {1: 0.5, 8: 1e99, 9: 3}
    assert meta.curve("validation_loss") == {}
