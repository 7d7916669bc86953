"""The network: its weights and its outputs.

Conventions: a batch of n images is ``(784, n)``, one image per column; a weight
matrix is ``(fan_out, fan_in)``, a bias ``(fan_out,)``; p is the total number of
weights and biases.  With layers numbered 1 … L and ``a⁰`` the input batch,

    zˡ = Wˡ aˡ⁻¹ + bˡ        aˡ = f(zˡ)  for l < L        output = g(zᴸ)

where f is the activation of the hidden layers and g is sigmoid or softmax,
depending on the loss.  C is the loss, averaged over the batch.  The notation
δˡ = ∂C/∂zˡ and the four equations of backpropagation are those of Nielsen,
*Neural Networks and Deep Learning* (2015), chapter 2, equations BP1 to BP4.
The bias is one more weight, whose input is always 1: Bishop, *Pattern
Recognition and Machine Learning* (2006), section 5.1, equation 5.8.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from operator import index
from reprlib import repr as short
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from mnistmlp.arrays import PIXELS, Array, Bytes
from mnistmlp.core.activations import ACTIVATIONS
from mnistmlp.core.inputs import check_images, is_single
from mnistmlp.core.losses import LOSSES
from mnistmlp.core.normalization import NORMALIZATION_NAMES, normalise
from mnistmlp.errors import DivergenceError, SettingError, check_choice, check_whole
from mnistmlp.workers import Workers

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

Layer: TypeAlias = "tuple[Array, Array]"  # W (fan_out, fan_in) and b (fan_out,)

DTYPES = ("float32", "float64")
MAX_PARAMETERS = 100_000_000  # 400 MB in float32; guards against typos and bad files


def parameter_count(sizes: Sequence[int]) -> int:
    """Return the number of weights and biases of a network with these layer widths."""
    return sum((fan_in + 1) * fan_out for fan_in, fan_out in itertools.pairwise(sizes))


def layer_matrices(vector: Array, sizes: Sequence[int]) -> list[Array]:
    """Return each layer's W with b as its last column, as views into one flat vector."""
    matrices, start = [], 0
    for fan_in, fan_out in itertools.pairwise(sizes):
        end = start + (fan_in + 1) * fan_out
        matrices.append(vector[start:end].reshape(fan_out, fan_in + 1))
        start = end
    return matrices


class Network:
    """A multilayer perceptron.

    Parameters
    ----------
    sizes : sequence of int
        Widths of all layers, input and output included: (784, 20, 20, 20, 10).
        The first is 784, the pixels of an image.
    activation : {'sigmoid', 'tanh', 'relu'}
        Activation of the hidden layers.
    loss : {'mse', 'cross-entropy'}
        Also determines the output: sigmoid for mse, softmax for cross-entropy.
    dtype : {'float32', 'float64'}
        Type of the parameters and of all arithmetic.
    normalization : {'none', 'deslant', 'moments'}
        How images are normalised before they enter.

    Attributes
    ----------
    parameters : (p,)
        All weights and biases.  Assigning copies into it.
    layers : tuple of (W, b)
        Views into `parameters`: W is (fan_out, fan_in), b is (fan_out,).
    matrices : tuple of (fan_out, fan_in + 1)
        The same views, with b as the last column of W.
    """

    def __init__(
        self,
        sizes: Sequence[int],
        activation: str,
        loss: str,
        dtype: str = "float32",
        normalization: str = "none",
    ) -> None:
        check_choice("activation", activation, ACTIVATIONS)
        check_choice("loss", loss, LOSSES)
        check_choice("dtype", dtype, DTYPES)
        check_choice("normalization", normalization, NORMALIZATION_NAMES)
        self.sizes = _check_sizes(sizes)
        self.activation = activation
        self.loss = loss
        self.normalization = normalization
        self._set_parameters(np.zeros(parameter_count(self.sizes), dtype))

    def _set_parameters(self, parameters: Array) -> None:
        self._parameters = parameters
        self.matrices = tuple(layer_matrices(parameters, self.sizes))
        self.layers: tuple[Layer, ...] = tuple((m[:, :-1], m[:, -1]) for m in self.matrices)

    @property
    def parameters(self) -> Array:
        """All weights and biases, (p,)."""
        return self._parameters

    @parameters.setter
    def parameters(self, values: ArrayLike) -> None:
        self._parameters[:] = values  # keeps the views valid

    def __repr__(self) -> str:
        widths = "-".join(map(str, self.sizes))
        return f"<Network {widths}, {self.activation}, {self.loss}>"

    def __getstate__(self) -> dict[str, Any]:
        """Return what is copied and pickled: not the views, which would become separate arrays."""
        return {
            name: each for name, each in vars(self).items() if name not in ("matrices", "layers")
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._set_parameters(self._parameters)

    def outputs(
        self, images: ArrayLike, batch_size: int = 1000, workers: Workers | None = None
    ) -> Array:
        """Return the outputs for images, computed a batch at a time.

        Parameters
        ----------
        images : (n, 28, 28) or (n, 784), or (28, 28) for a single one
            Grey levels from 0 to 255, as `check_images` takes them.
        batch_size : int
            Number of images converted to floating point at once.
        workers : Workers, optional
            Threads that share the batches; the caller's own by default.

        Returns
        -------
        (n, 10), or (10,) for a single image
            In [0, 1]; rows sum to 1 for softmax, not for sigmoid.

        Raises
        ------
        InputError
            If the images are invalid.
        DivergenceError
            If an output is not finite.
        """
        checked = check_images(images)
        pixels = checked.reshape(-1, PIXELS)
        with np.errstate(over="ignore", invalid="ignore"):  # checked at the end
            if len(pixels) <= batch_size:
                result = np.ascontiguousarray(self._compute_outputs(pixels))
            else:
                result = np.empty((len(pixels), self.sizes[-1]), self.parameters.dtype)
                batches = [
                    (pixels[start : start + batch_size], result[start : start + batch_size])
                    for start in range(0, len(pixels), batch_size)
                ]
                (workers or Workers()).run(self._write_outputs, batches, kind=self.sizes)
        if not math.isfinite(np.vdot(result, result)):
            raise DivergenceError("the network's outputs are not finite: its weights are too large")
        return result[0] if is_single(checked) else result

    def _write_outputs(self, images: Bytes, result: Array) -> None:
        """Write the outputs for a batch of images (n, 784) to result (n, 10)."""
        result[:] = self._compute_outputs(images)

    def _compute_outputs(self, images: Bytes) -> Array:
        """Return the outputs (n, 10) for a batch of images (n, 784)."""
        z = self._weigh(images, len(self.layers))
        LOSSES[self.loss].output_activation(z)
        return z.T

    def weighted_inputs(self, images: ArrayLike, layer: int = 1) -> Array:
        """Return the weighted inputs z of a layer's neurons for images, all computed at once.

        Parameters
        ----------
        images : (n, 28, 28) or (n, 784), or (28, 28) for a single one
            Grey levels from 0 to 255, as `check_images` takes them.
        layer : int
            From 1, the first after the image, to L, the outputs.

        Returns
        -------
        (n, fan_out), or (fan_out,) for a single image
            Not finite where the weights are too large.

        Raises
        ------
        InputError
            If the images are invalid.
        SettingError
            If there is no such layer.
        """
        count = len(self.layers)
        check_whole("layer", layer, f"one of the {count} layers", 1, count)
        checked = check_images(images)
        with np.errstate(over="ignore", invalid="ignore"):
            z = self._weigh(checked.reshape(-1, PIXELS), layer).T
        return z[0] if is_single(checked) else z

    def _weigh(self, images: Bytes, layer: int) -> Array:
        """Return the weighted inputs z (fan_out, n) of a layer, for images (n, 784)."""
        pixels = normalise(images, self.normalization)
        a: Array = np.multiply(pixels, 1 / 255, dtype=self.parameters.dtype).T  # (784, n)
        *before, (weights, bias) = self.layers[:layer]
        for w, b in before:
            a = w @ a + b[:, None]  # (fan_out, n)
            ACTIVATIONS[self.activation].apply(a)
        z: Array = weights @ a + bias[:, None]
        return z


def _check_sizes(sizes: Sequence[int]) -> tuple[int, ...]:
    """Return the widths of all layers; raise SettingError if they are invalid."""
    try:
        widths = tuple(index(each) for each in sizes)
    except TypeError:
        raise SettingError("sizes", f"{short(sizes)} is not a list of widths") from None
    if len(widths) < 2 or min(widths) < 1:
        raise SettingError("sizes", f"{short(sizes)} are not the widths of at least two layers")
    if widths[0] != PIXELS:
        raise SettingError("sizes", f"{widths[0]} inputs, but an image has {PIXELS} pixels")
    if (count := parameter_count(widths)) > MAX_PARAMETERS:
        raise SettingError("sizes", f"{count:,} weights and biases, more than {MAX_PARAMETERS:,}")
    return widths
