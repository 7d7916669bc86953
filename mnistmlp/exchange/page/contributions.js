// What speaks for and against a neuron: weight times activation, traced back to the image.

const MOST_SHOWN = 24; // neurons of a layer

// A neuron is { layer, neuron }: layer 0 is the image, layer L the outputs.

/** Return the terms w·a of a neuron's sum, the bias, and the sum z. */
function termsOf(network, layers, { layer, neuron }) {
  const { weights, fanIn } = network.layers[layer - 1];
  const start = neuron * (fanIn + 1);
  const a = layers[layer - 1];
  const terms = new Float64Array(fanIn);
  const bias = weights[start + fanIn];
  let [raised, lowered] = [0, 0];
  for (let i = 0; i < fanIn; i++) {
    const term = (terms[i] = weights[start + i] * a[i]);
    if (term > 0) raised += term;
    else lowered += term;
  }
  const row = weights.subarray(start, start + fanIn);
  return { terms, weights: row, raised, lowered, bias, z: raised + lowered + bias };
}

/** Return what a neuron adds to each sum of the next layer, w·a, and the weights. */
function onwardOf(network, layers, { layer, neuron }) {
  const { weights, fanIn, fanOut } = network.layers[layer];
  const out = Float64Array.from({ length: fanOut }, (_, to) => weights[to * (fanIn + 1) + neuron]);
  return { terms: out.map((weight) => weight * layers[layer][neuron]), weights: out };
}

/** Return up to `most` indices of the largest values above 0, in order. */
function largest(values, most, size = (value) => value) {
  const found = [];
  for (let i = 0; i < values.length; i++) {
    const value = size(values[i]);
    if (value <= 0 || (found.length === most && value <= found[most - 1].value)) continue;
    let at = found.length;
    while (at && found[at - 1].value < value) at--;
    found.splice(at, 0, { i, value });
    if (found.length > most) found.pop();
  }
  return found.map(({ i }) => i);
}

/**
 * Trace a neuron back through the layers.  Each neuron on the way has a share in the traced one,
 * and divides it among the terms of its own sum, in proportion to their size.  `shown` has the
 * neurons of each layer to continue from; by default, those with the largest shares.
 *
 * Returns them, the shares of all neurons, the lines, and each pixel's share; what raises the
 * traced neuron is positive, what lowers it negative.
 */
function traceBack(network, layers, selected, shown = null) {
  const [found, allShares, lines] = [[], [], []];
  let counting = new Map([[selected.neuron, 1]]); // shares, negative if more lowers the neuron
  let pixels = null;
  for (let layer = selected.layer; layer > 0; layer--) {
    const before = layers[layer - 1];
    const [shares, effects] = [new Float64Array(before.length), new Float64Array(before.length)];
    const kept = [];
    for (const [to, share] of counting) {
      const strengths = divideShare(network.layers[layer - 1], before, to, share, shares);
      for (let i = 0; i < strengths.length; i++) effects[i] += strengths[i];
      kept.push([to, strengths]);
    }
    allShares[layer - 1] = shares;
    if (layer === 1) pixels = effects;
    const from = layer === 1 ? null : (shown?.[layer - 1] ?? sample(shares));
    found[layer - 1] = from;
    for (const [to, strengths] of kept)
      for (const i of from ?? largest(strengths, counting.size > 1 ? 1 : 12, Math.abs))
        lines.push({ layer, from: i, to, strength: strengths[i] });
    counting = new Map(from?.filter((i) => shares[i]).map((i) => [i, shares[i]]));
  }
  return { shown: found, shares: allShares, lines, pixels };
}

/** Divide a share among the terms of a neuron's sum, and add up the shares. */
function divideShare({ weights, fanIn }, a, to, share, shares) {
  const start = to * (fanIn + 1);
  const strengths = new Float64Array(fanIn);
  let total = 0;
  for (let i = 0; i < fanIn; i++) total += Math.abs((strengths[i] = weights[start + i] * a[i]));
  if (!total) return strengths;
  for (let i = 0; i < fanIn; i++) {
    strengths[i] *= share / total;
    shares[i] += a[i] < 0 ? -strengths[i] : strengths[i]; // the effect of raising it
  }
  return strengths;
}

/** Return the neurons of a layer to show, by their shares. */
function sample(shares) {
  if (shares.length <= MOST_SHOWN) return [...shares.keys()];
  const found = largest(shares, MOST_SHOWN, Math.abs);
  for (let i = 0; found.length < MOST_SHOWN; i++) if (!found.includes(i)) found.push(i);
  return found.sort((one, other) => one - other);
}

/** Return the neurons of each layer to show, including `chosen`, if given. */
function sampleLayers(network, layers, chosen) {
  const first = (size, layer) => (layer ? sample(new Float64Array(size)) : null);
  if (!layers) return network.sizes.map(first);
  const last = network.layers.length;
  const winner = { layer: last, neuron: layers[last].indexOf(most(layers[last])) };
  const shown = [...traceBack(network, layers, winner).shown, sample(layers[last])];
  if (!chosen) return shown;
  const { layer, neuron } = chosen;
  if (layer) traceBack(network, layers, chosen).shown.forEach((each, at) => (shown[at] = each));
  if (layer < last) shown[layer + 1] = sample(onwardOf(network, layers, chosen).terms);
  if (layer && !shown[layer].includes(neuron))
    shown[layer] = [...shown[layer].slice(1), neuron].sort((one, other) => one - other);
  return shown;
}
