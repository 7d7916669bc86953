import json
import os
import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from safetensors.numpy import save_file

from mnistmlp.arrays import Array
from mnistmlp.brains.archive import MAX_META
from mnistmlp.brains.brain import Brain, load_brain
from mnistmlp.core.network import MAX_PARAMETERS, Network
from mnistmlp.core.normalization import NORMALIZATIONS
from mnistmlp.errors import BrainError, MissingExtraError, OtherTaskError, SettingError
from mnistmlp.exchange.safetensors import export_safetensors, import_safetensors
from mnistmlp.version import install_command
from tests.conftest import blobs, needs_fifos, save_brain
from tests.exchange.conftest import random_brain

PATH = Path("model.safetensors")


def raw_meta(*hidden: int) -> str:
    """Return the `meta` of a brain with these hidden layers, as JSON."""
    meta = random_brain(*hidden).meta
    assert meta
    return json.dumps(meta.raw)


def layers_of(*sizes: int, dtype: str = "float32", numbers: str = "024") -> dict[str, Array]:
    """Make random weights and biases, named as in an nn.Sequential."""
    rng = np.random.default_rng(5)
    arrays: dict[str, Array] = {}
    for number, fan_in, fan_out in zip(numbers, sizes, sizes[1:], strict=False):
        arrays[f"{number}.weight"] = rng.normal(size=(fan_out, fan_in)).astype(dtype)
        arrays[f"{number}.bias"] = rng.normal(size=fan_out).astype(dtype)
    return arrays


def header(entries: object, data: bytes = b"") -> bytes:
    """Return the bytes of a file with this header and data."""
    text = json.dumps(entries).encode()
    return len(text).to_bytes(8, "little") + text + data


def refused(match: str, kind: type[Exception] = BrainError, **options: Any) -> None:
    with pytest.raises(kind, match=match) as caught:
        import_safetensors(PATH, **({"activation": "relu"} | options))
    assert "model.safetensors" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


def imported(path: Path, **options: Any) -> tuple[Network, dict[str, Any]]:
    """Return the network and the `meta` of a brain that is imported."""
    brain = import_safetensors(path, **options)
    assert brain.meta
    return brain.network, brain.meta.raw


@pytest.mark.parametrize("hidden", [(), (20, 15)], ids=str)
@pytest.mark.parametrize("loss", ["mse", "cross-entropy"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_an_exported_brain_is_imported_unchanged(
    hidden: tuple[int, ...], loss: str, dtype: str
) -> None:
    brain = random_brain(*hidden, activation="tanh", loss=loss, dtype=dtype, temperature=1.3)
    export_safetensors(brain, PATH)
    network, meta = imported(PATH)
    assert brain.meta
    assert meta == brain.meta.raw
    assert network.parameters.dtype == dtype
    assert network.parameters.tobytes() == brain.network.parameters.tobytes()
    assert (network.activation, network.loss) == ("tanh", loss)


@pytest.mark.parametrize("with_meta", [True, False])
@pytest.mark.parametrize("normalization", ["none", *NORMALIZATIONS])
def test_the_normalisation_of_an_exported_brain_is_kept(
    normalization: str, with_meta: bool
) -> None:
    brain = random_brain(20, normalization=normalization)
    export_safetensors(brain if with_meta else Brain(brain.network, None), PATH)
    network, meta = imported(PATH)
    save_brain(Path("brain.npz"), network, meta)
    images, _ = blobs(20, seed=1)
    for each in (network, load_brain(Path("brain.npz")).network):
        assert each.normalization == normalization
        np.testing.assert_array_equal(each.outputs(images), brain.network.outputs(images))


def test_an_unknown_normalisation_is_refused() -> None:
    save_file(layers_of(784, 12, 10), PATH, {"normalization": "rotate"})
    refused(r"model\.safetensors: metadata have unknown normalization 'rotate'$")


def test_an_exported_older_brain_is_imported() -> None:
    brain = Brain(random_brain(20, activation="sigmoid", loss="mse").network, None)
    export_safetensors(brain, PATH)
    network, meta = imported(PATH)
    assert (network.activation, network.loss, meta["epochs"]) == ("sigmoid", "mse", 0)
    np.testing.assert_array_equal(network.parameters, brain.network.parameters)


@pytest.mark.parametrize("numbers", ["024", "136"])
@pytest.mark.parametrize(
    ("dtype", "expected"),
    [("float16", "float32"), ("float32", "float32"), ("float64", "float64")],
)
def test_a_network_from_pytorch(numbers: str, dtype: str, expected: str) -> None:
    arrays = layers_of(784, 12, 11, 10, numbers=numbers, dtype=dtype)
    save_file(arrays, PATH)
    network, meta = imported(PATH, activation="tanh", loss="mse")
    assert (network.sizes, network.activation, network.loss) == ((784, 12, 11, 10), "tanh", "mse")
    assert network.parameters.dtype == expected
    for number, (weights, bias) in zip(numbers, network.layers, strict=True):
        np.testing.assert_array_equal(weights, arrays[f"{number}.weight"])
        np.testing.assert_array_equal(bias, arrays[f"{number}.bias"])
    assert (meta["recipe"], meta["epochs"], meta["history"]) == ({"name": "imported"}, 0, [])
    assert (meta["accuracy"], meta["dataset"]) == ({"validation": None}, {})
    save_brain(Path("brain.npz"), network, meta)
    saved = load_brain(Path("brain.npz")).meta
    assert saved
    assert saved.raw == meta


def test_layers_are_in_the_order_of_their_numbers() -> None:
    arrays = layers_of(784, 12, 10)
    renamed = {f"{'10' if n[0] == '2' else '9'}{n[1:]}": array for n, array in arrays.items()}
    save_file(renamed, PATH)
    assert import_safetensors(PATH, activation="relu").network.sizes == (784, 12, 10)


def test_metadata_set_activation_loss_and_temperature() -> None:
    strings = {"activation": "tanh", "output": "sigmoid", "temperature": "1.5"}
    save_file(layers_of(784, 12, 10), PATH, strings)
    network, meta = imported(PATH)
    assert (network.activation, network.loss, meta["temperature"]) == ("tanh", "mse", 1.5)
    network, meta = imported(PATH, activation="relu", loss="cross-entropy")
    assert (network.activation, network.loss) == ("relu", "cross-entropy")
    assert (meta["activation"], meta["output"]) == ("relu", "softmax")


def test_an_activation_is_needed_if_there_are_hidden_layers() -> None:
    save_file(layers_of(784, 12, 10), PATH)
    refused("does not say which of sigmoid, tanh, relu it is", SettingError, activation=None)
    save_file(layers_of(784, 10), PATH)
    assert import_safetensors(PATH).network.loss == "cross-entropy"


def test_normalized_pixels() -> None:
    arrays = layers_of(784, 10, dtype="float64")
    save_file(arrays, PATH)
    network, _ = imported(PATH, normalized=(0.1307, 0.3081))
    images, _ = blobs(20, seed=1)
    pixels = (images.reshape(-1, 784) / 255 - 0.1307) / 0.3081
    z = np.exp(pixels @ arrays["0.weight"].T + arrays["0.bias"])
    np.testing.assert_allclose(network.outputs(images), z / z.sum(axis=1, keepdims=True))
    for wrong in ((0.1, 0.0), (0.1, -1.0), (float("nan"), 1.0), (0.1, float("inf"))):
        with pytest.raises(SettingError, match="not a valid mean and standard deviation"):
            import_safetensors(PATH, normalized=wrong)
    refused("not finite", normalized=(0.1, 1e-320))


@pytest.mark.parametrize(
    "option", [{"activation": "relu"}, {"loss": "mse"}, {"normalized": (0.0, 1.0)}], ids=str
)
def test_settings_are_refused_for_an_exported_brain(option: dict[str, Any]) -> None:
    export_safetensors(random_brain(), PATH)
    refused("is an exported brain", SettingError, **({"activation": None} | option))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"fc1.weight": np.zeros(3)}, r"no bias beside fc1\.weight"),
        ({"2/kernel": np.zeros(3)}, "unexpected tensor '2/kernel'"),
        ({"1.weight": np.zeros(12), "1.bias": np.zeros(12)}, r"1\.weight has shape \(12,\), exp"),
        ({"1.running_mean": np.zeros(3)}, "unexpected tensor '1.running_mean'"),
        ({"x" * 10**6: np.zeros(3)}, "unexpected tensor 'xxx.*[.]{3}"),
        ({"2.bias": None}, r"no bias beside 2\.weight"),
        ({"0.weight": None}, r"no weight beside 0\.bias"),
        ({"2.weight": np.zeros((10, 13))}, r"2.weight has shape \(10, 13\), expected \(.*, 12\)"),
        ({"2.weight": np.zeros((10, 12, 1))}, "2.weight has shape"),
        ({"2.weight": np.zeros(10)}, "2.weight has shape"),
        ({"0.bias": np.zeros((12, 1))}, r"0.bias has shape \(12, 1\), expected \(12,\)"),
        ({"0.weight": np.zeros((0, 784)), "0.bias": np.zeros(0)}, "0.weight has shape"),
        ({"0.weight": np.zeros((12, 784), np.int32)}, "0.weight has type I32, not one of"),
        ({"0.bias": np.full(12, np.nan)}, "not finite"),
    ],
)
def test_invalid_networks_are_refused(change: dict[str, Any], message: str) -> None:
    arrays = layers_of(784, 12, 10) | change
    save_file({name: array for name, array in arrays.items() if array is not None}, PATH)
    refused(message)


def named(sizes: Sequence[int], *layers: str, transposed: bool = False) -> dict[str, Array]:
    """Make random weights and biases of layers with these names, in the way of PyTorch or Keras."""
    rng, arrays = np.random.default_rng(5), dict[str, Array]()
    weight = "kernel" if transposed else "weight"
    for name, (fan_in, fan_out) in zip(layers, pairwise(sizes), strict=True):
        weights = rng.normal(size=(fan_out, fan_in)).astype(np.float32)
        arrays[f"{name}{weight}"] = np.ascontiguousarray(weights.T) if transposed else weights
        arrays[f"{name}bias"] = rng.normal(size=fan_out).astype(np.float32)
    return arrays


def check_layers(arrays: dict[str, Array], *layers: str) -> list[str]:
    """Check that the layers are read in this order, and return the notes."""
    save_file(arrays, PATH)
    notes = list[str]()
    network = import_safetensors(PATH, activation="tanh", on_note=notes.append).network
    for name, (weights, bias) in zip(layers, network.layers, strict=True):
        if f"{name}kernel" in arrays:
            np.testing.assert_array_equal(weights, arrays[f"{name}kernel"].T)
        else:
            np.testing.assert_array_equal(weights, arrays[f"{name}weight"])
        np.testing.assert_array_equal(bias, arrays[f"{name}bias"])
    return notes


@pytest.mark.parametrize(
    "prefix", ["module.", "net.", "_orig_mod.", "linear_relu_stack.", "_orig_mod.module.net.3."]
)
def test_what_all_names_begin_with_is_of_no_account(prefix: str) -> None:
    layers = [f"{prefix}{number}." for number in (0, 2, 10)]
    assert check_layers(named((784, 12, 12, 10), *layers), *layers) == []
    (single,) = layers[:1]
    assert check_layers(named((784, 10), single), single) == []


@pytest.mark.parametrize("transposed", [False, True])
def test_layers_are_in_the_order_of_the_numbers_in_their_names(transposed: bool) -> None:
    for form in ("fc{}.", "layers.{}.linear.", "params/Dense_{}/", "model/dense_{}/"):
        layers = [form.format(number) for number in range(1, 13)]
        if form.startswith("model"):
            layers[0] = "model/dense/"  # as Keras names the first
        arrays = named((784, *[12] * 11, 10), *layers, transposed=transposed)
        notes = check_layers(arrays, *layers)
        transposing = (
            f"model.safetensors: {layers[0]}kernel has shape (784, 12): (fan_in, fan_out), "
            "as in Keras and JAX; all are transposed"
        )
        assert notes == [transposing] * transposed


def test_the_words_of_keras_and_haiku() -> None:
    arrays = named((784, 12, 10), "mlp/~/linear_0/", "mlp/~/linear_1/", transposed=True)
    for kernel, bias in (("kernel:0", "bias:0"), ("w", "b")):
        renamed = {name.replace("kernel", kernel): array for name, array in arrays.items()}
        save_file({name.replace("bias", bias): array for name, array in renamed.items()}, PATH)
        network = import_safetensors(PATH, activation="relu").network
        for (weights, _), number in zip(network.layers, "01", strict=True):
            np.testing.assert_array_equal(weights, arrays[f"mlp/~/linear_{number}/kernel"].T)


@pytest.mark.parametrize("transposed", [False, True])
def test_the_order_of_other_names_follows_from_the_shapes(transposed: bool) -> None:
    layers = ("net.input.", "net.hidden.1.", "net.hidden.2.", "net.a.")
    notes = check_layers(named((784, 20, 20, 20, 10), *layers, transposed=transposed), *layers)
    assert notes[transposed:] == [
        "model.safetensors: layers in the order in which their shapes chain: "
        "net.input, net.hidden.1, net.hidden.2, net.a"
    ]
    save_file(named((784, 784, 784, 20, 10), *layers, transposed=transposed), PATH)
    kind = "kernel" if transposed else "weight"
    refused(f"net.hidden.1.{kind} and net.input.{kind} chain in either order")


def test_layers_that_do_not_chain_are_named() -> None:
    arrays = named((784, 20, 10), "in.", "out.") | named((30, 40), "more.")
    save_file(arrays, PATH)
    refused(r"more\.weight has shape \(40, 30\), expected \(fan_out, 10\)")
    save_file(named((784, 20), "fc2.") | named((20, 10), "fc1."), PATH)
    refused(r"fc1\.weight has shape \(10, 20\), expected \(fan_out, 784\)", OtherTaskError)
    save_file(named((784, 20), "1.") | named((30, 10), "2."), PATH)
    refused(r"2\.weight has shape \(10, 30\), expected \(fan_out, 20\)")
    save_file(named((784, 20), "1/", transposed=True) | named((30, 10), "2."), PATH)
    refused(r"2\.weight has shape \(10, 30\), expected \(20, fan_out\)")
    save_file({"up.weight": np.zeros((784, 20)), "up.bias": np.zeros(784)}, PATH)
    refused(r"up\.bias has shape \(784,\), expected \(20,\)")


def test_the_search_for_an_order_ends() -> None:
    names = [f"{'a' * number}." for number in range(1, 61)]
    save_file(named((784, *[3] * 60), *names), PATH)
    refused("the shapes do not tell the order of layers")
    save_file({f"{k}.{kind}": np.zeros(1) for k in range(102) for kind in ("weight", "bias")}, PATH)
    refused("102 layers, expected 1 to 101")


@pytest.mark.parametrize("sizes", [(100, 12, 10), (784, 12, 9)], ids=str)
def test_networks_for_other_images(sizes: tuple[int, ...]) -> None:
    save_file(layers_of(*sizes), PATH)
    refused("expected", OtherTaskError)


@pytest.mark.parametrize(
    ("strings", "message"),
    [
        ({"activation": "gelu"}, "unknown activation 'gelu'"),
        ({"activation": ""}, "unknown activation ''"),
        ({"output": "logits"}, "unknown output 'logits'"),
        ({"temperature": "warm"}, "temperature 'warm'"),
        ({"temperature": "nan"}, "invalid temperature: nan is not a number from 0.05 to 20"),
        ({"mnistmlp": "{"}, "meta is not JSON"),
        ({"mnistmlp": "[" * 100_000}, "meta is nested more than 20 levels deep"),
        ({"mnistmlp": '{"a": NaN}'}, "meta is not JSON"),
        ({"mnistmlp": "[]"}, "meta is not a JSON object"),
        ({"mnistmlp": "{}"}, "meta has format None, expected 1"),
        ({"mnistmlp": raw_meta(13)}, r"meta has sizes \[784, 13, 10\]"),
    ],
)
def test_invalid_metadata_are_refused(strings: dict[str, str], message: str) -> None:
    save_file(layers_of(784, 12, 10), PATH, {"activation": "relu"} | strings)
    refused(message, activation=None)


ENTRY = {"dtype": "F32", "shape": [10], "data_offsets": [0, 40]}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not a safetensors file"),
        (b"PK\x03\x04 and something else", "not a safetensors file"),
        (bytes(8), "not a safetensors file"),
        (b"\xff" * 16, "not a safetensors file"),
        (header({}), "no tensors"),
        (header({"0.bias": ENTRY}, bytes(39)), "not a safetensors file"),
        (header({"0.bias": ENTRY}, bytes(41)), "not a safetensors file"),
        (header({"0.bias": ENTRY, "0.weight": ENTRY}, bytes(40)), "not a safetensors file"),
        (
            header({"0.bias": ENTRY | {"shape": [2**62, 2**62]}}, bytes(40)),
            "not a safetensors file",
        ),
        (header({"0.bias": ENTRY | {"shape": [-10]}}, bytes(40)), "not a safetensors file"),
        (header({"0.bias": ENTRY | {"dtype": "F" * 10_000}}, bytes(40)), "not a safetensors file"),
        (
            header(
                {
                    "0.weight": ENTRY | {"shape": [10] + [1] * 10_000},
                    "0.bias": ENTRY | {"data_offsets": [40, 80]},
                },
                bytes(80),
            ),
            r"0.weight has shape \(10, 1, 1, 1, 1, 1, \.\.\.\)",
        ),
        (header([[]]), "not a safetensors file"),
        ((9).to_bytes(8, "little") + b"\n\xff{\n", "not a safetensors file"),
        ((MAX_META + 1).to_bytes(8, "little"), "bytes are too many for a brain"),
        (header({}) + bytes(1), "not a safetensors file"),
    ],
)
def test_invalid_files_are_refused(content: bytes, message: str) -> None:
    with PATH.open("wb") as file:
        file.write(content)
        if "too many" in message:
            file.truncate(2 * MAX_META)  # a sparse file takes no space
    refused(message)


def test_files_that_are_too_large_are_refused() -> None:
    with PATH.open("wb") as file:
        file.write(header({}))
        file.truncate(8 * MAX_PARAMETERS + 100)
    refused("800,000,100 bytes are too many for a brain")
    width = MAX_PARAMETERS // 784
    shapes = {"0.weight": [width, 784], "0.bias": [width], "2.weight": [10, width], "2.bias": [10]}
    entries, end = {}, 0
    for name, shape in shapes.items():
        start, end = end, end + 2 * int(np.prod(shape))
        entries[name] = {"dtype": "F16", "shape": shape, "data_offsets": [start, end]}
    with PATH.open("wb") as file:
        file.write(header(entries))
        file.truncate(file.tell() + end)
    refused("more than 100,000,000 weights")


def test_bfloat16_is_refused() -> None:
    weights = {"dtype": "BF16", "shape": [10, 784], "data_offsets": [20, 15700]}
    bias = {"dtype": "BF16", "shape": [10], "data_offsets": [0, 20]}
    PATH.write_bytes(header({"0.bias": bias, "0.weight": weights}, bytes(15700)))
    with pytest.raises(BrainError, match="has type BF16") as caught:
        import_safetensors(PATH)
    assert "model.float()" in str(caught.value.hint)


@needs_fifos
@pytest.mark.parametrize("name", ["model.pt", "model.pth"])
def test_a_pickle_is_not_opened(name: str) -> None:
    os.mkfifo(name)  # opening it would block
    with pytest.raises(BrainError, match=f"{name}: not opened, because a pickle") as caught:
        import_safetensors(Path(name))
    assert "save_file(" in str(caught.value.hint)


@needs_fifos
def test_a_path_that_is_not_a_file_is_refused() -> None:
    refused("no such file")
    PATH.mkdir()
    refused("not a regular file")
    PATH.rmdir()
    os.mkfifo(PATH)
    refused("not a regular file")


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=200
)
@given(data=st.data())
def test_damaged_files_are_read_or_refused(data: st.DataObject) -> None:
    if not Path("whole").exists():
        export_safetensors(random_brain(), Path("whole"))
    content = bytearray(Path("whole").read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, 1500))] = data.draw(st.integers(0, 255))
    PATH.write_bytes(content[: data.draw(st.just(len(content)) | st.integers(0, len(content)))])
    try:
        import_safetensors(PATH)
    except BrainError as error:
        assert str(error).startswith("model.safetensors: ")


def test_without_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "safetensors", None)
    with pytest.raises(MissingExtraError, match="needs the extra safetensors") as caught:
        import_safetensors(PATH)
    assert caught.value.hint == install_command("safetensors")
