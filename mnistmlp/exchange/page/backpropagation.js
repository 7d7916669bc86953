// Backpropagation of a single image, as in mnistmlp/core/backpropagation.py.
"use strict";

// Multiply delta by f'(z), of which only the activation a = f(z) is needed
const DERIVATIVES = {
  sigmoid: (a, delta) => delta.forEach((_, i) => (delta[i] *= a[i] * (1 - a[i]))),
  tanh: (a, delta) => delta.forEach((_, i) => (delta[i] *= 1 - a[i] * a[i])),
  relu: (a, delta) => delta.forEach((_, i) => (delta[i] *= a[i] > 0)),
};

/**
 * Return δ¹ … δᴸ, the derivatives by the sums of each layer, from those by the last:
 *
 *     δˡ = (Wˡ⁺¹)ᵀ δˡ⁺¹ ⊙ f'(zˡ)
 */
function backward(network, layers, delta) {
  const deltas = [delta];
  for (let layer = network.layers.length - 1; layer > 0; layer--) {
    delta = multiplyBack(network.layers[layer], delta);
    DERIVATIVES[network.activation](layers[layer], delta);
    deltas.unshift(delta);
  }
  return deltas;
}

/** Return the derivatives by the image, (W¹)ᵀ δ¹. */
const inputGradient = (network, deltas) => multiplyBack(network.layers[0], deltas[0]);

/** Return Wᵀ δ. */
function multiplyBack({ weights, fanIn, fanOut }, delta) {
  const product = new Float64Array(fanIn);
  for (let neuron = 0; neuron < fanOut; neuron++) {
    const [start, each] = [neuron * (fanIn + 1), delta[neuron]];
    if (each) for (let i = 0; i < fanIn; i++) product[i] += weights[start + i] * each;
  }
  return product;
}
