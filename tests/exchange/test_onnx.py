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
from onnx.reference import ReferenceEvaluator
from PIL import Image

import mnistmlp
from mnistmlp import load_brain, load_dataset
from mnistmlp.arrays import Array, Bytes
from mnistmlp.brains.brain import PRETRAINED, Brain
from mnistmlp.core.activations import ACTIVATIONS
from mnistmlp.core.losses import LOSSES
from mnistmlp.core.normalization import NORMALIZATIONS, normalise
from mnistmlp.errors import BrainError, MissingExtraError, WriteError
from mnistmlp.exchange.onnx import export_onnx
from mnistmlp.version import install_command
from tests.conftest import blobs, names
from tests.exchange.conftest import brain_of, predicted, random_brain, trained

PATH = Path("brain.onnx")
LARGEST_DIFFERENCE = 0.005  # of probabilities of normalised images; over all of MNIST, 0.002
DEGENERATE: dict[str, tuple[Any, int]] = {
    "blank": (np.s_[:], 0),
    "white": (np.s_[:], 255),
    "faint": (np.s_[5, 5], 1),
    "point": (np.s_[20, 9], 255),
    "corner": (np.s_[0, 27], 255),
    "row": (np.s_[20], 255),
    "column": (np.s_[:, 9], 77),
    "edges": (np.s_[:, [0, -1]], 255),
    "diagonal": (np.diag_indices(28), 255),
    "other diagonal": ((np.arange(28), np.arange(28)[::-1]), 128),
    "flat line": ((np.arange(28) // 3, np.arange(28)), 255),
    "thin slanted line": ((3 * np.arange(9), np.arange(9)), 77),
}


def exported(brain: Brain, images: Bytes, result: str = "probabilities") -> Array:
    """Export a brain, check the file, and return a result of onnxruntime by its name."""
    export_onnx(brain, PATH, overwrite=True)
    model = onnx.load(PATH)
    onnx.checker.check_model(model, full_check=True)
    if result != "probabilities":
        model.graph.output.append(onnx.ValueInfoProto(name=result))
    session = onnxruntime.InferenceSession(model.SerializeToString())
    (found,) = session.run([result], {"image": pixels_of(images)})
    assert found.dtype == np.float32
    array: Array = found
    return array


def pixels_of(images: Bytes) -> Array:
    """Return images (n, 784) as the model takes them."""
    pixels: Array = images.reshape(-1, 784).astype(np.float32) / 255
    return pixels


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


@pytest.mark.parametrize("normalization", ["none", *NORMALIZATIONS])
@pytest.mark.parametrize("count", [0, 1, 3, 1200])
def test_any_number_of_images_at_once(count: int, normalization: str) -> None:
    brain = random_brain(scale=0.1, normalization=normalization)
    images, _ = blobs(count, seed=2)
    atol = 1e-5 if normalization == "none" else LARGEST_DIFFERENCE
    np.testing.assert_allclose(exported(brain, images), predicted(brain, images), atol=atol)


@pytest.mark.parametrize("normalization", NORMALIZATIONS)
def test_a_normalised_brain_on_real_images(mnist: Path, normalization: str) -> None:
    brain = trained(mnist, normalization=normalization)
    images = load_dataset(mnist, "test").images[:1000]
    expected, found = predicted(brain, images), exported(brain, images)
    assert (found.argmax(axis=1) != expected.argmax(axis=1)).sum() <= 1
    np.testing.assert_allclose(found, expected, atol=LARGEST_DIFFERENCE)
    levels = exported(brain, images, "normalised") * 255
    differences = np.abs(levels - normalise(images, normalization).reshape(-1, 784)).round(3)
    assert differences.max() == 1
    assert (differences > 0).mean() < 0.003  # where a float32 is within rounding of a step


@pytest.mark.parametrize("normalization", NORMALIZATIONS)
def test_normalised_images_with_no_extent(normalization: str) -> None:
    images = np.zeros((len(DEGENERATE), 28, 28), np.uint8)
    for image, (where, level) in zip(images, DEGENERATE.values(), strict=True):
        image[where] = level
    brain = random_brain(20, normalization=normalization)
    assert np.isfinite(exported(brain, images, "grid")).all()
    levels = exported(brain, images, "normalised") * 255
    np.testing.assert_allclose(
        levels, normalise(images, normalization).reshape(-1, 784), atol=1.001
    )
    np.testing.assert_allclose(
        exported(brain, images), predicted(brain, images), atol=LARGEST_DIFFERENCE
    )


@pytest.mark.parametrize("normalization", NORMALIZATIONS)
def test_grey_levels_are_rounded_as_those_of_a_picture(normalization: str) -> None:
    images, _ = blobs(100, seed=1)
    export_onnx(random_brain(20, normalization=normalization), PATH)
    session = onnxruntime.InferenceSession(PATH)
    pixels = pixels_of(images)
    rng = np.random.default_rng(2)
    nudged = pixels + rng.uniform(-0.4, 0.4, pixels.shape).astype(np.float32) / 255
    results = [session.run(None, {"image": each})[0] for each in (pixels, nudged)]
    np.testing.assert_array_equal(*results)


@pytest.mark.parametrize("normalization", NORMALIZATIONS)
def test_another_program_normalises_alike(normalization: str) -> None:
    images, _ = blobs(2, seed=1)
    brain = random_brain(20, normalization=normalization)
    export_onnx(brain, PATH)
    found: Any = ReferenceEvaluator(onnx.load(PATH)).run(None, {"image": pixels_of(images)})
    np.testing.assert_allclose(found[0], predicted(brain, images), atol=LARGEST_DIFFERENCE)


def test_a_brain_without_normalisation_needs_only_the_old_operators() -> None:
    export_onnx(random_brain(20), PATH)
    graph = onnx.load(PATH).graph
    assert [node.op_type for node in graph.node] == ["Gemm", "Relu", "Gemm", "Softmax"]
    assert [each.name for each in graph.initializer] == ["w1", "b1", "w2", "b2"]


def first_opset(node: onnx.NodeProto, opset: int) -> int:
    """Return the first opset in which a node means what it does in this one."""
    for version in range(opset, 0, -1):
        if not onnx.defs.has(node.op_type, max_inclusive_version=version):
            return version + 1
        schema = onnx.defs.get_schema(node.op_type, max_inclusive_version=version)
        defaults = {
            name: attribute.default_value.SerializeToString()
            for name, attribute in schema.attributes.items()
        }
        if version == opset:
            meant = defaults
        if defaults != meant or not schema.min_input <= len(node.input) <= schema.max_input:
            return version + 1
    return 1


@pytest.mark.parametrize("normalization", ["none", *NORMALIZATIONS])
def test_the_opset_is_the_lowest_that_the_nodes_allow(normalization: str) -> None:
    export_onnx(random_brain(20, loss="mse", temperature=2, normalization=normalization), PATH)
    model = onnx.load(PATH)
    onnx.checker.check_model(model, full_check=True)
    (stamped,) = model.opset_import
    needed = {node.op_type: first_opset(node, stamped.version) for node in model.graph.node}
    assert stamped.version == max(needed.values()) == (13 if normalization == "none" else 16)
    assert model.ir_version == onnx.helper.find_min_ir_version_for([stamped])


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
    with pytest.raises(MissingExtraError, match="needs the extra onnx") as caught:
        export_onnx(random_brain(), PATH)
    assert caught.value.hint == install_command("onnx")
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
    np.testing.assert_allclose(found, expected, atol=LARGEST_DIFFERENCE)


def test_a_file_that_is_there_is_not_replaced() -> None:
    PATH.write_bytes(b"mine")
    with pytest.raises(WriteError, match=f"{PATH} exists"):
        export_onnx(random_brain(5), PATH)
    assert PATH.read_bytes() == b"mine"
