// The IDX file format of MNIST, as in mnistmlp/data/idx.py, and the digits embedded in the page.

const MOST_KEPT = 5000; // drawings: a school class's, and as many thumbnails as a page can hold
const SHADES = 85; // step between embedded grey levels

/** Return an IDX file of bytes in this shape. */
function encodeIdx(shape, bytes) {
  const file = new Uint8Array(4 + 4 * shape.length + bytes.length);
  const header = new DataView(file.buffer);
  header.setUint8(2, 0x08); // items are bytes
  header.setUint8(3, shape.length);
  shape.forEach((size, i) => header.setUint32(4 + 4 * i, size)); // big-endian
  file.set(bytes, file.length - bytes.length);
  return file;
}

/** Return the items of an IDX file of bytes, any number of this shape. */
function decodeIdx(files, name, shape) {
  const file = files[name];
  const header = new DataView(file.buffer, file.byteOffset, file.length);
  const start = 8 + 4 * shape.length;
  demand(file.length >= start && header.getUint32(0) === 0x0801 + shape.length, "noIdx", { name });
  const sizes = [0, ...shape].map((_, i) => header.getUint32(4 + 4 * i));
  const wanted = [sizes[0], ...shape];
  const written = [sizes, wanted].map((each) => each.join(" × "));
  demand(written[0] === written[1], "otherShape", { name, shape: written[0], wanted: written[1] });
  const size = start + wanted.reduce((product, each) => product * each);
  const [there, needed] = [file.length, size].map(groupDigits);
  demand(there === needed, "otherSize", { name, there, wanted: needed });
  return file.subarray(start);
}

const [IMAGES, LABELS] = ["train-images-idx3-ubyte", "train-labels-idx1-ubyte"];

/** Return the drawings in a file that `encodeExamples` and `zip` made, or similar programs. */
async function readDrawings(file, room) {
  const most = 16 + SIDE * SIDE * MOST_KEPT;
  demand(file.size <= 2 * most, "tooMany", { most: groupDigits(MOST_KEPT) });
  const files = await unzip(new Uint8Array(await file.arrayBuffer()), [IMAGES, LABELS], most);
  const images = decodeIdx(files, IMAGES, [SIDE, SIDE]);
  const labels = decodeIdx(files, LABELS, []);
  const count = images.length / (SIDE * SIDE);
  demand(count === labels.length, "otherCount", { images: count, labels: labels.length });
  const label = labels.find((each) => each >= DIGITS);
  demand(label === undefined, "noLabel", { label });
  demand(count <= room, "tooMany", { most: groupDigits(MOST_KEPT) });
  return examplesOf(labels, images);
}

function examplesOf(labels, images) {
  const size = SIDE * SIDE;
  return Array.from(labels, (label, i) => ({ label, image: images.slice(i * size, (i + 1) * size) }));
}

/** Return the two files of examples, by name, that `mnistmlp train --data-dir` reads. */
function encodeExamples(examples) {
  const images = new Uint8Array(examples.length * SIDE * SIDE);
  examples.forEach(({ image }, i) => images.set(image, i * SIDE * SIDE));
  const labels = Uint8Array.from(examples, ({ label }) => label);
  return {
    [IMAGES]: encodeIdx([examples.length, SIDE, SIDE], images),
    [LABELS]: encodeIdx([examples.length], labels),
  };
}

/** Return the examples that mnistmlp/exchange/digits.py embedded: the labels, then the images. */
async function loadDigits(text) {
  const bytes = await inflate(fromBase64(text));
  const count = bytes.length / (1 + SIDE * SIDE);
  return examplesOf(bytes.subarray(0, count), bytes.slice(count).map((level) => SHADES * level));
}
