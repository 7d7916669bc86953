// The IDX file format of MNIST, as in mnistmlp/data/idx.py, and the digits that the page has in it.
"use strict";

const SHADES = 85; // grey levels between two that an embedded digit may have

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

/** Return the two files, by name, that `mnistmlp train --data-dir` reads, of examples. */
function encodeExamples(examples) {
  const images = new Uint8Array(examples.length * SIDE * SIDE);
  examples.forEach(({ image }, i) => images.set(image, i * SIDE * SIDE));
  const labels = Uint8Array.from(examples, ({ label }) => label);
  return {
    "train-images-idx3-ubyte": encodeIdx([examples.length, SIDE, SIDE], images),
    "train-labels-idx1-ubyte": encodeIdx([examples.length], labels),
  };
}

/** Return the examples that mnistmlp/exchange/digits.py embedded: the labels, then the images. */
async function loadDigits(text) {
  const bytes = await inflate(fromBase64(text));
  const count = bytes.length / (1 + SIDE * SIDE);
  return Array.from({ length: count }, (_, i) => {
    const start = count + i * SIDE * SIDE;
    const image = bytes.slice(start, start + SIDE * SIDE).map((level) => SHADES * level);
    return { image, label: bytes[i] };
  });
}
