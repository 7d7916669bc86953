// Backpropagation: the gradient of a batch's loss with respect to all weights and biases.
// Does what mnistmlp/core/backpropagation.py, losses.py and activations.py do, image by
// image: docs/maths/3-backpropagation.md derives the equations BP1 to BP4.

const SMALLEST = 1.1754944e-38; // lower bound of probabilities before their logarithm is taken

// --- Derivatives of the activations, f'(z), from a = f(z) --------------------

const DERIVATIVES = {
  sigmoid: (a) => a * (1 - a),
  tanh: (a) => 1 - a * a,
  relu: (a) => (a > 0 ? 1 : 0),
};

// --- Losses of an image, by output activation, and BP1 ------------

const LOSSES = {
  sigmoid: {
    name: "mse", // ½ Σ (a − y)²
    value: (a, y) => a.reduce((sum, each, i) => sum + 0.5 * (each - y[i]) ** 2, 0),
    delta: (a, y) => a.map((each, i) => (each - y[i]) * DERIVATIVES.sigmoid(each)),
  },
  softmax: {
    name: "cross-entropy", // −Σ y ln a
    value: (a, y) => -Math.log(Math.max(a[y.indexOf(1)], SMALLEST)),
    delta: (a, y) => a.map((each, i) => each - y[i]),
  },
};

/** Return y: 1 for the digit, 0 for the others. */
const oneHot = (digit) => new Float32Array(DIGITS).fill(1, digit, digit + 1);

// --- The gradient ------------------------------------------------------------

/**
 * Return the mean loss of images of 784 bytes, and its gradient, laid out like the parameters; and
 * for the last image, the activations a⁰ … aᴸ and δ¹ … δᴸ.
 */
function backpropagate(network, images, labels, gradient = new Float32Array(network.parameters.length)) {
  const matrices = layerMatrices(gradient.fill(0), network.sizes);
  const { value, delta } = LOSSES[network.output];
  let [loss, layers, deltas] = [0, null, null];
  images.forEach((image, i) => {
    const y = oneHot(labels[i]);
    layers = forward(network, image);
    deltas = backward(network, layers, delta(layers.at(-1), y)); // BP1
    loss += value(layers.at(-1), y) / images.length;
    deltas.forEach((delta, l) => addOuterProduct(matrices[l].weights, delta, layers[l], 1 / images.length));
  });
  return { loss, gradient, layers, deltas };
}

/** Return δ¹ … δᴸ of an image, δˡ = ∂C/∂zˡ, from its activations and δᴸ. */
function backward(network, layers, delta) {
  const deltas = [delta];
  const derivative = DERIVATIVES[network.activation];
  for (let l = network.layers.length - 1; l > 0; l--) {
    delta = multiplyBack(network.layers[l], delta); // BP2: (Wˡ⁺¹)ᵀ δˡ⁺¹ …
    for (let i = 0; i < delta.length; i++) delta[i] *= derivative(layers[l][i]); // … ⊙ f'(zˡ)
    deltas.unshift(delta);
  }
  return deltas;
}

/** Return the derivatives by the image, (W¹)ᵀ δ¹. */
const inputGradient = (network, deltas) => multiplyBack(network.layers[0], deltas[0]);

/** Return Wᵀ δ: each previous neuron's contribution. */
function multiplyBack({ weights, fanIn, fanOut }, delta) {
  const product = new Float64Array(fanIn);
  for (let neuron = 0; neuron < fanOut; neuron++) {
    const [start, each] = [neuron * (fanIn + 1), delta[neuron]];
    if (each) for (let i = 0; i < fanIn; i++) product[i] += weights[start + i] * each;
  }
  return product;
}

/** Add a multiple of δ aᵀ to the gradient of a layer's weights, and of δ to its biases'. */
function addOuterProduct(matrix, delta, a, share) {
  const lit = litOf(a); // the others contribute 0
  for (let neuron = 0; neuron < delta.length; neuron++) {
    const start = neuron * (a.length + 1);
    const part = share * delta[neuron];
    for (let k = 0; k < lit.length; k++) matrix[start + lit[k]] += part * a[lit[k]]; // BP4
    matrix[start + a.length] += part; // BP3
  }
}

/** Take a step of gradient descent: W ← W − η ∂C/∂W, and b likewise. */
function descend(network, gradient, rate) {
  const { parameters } = network;
  for (let i = 0; i < parameters.length; i++) parameters[i] -= rate * gradient[i];
}
