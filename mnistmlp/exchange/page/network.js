// The network: from the weights embedded in the page to probabilities.
// As mnistmlp/core.py, metrics.py and calibration.py have it; the names are theirs.
"use strict";

const SIDE = 28; // pixels
const DIGITS = 10;
const EPSILON = 1e-12; // probabilities are no lower before their logarithm is taken

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
  let a = Float32Array.from(image, (level) => level / 255);
  const layers = [a];
  for (const { weights, fanIn, fanOut } of network.layers) {
    const z = new Float32Array(fanOut);
    for (let neuron = 0; neuron < fanOut; neuron++) {
      const start = neuron * (fanIn + 1); // a row has the weights, then the bias
      let sum = weights[start + fanIn];
      for (let i = 0; i < fanIn; i++) sum += weights[start + i] * a[i];
      z[neuron] = sum;
    }
    const last = layers.length === network.layers.length;
    ACTIVATIONS[last ? network.output : network.activation](z);
    layers.push((a = z));
  }
  return layers;
}

/** Scale outputs to sum to 1; all zeros become all tenths. */
function probabilities(outputs) {
  const total = outputs.reduce((sum, each) => sum + each, 0);
  return Array.from(outputs, (each) => (total > 0 ? each / total : 1 / DIGITS));
}

/** Return probabilities made less sure by a temperature above 1, surer below. */
function atTemperature(probabilities, temperature) {
  if (temperature === 1) return probabilities;
  const logits = probabilities.map((p) => Math.log(Math.max(p, EPSILON)) / temperature);
  softmax(logits);
  return logits;
}

/** Return what the network makes of an image: activations, probabilities, the digit. */
function recognise(network, image) {
  const layers = forward(network, image);
  const found = atTemperature(probabilities(layers.at(-1)), network.temperature);
  const confidence = Math.max(...found);
  return { layers, probabilities: found, confidence, digit: found.indexOf(confidence) };
}

// --- From the page -----------------------------------------------------------

/** Return the network that the page has in it. */
async function loadNetwork(brain) {
  const bytes = await inflate(fromBase64(brain.weights));
  const vector = brain.dtype === "float16" ? fromHalves(bytes) : new Float32Array(bytes.buffer);
  return { ...brain, layers: layerMatrices(vector, brain.sizes) };
}

/** Return each layer's weights, with the bias as the last of each row, out of one flat vector. */
function layerMatrices(vector, sizes) {
  let start = 0;
  return sizes.slice(1).map((fanOut, layer) => {
    const fanIn = sizes[layer];
    const weights = vector.subarray(start, (start += (fanIn + 1) * fanOut));
    return { weights, fanIn, fanOut };
  });
}

function fromBase64(text) {
  const characters = atob(text);
  const bytes = new Uint8Array(characters.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = characters.charCodeAt(i);
  return bytes;
}

async function inflate(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Return numbers of half precision (IEEE 754 binary16) as single precision. */
function fromHalves(bytes) {
  const value = new Float32Array(1 << 16).map((_, half) => {
    const exponent = (half >> 10) & 31;
    const fraction = (half & 1023) / 1024;
    const size = exponent ? 2 ** (exponent - 15) * (1 + fraction) : 2 ** -14 * fraction;
    return half & 0x8000 ? -size : size;
  });
  const halves = new Uint16Array(bytes.buffer);
  const singles = new Float32Array(halves.length);
  for (let i = 0; i < halves.length; i++) singles[i] = value[halves[i]];
  return singles;
}
