// From any picture of one digit to 28 x 28 grey levels as MNIST has them.
// As mnistmlp/images.py has it, step by step and by the same names.
"use strict";

const BOX = 20; // pixels that the digit is scaled to
const MIDDLE = 14; // where MNIST has the centre of mass
const WORKING_SIDE = 256; // pixels: larger pictures are reduced towards it
const FINE = 4; // parts of a pixel of the box that strokes are widened at
const THIN = 1.7; // pixels: thinner strokes are made as wide as usual
const USUAL = 2.1;
const LEAST_WIDTH = 1.25; // pixels: hardly one of MNIST's has thinner strokes
const LUMINANCE = [0.299, 0.587, 0.114]; // ITU-R BT.601
const FAINT = 25; // grey levels: no more than the edge of a stroke

/**
 * Read the grey levels of a picture, 0 to 255: the image of 28 x 28 bytes, and what the steps
 * came to.  Null where no ink is found.  `invert` tells whether ink is dark: yes, no or auto.
 */
function examinePicture(grey, invert = "auto") {
  const ready = findReady(grey, invert);
  if (ready) return { image: Uint8Array.from(ready.data, round), grey };
  const ink = separateInk(grey, invert);
  return ink && process(grey, ink, invert);
}

/** Go through the steps from the ink of a picture to an image. */
function process(grey, ink, invert) {
  [grey, ink] = lookedCloser(grey, ink, invert);
  const box = inkBox(ink.strength);
  const { image, width } = drawn(cut(ink.strength, box), BOX);
  return { image: centre(image), grey, ink: ink.strength, dark: ink.dark, box, width };
}

/** Return the part of a picture that the digit is in, and its ink there. */
function lookedCloser(grey, ink, invert) {
  const sheet = findSheet(grey, ink.strength);
  if (sheet) {
    const paper = cut(grey, sheet);
    const written = separateInk(paper, invert);
    if (written) [grey, ink] = [paper, written];
  }
  for (let time = 0; time < 2; time++) {
    const [top, left, bottom, right] = inkBox(ink.strength);
    const size = Math.max(bottom - top, right - left);
    if (3 * size >= longer(grey)) break;
    const around = Math.floor(size / 2) + 2;
    const near = cut(grey, [
      Math.max(0, top - around),
      Math.max(0, left - around),
      Math.min(grey.height, bottom + around),
      Math.min(grey.width, right + around),
    ]);
    const closer = separateInk(near, ink.dark ? "yes" : "no");
    if (!closer) break;
    [grey, ink] = [near, closer];
  }
  return [grey, ink];
}

/** Scale ink, its strokes no thinner than usual, and say how wide they were. */
function drawn(ink, side) {
  let fine = scale(ink, FINE * side);
  const width = strokeWidth(fine) / FINE;
  if (width < THIN) {
    const radius = (FINE * (USUAL - width)) / 2;
    const room = Math.ceil(radius);
    const larger = place(fine, room, room, fine.height + 2 * room, fine.width + 2 * room);
    fine = widen(larger, radius);
  }
  const scaled = scale(fine, side);
  const strongest = most(scaled.data);
  return { image: sameShape(scaled, (strength) => (strength * 255) / strongest), width };
}

/** Scale the longer side to so many pixels, the aspect kept. */
function scale(ink, side) {
  const factor = side / longer(ink);
  const [height, width] = [ink.height, ink.width].map((size) => Math.max(1, round(size * factor)));
  const scaled = resize(ink, height, width, factor < 1 ? box : bicubic);
  return sameShape(scaled, (strength) => Math.min(Math.max(strength, 0), 1));
}

/** Place ink, at most 20 a side, with its centre of mass in the middle of 28 x 28. */
function centre(ink) {
  const [down, across] = centreOfMass(ink);
  const corner = (mass, side) => Math.min(Math.max(round(MIDDLE - mass), 0), SIDE - side);
  const [top, left] = [corner(down, ink.height), corner(across, ink.width)];
  return Uint8Array.from(place(ink, top, left, SIDE, SIDE).data, round);
}

function centreOfMass({ width, data }) {
  let [sum, down, across] = [0, 0, 0];
  data.forEach((level, i) => {
    sum += level;
    down += level * Math.floor(i / width);
    across += level * (i % width);
  });
  return [down / sum, across / sum];
}

// --- MNIST's own -------------------------------------------------------------

/** Return light ink on black if a picture has the form of MNIST's images, else null. */
function findReady(grey, invert) {
  if (grey.height !== SIDE || grey.width !== SIDE) return null;
  const turned = sameShape(grey, (level) => 255 - level);
  const candidates = { no: [grey], yes: [turned], auto: [grey, turned] }[invert];
  return candidates.find(isReady) ?? null;
}

/** Tell whether an image of 28 x 28 is as MNIST's are. */
function isReady(image) {
  const count = (levels, level) => levels.filter((each) => each > level).length;
  if (count(ring(image, 0), 10) > 3 || count(image.data, FAINT) > image.data.length / 2)
    return false;
  if (most(image.data) < 200) return false;
  if (strokeWidth(sameShape(image, (level) => level / 255)) < LEAST_WIDTH) return false;
  const [top, left, bottom, right] = inkBox(image, FAINT);
  const size = Math.max(bottom - top, right - left);
  const off = centreOfMass(image).map((mass) => Math.abs(mass - (MIDDLE - 0.1)));
  return size >= 17 && size <= 21 && Math.max(...off) < 1.2;
}

// --- Grey levels -------------------------------------------------------------

/** Return the grey levels of the pixels of a picture (ImageData), reduced where it is large. */
function flatten({ width, height, data }) {
  let picture = { width, height, data }; // red, green, blue, alpha
  const factor = Math.floor(Math.floor(Math.sqrt(width * height)) / WORKING_SIDE);
  if (factor > 1) picture = reduce(picture, factor);
  return alongColours(onGround(picture));
}

/** Return means over squares of pixels, colours weighted by how opaque they are. */
function reduce({ width, height, data }, factor) {
  const [columns, rows] = [Math.ceil(width / factor), Math.ceil(height / factor)];
  const sums = new Float64Array(rows * columns * 4);
  for (let row = 0, i = 0; row < height; row++) {
    for (let column = 0; column < width; column++, i += 4) {
      const into = 4 * (Math.floor(row / factor) * columns + Math.floor(column / factor));
      const alpha = data[i + 3];
      for (let k = 0; k < 3; k++) sums[into + k] += data[i + k] * alpha;
      sums[into + 3] += alpha;
    }
  }
  const means = new Uint8ClampedArray(sums.length);
  for (let i = 0; i < sums.length; i += 4) {
    const [row, column] = [Math.floor(i / 4 / columns), (i / 4) % columns];
    const pixels =
      Math.min(factor, height - row * factor) * Math.min(factor, width - column * factor);
    for (let k = 0; k < 3; k++) means[i + k] = Math.floor(sums[i + k] / (sums[i + 3] || 1) + 0.5);
    means[i + 3] = Math.floor(sums[i + 3] / pixels + 0.5);
  }
  return { width: columns, height: rows, data: means };
}

/** Put a picture with transparent parts on white, or on black if its ink is light. */
function onGround({ width, height, data }) {
  const ground = groundOf({ width, height, data });
  const colours = new Float32Array(3 * width * height); // red, green and blue of each pixel
  for (let i = 0, at = 0; i < data.length; i += 4) {
    const alpha = data[i + 3];
    for (let k = 0; k < 3; k++)
      colours[at++] = round((data[i + k] * alpha + ground * (255 - alpha)) / 255);
  }
  return { width, height, colours };
}

/** What is seen is ink, unless it is most of the picture: then it is the ground. */
function groundOf({ width, height, data }) {
  let highest = 0;
  for (let i = 3; i < data.length; i += 4) highest = Math.max(highest, data[i]);
  const lights = chosen(
    grid(height, width, projected(data, 4, LUMINANCE)),
    (i) => data[4 * i + 3] > highest / 2,
  );
  const share = lights.length / (width * height);
  if (share === 1) return 255;
  const light = lights.length > 0 && median(lights) > 127;
  return light !== share > 0.5 ? 0 : 255;
}

/** Return colours as grey levels along the axis that they vary along most. */
function alongColours({ width, height, colours }) {
  let apart = 0;
  for (let i = 0; i < colours.length; i += 3) {
    const [red, green, blue] = [colours[i], colours[i + 1], colours[i + 2]];
    apart = Math.max(apart, Math.abs(red - green), Math.abs(green - blue));
  }
  if (apart <= 8) return grid(height, width, projected(colours, 3, LUMINANCE));
  const axis = principalAxis(colours);
  const lowest = 255 * total(axis.map((part) => Math.min(part, 0)));
  return sameShape(grid(height, width, projected(colours, 3, axis)), (level) => level - lowest);
}

/** Return how far each colour lies along an axis; colours are so many numbers apart. */
function projected(colours, step, axis) {
  const levels = new Float32Array(colours.length / step);
  for (let i = 0, at = 0; i < levels.length; i++, at += step)
    levels[i] = axis[0] * colours[at] + axis[1] * colours[at + 1] + axis[2] * colours[at + 2];
  return levels;
}

/** Return the first principal component of colours, its parts adding up to 1 without their signs. */
function principalAxis(colours) {
  const count = colours.length / 3;
  const means = [0, 0, 0];
  for (let i = 0; i < colours.length; i++) means[i % 3] += colours[i] / count;
  let matrix = [0, 1, 2].map(() => [0, 0, 0]);
  for (let i = 0; i < colours.length; i += 3)
    for (let a = 0; a < 3; a++)
      for (let b = 0; b < 3; b++)
        matrix[a][b] += (colours[i + a] - means[a]) * (colours[i + b] - means[b]);
  for (let time = 0; time < 30; time++) matrix = squared(matrix); // what is left is the largest's
  const diagonal = matrix.map((row, k) => row[k]);
  const axis = matrix[diagonal.indexOf(most(diagonal))];
  const sum = total(axis.map(Math.abs)) * (total(axis) >= 0 ? 1 : -1);
  return axis.map((part) => part / sum);
}

/** Return the square of a matrix of 3 x 3, scaled to a trace of 1. */
function squared(matrix) {
  const product = matrix.map((row) =>
    row.map((_, b) => row.reduce((sum, each, k) => sum + each * matrix[k][b], 0)),
  );
  const trace = product[0][0] + product[1][1] + product[2][2];
  return product.map((row) => row.map((each) => each / trace));
}
