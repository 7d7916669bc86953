// Which parts of a line make up its digits: the best path through a segmentation graph.
// As in mnistmlp/pictures/numbers/segments.py, which gives reasons and sources.

// lengths are relative to the height of the line's digits
const MAX_SEGMENT = 1.7; // width of a segment
const MAX_PARTS = 7; // that a segment consists of
const MAX_GAP = 0.5; // between two parts of a digit
const MAX_SKIPPED = 0.5; // longer side of a part that need not belong to a digit
const MIN_PROBABILITY = 1e-9; // lower bound of probabilities: logarithms must be finite
const MAX_LEAD = 8; // above these, more makes no difference
const MAX_MARGIN = 14;

// of what describeSegment returns
const WEIGHTS = [-1.05, 0.46, 0.4, 5.4, -3.98, -2.57, -2.25, -1.09, -0.29, -18.39, 0.83];

/**
 * Return the segments of a line that may be digits: parts from `first` to before `end`, the ink that
 * its two cuts cross, the least that one within crosses, and the widest blank between two parts.
 */
function findSegments(parts, height) {
  const segments = [];
  const count = parts.boxes.length;
  for (let first = 0; first < count; first++) {
    let [box, inner, gap] = [parts.boxes[first], MAX_CROSSED, 0];
    for (let end = first + 1; end <= Math.min(first + MAX_PARTS, count); end++) {
      if (end > first + 1) {
        const next = parts.boxes[end - 1];
        if (parts.cut[end - 1]) inner = Math.min(inner, parts.crossed[end - 1]);
        else gap = Math.max(gap, (next[1] - box[3]) / height);
        box = union(box, next);
        if (widthOf(box) > MAX_SEGMENT * height || gap > MAX_GAP) break;
      }
      const crossed = parts.crossed[first] + parts.crossed[end];
      segments.push({ first, end, box, crossed, inner, gap });
    }
  }
  return segments;
}

/** Return for each part of a line whether it need not belong to a digit: a dash or a dot. */
function findSkippable(parts, height) {
  return parts.boxes.map(
    (box, i) => sizeOf(box) < MAX_SKIPPED * height && !parts.cut[i] && !parts.cut[i + 1],
  );
}

/** Return which segments make up the line with the highest sum of scores. */
function bestPath(segments, scores, skippable) {
  const sums = [0, ...skippable.map(() => -Infinity)];
  const last = sums.map(() => null);
  const skip = (end) => {
    if (end === 0 || !skippable[end - 1] || sums[end - 1] <= sums[end]) return;
    [sums[end], last[end]] = [sums[end - 1], null];
  };
  segments.forEach(({ first, end }, number) => {
    skip(first);
    const sum = sums[first] + scores[number];
    if (sum > sums[end]) [sums[end], last[end]] = [sum, number];
  });
  skip(skippable.length);
  const path = [];
  for (let end = skippable.length; end > 0; ) {
    const found = last[end];
    if (found === null) end--;
    else {
      path.unshift(found);
      end = segments[found].first;
    }
  }
  return path;
}

/** Return the logarithm of the sum of two numbers, given their logarithms. */
function addLogarithms(one, other) {
  if (one === other) return one + Math.LN2; // none, too
  return Math.max(one, other) + Math.log1p(Math.exp(-Math.abs(one - other)));
}

/** Return how likely each segment is on the right path through the line: forward-backward. */
function pathShares(segments, scores, skippable) {
  const count = skippable.length;
  const [before, after] = [1, 2].map(() => new Array(count + 1).fill(-Infinity));
  before[0] = after[count] = 0;
  const startingAt = skippable.map(() => []);
  segments.forEach((segment, number) => startingAt[segment.first].push(number));
  const skip = (end) => {
    if (end > 0 && skippable[end - 1]) before[end] = addLogarithms(before[end], before[end - 1]);
  };
  for (let first = 0; first < count; first++) {
    skip(first);
    for (const number of startingAt[first]) {
      const { end } = segments[number];
      before[end] = addLogarithms(before[end], before[first] + scores[number]);
    }
  }
  skip(count);
  for (let first = count - 1; first >= 0; first--) {
    if (skippable[first]) after[first] = after[first + 1];
    for (const number of startingAt[first]) {
      const rest = after[segments[number].end] + scores[number];
      after[first] = addLogarithms(after[first], rest);
    }
  }
  return segments.map(({ first, end }, number) =>
    Math.exp(Math.min(before[first] + scores[number] + after[end] - before[count], 0)),
  );
}

/** Return the log-likelihood that a segment is a digit, up to a constant. */
function scoreSegment(segment, chances, height) {
  return total(describeSegment(segment, chances, height).map((each, k) => each * WEIGHTS[k]));
}

/** Return the features that tell digits from other segments, which resemble several digits. */
function describeSegment({ box, crossed, inner, gap, first, end }, chances, height) {
  const logs = Array.from(chances, (chance) => Math.log(Math.max(chance, MIN_PROBABILITY)));
  logs.sort((a, b) => b - a);
  const [best, ...others] = logs;
  const sure = [Math.min(best - others[0], MAX_LEAD), Math.min(best - mean(others), MAX_MARGIN)];
  const tall = Math.log(heightOf(box) / height);
  const wide = widthOf(box) / height;
  return [1, ...sure, tall, tall ** 2, wide, wide ** 2, crossed, inner, gap, end - first - 1];
}
