import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnistmlp.arrays import Array, Bytes
from mnistmlp.brains.brain import Brain
from mnistmlp.core.normalization import NORMALIZATIONS
from mnistmlp.errors import MissingExtraError, WriteError
from mnistmlp.exchange.safetensors import export_safetensors, import_safetensors
from mnistmlp.version import install_command
from tests.conftest import blobs, names
from tests.exchange.conftest import predicted, random_brain

PATH = Path("brain.safetensors")


def read_by_hand() -> tuple[dict[str, Array], dict[str, str]]:
    """Read tensors and metadata as the format is documented, without the package.

    Eight bytes of the header's length, the header as JSON, then the tensors in
    row order, without gaps.
    """
    content = PATH.read_bytes()
    size = int.from_bytes(content[:8], "little")
    assert content[8:9] == b"{"
    assert size % 8 == 0
    header: dict[str, Any] = json.loads(content[8 : 8 + size])
    metadata, data = header.pop("__metadata__"), content[8 + size :]
    spans = sorted(entry["data_offsets"] for entry in header.values())
    assert [0, *(end for _, end in spans)] == [*(start for start, _ in spans), len(data)]
    tensors: dict[str, Array] = {}
    for name, entry in header.items():
        dtype = np.dtype({"F32": "<f4", "F64": "<f8"}[entry["dtype"]])
        start, end = entry["data_offsets"]
        tensors[name] = np.frombuffer(data[start:end], dtype).reshape(entry["shape"])
    return tensors, metadata


def sequential(tensors: dict[str, Array], images: Bytes) -> Array:
    """Return the outputs of nn.Sequential(Linear, ReLU, Linear, ReLU, Linear, Softmax)."""
    x: Array = images.reshape(-1, 784) / np.float32(255)
    for number in (0, 2, 4):
        x = x @ tensors[f"{number}.weight"].T + tensors[f"{number}.bias"]
        if number < 4:
            x = np.maximum(x, 0)
    x = np.exp(x - x.max(axis=1, keepdims=True))
    total: Array = x.sum(axis=1, keepdims=True)
    return x / total


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_tensors_have_pytorch_names_and_shapes(dtype: str) -> None:
    brain = random_brain(20, 15, dtype=dtype)
    export_safetensors(brain, PATH)
    tensors, _ = read_by_hand()
    assert {name: array.shape for name, array in tensors.items()} == {
        "0.weight": (20, 784),
        "0.bias": (20,),
        "2.weight": (15, 20),
        "2.bias": (15,),
        "4.weight": (10, 15),
        "4.bias": (10,),
    }
    assert {array.dtype for array in tensors.values()} == {np.dtype(dtype)}
    for number, (weights, bias) in enumerate(brain.network.layers):
        np.testing.assert_array_equal(tensors[f"{2 * number}.weight"], weights)
        np.testing.assert_array_equal(tensors[f"{2 * number}.bias"], bias)
    images, _ = blobs(50, seed=1)
    np.testing.assert_allclose(sequential(tensors, images), predicted(brain, images), atol=1e-5)


def test_pytorch_loads_it() -> None:
    torch = pytest.importorskip("torch", reason="needs PyTorch")
    load_file = pytest.importorskip("safetensors.torch").load_file
    brain = random_brain(20, 15)
    export_safetensors(brain, PATH)
    nn = torch.nn
    model = nn.Sequential(
        nn.Linear(784, 20), nn.ReLU(), nn.Linear(20, 15), nn.ReLU(), nn.Linear(15, 10)
    )
    model.load_state_dict(load_file(PATH))
    images, _ = blobs(50, seed=1)
    with torch.no_grad():
        found = model(torch.from_numpy(images.reshape(-1, 784)) / 255).softmax(dim=1)
    np.testing.assert_allclose(found.numpy(), predicted(brain, images), atol=1e-5)


def test_metadata() -> None:
    brain = random_brain(5, activation="tanh", loss="mse", temperature=0.75)
    export_safetensors(brain, PATH)
    _, strings = read_by_hand()
    assert brain.meta
    assert json.loads(strings.pop("mnistmlp")) == brain.meta.raw
    assert strings == {
        "activation": "tanh",
        "output": "sigmoid",
        "temperature": "0.75",
        "recipe": "é ☃",
        "dataset": "mnist",
        "validation_accuracy": "0.75",
    }


@pytest.mark.parametrize("normalization", NORMALIZATIONS)
def test_the_metadata_say_how_images_are_normalised(normalization: str) -> None:
    brain = random_brain(5, normalization=normalization)
    for each in (brain, Brain(brain.network, None)):
        export_safetensors(each, PATH, overwrite=True)
        assert read_by_hand()[1]["normalization"] == normalization


def test_a_brain_without_meta() -> None:
    brain = random_brain(5, activation="sigmoid", loss="mse")
    export_safetensors(Brain(brain.network, None), PATH)
    assert read_by_hand()[1] == {
        "activation": "sigmoid",
        "output": "sigmoid",
        "temperature": "1.0",
    }


def test_the_same_brain_gives_the_same_bytes() -> None:
    for path in (PATH, Path("again.safetensors")):
        export_safetensors(random_brain(5), path)
    assert PATH.read_bytes() == Path("again.safetensors").read_bytes()
    assert names() == ["again.safetensors", "brain.safetensors"]


def test_without_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "safetensors", None)
    monkeypatch.delitem(sys.modules, "safetensors.numpy", raising=False)
    with pytest.raises(MissingExtraError, match="needs the extra safetensors") as caught:
        export_safetensors(random_brain(), PATH)
    assert caught.value.hint == install_command("safetensors")
    assert names() == []


def test_an_edited_brain_does_not_pass_for_the_trained_one() -> None:
    brain = random_brain(20)
    brain.network.parameters *= 0.5
    export_safetensors(brain, PATH)
    imported = import_safetensors(PATH)
    assert imported.meta
    assert imported.meta.recipe_name == "imported"
    assert imported.temperature == brain.temperature
    np.testing.assert_array_equal(imported.network.parameters, brain.network.parameters)


def test_a_file_that_is_there_is_not_replaced() -> None:
    PATH.write_bytes(b"mine")
    with pytest.raises(WriteError, match=f"{PATH} exists"):
        export_safetensors(random_brain(5), PATH)
    assert PATH.read_bytes() == b"mine"
