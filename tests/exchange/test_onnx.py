import json
import re
import sys
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from PIL import Image

import mnistmlp
from mnistmlp import PRETRAINED, load_brain, load_dataset
from mnistmlp.arrays import Array, Bytes
from mnistmlp.brains.brain import Brain
from mnistmlp.core.network import ACTIVATIONS, LOSSES
from mnistmlp.errors import BrainError, MissingExtraError, WriteError
from mnistmlp.exchange.onnx import export_onnx
from tests.conftest import blobs, names
from tests.exchange.conftest import brain_of, predicted, random_brain

PATH = Path("brain.onnx")


def exported(brain: Brain, images: Bytes) -> Array:
    """Export a brain, check the file, and return onnxruntime's probabilities."""
    export_onnx(brain, PATH)
    onnx.checker.check_model(onnx.load(PATH), full_check=True)
    session = onnxruntime.InferenceSession(PATH)
    pixels = images.reshape(-1, 784).astype(np.float32) / 255
    (found,) = session.run(["probabilities"], {"image": pixels})
    assert found.dtype == np.float32
    result: Array = found
    return result


@pytest.mark.parametrize(
    ("activation", "loss", "temperature"), list(product(ACTIVATIONS, LOSSES, (1, 0.6, 20)))
)
def test_probabilities_match_predict(activation: str, loss: str, temperature: float) -> None:
    images, _ = blobs(50, seed=1)
    brain = random_brain(20, 15, activation=activation, loss=loss, temperature=temperature)
    brain.network.layers[-1][1][:] += np.linspace(-60, 0, 10)  # some fall below epsilon
    expected = predicted(brain, images)
    assert np.ptp(expected, axis=1).min() > 0.1
    np.testing.assert_allclose(exported(brain, images), expected, atol=1e-5)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("bias", [-20, -60, -200, -1000])
def test_sigmoid_outputs_that_are_all_almost_zero(bias: int, dtype: str) -> None:
    images, _ = blobs(50, seed=1)
    brain = random_brain(loss="mse", scale=0.05, dtype=dtype)
    brain.network.layers[-1][1][:] += bias
    expected = predicted(brain, images)
    nothing = brain.network.outputs(images).max() == 0
    assert nothing == (bias == -1000 or (bias == -200 and dtype == "float32"))
    np.testing.assert_allclose(exported(brain, images), expected, atol=1e-5)


@pytest.mark.parametrize("count", [1, 3, 1200])
def test_any_number_of_images_at_once(count: int) -> None:
    brain = random_brain()
    images, _ = blobs(count, seed=2)
    np.testing.assert_allclose(exported(brain, images), predicted(brain, images), atol=1e-5)


def test_names_shapes_and_metadata() -> None:
    brain = random_brain(5, activation="tanh", temperature=1.25)
    export_onnx(brain, PATH)
    session = onnxruntime.InferenceSession(PATH)
    (image,), (found,) = session.get_inputs(), session.get_outputs()
    assert (image.name, image.shape, image.type) == ("image", ["N", 784], "tensor(float)")
    assert (found.name, found.shape, found.type) == ("probabilities", ["N", 10], "tensor(float)")
    strings = session.get_modelmeta().custom_metadata_map
    assert brain.meta
    assert json.loads(strings.pop("mnistmlp")) == brain.meta.raw
    assert strings == {
        "activation": "tanh",
        "output": "softmax",
        "temperature": "1.25",
        "recipe": "é ☃",
        "dataset": "mnist",
        "validation_accuracy": "0.75",
    }
    model = onnx.load(PATH)
    assert (model.producer_name, model.producer_version) == ("mnistmlp", mnistmlp.__version__)


def test_hostile_text_does_no_harm() -> None:
    odd: dict[str, Any] = {
        "recipe": {"name": "\ud800"},
        "dataset": {"name": "\x1b"},
        "accuracy": {},
    }
    brain = brain_of(random_brain().network, **odd)
    assert brain.meta
    export_onnx(brain, PATH)
    strings = {prop.key: prop.value for prop in onnx.load(PATH).metadata_props}
    assert json.loads(strings["mnistmlp"]) == brain.meta.raw
    assert set(strings) == {"activation", "output", "temperature", "mnistmlp"}


def test_a_brain_without_meta() -> None:
    images, _ = blobs(20, seed=1)
    brain = Brain(random_brain(8, activation="sigmoid", loss="mse").network, None)
    np.testing.assert_allclose(exported(brain, images), predicted(brain, images), atol=1e-5)
    assert "mnistmlp" not in {prop.key for prop in onnx.load(PATH).metadata_props}


def test_the_same_brain_gives_the_same_bytes() -> None:
    for path in (PATH, Path("again.onnx")):
        export_onnx(random_brain(5, temperature=2), path)
    assert PATH.read_bytes() == Path("again.onnx").read_bytes()
    assert names() == ["again.onnx", "brain.onnx"]


def test_weights_too_large_for_float32_are_refused() -> None:
    brain = random_brain(dtype="float64")
    brain.network.parameters[5] = 1e300
    with pytest.raises(BrainError, match=r"brain\.onnx: a weight is too large for float32"):
        export_onnx(brain, PATH)
    assert names() == []


def test_without_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(MissingExtraError, match="needs the package onnx") as caught:
        export_onnx(random_brain(), PATH)
    assert caught.value.hint == "pip install 'mnistmlp[onnx]'"
    assert names() == []


def test_a_file_that_cannot_be_written() -> None:
    with pytest.raises(WriteError, match=r"none/brain\.onnx: cannot be written: no such folder"):
        export_onnx(random_brain(), Path("none/brain.onnx"))


def test_the_example_in_the_documentation(capsys: pytest.CaptureFixture[str]) -> None:
    text = (Path(__file__).parents[2] / "docs" / "exports.md").read_text()
    code = re.findall(r"```python\n(.*?)```", text, re.DOTALL)[0]
    images, _ = blobs(1, seed=4)
    Image.fromarray(images[0]).save("digit.png")
    brain = random_brain(20)
    export_onnx(brain, PATH)
    exec(code, {})
    assert capsys.readouterr().out == f"{predicted(brain, images).argmax(axis=1)}\n"


def test_the_pretrained_brain_on_real_images(mnist: Path) -> None:
    images = load_dataset(mnist, "test").images
    brain = load_brain(PRETRAINED)
    expected, found = predicted(brain, images), exported(brain, images)
    np.testing.assert_array_equal(found.argmax(axis=1), expected.argmax(axis=1))
    np.testing.assert_allclose(found, expected, atol=1e-5)
