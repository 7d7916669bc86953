// The network: activations, and the forward pass from an image to the outputs.
// As in mnistmlp/core/network.py, with the same names.

const SIDE = 28; // pixels
const DIGITS = 10;

// --- Activations: small functions that work in place -------------------------

function sigmoid(z) {
  for (let i = 0; i < z.length; i++) z[i] = 1 / (1 + Math.exp(-z[i]));
}

function tanh(z) {
  for (let i = 0; i < z.length; i++) z[i] = Math.tanh(z[i]);
}

function relu(z) {
  for (let i = 0; i < z.length; i++) z[i] = Math.max(z[i], 0);
}

/** Turn z into e^z / Σ e^z, in place and without overflow. */
function softmax(z) {
  const most = z.reduce((a, b) => Math.max(a, b));
  let sum = 0;
  for (let i = 0; i < z.length; i++) sum += z[i] = Math.exp(z[i] - most);
  for (let i = 0; i < z.length; i++) z[i] /= sum;
}

const ACTIVATIONS = { sigmoid, tanh, relu, softmax };

// --- The network -------------------------------------------------------------

/**
 * Return the activations of every layer for an image of 784 bytes:
 *
 *     zˡ = Wˡ aˡ⁻¹ + bˡ        aˡ = f(zˡ)  for l < L        aᴸ = g(zᴸ)
 *
 * The first is the image itself, a⁰, from 0 to 1; the last are the outputs.
 */
function forward(network, image) {
  let a = new Float32Array(image.length);
  for (let i = 0; i < a.length; i++) a[i] = image[i] / 255;
  const layers = [a];
  for (const { weights, fanIn, fanOut } of network.layers) {
    const z = new Float32Array(fanOut);
    const lit = litOf(a);
    for (let neuron = 0; neuron < fanOut; neuron++) {
      const start = neuron * (fanIn + 1); // each row has the weights, then the bias
      let sum = weights[start + fanIn];
      for (let k = 0; k < lit.length; k++) sum += weights[start + lit[k]] * a[lit[k]];
      z[neuron] = sum;
    }
    const last = layers.length === network.layers.length;
    ACTIVATIONS[last ? network.output : network.activation](z);
    layers.push((a = z));
  }
  return layers;
}

/** Return the neurons that are not 0: the others, most of an image and of ReLUs, add nothing. */
function litOf(a) {
  const lit = new Uint16Array(a.length);
  let count = 0;
  for (let i = 0; i < a.length; i++) if (a[i]) lit[count++] = i;
  return lit.subarray(0, count);
}

/** Return each layer's weights, with the bias last in each row, from one flat vector. */
function layerMatrices(vector, sizes) {
  let start = 0;
  return sizes.slice(1).map((fanOut, layer) => {
    const fanIn = sizes[layer];
    const weights = vector.subarray(start, (start += (fanIn + 1) * fanOut));
    return { weights, fanIn, fanOut };
  });
}
