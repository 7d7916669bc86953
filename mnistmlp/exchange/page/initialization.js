// Initial weights, as in mnistmlp/core/initialization.py.

/** Draw weights from U(−r, r), r = √(6 / (fan-in + fan-out)): Glorot and Bengio, 2010. */
function glorotUniform({ fanIn, fanOut }, random) {
  const bound = Math.sqrt(6 / (fanIn + fanOut));
  return () => bound * (2 * random() - 1);
}

/** Draw weights from N(0, 2 / fan-in): He, Zhang, Ren and Sun, 2015. */
function heNormal({ fanIn }, random) {
  const deviation = Math.sqrt(2 / fanIn);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return () => deviation * normal(); // Box and Muller, 1958
}

const INITIALISERS = { sigmoid: glorotUniform, tanh: glorotUniform, relu: heNormal };

/** Return a network of the same kind with these sizes, random weights and biases of 0. */
function newNetwork({ activation, output, normalization }, sizes, random = Math.random) {
  const count = sizes.slice(1).reduce((sum, fanOut, l) => sum + (sizes[l] + 1) * fanOut, 0);
  const parameters = new Float32Array(count);
  const layers = layerMatrices(parameters, sizes);
  for (const layer of layers) {
    const draw = INITIALISERS[activation](layer, random);
    for (let i = 0; i < layer.weights.length; i++)
      if ((i + 1) % (layer.fanIn + 1)) layer.weights[i] = draw();
  }
  return { activation, output, normalization, sizes, parameters, layers, temperature: 1 };
}
