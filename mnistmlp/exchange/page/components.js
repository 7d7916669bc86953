// Connected components of a mask: the pieces of a digit and of anything else.
// As in mnistmlp/pictures/components.py.

/** Labels the 8-connected components of a mask, by runs in rows. */
class Components {
  constructor(mask) {
    this.shape = [mask.height, mask.width];
    this.runs = findRuns(mask); // { row, start, end }: end is one past the last column
    const roots = joinRuns(mask.height, this.runs);
    const numbers = new Map(); // of the components, by their first runs
    for (const root of [...new Set(roots)].sort((a, b) => a - b)) numbers.set(root, numbers.size);
    this.runs.forEach((run, i) => (run.component = numbers.get(roots[i])));
    this.count = numbers.size;
  }

  /** Return the number of pixels in each component. */
  sizes() {
    return this.#summed((run) => run.end - run.start);
  }

  /** Return the sum of weights over each component. */
  totals(weights) {
    return this.#summed(({ row, start, end }) => {
      let sum = 0;
      for (let column = start; column < end; column++)
        sum += weights.data[row * weights.width + column];
      return sum;
    });
  }

  #summed(ofRun) {
    const sums = new Float64Array(this.count);
    for (const run of this.runs) sums[run.component] += ofRun(run);
    return sums;
  }

  /** Return the number of the component of each pixel, -1 for none. */
  labels() {
    const [height, width] = this.shape;
    const labels = new Int32Array(height * width).fill(-1);
    for (const { row, start, end, component } of this.runs)
      labels.fill(component, row * width + start, row * width + end);
    return labels;
  }

  /** Return the bounding boxes: top, left, and one past the last row and column. */
  boxes() {
    const boxes = Array.from({ length: this.count }, () => [Infinity, Infinity, 0, 0]);
    for (const { row, start, end, component } of this.runs)
      boxes[component] = union(boxes[component], [row, start, row + 1, end]);
    return boxes;
  }

  /** Return the mask of the components to keep. */
  mask(kept) {
    const mask = grid(...this.shape);
    for (const { row, start, end, component } of this.runs)
      if (kept[component]) mask.data.fill(1, row * mask.width + start, row * mask.width + end);
    return mask;
  }
}

function union(one, other) {
  return [
    Math.min(one[0], other[0]),
    Math.min(one[1], other[1]),
    Math.max(one[2], other[2]),
    Math.max(one[3], other[3]),
  ];
}

function findRuns({ height, width, data }) {
  const runs = [];
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      if (!data[row * width + column]) continue;
      const start = column;
      while (column < width && data[row * width + column]) column++;
      runs.push({ row, start, end: column });
    }
  }
  return runs;
}

/** Return for each run the first run of its component: union-find. */
function joinRuns(height, runs) {
  const parents = runs.map((_, i) => i);
  const root = (run) => {
    while (parents[run] !== run) run = parents[run] = parents[parents[run]];
    return run;
  };
  const firsts = new Array(height + 1).fill(0); // of each row
  for (const { row } of runs) firsts[row + 1]++;
  for (let row = 0; row < height; row++) firsts[row + 1] += firsts[row];
  for (let row = 1; row < height; row++) {
    let [above, below] = [firsts[row - 1], firsts[row]];
    while (above < firsts[row] && below < firsts[row + 1]) {
      const [one, other] = [runs[above], runs[below]];
      if (one.start <= other.end && other.start <= one.end) {
        const [least, most] = [root(above), root(below)].sort((a, b) => a - b);
        parents[most] = least;
      }
      if (one.end < other.end) above++;
      else below++;
    }
  }
  return runs.map((_, i) => root(i));
}
