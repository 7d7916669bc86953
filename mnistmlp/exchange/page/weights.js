// Loading the network that mnistmlp/exchange/html.py embedded in the page.

/** Return the network embedded in the page. */
async function loadNetwork(brain) {
  const size = brain.dtype === "float16" ? 2 : 4;
  const bytes = joinBytes(await inflate(fromBase64(brain.weights)), size);
  const vector = brain.dtype === "float16" ? fromHalves(bytes) : new Float32Array(bytes.buffer);
  const likeness = loadLikeness(brain.likeness);
  return { ...brain, likeness, parameters: vector, layers: layerMatrices(vector, brain.sizes) };
}

function fromBase64(text) {
  const characters = atob(text);
  const bytes = new Uint8Array(characters.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = characters.charCodeAt(i);
  return bytes;
}

/** Return numbers from their first bytes, then their second bytes, and so on. */
function joinBytes(parts, size) {
  const count = parts.length / size;
  const bytes = new Uint8Array(parts.length);
  for (let k = 0; k < size; k++)
    for (let i = 0; i < count; i++) bytes[i * size + k] = parts[k * count + i];
  return bytes;
}

const inflated = (bytes) =>
  new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));

async function inflate(bytes) {
  return new Uint8Array(await new Response(inflated(bytes)).arrayBuffer());
}

/** Return half-precision numbers (IEEE 754 binary16) as single precision. */
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
