// Separating the ink of a digit from its background: paper, a board or a canvas.
// Does what mnistmlp/pictures/ink.py does, which gives the reasons and the sources.
"use strict";

const MIN_CONTRAST = 12; // grey levels between ink and background, of 255
const MIN_SEPARABILITY = 0.7; // noise of one kind has 2 / pi
const MAX_COVERED = 0.8; // of the picture by ink: where it is more, it is no digit
const MIN_BACKGROUND = 16; // grey levels: no background is taken to send back less light
const COARSE = 96; // pixels of the longer side that the background is looked at with
const COARSER = 48;

/**
 * Find the ink of a digit: its strength from 0 to 1, and whether it is darker than its background.
 * Null where nothing stands out, or what does is noise.
 */
function separateInk(grey, invert = "auto") {
  const even = isBackgroundEven(grey);
  const dark = invert === "auto" ? isInkDark(grey, even) : invert === "yes";
  const contrast = smooth(measureContrast(grey, dark, even), longer(grey) / 300);
  const threshold = otsuThreshold(contrast.data);
  if (most(contrast.data) < MIN_CONTRAST) return null;
  if (separability(contrast.data, threshold) < MIN_SEPARABILITY) return null;
  const sure = sameShape(contrast, (level) => level >= threshold);
  const soft = dilate(sameShape(contrast, (level) => level >= threshold / 2));
  if (mean(soft.data) > MAX_COVERED) return null;
  const kept = pickDigit(new Components(soft), contrast, sure);
  const level = 0.9 * median(chosen(contrast, (i) => sure.data[i] && kept.data[i]));
  const strength = sameShape(contrast, (value, i) => kept.data[i] && Math.min(value / level, 1));
  return { strength, dark };
}

// --- The background --------------------------------------------------------------

/** Tell whether the background has one level: no shadow falls on it, no light fades. */
function isBackgroundEven(grey) {
  grey = shrink(grey, COARSE);
  const edge = margin(grey);
  const [level, range] = [median(edge), Math.max(spread(grey.data), 1)];
  const off = edge.map((each) => Math.abs(each - level) / range);
  const far = off.filter((each) => each > 0.25).length / off.length;
  return (percentile(off, 60) < 0.08 && far < 0.35) || separability(grey.data) > 0.97;
}

/** Tell whether ink is darker than its background. */
function isInkDark(grey, even) {
  return even ? isInkDarkOnEven(grey) : isInkDarkOnUneven(shrink(grey, COARSER));
}

function isInkDarkOnEven(grey) {
  const middle = (least(grey.data) + most(grey.data)) / 2;
  const light = sameShape(grey, (level) => level > middle);
  const { height, width, data } = light;
  let inner = mean(ring(light, Math.max(1, Math.floor(Math.min(height, width) / 16))));
  if (inner > 0.1 && inner < 0.9) {
    const corners = [0, width - 1, (height - 1) * width, height * width - 1].map((i) => data[i]);
    const agree = corners.every((corner) => corner === corners[0]);
    inner = agree ? corners[0] : mean(ring(light, 0));
  }
  return inner > 0.5;
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

/** Return how far each pixel stands out of its background, from 0 to 255. */
function measureContrast(grey, dark, even) {
  const background = even
    ? new Float32Array(grey.data.length).fill(median(margin(grey)))
    : stretch(estimateBackground(shrink(grey, COARSER), dark), grey.height, grey.width).data;
  return sameShape(grey, (level, i) => {
    const difference = dark
      ? (255 * (background[i] - level)) / Math.max(background[i], MIN_BACKGROUND)
      : level - background[i];
    return Math.max(difference, 0);
  });
}

/** Return the level of the background at each pixel: the slow change of light, and on it a closing. */
function estimateBackground(grey, dark) {
  const slow = fitIllumination(grey);
  const rest = grey.data.map((level, i) => Math.abs(level - slow.data[i]));
  if (median(rest) > 0.05 * spread(grey.data)) slow.data.fill(0); // the edge of a shadow
  const window = Math.floor(longer(grey) / 3) | 1;
  const [first, second] = dark ? [Math.max, Math.min] : [Math.min, Math.max];
  const flat = sameShape(grey, (level, i) => level - slow.data[i]);
  const closed = runningExtreme(runningExtreme(flat, window, first), window, second);
  return sameShape(closed, (level, i) => slow.data[i] + level);
}

/** Return the quadratic surface nearest to grey levels by absolute deviation. */
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

/** Return the factors of the terms that come nearest to values, by the normal equations. */
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

/** Return where a sheet of paper lies, if what stands out is one, and not a digit; else null. */
function findSheet(grey, ink) {
  const [top, left, bottom, right] = inkBox(ink, 0);
  const [height, width] = [bottom - top, right - left];
  if (height * width < ink.data.length / 10 || Math.min(height, width) < 20) return null;
  const down = Math.max(2, Math.floor(height / 16)); // clear of its edges
  const across = Math.max(2, Math.floor(width / 16));
  const sheet = [top + down, left + across, bottom - down, right - across];
  const written = spread(smooth(cut(grey, sheet), 1).data) > spread(grey.data) / 4;
  const inside = sameShape(cut(ink, sheet), (strength) => strength > 0.5);
  return written && mean(ring(inside, 0)) > 0.95 && mean(inside.data) > 0.7 ? sheet : null;
}

/** Return top, left, bottom and right of the ink above a level, the last two one past it. */
function inkBox({ height, width, data }, level = 0.05) {
  const found = [height, width, 0, 0];
  for (let row = 0, i = 0; row < height; row++) {
    for (let column = 0; column < width; column++, i++) {
      if (data[i] <= level) continue;
      found[0] = Math.min(found[0], row);
      found[1] = Math.min(found[1], column);
      found[2] = row + 1;
      found[3] = Math.max(found[3], column + 1);
    }
  }
  return found;
}

/** Return the pixels so far from the border; those of the corners twice. */
function ring({ height, width, data }, depth) {
  const [bottom, right] = [Math.max(height - depth, depth + 1), Math.max(width - depth, depth + 1)];
  if (depth >= height || depth >= width) return data; // a picture thinner than that
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

/** Return the mask of what is further from the border than a part of each side. */
function innerMask(height, width, part) {
  const down = Math.max(1, Math.floor(height / part));
  const across = Math.max(1, Math.floor(width / part));
  const inner = grid(height, width);
  for (let row = down; row < height - down; row++)
    if (width > 2 * across)
      inner.data.fill(1, row * width + across, (row + 1) * width - across);
  return inner;
}

// --- Strokes and stray marks -------------------------------------------------

/** Return the mask of the components that make up the digit. */
function pickDigit(components, contrast, sure) {
  const [height, width] = components.shape;
  const boxes = components.boxes();
  const touches = boxes.map(
    ([top, left, bottom, right]) => !top || !left || bottom === height || right === width,
  );
  const sizes = components.sizes();
  const surely = components.totals(sure);
  const mass = components.totals(contrast).map((each, i) => (surely[i] > 0 ? each : 0));
  const inner = components.totals(innerMask(height, width, 10));
  let digit = mass.map((each, i) => (touches[i] && inner[i] < 0.02 * sizes[i] ? 0 : each));
  if (!digit.some((each) => each)) digit = mass.slice();
  const heaviest = digit.indexOf(most(digit));
  const means = mass.map((each, i) => each / sizes[i]);
  touches.forEach((touching, i) => {
    if (touching && means[i] < 0.7 * means[heaviest]) digit[i] = 0;
  });
  return components.mask(withNear(boxes, digit, heaviest));
}

/** Tell which components go with the heaviest: heavy ones, and lighter ones that are near. */
function withNear(boxes, digit, heaviest) {
  const kept = boxes.map((_, i) => i === heaviest);
  let around = boxes[heaviest];
  for (let joining = true; joining; ) {
    joining = false;
    const reach = 0.2 * Math.max(around[2] - around[0], around[3] - around[1]);
    for (let i = 0; i < boxes.length; i++) {
      const near =
        digit[i] > digit[heaviest] / 3 ||
        (digit[i] > digit[heaviest] / 50 && gap(boxes[i], around) <= reach);
      if (near && !kept[i]) joining = kept[i] = true;
    }
    around = boxes.filter((_, i) => kept[i]).reduce(union);
  }
  return kept;
}

function gap(one, other) {
  return Math.max(one[0] - other[2], one[1] - other[3], other[0] - one[2], other[1] - one[3]);
}
