// Grids of numbers, and the few functions of NumPy and Pillow that the picture steps need.
// A grid is { height, width, data }, with data row by row.

function grid(height, width, data = new Float32Array(height * width)) {
  return { height, width, data };
}

/** Return a grid of the same shape with a function applied; loops are fast, map is not. */
function sameShape({ height, width, data }, each) {
  const made = grid(height, width);
  for (let i = 0; i < data.length; i++) made.data[i] = each(data[i], i);
  return made;
}

/** Return inverted grey levels. */
const inverted = (grey) => sameShape(grey, (level) => 255 - level);

/** Return the values at some places. */
function chosen({ data }, wanted) {
  const found = new Float32Array(data.length);
  let count = 0;
  for (let i = 0; i < data.length; i++) if (wanted(i)) found[count++] = data[i];
  return found.subarray(0, count);
}

/** Return the part from top, left to bottom, right, the last two exclusive. */
function cut(values, [top, left, bottom, right]) {
  const part = grid(bottom - top, right - left);
  for (let row = top; row < bottom; row++) {
    const start = row * values.width;
    part.data.set(values.data.subarray(start + left, start + right), (row - top) * part.width);
  }
  return part;
}

/** Return the part within a margin of a box, as far as the grid reaches. */
function cutAround(values, [top, left, bottom, right], room) {
  const [down, across] = [Math.min(values.height, bottom + room), Math.min(values.width, right + room)];
  return cut(values, [Math.max(0, top - room), Math.max(0, left - room), down, across]);
}

/** Put values into a larger grid of zeros, at an offset from its top and left. */
function place(values, top, left, height, width) {
  const larger = grid(height, width);
  for (let row = 0; row < values.height; row++) {
    const start = row * values.width;
    larger.data.set(values.data.subarray(start, start + values.width), (top + row) * width + left);
  }
  return larger;
}

/** Return the grid transposed. */
function transpose({ height, width, data }) {
  const turned = grid(width, height);
  for (let column = 0, i = 0; column < width; column++)
    for (let row = 0; row < height; row++) turned.data[i++] = data[row * width + column];
  return turned;
}

/** Apply a function of grids along the rows or the columns. */
function alongBoth(values, ofRows) {
  return ofRows(transpose(ofRows(transpose(values))));
}

function least(data) {
  let found = Infinity;
  for (let i = 0; i < data.length; i++) if (data[i] < found) found = data[i];
  return found;
}

function most(data) {
  let found = -Infinity;
  for (let i = 0; i < data.length; i++) if (data[i] > found) found = data[i];
  return found;
}

function total(data) {
  let sum = 0;
  for (let i = 0; i < data.length; i++) sum += data[i];
  return sum;
}

const spread = (data) => most(data) - least(data);
const mean = (data) => total(data) / data.length;
const longer = ({ height, width }) => Math.max(height, width);

/** Return a percentile, interpolated linearly. */
function percentile(data, percent) {
  const place = ((data.length - 1) * percent) / 100;
  const before = Math.floor(place);
  const parted = partedAt(data, before);
  const [low, high] = [parted[before], least(parted.subarray(before + 1))];
  return high < Infinity ? low + (high - low) * (place - before) : low;
}

/** Return values partitioned at a place, smaller ones before it: Hoare's FIND. */
function partedAt(data, place) {
  const parted = Float32Array.from(data);
  let [first, last] = [0, parted.length - 1];
  while (first < last) {
    const middle = parted[place];
    let [i, j] = [first, last];
    while (i <= j) {
      while (parted[i] < middle) i++;
      while (parted[j] > middle) j--;
      if (i > j) break;
      [parted[i], parted[j]] = [parted[j], parted[i]];
      i++;
      j--;
    }
    if (j < place) first = i;
    if (i > place) last = j;
  }
  return parted;
}

const median = (data) => percentile(data, 50);

/** Round to the nearest integer, halves to even, as in Python and NumPy. */
function round(value) {
  const below = Math.floor(value);
  const half = value - below === 0.5;
  return half ? below + Math.abs(below % 2) : Math.round(value);
}

// --- Scaling, as in Pillow -------------------------------------------------

const box = { support: 0.5, at: (x) => (x > -0.5 && x <= 0.5 ? 1 : 0) };
const bicubic = {
  support: 2,
  at(x) {
    const d = Math.abs(x); // Keys's kernel with a = -0.5
    if (d < 1) return (1.5 * d - 2.5) * d * d + 1;
    return d < 2 ? -0.5 * (((d - 5) * d + 8) * d - 4) : 0;
  },
};

/** Return for each of `size` new pixels the first old one that it depends on, and the weights. */
function resamplingWeights(old, size, filter) {
  const factor = old / size;
  const stretch = Math.max(factor, 1);
  const support = filter.support * stretch;
  return Array.from({ length: size }, (_, i) => {
    const centre = (i + 0.5) * factor;
    const first = Math.max(0, Math.trunc(centre - support + 0.5));
    const end = Math.min(old, Math.trunc(centre + support + 0.5));
    const weights = [];
    for (let x = first; x < end; x++) weights.push(filter.at((x - centre + 0.5) / stretch));
    const sum = total(weights);
    return { first, weights: weights.map((weight) => weight / sum) };
  });
}

/** Scale each row to a number of pixels. */
function resampleRows(values, size, filter) {
  const scaled = grid(values.height, size);
  const pixels = resamplingWeights(values.width, size, filter);
  for (let row = 0; row < values.height; row++) {
    pixels.forEach(({ first, weights }, column) => {
      const start = row * values.width + first;
      let sum = 0;
      for (let i = 0; i < weights.length; i++) sum += weights[i] * values.data[start + i];
      scaled.data[row * size + column] = sum;
    });
  }
  return scaled;
}

/** Scale to a height and width. */
function resize(values, height, width, filter) {
  const wide = resampleRows(values, width, filter);
  return transpose(resampleRows(transpose(wide), height, filter));
}
