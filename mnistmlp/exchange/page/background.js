// The background of a digit: its grey level at each pixel, and whether the ink is darker.
// As in mnistmlp/pictures/background.py, which gives reasons and sources.

const MIN_BACKGROUND = 16; // lowest grey level assumed for a background
const SPECK = 0.002; // of a picture
const TWO_LEVELS = 0.9; // separability of ink on an even background, including its soft edges
const COARSE = 96; // pixels of the longer side when examining the background
const COARSER = 48;

/** Tell whether the background has one level: no shadows, no fading light. */
function isBackgroundEven(grey) {
  grey = shrink(grey, COARSE);
  const edge = margin(grey);
  const [level, range] = [median(edge), Math.max(spread(grey.data), 1)];
  const off = edge.map((each) => Math.abs(each - level) / range);
  const far = off.filter((each) => each > 0.25).length / off.length;
  return (percentile(off, 60) < 0.08 && far < 0.35) || separability(grey.data) > 0.97;
}

/** Tell whether the ink is darker than its background. */
function isInkDark(grey, even) {
  const middle = (least(grey.data) + most(grey.data)) / 2;
  const light = sameShape(grey, (level) => level > middle);
  const depth = Math.max(1, Math.floor(Math.min(grey.height, grey.width) / 16));
  const inner = mean(ring(light, depth));
  const mixed = inner > 0.1 && inner < 0.9;
  if (even && !mixed) return inner > 0.5;
  if (inner > 0.2 && inner < 0.8 && separability(grey.data) > TWO_LEVELS) {
    const pieces = [light, sameShape(light, (each) => 1 - each)].map(countAtBorder);
    if (Math.min(...pieces) > 0 && pieces[0] !== pieces[1]) return pieces[0] > pieces[1];
  }
  return even ? areCornersLight(light) : isInkDarkOnUneven(shrink(grey, COARSER));
}

/** Return how many components reach the border, without specks or its soft edge. */
function countAtBorder(mask) {
  const edge = Math.max(1, Math.floor(Math.min(mask.height, mask.width) / 32));
  const [bottom, right] = [mask.height - edge, mask.width - edge];
  if (bottom <= edge || right <= edge) return 0;
  mask = cut(mask, [edge, edge, bottom, right]);
  const { height, width } = mask;
  const components = new Components(mask);
  const sizes = components.sizes();
  const touch = ([top, left, bottom, right], i) =>
    (!top || !left || bottom === height || right === width) && sizes[i] > height * width * SPECK;
  return components.boxes().filter(touch).length;
}

function areCornersLight(light) {
  const { height, width, data } = light;
  const corners = [0, width - 1, (height - 1) * width, height * width - 1].map((i) => data[i]);
  const agree = corners.every((corner) => corner === corners[0]);
  return (agree ? corners[0] : mean(ring(light, 0))) > 0.5;
}

function isInkDarkOnUneven(grey) {
  const window = Math.floor(0.3 * longer(grey)) | 1;
  const [highest, lowest] = [runningExtreme(grey, window, Math.max), runningExtreme(grey, window, Math.min)];
  const spreads = highest.data.map((high, i) => (high - lowest.data[i]) / Math.max(high, 1));
  const enough = most(spreads) / 2;
  let [light, near] = [0, 0];
  grey.data.forEach((level, i) => {
    if (spreads[i] < enough) return;
    near++;
    if (level > (highest.data[i] + lowest.data[i]) / 2) light++;
  });
  return light / near > 0.5;
}

/** Return how much each pixel differs from its background, from 0 to 255. */
function measureContrast(grey, dark, { even, side, parts }) {
  const background = even
    ? new Float32Array(grey.data.length).fill(median(margin(grey)))
    : stretch(estimateBackground(shrink(grey, side), dark, parts), grey.height, grey.width).data;
  return sameShape(grey, (level, i) => standOut(level, background[i], dark));
}

/** Return how far a grey level is below (or above if not dark) its background, or 0. */
function standOut(level, background, dark) {
  const difference = dark
    ? (255 * (background - level)) / Math.max(background, MIN_BACKGROUND)
    : level - background;
  return Math.max(difference, 0);
}

/** Return the level of the background at each pixel: the slow change of light, plus a closing. */
function estimateBackground(grey, dark, parts) {
  const slow = fitIllumination(grey);
  const rest = grey.data.map((level, i) => Math.abs(level - slow.data[i]));
  if (median(rest) > 0.05 * spread(grey.data)) slow.data.fill(0); // the edge of a shadow
  const window = Math.floor(longer(grey) / parts) | 1;
  const flat = sameShape(grey, (level, i) => level - slow.data[i]);
  const closed = closing(flat, window, dark);
  return sameShape(closed, (level, i) => slow.data[i] + level);
}

/** Return grey levels with pixels replaced by the mean of the known background around them. */
function paintOut(grey, painted, known) {
  const level = mean(chosen(grey, (i) => known.data[i]));
  const weights = smooth(shrink(known, COARSE), 3);
  const there = sameShape(grey, (each, i) => (known.data[i] ? each - level : 0));
  const off = smooth(shrink(there, COARSE), 3);
  const coarse = sameShape(off, (sum, i) => level + sum / Math.max(weights.data[i], 1e-3));
  const background = stretch(coarse, grey.height, grey.width);
  return sameShape(grey, (each, i) => (painted.data[i] ? background.data[i] : each));
}

/** Return the quadratic surface that fits grey levels with least absolute deviation. */
function fitIllumination(grey) {
  const { height, width, data } = grey;
  const across = (i, size) => (size > 1 ? (2 * i) / (size - 1) - 1 : -1);
  const design = Array.from(data, (_, i) => {
    const x = across(i % width, width);
    const y = across(Math.floor(i / width), height);
    return [1, x, y, x * x, x * y, y * y];
  });
  const surface = grid(height, width);
  let weights = new Float64Array(data.length).fill(1);
  for (let time = 0; time < 10; time++) {
    const factors = leastSquares(design, data, weights);
    design.forEach((terms, i) => {
      surface.data[i] = terms.reduce((sum, term, k) => sum + term * factors[k], 0);
    });
    weights = weights.map((_, i) => 1 / Math.max(Math.abs(data[i] - surface.data[i]), 1));
  }
  return surface;
}

/** Return the coefficients that fit values best, from the normal equations. */
function leastSquares(design, values, weights) {
  const count = design[0].length;
  const rows = Array.from({ length: count }, () => new Float64Array(count + 1));
  design.forEach((terms, i) => {
    for (let a = 0; a < count; a++) {
      const weighted = weights[i] * terms[a];
      for (let b = 0; b < count; b++) rows[a][b] += weighted * terms[b];
      rows[a][count] += weighted * values[i];
    }
  });
  const trace = rows.reduce((sum, row, a) => sum + row[a], 0);
  rows.forEach((row, a) => (row[a] += 1e-12 * trace)); // a picture of one row lacks terms
  for (let a = 0; a < count; a++) {
    for (let other = 0; other < count; other++) {
      if (other === a) continue;
      const factor = rows[other][a] / rows[a][a];
      for (let b = a; b <= count; b++) rows[other][b] -= factor * rows[a][b];
    }
  }
  return rows.map((row, a) => row[count] / row[a]);
}

/** Return the pixels at a distance from the border; corners twice. */
function ring({ height, width, data }, depth) {
  const [bottom, right] = [Math.max(height - depth, depth + 1), Math.max(width - depth, depth + 1)];
  if (depth >= height || depth >= width) return data; // a picture narrower than that
  const found = [];
  for (const row of [depth, Math.min(bottom, height) - 1])
    found.push(...data.subarray(row * width + depth, row * width + right));
  for (const column of [depth, Math.min(right, width) - 1])
    for (let row = depth; row < Math.min(bottom, height); row++)
      found.push(data[row * width + column]);
  return found;
}

/** Return the pixels of the outer eighth. */
function margin(grey) {
  const inner = innerMask(grey.height, grey.width, 8);
  return chosen(grey, (i) => !inner.data[i]);
}

/** Return the mask of the pixels further from the border than a part of each side. */
function innerMask(height, width, part) {
  const down = Math.max(1, Math.floor(height / part));
  const across = Math.max(1, Math.floor(width / part));
  const inner = grid(height, width);
  for (let row = down; row < height - down; row++)
    if (width > 2 * across)
      inner.data.fill(1, row * width + across, (row + 1) * width - across);
  return inner;
}

/** Return the mask of the outermost pixels. */
function borderMask(height, width) {
  const border = grid(height, width);
  border.data.fill(1, 0, width).fill(1, (height - 1) * width);
  for (let row = 0; row < height; row++)
    border.data[row * width] = border.data[(row + 1) * width - 1] = 1;
  return border;
}
