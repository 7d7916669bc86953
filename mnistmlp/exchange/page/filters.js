// Thresholds and filters for grey levels, as in mnistmlp/pictures/filters.py.

/** Return the threshold that splits levels into the two most separate classes (Otsu, 1979). */
function otsuThreshold(levels) {
  const { counts, edges } = histogram(levels, 256);
  const centres = counts.map((_, k) => Math.fround((edges[k] + edges[k + 1]) / 2));
  const whole = counts.reduce((sum, count, k) => sum + count * centres[k], 0) / levels.length;
  let [weight, sum, best, threshold] = [0, 0, -1, edges[1]];
  counts.forEach((count, k) => {
    weight += count / levels.length; // ω(k)
    sum += (count * centres[k]) / levels.length; // μ(k)
    const rest = weight * (1 - weight);
    const between = rest > 0 ? (whole * weight - sum) ** 2 / rest : 0;
    if (between > best) [best, threshold] = [between, edges[k + 1]];
  });
  return threshold;
}

/** Count levels in bins of equal width. */
function histogram(levels, bins) {
  let [low, high] = [least(levels), most(levels)];
  if (low === high) [low, high] = [low - 0.5, high + 0.5];
  const width = (high - low) / bins;
  const edges = Array.from({ length: bins + 1 }, (_, k) => Math.fround(low + k * width));
  edges[bins] = high;
  const counts = new Array(bins).fill(0);
  for (let i = 0; i < levels.length; i++) {
    const level = levels[i];
    let bin = Math.min(Math.floor((level - low) / width), bins - 1);
    if (level < edges[bin]) bin--;
    else if (bin < bins - 1 && level >= edges[bin + 1]) bin++;
    counts[bin]++;
  }
  return { counts, edges };
}

/** Return the share of the variance between Otsu's two classes. */
function separability(levels, threshold = otsuThreshold(levels)) {
  let [count, sum, squares] = [0, 0, 0];
  const average = mean(levels);
  for (let i = 0; i < levels.length; i++) {
    squares += (levels[i] - average) ** 2;
    if (levels[i] < threshold) continue;
    count++;
    sum += levels[i];
  }
  const share = count / levels.length;
  if (share === 0 || share === 1) return 0;
  const inHigh = sum / count;
  const inLow = (average - share * inHigh) / (1 - share);
  return (share * (1 - share) * (inHigh - inLow) ** 2) / (squares / levels.length);
}

/** Return the maxima or minima over squares of `window` pixels a side, odd. */
function runningExtreme(values, window, pick) {
  return alongBoth(values, (rows) => slideRows(rows, window, pick));
}

/** Return the background of ink: whatever remains is wider than a window. */
function closing(values, window, dark = true) {
  const [first, second] = dark ? [Math.max, Math.min] : [Math.min, Math.max];
  return runningExtreme(runningExtreme(values, window, first), window, second);
}

/** Return the maxima or minima over windows of an odd number of pixels along the rows. */
function slideRows({ height, width, data }, window, pick) {
  const reach = Math.min(window >> 1, width - 1);
  const rising = pick === Math.max; // calling it for each pixel would take most of the time
  const slid = grid(height, width);
  const line = new Float32Array(width + 2 * reach);
  for (let row = 0; row < height; row++) {
    const start = row * width;
    copyExtended(data.subarray(start, start + width), line, reach);
    let span = 1; // pixels covered by each one so far
    while (span < 2 * reach + 1) {
      const step = Math.min(span, 2 * reach + 1 - span);
      for (let i = 0; i + step < line.length; i++) {
        const next = line[i + step];
        if (rising ? next > line[i] : next < line[i]) line[i] = next;
      }
      span += step;
    }
    slid.data.set(line.subarray(0, width), start);
  }
  return slid;
}

/** The same along the columns. */
function slide(values, window, pick) {
  return transpose(slideRows(transpose(values), window, pick));
}

/** Copy a row into the middle of a longer line, and repeat its ends. */
function copyExtended(row, line, reach) {
  line.fill(row[0], 0, reach);
  line.set(row, reach);
  line.fill(row.at(-1), reach + row.length);
}

/** Return values blurred by a Gaussian with a standard deviation in pixels. */
function smooth(values, deviation) {
  const reach = round(3 * deviation);
  const weights = Array.from({ length: 2 * reach + 1 }, (_, i) =>
    Math.exp(-((i - reach) ** 2) / (2 * Math.max(deviation, 1e-9) ** 2)),
  );
  const sum = total(weights);
  return alongBoth(values, (rows) =>
    smoothRows(rows, weights.map((weight) => weight / sum), reach),
  );
}

function smoothRows({ height, width, data }, weights, reach) {
  const blurred = grid(height, width);
  const line = new Float32Array(width + 2 * reach);
  for (let row = 0; row < height; row++) {
    const start = row * width;
    copyExtended(data.subarray(start, start + width), line, reach);
    for (let column = 0; column < width; column++) {
      let sum = 0;
      for (let i = 0; i < weights.length; i++) sum += weights[i] * line[column + i];
      blurred.data[start + column] = sum;
    }
  }
  return blurred;
}

/** Return means over squares, so that the longer side is about `side` pixels. */
function shrink(grey, side) {
  const factor = Math.max(1, Math.floor(longer(grey) / side));
  const small = grid(Math.ceil(grey.height / factor), Math.ceil(grey.width / factor));
  for (let row = 0; row < small.height * factor; row++) {
    const start = Math.min(row, grey.height - 1) * grey.width;
    const into = Math.floor(row / factor) * small.width;
    for (let column = 0; column < small.width * factor; column++) {
      const level = grey.data[start + Math.min(column, grey.width - 1)];
      small.data[into + Math.floor(column / factor)] += level / factor ** 2;
    }
  }
  return small;
}

/** Return values enlarged to a shape, linear between pixel centres. */
function stretch(small, height, width) {
  if (small.height === height && small.width === width) return small;
  const tall = transpose(stretchRows(transpose(small), height));
  return stretchRows(tall, width);
}

function stretchRows({ height, width, data }, size) {
  const long = grid(height, size);
  for (let column = 0; column < size; column++) {
    const place = clip(((column + 0.5) * width) / size - 0.5, 0, width - 1);
    const before = Math.min(Math.floor(place), Math.max(width - 2, 0));
    const after = Math.min(before + 1, width - 1);
    for (let row = 0; row < height; row++) {
      const start = row * width;
      const [here, next] = [data[start + before], data[start + after]];
      long.data[row * size + column] = here + (next - here) * (place - before);
    }
  }
  return long;
}

/** Return the pixels of a mask and their eight neighbours. */
function dilate(mask) {
  return runningExtreme(mask, 3, Math.max);
}
