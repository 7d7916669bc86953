"""Export of brains as ONNX, for onnxruntime and other programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnistmlp.arrays import DIGITS, PIXELS, StrPath
from mnistmlp.atomic import atomic_write, check_free
from mnistmlp.brains.brain import Brain
from mnistmlp.core.calibration import EPSILON
from mnistmlp.core.network import Network
from mnistmlp.errors import BrainError, needs_extra
from mnistmlp.exchange.metadata import make_metadata
from mnistmlp.exchange.onnx_normalization import RESULT as NORMALISED, make_normalization
from mnistmlp.version import __version__

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto

# The lowest with the operators used here, so that old programs can read them: since opset 13,
# Softmax is along the last axis; opset 16 has GridSample for normalisation.
OPSET, IR_VERSION = 13, 7  # those of ONNX 1.8
NORMALIZATION_OPSET, NORMALIZATION_IR_VERSION = 16, 8  # those of ONNX 1.11
ACTIVATIONS = {"sigmoid": "Sigmoid", "tanh": "Tanh", "relu": "Relu"}


class Step(NamedTuple):
    """An operator applied to the result of the previous step."""

    operator: str
    constants: dict[str, NDArray[np.float32]] = {}  # further inputs, by name  # noqa: RUF012
    attributes: dict[str, Any] = {}  # noqa: RUF012


def export_onnx(brain: Brain, path: StrPath, *, overwrite: bool = False) -> None:
    """Write a brain as ONNX.

    The input is ``image`` (N, 784), float32 in [0, 1], which the model normalises if
    the brain does; the output is ``probabilities`` (N, 10), calibrated as in
    `predict`.  All arrays are float32, even if the brain is in float64.  The metadata
    are those of `make_metadata`.

    Parameters
    ----------
    brain : Brain
    path : str or path
    overwrite : bool
        Replace an existing file, which stays until the new one is complete.

    Raises
    ------
    BrainError
        If a weight is too large for float32.
    MissingExtraError
        If the package onnx is not installed.
    WriteError
        If the file exists or cannot be written.
    """
    check_free(Path(path), overwrite=overwrite)
    with np.errstate(over="ignore"):
        if not np.isfinite(brain.network.parameters.astype(np.float32)).all():
            raise BrainError(f"{path}: a weight is too large for float32")
    content = _make_model(brain).SerializeToString(deterministic=True)
    with atomic_write(Path(path)) as file:
        file.write(content)


def _make_model(brain: Brain) -> ModelProto:
    """Return the ONNX model: normalisation, and a chain of operators to ``probabilities``."""
    with needs_extra("onnx"):
        from onnx import TensorProto, helper, numpy_helper

    nodes: list[NodeProto] = []
    constants: dict[str, NDArray[Any]] = {}
    result, opset, ir_version = "image", OPSET, IR_VERSION
    if brain.network.normalization != "none":
        opset, ir_version = NORMALIZATION_OPSET, NORMALIZATION_IR_VERSION
        nodes, constants = make_normalization(brain.network.normalization)
        result = NORMALISED
    steps = [
        *_layer_steps(brain.network),
        *_output_steps(brain.network),
        *_calibration_steps(brain.temperature),
    ]
    for number, step in enumerate(steps, start=1):
        name = "probabilities" if number == len(steps) else f"{step.operator.lower()}_{number}"
        operands = [result, *step.constants]
        nodes.append(helper.make_node(step.operator, operands, [name], name, **step.attributes))
        constants |= step.constants
        result = name
    inputs = [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", PIXELS])]
    outputs = [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["N", DIGITS])]
    inputs[0].doc_string = "Grey levels / 255, row by row: light strokes on black, as in MNIST."
    model = helper.make_model(
        helper.make_graph(
            nodes,
            "mnistmlp",
            inputs,
            outputs,
            [numpy_helper.from_array(array, name) for name, array in constants.items()],
        ),
        producer_name="mnistmlp",
        producer_version=__version__,
        ir_version=ir_version,
        opset_imports=[helper.make_opsetid("", opset)],
    )
    helper.set_model_props(model, make_metadata(brain))
    return model


def _layer_steps(network: Network) -> list[Step]:
    """Return the steps from the image to the logits z (N, 10)."""
    steps = []
    for number, (weights, bias) in enumerate(network.layers, start=1):
        arrays = {f"w{number}": weights.astype(np.float32), f"b{number}": bias.astype(np.float32)}
        steps += [
            Step("Gemm", arrays, {"transB": 1}),  # (N, fan_out)
            Step(ACTIVATIONS[network.activation]),
        ]
    return steps[:-1]


def _output_steps(network: Network) -> list[Step]:
    """Return the steps from the logits to probabilities, before calibration.

    Sigmoid outputs a = σ(z) give the probabilities a / Σ a, computed as the
    softmax of ln σ(z) = −softplus(−z).  That stays exact for small a, whereas
    onnxruntime's sigmoid never falls below 1e-8.  Where e⁻ᶻ overflows, a is 0;
    if all are 0, the probabilities are equal.  Clipping z reproduces that.
    """
    if network.loss == "cross-entropy":
        return [Step("Softmax")]
    lowest = -np.log(np.finfo(network.parameters.dtype).max)
    clip = Step("Clip", {"lowest": np.array(lowest, np.float32)})
    return [clip, Step("Neg"), Step("Softplus"), Step("Neg"), Step("Softmax")]


def _calibration_steps(temperature: float) -> list[Step]:
    """Return the steps of `apply_temperature`."""
    if temperature == 1:
        return []
    return [
        Step("Clip", {"epsilon": np.array(EPSILON, np.float32)}),
        Step("Log"),
        Step("Div", {"temperature": np.array(temperature, np.float32)}),
        Step("Softmax"),
    ]
