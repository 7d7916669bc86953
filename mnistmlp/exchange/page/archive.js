// Files to save: archives of arrays (.npz, as in mnistmlp/brains/archive.py), and plain zips, which
// can be opened again.

// --- Zip: each file is stored, followed by a directory -----------------------

const CRC = new Uint32Array(256).map((_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? 0xedb88320 ^ (rest >>> 1) : rest >>> 1;
  return rest;
});

function crc32(bytes) {
  let crc = 0xffffffff;
  for (let i = 0; i < bytes.length; i++) crc = CRC[(crc ^ bytes[i]) & 255] ^ (crc >>> 8);
  return ~crc >>> 0;
}

/** Return bytes of little-endian numbers, each [size in bytes, value]. */
function pack(...fields) {
  const bytes = new DataView(new ArrayBuffer(fields.reduce((sum, [size]) => sum + size, 0)));
  let at = 0;
  for (const [size, value] of fields) {
    if (size === 2) bytes.setUint16(at, value, true);
    else bytes.setUint32(at, value, true);
    at += size;
  }
  return new Uint8Array(bytes.buffer);
}

function joined(parts) {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Return a zip of files, by name, none of them compressed. */
function zip(files) {
  const [parts, directory] = [[], []];
  let at = 0;
  for (const [name, bytes] of Object.entries(files)) {
    const encoded = new TextEncoder().encode(name);
    const facts = [ // version, flags, method, time, date (1 January 1980), check, sizes, name, extra
      ...[[2, 20], [2, 0], [2, 0], [2, 0], [2, 33]],
      ...[[4, crc32(bytes)], [4, bytes.length], [4, bytes.length], [2, encoded.length], [2, 0]],
    ];
    const local = [pack([4, 0x04034b50], ...facts), encoded, bytes];
    const rest = [[2, 0], [2, 0], [2, 0], [4, 0], [4, at]]; // comment, disk, attributes, place
    directory.push(pack([4, 0x02014b50], [2, 20], ...facts, ...rest), encoded);
    parts.push(...local);
    at += joined(local).length;
  }
  const count = Object.keys(files).length;
  const size = joined(directory).length;
  const end = [[4, 0x06054b50], [2, 0], [2, 0], [2, count], [2, count], [4, size], [4, at], [2, 0]];
  return joined([...parts, ...directory, pack(...end)]);
}

// --- Reading an untrusted zip -----------------------------------------------

/** An error in a file, in words. */
class Refusal extends Error {}

function demand(holds, name, values) {
  if (!holds) throw new Refusal(word(name, values));
}

/** Return the files with these names in a zip, one each in any folder, up to a number of bytes. */
async function unzip(archive, names, mostBytes) {
  const view = new DataView(archive.buffer);
  demand(archive.length > 4 && view.getUint32(0, true) === 0x04034b50, "noZip");
  const entries = listEntries(archive, view);
  const files = {};
  for (const name of names) {
    const found = entries.filter((entry) => entry.name.split("/").at(-1) === name);
    demand(found.length === 1, "missing", { name, count: found.length });
    files[name] = await unpack(archive, view, found[0], mostBytes);
  }
  return files;
}

/** Return the entries in the directory at the end of a zip; none if it lies outside the file. */
function listEntries(archive, view) {
  let end = archive.length - 22;
  while (view.getUint32(end, true) !== 0x06054b50) end--;
  const entries = [];
  let at = view.getUint32(end + 16, true);
  for (let left = view.getUint16(end + 10, true); left > 0; left--) {
    demand(view.getUint32(at, true) === 0x02014b50, "damagedZip");
    const short = (offset) => view.getUint16(at + offset, true);
    const long = (offset) => view.getUint32(at + offset, true);
    const [flags, method, name, extra, comment] = [8, 10, 28, 30, 32].map(short);
    const [crc, packed, size, place] = [16, 20, 24, 42].map(long);
    const encoded = archive.subarray(at + 46, at + 46 + name);
    entries.push({ name: new TextDecoder().decode(encoded), flags, method, crc, packed, size, place });
    at += 46 + name + extra + comment;
  }
  return entries;
}

/** Return the bytes of a file in a zip, no more than the directory says. */
async function unpack(archive, view, { name, flags, method, crc, packed, size, place }, mostBytes) {
  demand(!(flags & 1) && [0, 8].includes(method), "strangeZip", { name });
  demand(size <= mostBytes, "tooMany", { most: groupDigits(MOST_KEPT) });
  const start = place + 30 + view.getUint16(place + 26, true) + view.getUint16(place + 28, true);
  const stored = archive.subarray(start, start + packed);
  const bytes = method ? new Uint8Array(size) : stored;
  if (method) {
    const reader = inflated(stored).getReader();
    let at = 0;
    for (let part; !(part = await reader.read()).done; at += part.value.length)
      bytes.set(part.value, at); // an error if it is too long
  }
  demand(bytes.length === size && crc32(bytes) === crc, "damagedZip");
  return bytes;
}

// --- Arrays ------------------------------------------------------------------

/** Return a .npy file of bytes with this type and shape, both as Python writes them. */
function encodeNpy(type, shape, bytes) {
  const head = `{'descr': '${type}', 'fortran_order': False, 'shape': ${shape}, }`;
  const length = Math.ceil((10 + head.length + 1) / 64) * 64 - 10;
  const text = new TextEncoder().encode(`${head.padEnd(length - 1)}\n`);
  const magic = Uint8Array.of(0x93, ...new TextEncoder().encode("NUMPY"), 1, 0);
  return joined([magic, pack([2, length]), text, bytes]);
}

const singles = (values, shape) => encodeNpy("<f4", shape, new Uint8Array(values.buffer));

/** Return a string as an array without dimensions. */
function encodeText(text) {
  const points = Uint32Array.from([...text], (character) => character.codePointAt(0));
  return encodeNpy(`<U${points.length}`, "()", new Uint8Array(points.buffer));
}

// --- A brain -----------------------------------------------------------------

/** Return the brain file of a network trained for `epochs`, readable from Python. */
function encodeBrain(network, epochs, version) {
  const files = { "meta.npy": encodeText(JSON.stringify(describeBrain(network, epochs, version))) };
  network.layers.forEach(({ weights, fanIn, fanOut }, l) => {
    const w = new Float32Array(fanIn * fanOut);
    const b = new Float32Array(fanOut);
    for (let neuron = 0; neuron < fanOut; neuron++) {
      const start = neuron * (fanIn + 1);
      w.set(weights.subarray(start, start + fanIn), neuron * fanIn);
      b[neuron] = weights[start + fanIn];
    }
    files[`w${l + 1}.npy`] = singles(w, `(${fanOut}, ${fanIn})`);
    files[`b${l + 1}.npy`] = singles(b, `(${fanOut}, 1)`);
  });
  return zip(files);
}

/** Return the `meta` of a brain of unknown accuracy. */
function describeBrain(network, epochs, version) {
  const { sizes, activation, output, normalization } = network;
  const input = { shape: [SIDE, SIDE], divide_by: 255 };
  return {
    ...{ format: 1, labels: Array.from({ length: DIGITS }, (_, digit) => digit) },
    input: normalization === "none" ? input : { ...input, normalization },
    ...{ sizes, activation, output, loss: LOSSES[output].name, temperature: network.temperature },
    ...{ recipe: { name: "page" }, seed: 0, dataset: {}, epochs, history: [] },
    ...{ accuracy: { validation: null }, versions: { mnistmlp: version } },
  };
}
